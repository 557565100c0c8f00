//! The result directory of a run under way.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use jiff::ZonedDateTime;

use super::replace::replace;
use super::trials_csv::{self, Appender, Target};
use super::{FORMATS, ReadError, ResumeError, Rows, Snapshot, WriteError, operations_csv, threads_csv};
use crate::record::{OperationRow, ThreadRow, Trial};

/// How much of a host's name, and of what was measured, a directory's name holds, bytes. A file's name may have 255.
const MAX_HOST: usize = 63;
const MAX_WHAT: usize = 128;

/// The name of a run's result directory: `<date>-<time>-<host>-<what>`, in the time zone of `started`. Characters that a
/// file name had better not hold become `-`, and what is too long for one is cut off.
pub fn directory_name(started: &ZonedDateTime, host: &str, what: &str) -> String {
    let plain = |text: &str, most: usize| {
        let safe = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        text[..text.floor_char_boundary(most)]
            .chars()
            .map(|c| if safe(c) { c } else { '-' })
            .collect::<String>()
    };
    format!("{}-{}-{}", started.strftime("%Y-%m-%d-%H%M%S"), plain(host, MAX_HOST), plain(what, MAX_WHAT))
}

/// Creates `path` by `create`, or the first of `path-2`, `path-3`, … that does not exist yet: two runs may start in one second.
///
/// # Errors
/// As `create`, but not because a directory exists.
pub fn create_beside<T>(path: &Path, create: impl Fn(&Path) -> Result<T, WriteError>) -> Result<T, WriteError> {
    let mut free = path.to_owned();
    let mut number = 1;
    loop {
        match create(&free) {
            Err(WriteError::Exists { .. }) => {
                number += 1;
                let mut name = path.as_os_str().to_owned();
                name.push(format!("-{number}"));
                free = name.into();
            }
            created => return created,
        }
    }
}

/// Creates a directory that must not exist yet, and its parents where they are missing.
pub(super) fn create_new(path: &Path) -> Result<(), WriteError> {
    let create = |source| WriteError::Create { path: path.to_owned(), source };
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        // The system would say that the parent exists, as if that were what is wrong with it.
        if parent.exists() && !parent.is_dir() {
            return Err(create(io::Error::other(format!("{} is not a directory", parent.display()))));
        }
        fs::create_dir_all(parent).map_err(create)?;
    }
    fs::create_dir(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => WriteError::Exists { path: path.to_owned() },
        _ => create(source),
    })
}

/// Creates a directory for a set of runs, which must not exist yet.
///
/// # Errors
/// If something is there already, or it cannot be created.
pub fn create_set(path: &Path) -> Result<PathBuf, WriteError> {
    create_new(path).map(|()| path.to_owned())
}

/// A result directory that a run writes to.
pub struct ResultDir {
    path: PathBuf,
    trials: Appender<File>,
    threads: Appender<File>,
    operations: Appender<File>,
}

