//! `latency.csv`: percentiles per workload, strategy, threads, operation and kind.

use std::io::{self, Write};
use std::path::Path;

use super::{Format, ReadError, Rows, Snapshot, table};
use crate::record::LatencyRow;

const FILE_NAME: &str = "latency.csv";

pub(super) const COLUMNS: [&str; 15] = [
    "workload", "strategy", "threads", "op", "kind", "count", "min_ns", "mean_ns", "p50_ns", "p90_ns", "p99_ns",
    "p999_ns", "p9999_ns", "max_ns", "clock_ns",
];

pub(super) struct LatencyCsv;

impl Format for LatencyCsv {
    fn file_name(&self) -> &'static str {
        FILE_NAME
    }

    fn write(&self, snapshot: &Snapshot<'_>, out: &mut dyn Write) -> io::Result<()> {
        table::write(&COLUMNS, snapshot.latency, out)
    }
}

/// The latency rows of a result directory.
///
/// # Errors
///
/// If there is no readable `latency.csv`, or its content is not one; the message names the line.
pub fn read_latency(dir: &Path) -> Result<Rows<LatencyRow>, ReadError> {
    table::read(&dir.join(FILE_NAME), &COLUMNS)
}
