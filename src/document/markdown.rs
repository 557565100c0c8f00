//! The document as Markdown, to paste into a review.

use std::fmt::{Arguments, Write};

use super::interval::WIDTH;
use super::{Block, Cell, Column, Document, Kind, Section, Table, Verdict, Writer};
use crate::text::shown;

/// Writes Markdown as GitHub reads it.
#[derive(Clone, Copy, Debug)]
pub struct Markdown;

impl Writer for Markdown {
    fn write(&self, document: &Document) -> String {
        let mut text = String::new();
        let top = if document.title.is_empty() {
            1
        } else {
            heading(&mut text, 1, &document.title);
            2
        };
        if !document.facts.is_empty() {
            line(&mut text, format_args!("{}\n", plain(&document.facts.join(" · "))));
        }
        document.notices.iter().for_each(|it| notice(&mut text, it));
        document.verdict.iter().for_each(|it| verdict(&mut text, it));
        blocks(&mut text, &document.blocks, top);
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

fn blocks(text: &mut String, blocks: &[Block], level: usize) {
    for block in blocks {
        match block {
            Block::Text(it) => line(text, format_args!("{}\n", plain(it))),
            Block::Notice(it) => notice(text, it),
            Block::List(items) => list(text, items),
            Block::Facts(facts) => definitions(text, facts),
            Block::Table(it) => table(text, it),
            Block::Figure(it) => {
                // What was drawn for this document alone has no file to refer to.
                if !it.file.is_empty() {
                    let file = shown(&it.file, usize::MAX).replace(['<', '>'], "");
                    line(text, format_args!("![{}](<{file}>)\n", plain(&it.alt)));
                }
                line(text, format_args!("{}\n", plain(&it.caption)));
            }
            // Indented, so that no fence in the text can end it.
            Block::Code(it) => {
                it.lines().for_each(|it| line(text, format_args!("    {}", shown(it, usize::MAX))));
                text.push('\n');
            }
            Block::Verdict(it) => verdict(text, it),
            Block::Section(it) => section(text, it, level),
        }
    }
}

fn section(text: &mut String, section: &Section, level: usize) {
    if section.folded {
        line(text, format_args!("<details>\n<summary>{}</summary>\n", plain(&section.title)));
        blocks(text, &section.blocks, level + 1);
        line(text, format_args!("</details>\n"));
    } else {
        heading(text, level, &section.title);
        blocks(text, &section.blocks, level + 1);
    }
}

fn heading(text: &mut String, level: usize, title: &str) {
    line(text, format_args!("{} {}\n", "#".repeat(level.min(6)), plain(title)));
}

fn notice(text: &mut String, notice: &str) {
    line(text, format_args!("> **Note:** {}\n", plain(notice)));
}

fn verdict(text: &mut String, verdict: &Verdict) {
    let Verdict { question, answer, sentences, tone: _ } = verdict;
    if !question.is_empty() {
        line(text, format_args!("*{}*\n", plain(question)));
    }
    line(text, format_args!("**{}**\n", plain(answer)));
    sentences.iter().for_each(|it| line(text, format_args!("{}\n", plain(it))));
}

fn list(text: &mut String, items: &[String]) {
    items.iter().for_each(|it| line(text, format_args!("- {}", plain(it))));
    text.push('\n');
}

fn definitions(text: &mut String, facts: &[(String, String)]) {
    facts
        .iter()
        .for_each(|(name, fact)| line(text, format_args!("- **{}**: {}", plain(name), plain(fact))));
    text.push('\n');
}

fn table(text: &mut String, table: &Table) {
    if !table.caption.is_empty() {
        line(text, format_args!("**{}**\n", plain(&table.caption)));
    }
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    line(text, format_args!("{}", row(table.columns.iter().map(|it| cell_of(&it.title)).collect())));
    let rules = table.columns.iter().map(|it| if it.is_numeric() { "---:" } else { "---" }.to_owned());
    line(text, format_args!("{}", row(rules.collect())));
    for cells in &table.rows {
        line(
            text,
            format_args!("{}", row(cells.iter().zip(&table.columns).map(|(it, of)| cell(it, of)).collect())),
        );
    }
    text.push('\n');
    table.all_notes(false).iter().for_each(|it| line(text, format_args!("{}\n", plain(it))));
}

fn cell(cell: &Cell, column: &Column) -> String {
    match (column.kind, &cell.interval) {
        // Blanks at an end would be dropped, and those inside drawn as one.
        (Kind::Intervals(axis), Some(it)) => format!("`{}`", axis.draw(it, WIDTH).replace(' ', "·")),
        (Kind::Ratios(_), _) => cell_of(&cell.text_with_interval()),
        _ => cell_of(&cell.text),
    }
}

/// Text that ends no cell.
fn cell_of(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

/// Text that ends no line and starts no markup, link or HTML, wherever in a line it stands.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let text = shown(&text.replace(['\n', '\r'], " "), usize::MAX);
    for (at, c) in text.char_indices() {
        let starts_a_block = || at == 0 || text[..at].chars().all(|c| c.is_ascii_digit());
        match c {
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            '*' | '`' | '[' | ']' | '\\' | '_' | '~' => plain.extend(['\\', c]),
            '#' | '>' | '+' | '-' | '=' if at == 0 => plain.extend(['\\', c]),
            '.' | ')' if at > 0 && starts_a_block() && text[at + 1..].starts_with(' ') => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}

fn line(text: &mut String, arguments: Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use super::{cell_of, plain};

    #[test]
    fn nothing_from_outside_is_markup() {
        for (text, written) in [
            ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
            ("a|b\nc", "a\\|b c"),
            ("`rm -rf`", "\\`rm -rf\\`"),
            ("[link](http://x)", "\\[link\\](http://x)"),
            ("snake_case * &amp;", "snake\\_case \\* &amp;amp;"),
            ("# not a heading", "\\# not a heading"),
            ("- no list", "\\- no list"),
            ("12. no list", "12\\. no list"),
            ("0.5 is a number, -1 too", "0.5 is a number, -1 too"),
            ("\u{1b}[31m\u{202e}red", "\\\\u{1b}\\[31m\\\\u{202e}red"),
        ] {
            assert_eq!(cell_of(text), written);
        }
        assert_eq!(plain("a|b"), "a|b");
    }
}
