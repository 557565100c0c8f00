//! The beginning of a trace, as text.

use super::lines::{Lines, fields, number};
use super::{COLUMNS, MAX_ROWS, TraceError};
use std::io::{self, Write};
use std::path::Path;

/// Why a trace's beginning could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CutError {
    /// The trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Where it was to go.
    #[error("cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the header of the trace at `path` and its rows of the first `length_ns`. Rows are in time order, so these are all
/// up to the first that is too late. Times stay those of the file.
///
/// # Errors
/// If the trace cannot be read, or `out` not be written.
pub fn write_beginning(path: &Path, length_ns: u64, out: &mut impl Write) -> Result<(), CutError> {
    let mut lines = Lines::open(path, COLUMNS, MAX_ROWS)?;
    writeln!(out, "{COLUMNS}")?;
    let mut end = None;
    while let Some(line) = lines.next()? {
        let time = fields::<6>(line, COLUMNS).and_then(|[time, ..]| number(time, "time_ns", 0, i64::MAX));
        let time = time.map_err(|problem| lines.error(problem))?.unsigned_abs();
        if time > *end.get_or_insert(time.saturating_add(length_ns)) {
            break;
        }
        out.write_all(lines.line())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
