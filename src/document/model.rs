//! What a document consists of.

use serde_json::Value;

use super::{Table, Tone};

/// The answer of a command. What is empty is not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// What kind of document a page is, in a word or two above its title.
    pub kind: String,
    /// What it is about.
    pub title: String,
    /// When, where and how long, a few words each.
    pub facts: Vec<String>,
    /// What must be known before anything here is believed.
    pub notices: Vec<String>,
    /// What it comes to.
    pub verdict: Option<Verdict>,
    /// The rest.
    pub blocks: Vec<Block>,
    /// The same for a program, with every figure in full.
    pub data: Value,
}

/// A question and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is to be decided, or claimed.
    pub question: String,
    /// The answer in a few words.
    pub answer: String,
    /// How the answer is coloured.
    pub tone: Tone,
    /// What it rests on, a sentence each.
    pub sentences: Vec<String>,
}

/// One thing in a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A list of sentences.
    List(Vec<String>),
    /// Names with what they stand for.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// A picture from a file.
    Figure(Figure),
    /// Something to type, a command a line.
    Code(String),
    /// Something that must not be overlooked.
    Notice(String),
    /// A verdict of its own, such as on one claim.
    Verdict(Verdict),
    /// A part with a heading.
    Section(Section),
}

/// A part with a heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
    /// Whether a page shows the heading alone until it is asked for the rest, which it always prints.
    pub folded: bool,
}

impl Section {
    /// A part that is shown.
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Section { title: title.into(), blocks, folded: false }
    }

    /// A part that is folded.
    pub fn folded(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Section { folded: true, ..Section::new(title, blocks) }
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its file; empty of one that was drawn for the document.
    pub file: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// What stands under it.
    pub caption: String,
    /// The file's content, as it was found.
    pub svg: String,
}

impl Document {
    /// An empty document of this title.
    pub fn new(title: impl Into<String>) -> Self {
        Document { title: title.into(), ..Document::default() }
    }
}
