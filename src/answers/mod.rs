//! From readings to documents: what `run`, `replay`, `report` and `study` answer, whichever form it is then written in.
//!
//! Pure: readings go in, a [`Document`](crate::document::Document) comes out. No sentence here holds a figure that was not computed from what went in, and
//! equal files give equal documents. The answer of a run that has just ended and that of its directory are one document; a page
//! shows more of it.

mod claims;
mod crossings;
mod glance;
mod host;
mod notices;
mod page;
mod pictures;
mod point;
mod prediction;
mod run;
mod strategies;
#[cfg(test)]
mod tests;
mod verdict;

pub use page::{page, study_page};
pub use prediction::prediction;
pub use run::run;

use crate::document::{Cell, Tone};
use crate::reading::{Missing, Results, StudyResults};
use crate::record::{Claim, Declaration};

/// What a result directory's document is made from.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// The directory, as it is to be called.
    pub directory: &'a str,
    /// What it holds.
    pub results: &'a Results,
    /// What the strategies that this program knows declare.
    pub declarations: &'a [Declaration],
}

/// What a study's document is made from.
#[derive(Clone, Copy, Debug)]
pub struct StudyMaterial<'a> {
    /// The directory, as it is to be called.
    pub directory: &'a str,
    /// What it holds.
    pub results: &'a StudyResults,
    /// Its claims, each held against the files.
    pub claims: &'a [Claim],
    /// What the strategies that this program knows declare.
    pub declarations: &'a [Declaration],
}

/// A cell without a figure, and without a reason to have one.
const NONE: &str = "–";

/// A cell that says why it has no figure.
fn missing(why: &Missing) -> Cell {
    Cell::toned(why.to_string(), Tone::Open)
}
