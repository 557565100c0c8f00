//! From readings to documents: what `run`, `replay`, `report` and `study` answer, whichever form it is then written in.
//!
//! Pure: readings go in, a [`Document`](crate::document::Document) comes out. No sentence here holds a figure that was not computed from what went in, and
//! equal files give equal documents. The answer of a run that has just ended and that of its directory are one document; a page
//! shows more of it.

mod claims;
mod crossings;
mod glance;
mod host;
mod many_cores;
mod notices;
mod operations;
mod page;
mod pictures;
mod point;
mod prediction;
mod run;
mod runs;
mod states;
mod strategies;
mod study;
mod tails;
#[cfg(test)]
mod tests;
mod verdict;

pub use crossings::{Search, map, search, value_of};
pub use notices::unverified;
pub use page::page;
pub use prediction::prediction;
pub use run::run;
pub use runs::runs;
pub use study::study;

use crate::document::words::short_ratio;
use crate::document::{Axis, Cell, Interval, Tone};
use crate::reading::{Missing, Reading, Results, StudyResults};
use crate::record::{AA_CONTROL, Claim, Declaration, FLOOR, FLOOR_BEHIND, LatencyRow, Point, RESOLVED, Ratio};
use crate::text::count;

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

/// Stands before a tail that is the machine's.
const MACHINES: &str = "~";

/// The rows of a point's table: the strategies, and what controls where it was played.
fn names<'r>(reading: &'r Reading<'_>, point: &Point) -> Vec<&'r str> {
    let controls = [AA_CONTROL, FLOOR, FLOOR_BEHIND].into_iter().filter(|name| reading.summary(point, name).is_some());
    reading.strategies.iter().map(String::as_str).chain(controls).collect()
}

/// The axis of these ratios.
fn axis<'r>(reading: &Reading<'_>, ratios: impl Iterator<Item = &'r Ratio>) -> Axis {
    Axis::over(&ratios.map(Interval::from).collect::<Vec<Interval>>(), reading.threshold)
}

/// A ratio with what it counts for: nothing where the point is biased, and the A/A control's never.
fn found(it: Option<&Ratio>, biased: bool) -> Cell {
    match it {
        Some(it) if it.strategy == AA_CONTROL => Cell { tone: Tone::Muted, ..Cell::ratio(it) },
        Some(it) if biased || it.is_biased() => Cell {
            text: format!("{} biased", short_ratio(it.ratio)),
            tone: Tone::Muted,
            ..Cell::ratio(it)
        },
        Some(it) => Cell::ratio(it),
        None => Cell::new(NONE),
    }
}

/// A percentile or a maximum, marked where it is the machine's.
fn tail(reading: &Reading<'_>, row: &LatencyRow, pick: fn(&LatencyRow) -> u64) -> Cell {
    match reading.tails().is_the_machines(row, pick) {
        true => Cell::toned(format!("{MACHINES}{}", count(pick(row))), Tone::Muted),
        false => Cell::new(count(pick(row))),
    }
}

/// Whether a percentile beyond which this share lies has operations enough there.
fn resolved(operations: u64, beyond: f64) -> bool {
    (operations as f64 * beyond).round() as u64 >= RESOLVED
}

/// A cell that says why it has no figure.
fn missing(why: &Missing) -> Cell {
    Cell::toned(why.to_string(), Tone::Open)
}
