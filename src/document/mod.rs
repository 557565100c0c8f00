//! What a command answers: one document, and one writer for each form that it can take.
//!
//! A [`Document`] is plain text in a fixed order: a title with its facts, notices, a verdict, then blocks (sentences, tables,
//! pictures, sections), and beside them the command's data. Nothing in it is markup and nothing is escaped: each [`Writer`]
//! escapes all of it for its own form, so that no name from a file becomes a tag, a cell's end or a command to the terminal.
//!
//! Numbers are put into words by [`words`] alone.

pub mod glossary;
mod html;
mod interval;
mod json;
mod markdown;
mod model;
mod table;
mod terminal;
pub mod words;

pub use html::Html;
pub use interval::{Axis, Interval};
pub use json::Json;
pub use markdown::Markdown;
pub use model::{Block, Document, Figure, Section, Verdict};
pub use table::{Cell, Column, Kind, OPTIONAL, Table, Tone};
pub use terminal::Terminal;

/// One form of a document.
pub trait Writer {
    /// The whole document in this form. It ends with a line's end.
    fn write(&self, document: &Document) -> String;
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
