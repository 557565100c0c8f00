//! `threads.csv`: a row per thread of each trial, so that a thread that starves shows.

use std::path::Path;

use super::{ReadError, Rows, table};
use crate::record::ThreadRow;

pub(super) const FILE_NAME: &str = "threads.csv";

/// Every column, in order; further ones will be added at the end.
pub(super) const COLUMNS: [&str; 13] = [
    "workload",
    "strategy",
    "threads",
    "block",
    "pass",
    "thread",
    "role",
    "ops",
    "elapsed_ns",
    "cpu_ns",
    "lock_acquisitions",
    "lock_contended",
    "lock_wait_ns",
];

/// The threads of a result directory.
///
/// # Errors
///
/// If there is no readable `threads.csv`, or its content is not one; the message names the line.
pub fn read_threads(dir: &Path) -> Result<Rows<ThreadRow>, ReadError> {
    table::read(&dir.join(FILE_NAME), &COLUMNS)
}
