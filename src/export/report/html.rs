//! The document as one HTML page that needs nothing else: no network, no script, its pictures and its style inside.
//!
//! Everything that comes from a file goes through maud's escaping, or, for pictures, through [`svg`].

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::svg;
use crate::record::Claim;
use crate::review::{Bar, Block, Cell, Document, Figure, Section, Table, Tone};

/// The page's looks, for screens light and dark, and for paper.
const STYLE: &str = include_str!("style.css");

/// Nothing is fetched and nothing runs, whatever a result file may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page.
pub fn html(document: &Document) -> String {
    let mut page = Page { pictures: 0 };
    let sections: Vec<Markup> = document
        .sections
        .iter()
        .enumerate()
        .map(|(number, it)| page.section(it, &format!("s{}", number + 1), 2))
        .collect();
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { "headlock: " (document.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kind { "Design review" }
                    h1 { (document.title) }
                    ul.line { @for fact in &document.facts { li { (fact) } } }
                }
                main {
                    @for notice in &document.notices { p.notice role="note" { (notice) } }
                    section class={ "verdict " (class(document.tone)) } aria-label="Verdict" {
                        p.question { (document.question) }
                        p.answer { (document.answer) }
                        @for sentence in &document.verdict { p { (sentence) } }
                    }
                    nav aria-label="Contents" {
                        ol {
                            @for (number, section) in document.sections.iter().enumerate() {
                                li { a href={ "#s" (number + 1) } { (section.title) } }
                            }
                        }
                    }
                    @for section in sections { (section) }
                }
                footer { p { "Made by headlock report from the result files, and from nothing else." } }
            }
        }
    }
    .into_string()
}

/// What the writing of a page keeps track of.
struct Page {
    /// Pictures so far, whose identifiers must not meet.
    pictures: usize,
}

impl Page {
    fn section(&mut self, section: &Section, id: &str, level: usize) -> Markup {
        let blocks: Vec<Markup> = section.blocks.iter().map(|block| self.block(block, level + 1)).collect();
        let parts: Vec<Markup> = section
            .sections
            .iter()
            .enumerate()
            .map(|(number, part)| self.section(part, &format!("{id}-{}", number + 1), level + 1))
            .collect();
        markup! {
            section id=(id) {
                (heading(level, &section.title))
                @for block in blocks { (block) }
                @for part in parts { (part) }
            }
        }
    }

    fn block(&mut self, block: &Block, level: usize) -> Markup {
        match block {
            Block::Text(text) => markup! { p { (text) } },
            Block::List(items) => markup! { ul { @for item in items { li { (item) } } } },
            Block::Facts(facts) => definitions(facts),
            Block::Table(it) => table(it),
            Block::Figure(it) => self.figure(it),
            Block::Code(text) => markup! { pre tabindex="0" { code { (text) } } },
            Block::Notice(text) => markup! { p.notice role="note" { (text) } },
            Block::Claim(it) => claim(it, level),
            Block::Profiles(profiles) => markup! {
                div.profiles {
                    @for profile in profiles {
                        article.profile {
                            (heading(level, &profile.name))
                            p.summary { (profile.summary) }
                            (definitions(&profile.topics))
                        }
                    }
                }
            },
        }
    }

    fn figure(&mut self, figure: &Figure) -> Markup {
        self.pictures += 1;
        match svg::inline(&figure.svg, &format!("p{}", self.pictures), &figure.alt) {
            Ok(picture) => markup! {
                figure {
                    div.scroll role="region" aria-label=(figure.caption) tabindex="0" { (PreEscaped(picture)) }
                    figcaption { (figure.caption) }
                }
            },
            Err(problem) => markup! {
                p.notice role="note" { (figure.file) " cannot be shown: " (problem) ". scripts/plot draws it again." }
            },
        }
    }
}

fn heading(level: usize, text: &str) -> Markup {
    match level {
        2 => markup! { h2 { (text) } },
        3 => markup! { h3 { (text) } },
        4 => markup! { h4 { (text) } },
        _ => markup! { h5 { (text) } },
    }
}

fn definitions(facts: &[(String, String)]) -> Markup {
    markup! { dl { @for (name, text) in facts { div { dt { (name) } dd { (text) } } } } }
}

