//! What can be wrong with a workload, each in one line that says what would be right.

use super::preset::PRESETS;
use super::trace::TraceError;

/// Why a workload was refused.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// No preset has that name.
    #[error("unknown workload `{name}`; expected one of {}", PRESETS.map(|(name, _)| name).join(", "))]
    UnknownPreset {
        /// The name that was asked for.
        name: String,
    },
    /// The text is not TOML, or not of the form that a workload has.
    #[error("{origin}:{line}: {message}")]
    Toml {
        /// The file.
        origin: String,
        /// The line, from 1.
        line: usize,
        /// The parser's words, which name the field and what it expected.
        message: String,
    },
    /// The file sets nothing.
    #[error("{origin}: no field is set; expected one at least, such as mix or timers")]
    Empty {
        /// The file.
        origin: String,
    },
    /// A field has a value that it cannot have.
    #[error("{origin}: {field} is {found}; expected {expected}")]
    Field {
        /// The file, or the workload's name.
        origin: String,
        /// The field, with dots between a table and what is in it.
        field: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// The trace that gives the distances cannot be used.
    #[error("{origin}: distance.path: {source}")]
    Trace {
        /// The file, or the workload's name.
        origin: String,
        /// What is wrong with the trace.
        source: TraceError,
    },
}

/// A field's value is wrong; nobody has said yet in which file.
#[derive(Debug)]
pub(super) struct Invalid {
    field: &'static str,
    found: String,
    expected: String,
}

impl Invalid {
    pub(super) fn new(field: &'static str, found: impl ToString, expected: impl Into<String>) -> Self {
        Invalid { field, found: found.to_string(), expected: expected.into() }
    }

    pub(super) fn in_origin(self, origin: &str) -> WorkloadError {
        let Invalid { field, found, expected } = self;
        WorkloadError::Field { origin: origin.to_owned(), field, found, expected }
    }
}

/// Refuses `value` unless it lies in `range`; `unit` follows the bounds in the error.
pub(super) fn within<T>(field: &'static str, value: T, min: T, max: T, unit: &str) -> Result<(), Invalid>
where
    T: PartialOrd + Copy + std::fmt::Display,
{
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    Err(Invalid::new(field, value, format!("{min} to {max}{unit}")))
}
