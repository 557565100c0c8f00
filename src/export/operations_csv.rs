//! `operations.csv`: a row per kind of operation, contestant and block of the latency pass, so that service times and percentiles are
//! compared inside blocks.

use std::path::Path;

use super::{ReadError, Rows, table};
use crate::record::OperationRow;

pub(super) const FILE_NAME: &str = "operations.csv";

/// Every column, in order.
pub(super) const COLUMNS: [&str; 11] = [
    "workload",
    "strategy",
    "threads",
    "block",
    "op",
    "kind",
    "count",
    "typical_ns",
    "p50_ns",
    "p99_ns",
    "p999_ns",
];

/// The operations of a result directory.
///
/// # Errors
///
/// If there is no readable `operations.csv`, or its content is not one; the message names the line.
pub fn read_operations(dir: &Path) -> Result<Rows<OperationRow>, ReadError> {
    table::read(&dir.join(FILE_NAME), &COLUMNS)
}
