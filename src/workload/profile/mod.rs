//! What a trace says about its program: who does what to which list, how often a poll meets an empty one, how many timers
//! wait, how far ahead they are set, and how near in time the threads come to each other.
//!
//! Everything is counted on a strict replay: the rows in the file's order, on lists of the plain mutex strategy. `fire` rows
//! are counted, and are no operations.

mod fit;
mod gather;
mod nearness;
mod pending;
#[cfg(test)]
mod tests;

pub use fit::{Fit, fit};
pub use nearness::{NEAR_NS, Nearness};
pub use pending::Pending;

use super::trace::{OpCounts, Trace, TraceOp};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// A trace in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// The trace's name.
    pub trace: String,
    /// From its start to its last row, ns.
    pub span_ns: u64,
    /// Rows by operation, `fire` included.
    pub rows: Rows,
    /// What the operations met.
    pub met: Met,
    /// Timers pending on all lists together, over time.
    pub pending: Pending,
    /// The same on the lists that hold a timer, as an operation on such a list meets them: the median over operations.
    pub pending_met: u64,
    /// How far ahead of its row's time a mod or anticipate sets its timer.
    pub distances: Distances,
    /// How near operations of different threads come to each other on a list.
    pub nearness: Nearness,
    /// Each thread's part, in the order of the trace's threads.
    pub threads: Vec<ThreadProfile>,
    /// Each list's part, in the order of the trace's lists.
    pub lists: Vec<ListProfile>,
}

/// One thread of the trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThreadProfile {
    /// Its number in the file.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: Rows,
}

/// One list of the trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListProfile {
    /// Its number in the file.
    pub id: u64,
    /// Its clock's name.
    pub clock: String,
    /// The event loop that owns it.
    pub owner: String,
    /// Its rows.
    pub rows: Rows,
    /// What the operations on it met.
    pub met: Met,
    /// Its pending timers over time.
    pub pending: Pending,
    /// Operations by any other thread than the one that does most of them.
    pub by_others: u64,
}

/// Numbers of rows; in JSON an object with an entry for each operation that occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows(pub OpCounts);

/// What operations met when they were played in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Met {
    /// deadline, expired and run.
    pub polls: u64,
    /// Those that met an empty list.
    pub empty_polls: u64,
    /// Runs that fired a timer.
    pub firing_runs: u64,
    /// Timers fired.
    pub fired: u64,
    /// Mods that made their timer the head.
    pub rearming_mods: u64,
    /// Mods that put a timer that was the head behind another one: the head changes and nobody is notified.
    pub silent_mods: u64,
    /// Anticipates that made their timer the head.
    pub rearming_anticipates: u64,
    /// Dels of a timer that was not pending.
    pub idle_dels: u64,
}

/// Distances from a row's time to the deadline that it sets, ns; negative ones lie in the past.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distances {
    /// Rows that set a deadline.
    pub count: u64,
    /// Those that set the deadline that stands for never, and are left out of what follows.
    pub never: u64,
    /// Those at or before their row's time.
    pub past: u64,
    /// Percentile and distance, in ascending order; empty if no row sets a deadline that comes.
    pub percentiles: Vec<(f64, i64)>,
}

/// The percentiles of distances.
pub const PERCENTILES: [f64; 9] = [0.0, 1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0, 100.0];

impl Profile {
    /// Counts everything.
    pub fn of(trace: &Trace) -> Profile {
        gather::gather(trace)
    }

    /// Operations: all rows but `fire`.
    pub fn ops(&self) -> u64 {
        self.rows.0.played()
    }
}

impl Rows {
    /// The share of an operation among all operations; zero for a trace without any.
    pub fn share(&self, op: TraceOp) -> f64 {
        share(self.0[op], self.0.played())
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for op in TraceOp::ALL.into_iter().filter(|&op| self.0[op] > 0) {
            map.serialize_entry(op.name(), &self.0[op])?;
        }
        map.end()
    }
}

/// A part of a whole; zero of nothing.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
