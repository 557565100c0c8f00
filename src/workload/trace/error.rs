//! What can be wrong with a trace, each in one line that says what would be right.

use super::frames::MAX_WINDOW;
use super::source::Packing;
use super::{COLUMNS, MAX_LINE, TraceOp};
use crate::text::shown;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a trace was refused: `FILE:LINE: what is wrong; what would be right`.
#[derive(Debug)]
pub struct TraceError(Box<Located>);

#[derive(Debug)]
struct Located {
    path: PathBuf,
    line: Option<u64>,
    problem: Problem,
}

impl TraceError {
    pub(super) fn in_file(path: &Path, problem: Problem) -> Self {
        TraceError(Box::new(Located { path: path.to_owned(), line: None, problem }))
    }

    pub(super) fn on_line(path: &Path, line: u64, problem: Problem) -> Self {
        TraceError(Box::new(Located { path: path.to_owned(), line: Some(line), problem }))
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Located { path, line, problem } = &*self.0;
        f.write_str(&shown(&path.to_string_lossy(), usize::MAX))?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {problem}")
    }
}

impl std::error::Error for TraceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.problem.source()
    }
}

/// What is wrong, without where.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("cannot be read: {0}; expected a trace file (CSV, plain, zstd or gzip)")]
    Io(#[source] std::io::Error),
    #[error(
        "the file's name is not UTF-8 text, which results must be to hold it; rename the file, or give a link to it"
    )]
    Name,
    #[error(
        "a pipe, a device and standard input can be read only once, but each trial reads its trace; save it as a file and name that"
    )]
    ReadOnce,
    #[error("this is {what}; expected CSV, plain or compressed with zstd or gzip: {command} > NAME.csv")]
    Foreign { what: &'static str, command: &'static str },
    #[error("the {packing} data breaks off after {rows} rows; the file was cut short: copy or record it again")]
    Truncated { packing: Packing, rows: u64 },
    #[error("the {packing} data is damaged after {rows} rows ({source}); copy or record it again")]
    Damaged {
        packing: Packing,
        rows: u64,
        source: std::io::Error,
    },
    #[error(
        "the zstd data refers back over {window} bytes, and {MAX_WINDOW} are supported; expected less: zstd -dc --long={} FILE > NAME.csv",
        window.next_power_of_two().ilog2()
    )]
    Window { window: u64 },
    #[error(
        "the zstd data needs dictionary {id}, and none is supported; expected data without: zstd -dc -D DICTIONARY FILE > NAME.csv"
    )]
    Dictionary { id: u32 },
    #[error("a quote is not closed on the line; expected a text without a line's end")]
    OpenQuote,
    #[error("the line is longer than {MAX_LINE} bytes; expected {expected}")]
    LongLine { expected: &'static str },
    #[error("the line is not UTF-8 text; expected {expected}")]
    NotUtf8 { expected: &'static str },
    #[error("expected header `{expected}`, found {found}")]
    Header { expected: &'static str, found: Shown },
    #[error("expected {expected} columns ({names}), found {found}")]
    Columns {
        expected: usize,
        names: &'static str,
        found: usize,
    },
    #[error("{column} is {found}; expected a whole number from {min} to {max}")]
    Number {
        column: &'static str,
        found: Shown,
        min: i128,
        max: i128,
    },
    #[error("unknown op {found}; expected one of {}", TraceOp::ALL.map(TraceOp::name).join(", "))]
    Op { found: Shown },
    #[error("{op} names no {column}; expected {}", if *.column == "timer" { "the timer's number" } else { "its new deadline in ns" })]
    Missing { op: &'static str, column: &'static str },
    #[error("{op} takes no {column} but found {found}; expected an empty column")]
    Unwanted {
        op: &'static str,
        column: &'static str,
        found: Shown,
    },
    #[error("time goes back on thread {thread}, from {before} to {time} ns; expected rows in time order")]
    Backwards { thread: u64, before: i64, time: i64 },
    #[error(
        "timer {timer} is used on list {list} but belongs to list {home}; expected one list for a timer, or a free and a create between them"
    )]
    OtherList { timer: u64, list: u64, home: u64 },
    #[error("timer {timer} was freed; expected a create before it is used again")]
    Freed { timer: u64 },
    #[error("timer {timer} exists already; expected a free before it is created again")]
    Exists { timer: u64 },
    #[error("{what} {id} stands here a second time; expected it once")]
    Twice { what: &'static str, id: u64 },
    #[error("more than {limit} {what}; expected at most that many")]
    TooMany { what: &'static str, limit: usize },
    #[error("the trace has no rows; expected at least one below the header `{COLUMNS}`")]
    NoRows,
}

/// A piece of the file fit to stand in one line of an error: escaped, and cut to 40 characters.
#[derive(Debug)]
pub(super) struct Shown(String);

impl Shown {
    pub(super) fn new(bytes: &[u8]) -> Self {
        const MAX_CHARS: usize = 40;
        Shown(shown(&String::from_utf8_lossy(bytes), MAX_CHARS))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_str("nothing")
        } else {
            write!(f, "`{}`", self.0)
        }
    }
}
