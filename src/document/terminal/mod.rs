//! The document as text in so many columns.
//!
//! Everything is kept within the width: sentences are wrapped between words, and a table that is too wide is parted (see
//! [`table`]). Control characters are spelt out. Commands stand as they are, to be copied.

mod table;
mod wrap;

use super::{Block, Document, Section, Tone, Verdict, Writer};
use crate::text::shown;
use wrap::{width, wrapped};

/// Writes for a terminal, or for whatever stands in its place.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// How many columns there are.
    pub width: usize,
    /// Whether to use colour.
    pub colour: bool,
}

/// No terminal is taken to be narrower.
const LEAST_WIDTH: usize = 20;
/// What a paragraph within a list is moved to the right by.
const INDENT: &str = "  ";

impl Writer for Terminal {
    fn write(&self, document: &Document) -> String {
        let mut page = Page {
            width: self.width.max(LEAST_WIDTH),
            colour: self.colour,
            text: String::new(),
        };
        page.document(document);
        page.text
    }
}

/// A document under way.
struct Page {
    width: usize,
    colour: bool,
    text: String,
}

impl Page {
    fn document(&mut self, document: &Document) {
        if !document.title.is_empty() {
            self.paragraph("", &document.title, Tone::Plain);
        }
        if !document.facts.is_empty() {
            self.paragraph("", &document.facts.join(" · "), Tone::Muted);
        }
        document.notices.iter().for_each(|it| self.notice(it));
        document.verdict.iter().for_each(|it| self.verdict(it));
        self.blocks(&document.blocks);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Text(it) => self.paragraph("", it, Tone::Plain),
                Block::List(items) => items.iter().for_each(|it| self.paragraph("- ", it, Tone::Plain)),
                Block::Facts(facts) => {
                    self.gap();
                    facts.iter().for_each(|(name, fact)| self.paragraph("", &format!("{name}: {fact}"), Tone::Plain));
                }
                Block::Table(it) => {
                    self.gap();
                    if !it.caption.is_empty() {
                        self.paragraph("", &it.caption, Tone::Plain);
                    }
                    let drawn = table::draw(it, self.width, self.colour);
                    self.text.push_str(&drawn);
                    it.all_notes(false).iter().for_each(|it| self.paragraph("", it, Tone::Muted));
                }
                Block::Figure(it) if it.file.is_empty() => self.paragraph("", &it.caption, Tone::Plain),
                Block::Figure(it) => self.paragraph("", &format!("{} ({})", it.caption, it.file), Tone::Plain),
                Block::Code(it) => it.lines().for_each(|it| self.line(&format!("{INDENT}{}", shown(it, usize::MAX)))),
                Block::Notice(it) => self.notice(it),
                Block::Verdict(it) => {
                    self.gap();
                    self.verdict(it);
                }
                Block::Section(it) => self.section(it),
            }
        }
    }

    fn section(&mut self, section: &Section) {
        self.gap();
        self.paragraph("", &section.title, Tone::Plain);
        let underlined = self.text.trim_end().rsplit('\n').next().map_or(0, width);
        self.line(&"─".repeat(underlined));
        self.blocks(&section.blocks);
    }

    fn notice(&mut self, notice: &str) {
        self.paragraph("note: ", notice, Tone::Open);
    }

    fn verdict(&mut self, verdict: &Verdict) {
        if !verdict.question.is_empty() {
            self.paragraph("", &verdict.question, Tone::Plain);
        }
        self.paragraph("", &verdict.answer, verdict.tone);
        verdict.sentences.iter().for_each(|it| self.paragraph("", it, Tone::Plain));
    }

    /// A blank line, unless there is one or nothing yet.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Words between the margins. What follows the first line stands under the text behind `mark`.
    fn paragraph(&mut self, mark: &str, text: &str, tone: Tone) {
        let under = " ".repeat(width(mark));
        for (number, line) in wrapped(&shown(text, usize::MAX), self.width - under.len()).into_iter().enumerate() {
            let line = if self.colour { coloured(&line, tone) } else { line };
            self.line(&format!("{}{line}", if number == 0 { mark } else { &under }));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// The colour that shows a tone, as terminals number them.
fn colour(tone: Tone) -> Option<u8> {
    match tone {
        Tone::Plain | Tone::Even => None,
        Tone::Bad => Some(9),
        Tone::Good => Some(10),
        Tone::Open => Some(11),
        Tone::Muted => Some(8),
    }
}

fn coloured(line: &str, tone: Tone) -> String {
    match colour(tone) {
        Some(number) => format!("\u{1b}[38;5;{number}m{line}\u{1b}[39m"),
        None => line.to_owned(),
    }
}
