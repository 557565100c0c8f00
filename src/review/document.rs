//! What a document consists of, whatever it is written as.
//!
//! Everything here is text that is ready to be shown and nothing is markup: whoever writes it as HTML or Markdown
//! escapes all of it.

use crate::record::Claim;

/// A design-review document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// When, where and how long, a few words each.
    pub facts: Vec<String>,
    /// What is to be decided.
    pub question: String,
    /// The answer in a few words.
    pub answer: String,
    /// How the answer is to be coloured.
    pub tone: Tone,
    /// The verdict, a sentence each.
    pub verdict: Vec<String>,
    /// What must be known before anything here is believed.
    pub notices: Vec<String>,
    /// The rest.
    pub sections: Vec<Section>,
}

/// A part with a heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
    /// Parts of the part.
    pub sections: Vec<Section>,
}

impl Section {
    /// A section without parts.
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Section { title: title.into(), blocks, sections: Vec::new() }
    }
}

/// One thing in a section.
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
    /// A picture.
    Figure(Figure),
    /// Something to type, a command a line.
    Code(String),
    /// Something that must not be overlooked.
    Notice(String),
    /// A claim and what became of it.
    Claim(Claim),
    /// Strategies, each with what is known of it.
    Profiles(Vec<Profile>),
}

/// One strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is, in one line.
    pub summary: String,
    /// What is known of it, by topic.
    pub topics: Vec<(String, String)>,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, a cell for each column; the first cell names the row.
    pub rows: Vec<Vec<Cell>>,
    /// What a reader needs to know to read it.
    pub notes: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// Whether it holds numbers, which stand to the right.
    pub numeric: bool,
}

impl Column {
    /// A column of words.
    pub fn words(title: impl Into<String>) -> Self {
        Column { title: title.into(), numeric: false }
    }

    /// A column of numbers.
    pub fn numbers(title: impl Into<String>) -> Self {
        Column { title: title.into(), numeric: true }
    }
}

/// A cell. The text says all; tone and bar only show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// How it is coloured.
    pub tone: Tone,
    /// An interval drawn before the text.
    pub bar: Option<Bar>,
}

impl Cell {
    /// A plain cell.
    pub fn new(text: impl Into<String>) -> Self {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A cell of this tone.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Cell { text: text.into(), tone, bar: None }
    }
}

/// What a colour stands for. Never the only bearer of what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// Better than the baseline.
    Good,
    /// Worse.
    Bad,
    /// No different.
    Even,
    /// Not decided.
    Open,
    /// Of no weight: the machine's own, or a control.
    Muted,
}

/// An interval on an axis, in shares of the axis' length, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The lower end.
    pub low: f64,
    /// The estimate.
    pub at: f64,
    /// The upper end.
    pub high: f64,
    /// Where no difference is.
    pub even: f64,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its file.
    pub file: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// What stands under it.
    pub caption: String,
    /// The file's content, as it was found.
    pub svg: String,
}
