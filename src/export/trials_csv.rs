//! `trials.csv`: a row per trial, appended as it ends.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{ReadError, Rows, table};
use crate::record::Trial;

pub(super) const FILE_NAME: &str = "trials.csv";

/// The columns up to `disturbed` are what other tools rely on; later ones were added at the end.
pub(super) const COLUMNS: [&str; 36] = [
    "workload",
    "strategy",
    "threads",
    "block",
    "pass",
    "ops",
    "elapsed_ns",
    "ns_per_op",
    "ops_per_s",
    "floor_ns",
    "cpu_ns",
    "lock_acquisitions",
    "lock_contended",
    "lock_wait_ns",
    "retries",
    "retired",
    "peak_unreclaimed",
    "steal_ns",
    "ctx_switches",
    "disturbed",
    "disturbance",
    "active_start",
    "active_end",
    "fired",
    "rearms",
    "overlap",
    "clock_ns",
    "busy_ns",
    "offered_per_s",
    "behind_ns",
    "ops_least",
    "ops_most",
    "slices",
    "log_ratio",
    "log_net_ratio",
    "at_floor",
];

/// What rows are appended to: a file, or a stand-in for a full disk.
pub(super) trait Target: Write {
    /// Cuts it to its first `len` bytes.
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

/// Appends rows, each by one write.
pub(super) struct Appender<T> {
    target: T,
    /// Bytes of whole lines.
    len: u64,
    /// Whole rows.
    rows: usize,
}

impl<T: Target> Appender<T> {
    /// Starts a table with its header.
    pub(super) fn start(mut target: T, columns: &[&str]) -> io::Result<Self> {
        let mut header = Vec::new();
        table::write::<()>(columns, &[], &mut header)?;
        target.write_all(&header)?;
        target.flush()?;
        Ok(Self { target, len: header.len() as u64, rows: 0 })
    }

    /// Goes on with a table whose first `len` bytes are `rows` whole rows under a header. What follows them is cut off.
    pub(super) fn resume(mut target: T, len: u64, rows: usize) -> io::Result<Self> {
        target.cut(len)?;
        Ok(Self { target, len, rows })
    }

    /// Appends one row. If that fails half-way the half is cut off again, so that what stands there is whole rows.
    pub(super) fn append(&mut self, row: &impl Serialize) -> io::Result<()> {
        let row = table::row(row)?;
        if let Err(error) = self.target.write_all(&row).and_then(|()| self.target.flush()) {
            // Readers leave an unfinished row out, so failing to cut it loses nothing.
            let _ = self.target.cut(self.len);
            return Err(error);
        }
        self.len += row.len() as u64;
        self.rows += 1;
        Ok(())
    }

    /// Whole rows written.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn target(&self) -> &T {
        &self.target
    }
}

/// The trials of a result directory.
///
/// # Errors
///
/// If there is no readable `trials.csv`, or its content is not one; the message names the line.
pub fn read_trials(dir: &Path) -> Result<Rows<Trial>, ReadError> {
    table::read(&dir.join(FILE_NAME), &COLUMNS)
}

#[cfg(test)]
mod tests;
