//! What can go wrong with a result directory: each error names the path, what failed, and what still stands.

use std::io;
use std::path::{Path, PathBuf};

use crate::text::{counted, shown};

/// A result directory could not be created or written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is something at the path already.
    #[error("{} already exists; results are never overwritten, so name a directory that does not exist yet", path.display())]
    Exists {
        /// The directory asked for.
        path: PathBuf,
    },
    /// The directory or a first file in it could not be created.
    #[error("cannot create {}: {source}; name a place that can be written", path.display())]
    Create {
        /// What could not be created.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is a file at a page's path that is no page.
    #[error("{} is there and is no page of headlock's, which alone is replaced; name another file", path.display())]
    NoPage {
        /// The file.
        path: PathBuf,
    },
    /// A file that is replaced as a whole could not be.
    #[error("cannot write {}: {source}; its last version stays, if there was one", path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A trial could not be written.
    #[error("cannot write to {}: {source}; it has {} so far", path.display(), counted(*rows, "trial"))]
    Append {
        /// `trials.csv`.
        path: PathBuf,
        /// Whole rows in it.
        rows: usize,
        /// Why.
        source: io::Error,
    },
    /// One of the other files could not be brought up to date.
    #[error("cannot write {}: {source}; its last version stays, and trials.csv has {} so far", path.display(), counted(*rows, "trial"))]
    Rewrite {
        /// The file.
        path: PathBuf,
        /// Whole rows in `trials.csv`.
        rows: usize,
        /// Why.
        source: io::Error,
    },
}

/// A result file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be opened or read at all.
    #[error("cannot read {}: {source}{}", path.display(), remedy(path, source))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is not what it should be.
    #[error("{}:{line}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong there, and what would be right.
        problem: String,
    },
}

/// A result directory could not be taken up again.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// Its trials could not be read, or not be written to.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Another process has it.
    #[error("{} is being written by a run that is under way", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
}

/// What would be right in place of what cannot be read, or of a directory that lacks a file without which it is no result.
fn remedy(path: &Path, source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::IsADirectory => return "; expected a file there, such as headlock run writes",
        io::ErrorKind::PermissionDenied => return "; make it readable for this user, or read a copy",
        _ => {}
    }
    let is_missing = matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    match is_missing && (path.ends_with("run.json") || path.ends_with("trials.csv")) {
        true => "; name a whole result directory, such as headlock run writes",
        false => "",
    }
}

impl ReadError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn content(path: &Path, line: u64, problem: impl Into<String>) -> Self {
        Self::Content {
            path: path.to_owned(),
            line,
            problem: shown(&problem.into(), 1000),
        }
    }
}
