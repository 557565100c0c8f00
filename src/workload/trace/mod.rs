//! A recorded trace of a real program's timer operations, in memory.
//!
//! On disk it is CSV, plain or compressed: [`COLUMNS`], in time order. Beside `NAME.csv.zst` may stand `NAME.lists.csv`,
//! `NAME.threads.csv` (names for people) and `NAME.init.csv` (timers pending when the trace starts), compressed or not. The ids
//! in the file are any whole numbers; in memory lists, threads and timers are numbered densely, so that a replay indexes arrays.
//! The file's clock may have begun anywhere; in memory the first moment of the trace is zero, and deadlines count from there.
//!
//! Names of the trace, its lists and its threads go through `printable` here, where they enter, so that
//! nothing behind this module meets a control character in one.

mod cut;
mod error;
mod frames;
mod lines;
mod load;
mod number;
mod op;
pub mod prepared;
mod sidecar;
mod source;
#[cfg(test)]
mod tests;

pub use cut::{CutError, write_beginning};
pub use error::TraceError;
pub use op::{OpCounts, TraceOp};
pub use sidecar::{SideFiles, is_side_file};

use headlock_strategies::Nanos;
use std::path::Path;

/// The trace's columns, as its header must name them.
pub const COLUMNS: &str = "time_ns,thread,list,op,timer,expire_ns";

/// The most rows a trace may have; 3.2 GB in memory.
pub const MAX_ROWS: usize = 100_000_000;
/// The most threads a trace may have.
pub const MAX_THREADS: usize = 256;
/// The most timer lists a trace may have.
pub const MAX_LISTS: usize = 4096;
/// The most timers a trace may have; one that is freed and created again counts twice.
pub const MAX_TIMERS: usize = 10_000_000;
/// The longest line, in bytes without its end. No more than this is read of a longer one.
pub const MAX_LINE: usize = 4096;

/// Stands in [`Row::timer`] where the operation names no timer.
pub const NO_TIMER: u32 = u32::MAX;

/// One row: at `time`, `thread` did `op` on `list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When, from the trace's first moment. Never backwards within a thread. It is also the operation's `now`.
    pub time: Nanos,
    /// The new deadline, for mod and anticipate; zero for every other operation. May lie before the trace's start.
    pub expire: Nanos,
    /// Index into [`Trace::timers`], or [`NO_TIMER`].
    pub timer: u32,
    /// Index into [`Trace::lists`].
    pub list: u16,
    /// Index into [`Trace::threads`].
    pub thread: u16,
    /// What was done.
    pub op: TraceOp,
}

const _: () = assert!(size_of::<Row>() <= 32, "a trace takes at most 32 bytes a row");

/// A timer list that a row or an initial timer names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceList {
    /// Its number in the file.
    pub id: u64,
    /// Its clock's name; empty if nobody told.
    pub clock: String,
    /// The event loop that owns it; empty if nobody told.
    pub owner: String,
    /// How many rows of each operation name it.
    pub counts: OpCounts,
}

/// A thread that has rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceThread {
    /// Its number in the file.
    pub id: u64,
    /// Its name; empty if nobody told.
    pub name: String,
}

/// A timer, from its creation to its being freed. A number that is freed and created again is two timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceTimer {
    /// Its number in the file.
    pub id: u64,
    /// Index into [`Trace::lists`]: the list that it belongs to.
    pub list: u16,
    /// Whether the trace holds the row that creates it. Any other timer must exist before the replay starts.
    pub created_in_trace: bool,
}

/// A trace, valid throughout: every index points somewhere, every timer is used on its own list only, between its
/// creation and its being freed, and there is at least one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The file's name without `.zst` or `.gz` and `.csv`, fit to be shown.
    pub name: String,
    /// The rows, in the file's order.
    pub rows: Vec<Row>,
    /// The lists, in ascending order of id.
    pub lists: Vec<TraceList>,
    /// The threads, in ascending order of id.
    pub threads: Vec<TraceThread>,
    /// The timers, in order of appearance.
    pub timers: Vec<TraceTimer>,
    /// The timers that are pending at time 0, in the file's order: index into [`Trace::timers`] and deadline.
    pub init: Vec<(u32, Nanos)>,
    /// What the user should know of the files beside it, a line each.
    pub notes: Vec<String>,
}

impl Trace {
    /// Reads `path` and the files beside it. Whether it is compressed is told by its first bytes, not by its name.
    ///
    /// # Errors
    /// On anything that cannot be read or breaks the format; the error is one line that names the file, the line and what
    /// would be right.
    pub fn load(path: impl AsRef<Path>) -> Result<Trace, TraceError> {
        load::load(path.as_ref(), &load::Limits::default())
    }

    /// How many rows there are of each operation.
    pub fn counts(&self) -> OpCounts {
        self.lists.iter().map(|list| list.counts).sum()
    }

    /// A CRC of everything that is played: rows, and timers pending at the start. However the file is compressed, and whatever
    /// its lists and threads are called, the same operations have the same checksum.
    pub fn checksum(&self) -> u32 {
        let mut crc = flate2::Crc::new();
        for row in &self.rows {
            crc.update(&row.time.0.to_le_bytes());
            crc.update(&row.expire.0.to_le_bytes());
            crc.update(&row.timer.to_le_bytes());
            crc.update(&row.list.to_le_bytes());
            crc.update(&row.thread.to_le_bytes());
            crc.update(&[row.op as u8]);
        }
        for (timer, expire) in &self.init {
            crc.update(&timer.to_le_bytes());
            crc.update(&expire.0.to_le_bytes());
        }
        crc.sum()
    }

    /// How many timers the recorded program saw fire. These rows are not played but compared with what the replay fires.
    pub fn expected_fires(&self) -> u64 {
        self.counts()[TraceOp::Fire]
    }
}