impl ResultDir {
    /// Creates the directory, its parents where they are missing, and `trials.csv` with its header, so that a place that
    /// cannot be written is known before anything is measured.
    ///
    /// # Errors
    ///
    /// If something is there already, or it cannot be created or written.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        create_new(path)?;
        let start = |name: &str, columns: &[&str]| {
            let file = path.join(name);
            let open = OpenOptions::new().append(true).create_new(true).open(&file);
            open.and_then(|file| Appender::start(file, columns)).map_err(|source| create(&file, source))
        };
        let trials = start(trials_csv::FILE_NAME, &trials_csv::COLUMNS)?;
        let threads = start(threads_csv::FILE_NAME, &threads_csv::COLUMNS)?;
        let operations = start(operations_csv::FILE_NAME, &operations_csv::COLUMNS)?;
        // Held while the run lasts. A file system without locks has no second run kept out of it.
        let _ = trials.target().try_lock();
        Ok(Self { path: path.to_owned(), trials, threads, operations })
    }

    /// Takes up a directory that an earlier run wrote, and gives its trials. A last row that was not finished is cut off.
    ///
    /// # Errors
    ///
    /// If `trials.csv` is missing, broken or not to be written, or a run is writing to it.
    pub fn resume(path: &Path) -> Result<(Self, Rows<Trial>), ResumeError> {
        let file = path.join(trials_csv::FILE_NAME);
        let unreadable = |source| ReadError::io(&file, source);
        let target = open_own(&file).map_err(unreadable)?;
        if let Err(TryLockError::WouldBlock) = target.try_lock() {
            return Err(ResumeError::InUse { path: path.to_owned() });
        }
        let rows = trials_csv::read_trials(path)?;
        let (len, _) = whole_lines(&file).map_err(unreadable)?;
        let trials = Appender::resume(target, len, rows.rows.len()).map_err(unreadable)?;
        let resume = |name: &str| {
            let file = path.join(name);
            let unreadable = |source| ReadError::io(&file, source);
            let target = open_own(&file).map_err(unreadable)?;
            let (len, lines) = whole_lines(&file).map_err(unreadable)?;
            Appender::resume(target, len, lines.saturating_sub(1)).map_err(unreadable)
        };
        let threads = resume(threads_csv::FILE_NAME)?;
        let operations = resume(operations_csv::FILE_NAME)?;
        Ok((Self { path: path.to_owned(), trials, threads, operations }, rows))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a trial to `trials.csv` and hands it to the operating system in one call. It is not forced to the disk
    /// here, so that writing does not disturb the next trial; [`rewrite`](Self::rewrite) does that.
    ///
    /// # Errors
    ///
    /// If it cannot be written, for example because the disk is full. The rows before it stand.
    pub fn append_trial(&mut self, trial: &Trial) -> Result<(), WriteError> {
        let written = self.trials.append(trial);
        written.map_err(|source| self.append_error(trials_csv::FILE_NAME, source))
    }

    /// Appends the threads of a trial to `threads.csv`, as [`append_trial`](Self::append_trial) does.
    ///
    /// # Errors
    ///
    /// If they cannot be written. The rows before them stand.
    pub fn append_threads(&mut self, threads: &[ThreadRow]) -> Result<(), WriteError> {
        let written = threads.iter().try_for_each(|thread| self.threads.append(thread));
        written.map_err(|source| self.append_error(threads_csv::FILE_NAME, source))
    }

    /// Appends the operations of a trial to `operations.csv`, as [`append_trial`](Self::append_trial) does.
    ///
    /// # Errors
    ///
    /// If they cannot be written. The rows before them stand.
    pub fn append_operations(&mut self, operations: &[OperationRow]) -> Result<(), WriteError> {
        let written = operations.iter().try_for_each(|operation| self.operations.append(operation));
        written.map_err(|source| self.append_error(operations_csv::FILE_NAME, source))
    }

    fn append_error(&self, name: &str, source: io::Error) -> WriteError {
        WriteError::Append { path: self.path.join(name), rows: self.trials.rows(), source }
    }

    /// Brings every other file up to date and forces all of them to the disk. Call it after each block and at the end.
    ///
    /// # Errors
    ///
    /// If a file cannot be written. It keeps its last version, and those after it are still attempted: with a full disk
    /// the small `run.json` may yet find room to say how the run ended.
    pub fn rewrite(&mut self, snapshot: &Snapshot<'_>) -> Result<(), WriteError> {
        let mut first_error = self.force_to_disk();
        for format in FORMATS {
            let name = format.file_name();
            let written = replace(&self.path, name, |out| format.write(snapshot, out));
            first_error = first_error.and(written.map_err(|source| self.rewrite_error(name, source)));
        }
        first_error
    }

    fn force_to_disk(&self) -> Result<(), WriteError> {
        let name = trials_csv::FILE_NAME;
        self.trials.target().sync_data().map_err(|source| self.rewrite_error(name, source))
    }

    fn rewrite_error(&self, name: &str, source: io::Error) -> WriteError {
        WriteError::Rewrite { path: self.path.join(name), rows: self.trials.rows(), source }
    }
}

/// Opens a file of the directory to append to it. A link is refused: the directory may be a stranger's, and nothing outside it is
/// written to.
fn open_own(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file of its own, but a link or a device"));
    }
    OpenOptions::new().append(true).open(path)
}

/// The bytes of a file's finished lines, and their number.
fn whole_lines(path: &Path) -> io::Result<(u64, usize)> {
    let mut content = BufReader::new(File::open(path)?);
    let (mut read, mut len, mut lines) = (0, 0, 0);
    loop {
        let bytes = content.fill_buf()?;
        if bytes.is_empty() {
            return Ok((len, lines));
        }
        if let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') {
            len = read + last as u64 + 1;
            lines += bytes.iter().filter(|byte| **byte == b'\n').count();
        }
        let taken = bytes.len();
        read += taken as u64;
        content.consume(taken);
    }
}

fn create(path: &Path, source: io::Error) -> WriteError {
    WriteError::Create { path: path.to_owned(), source }
}

impl Target for File {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

#[cfg(test)]
mod tests;