fn claim(claim: &Claim, level: usize) -> Markup {
    let Claim { id, claim, answer, evidence, files } = claim;
    markup! {
        article.claim {
            (heading(level, claim))
            p.found { (answer) }
            ul { @for sentence in evidence { li { (sentence) } } }
            p.note { "Claim " code { (id) } @if !files.is_empty() { ", from " (files.join(", ")) } "." }
        }
    }
}

fn table(table: &Table) -> Markup {
    markup! {
        div.scroll role="region" aria-label=(table.caption) tabindex="0" {
            table {
                caption { (table.caption) }
                thead {
                    tr { @for column in &table.columns { th scope="col" class=[column.numeric.then_some("number")] { (column.title) } } }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (cell, column) in row.iter().zip(&table.columns) { (td(cell, column.numeric, std::ptr::eq(cell, &row[0]))) }
                        }
                    }
                }
            }
        }
        @for note in &table.notes { p.note { (note) } }
    }
}

fn td(cell: &Cell, numeric: bool, names_the_row: bool) -> Markup {
    let classes = format!("{} {}", class(cell.tone), if numeric { "number" } else { "" });
    let classes = Some(classes.trim()).filter(|classes| !classes.is_empty());
    markup! {
        @if names_the_row {
            th scope="row" class=[classes] { (cell.text) }
        } @else {
            td class=[classes] { @if let Some(bar) = &cell.bar { (drawn(bar)) } (cell.text) }
        }
    }
}

/// An interval, on an axis a hundred long and twelve high. The text beside it says the same.
fn drawn(bar: &Bar) -> Markup {
    let [low, at, high, even] = [bar.low, bar.at, bar.high, bar.even].map(|share| 3.0 + share * 94.0);
    markup! {
        svg.interval viewBox="0 0 100 12" aria-hidden="true" {
            line.even x1=(px(even)) x2=(px(even)) y1="0" y2="12" {}
            line.reach x1=(px(low)) x2=(px(high)) y1="6" y2="6" {}
            circle cx=(px(at)) cy="6" r="3" {}
        }
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Even => "even",
        Tone::Open => "open",
        Tone::Muted => "muted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::testing::material;
    use crate::review::{Plot, document};

    const HOSTILE: &str = "<script>alert('x')</script>\"";

    #[test]
    fn nothing_from_a_file_is_markup() {
        let mut material = material(&[("seqlock", 5.0), (HOSTILE, 8.0)]);
        let part = &mut material.parts[0];
        part.trials.iter_mut().for_each(|trial| trial.workload = HOSTILE.to_owned());
        part.latency
            .iter_mut()
            .for_each(|row| (row.workload, row.op) = (HOSTILE.to_owned(), HOSTILE.to_owned()));
        part.run.host.hostname = HOSTILE.to_owned();
        part.run.warnings = vec![HOSTILE.to_owned()];
        part.run.command.push(HOSTILE.to_owned());
        part.run.message = Some(HOSTILE.to_owned());
        part.run.state = crate::record::RunState::Failed;
        part.plots = vec![Plot {
            name: "ratios".to_owned(),
            file: HOSTILE.to_owned(),
            svg: "<svg viewBox='0 0 1 1' xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_owned(),
        }];
        material.directory = HOSTILE.to_owned();
        let page = html(&document(&material));
        assert!(!page.contains("<script") && !page.contains("alert(1)"));
        assert!(page.matches("&lt;script&gt;").count() > 10);
    }

    #[test]
    fn the_page_needs_nothing_else_and_can_be_read_as_a_tree() {
        let page = html(&document(&material(&[("seqlock", 5.0)])));
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
        assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
        assert!(page.contains("<th scope=\"row\">seqlock</th>"));
        assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    }

    #[test]
    fn a_picture_that_is_none_is_named() {
        let mut material = material(&[("seqlock", 5.0)]);
        material.parts[0].plots = vec![Plot {
            name: "locks".to_owned(),
            file: "plots/locks.svg".to_owned(),
            svg: "<svg".to_owned(),
        }];
        assert!(html(&document(&material)).contains("plots/locks.svg cannot be shown"));
    }
}
