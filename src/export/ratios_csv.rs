//! `ratios.csv`: every strategy against the baseline, per workload, threads and metric. Each row holds all that its
//! verdict follows from: the interval and its level, the margin, and the bias that the A/A control shows.

use std::io::{self, Write};
use std::path::Path;

use super::{Format, ReadError, Rows, Snapshot, table};
use crate::record::Ratio;

pub(super) const FILE_NAME: &str = "ratios.csv";

/// The columns up to `state` are what other tools rely on.
pub(super) const COLUMNS: [&str; 17] = [
    "workload",
    "threads",
    "metric",
    "strategy",
    "baseline",
    "ratio",
    "ci_low",
    "ci_high",
    "blocks",
    "verdict",
    "state",
    "op",
    "ns",
    "baseline_ns",
    "confidence",
    "threshold",
    "bias",
];

pub(super) struct RatiosCsv;

impl Format for RatiosCsv {
    fn file_name(&self) -> &'static str {
        FILE_NAME
    }

    fn write(&self, snapshot: &Snapshot<'_>, out: &mut dyn Write) -> io::Result<()> {
        table::write(&COLUMNS, snapshot.ratios, out)
    }
}

/// The ratios of a result directory.
///
/// # Errors
///
/// If there is no readable `ratios.csv`, or its content is not one; the message names the line.
pub fn read_ratios(dir: &Path) -> Result<Rows<Ratio>, ReadError> {
    table::read(&dir.join(FILE_NAME), &COLUMNS)
}
