//! From the figures of a result directory to the words of a design review: a question, a verdict with its uncertainty, and
//! what it rests on.
//!
//! Pure: the files' content goes in as [`record`](crate::record) types, and a [`Document`](document::Document) of plain text
//! comes out. No sentence here holds a figure that was not computed from what
//! went in, and equal files give equal documents.
//!
//! `standing` decides, `verdict` puts it into words, the other modules write a section each.

mod costs;
mod crossover;
mod figures;
mod host;
mod latency;
mod locks;
mod notices;
mod page;
mod part;
mod plots;
mod standing;
mod verdict;

pub use page::document;
pub use part::{Part, Plot};
pub use standing::{Answer, Scores, Standing};

use crate::document::{self, words};
use crate::record::{Claim, Declaration};

/// All that a document is made from.
#[derive(Clone, Debug)]
pub struct Material {
    /// The directory, as it is to be called.
    pub directory: String,
    /// The result directories in it, or the one that it is.
    pub parts: Vec<Part>,
    /// What is asked of them, if they make up a study.
    pub study: Option<Study>,
    /// What the strategies that this program knows declare.
    pub declarations: Vec<Declaration>,
}

/// A study: several runs made to answer one question.
#[derive(Clone, Debug, Default)]
pub struct Study {
    /// What it is called.
    pub title: String,
    /// The command that made it.
    pub command: Vec<String>,
    /// Its claims, each tested.
    pub claims: Vec<Claim>,
    /// Why it is not whole, if it is not.
    pub unfinished: Option<String>,
}

#[cfg(test)]
pub(crate) mod testing;
