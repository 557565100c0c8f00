//! The document as Markdown, to paste into a review.

use std::fmt::Write;

use crate::record::Claim;
use crate::review::{Block, Document, Section, Table};

/// The text.
pub fn markdown(document: &Document) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("# {}\n", plain(&document.title)));
    line(&mut text, format_args!("{}\n", plain(&document.facts.join(" · "))));
    for notice in &document.notices {
        line(&mut text, format_args!("> **Note:** {}\n", plain(notice)));
    }
    line(&mut text, format_args!("*{}*\n", plain(&document.question)));
    line(&mut text, format_args!("**{}**\n", plain(&document.answer)));
    for sentence in &document.verdict {
        line(&mut text, format_args!("{}\n", plain(sentence)));
    }
    for part in &document.sections {
        section(&mut text, part, 2);
    }
    text
}

fn section(text: &mut String, part: &Section, level: usize) {
    heading(text, level, &part.title);
    for it in &part.blocks {
        block(text, it, level + 1);
    }
    for it in &part.sections {
        section(text, it, level + 1);
    }
}

fn heading(text: &mut String, level: usize, title: &str) {
    line(text, format_args!("{} {}\n", "#".repeat(level.min(6)), plain(title)));
}

fn block(text: &mut String, block: &Block, level: usize) {
    match block {
        Block::Text(it) => line(text, format_args!("{}\n", plain(it))),
        Block::Notice(it) => line(text, format_args!("> **Note:** {}\n", plain(it))),
        Block::List(items) => list(text, items),
        Block::Facts(facts) => definitions(text, facts),
        Block::Table(it) => table(text, it),
        Block::Figure(it) => {
            line(text, format_args!("![{}](<{}>)\n", plain(&it.alt), it.file.replace(['<', '>', '\n'], "")));
        }
        // Indented, so that no fence in the text can end it.
        Block::Code(it) => {
            line(text, format_args!("{}\n", it.lines().map(|it| format!("    {it}")).collect::<Vec<_>>().join("\n")));
        }
        Block::Claim(Claim { id, claim, answer, evidence, files }) => {
            heading(text, level, claim);
            line(text, format_args!("**{}**\n", plain(answer)));
            list(text, evidence);
            let files = if files.is_empty() {
                String::new()
            } else {
                format!(", from {}", files.join(", "))
            };
            line(text, format_args!("Claim {}{}.\n", plain(id), plain(&files)));
        }
        Block::Profiles(profiles) => {
            for profile in profiles {
                heading(text, level, &profile.name);
                line(text, format_args!("{}\n", plain(&profile.summary)));
                definitions(text, &profile.topics);
            }
        }
    }
}

fn list(text: &mut String, items: &[String]) {
    for item in items {
        line(text, format_args!("- {}", plain(item)));
    }
    text.push('\n');
}

fn definitions(text: &mut String, facts: &[(String, String)]) {
    for (name, fact) in facts {
        line(text, format_args!("- **{}**: {}", plain(name), plain(fact)));
    }
    text.push('\n');
}

fn table(text: &mut String, table: &Table) {
    line(text, format_args!("**{}**\n", plain(&table.caption)));
    let row = |cells: &mut dyn Iterator<Item = String>| format!("| {} |", cells.collect::<Vec<_>>().join(" | "));
    line(text, format_args!("{}", row(&mut table.columns.iter().map(|it| cell(&it.title)))));
    let rules = table.columns.iter().map(|it| if it.numeric { "---:" } else { "---" }.to_owned());
    line(text, format_args!("{}", row(&mut rules.into_iter())));
    for cells in &table.rows {
        line(text, format_args!("{}", row(&mut cells.iter().map(|it| cell(&it.text)))));
    }
    text.push('\n');
    for note in &table.notes {
        line(text, format_args!("{}\n", plain(note)));
    }
}

/// Text that ends no line and starts no markup or HTML.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => plain.push(' '),
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '*' | '`' | '[' | ']' | '\\' | '_' | '~' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}

/// The same, ending no cell.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::document;
    use crate::review::testing::material;

    #[test]
    fn it_says_what_the_page_says() {
        let page = document(&material(&[("seqlock", 5.0)]));
        let text = markdown(&page);
        assert!(text.contains("**Justified here: seqlock**"), "{text}");
        for section in &page.sections {
            assert!(text.contains(&format!("\n## {}\n", section.title)), "{}", section.title);
        }
        assert!(text.contains("| seqlock | 5.00 | 4.00 | 0.500 | 0."), "{text}");
    }

    #[test]
    fn no_name_from_a_file_breaks_a_table() {
        let page = document(&material(&[("a|b\n<c>", 5.0)]));
        assert!(markdown(&page).contains("\n| a\\|b &lt;c> |"), "{}", markdown(&page));
    }
}
