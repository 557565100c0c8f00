//! `blocks.csv`: a row per process of each block, with what its probes read of the machine and the state that they tell.

use std::io::{self, Write};
use std::path::Path;

use super::{Format, ReadError, Rows, Snapshot, table};
use crate::record::BlockRow;

const FILE_NAME: &str = "blocks.csv";

/// Every column, in order.
pub(super) const COLUMNS: [&str; 17] = [
    "workload",
    "threads",
    "block",
    "contestant",
    "ended_ms",
    "state",
    "probes",
    "probe_ns",
    "addition_ns",
    "width",
    "width_low",
    "width_high",
    "hop_ns",
    "hop_low_ns",
    "hop_high_ns",
    "layout",
    "counted",
];

pub(super) struct BlocksCsv;

impl Format for BlocksCsv {
    fn file_name(&self) -> &'static str {
        FILE_NAME
    }

    fn write(&self, snapshot: &Snapshot<'_>, out: &mut dyn Write) -> io::Result<()> {
        table::write(&COLUMNS, snapshot.blocks, out)
    }
}

/// The blocks of a result directory.
///
/// # Errors
///
/// If there is no readable `blocks.csv`, or its content is not one; the message names the line.
pub fn read_blocks(dir: &Path) -> Result<Rows<BlockRow>, ReadError> {
    table::read(&dir.join(FILE_NAME), &COLUMNS)
}
