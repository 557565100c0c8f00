//! The files beside a trace: names of lists and threads, and the timers that are pending when it starts.
//!
//! They stand beside the path that was given, or beside the file that it is a link to, under that file's name. What looks like
//! one of them and is not read is told, so that nobody takes it for read.

use super::error::{Problem, TraceError};
use super::lines::{Lines, fields, number, record};
use super::load::Limits;
use super::number::{Ids, Timers};
use super::{MAX_LISTS, MAX_THREADS, TraceOp};
use crate::text::printable;
use headlock_strategies::Nanos;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

const LISTS: &str = "list,clock,owner";
const THREADS: &str = "thread,name";
const INIT: &str = "list,timer,expire_ns";

/// What stands between NAME and `.csv`.
const KINDS: [&str; 3] = ["lists", "threads", "init"];

/// What may follow `.csv`, if anything does.
const PACKED: [&str; 2] = ["zst", "gz"];

/// NAME of `dir/NAME.csv` or `dir/NAME.csv.zst`, as it is shown everywhere.
pub(super) fn name(path: &Path) -> String {
    printable(&stem(path).to_string_lossy())
}

fn stem(path: &Path) -> &OsStr {
    let ends = |path: &Path, extensions: &[&str]| {
        path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
    };
    let file = Path::new(path.file_name().unwrap_or_default());
    let unpacked = if ends(file, &PACKED) {
        Path::new(file.file_stem().unwrap_or_default())
    } else {
        file
    };
    if ends(unpacked, &["csv"]) {
        unpacked.file_stem().unwrap_or_default()
    } else {
        unpacked.as_os_str()
    }
}

/// Whether `path` is named as a file beside a trace is.
pub fn is_side_file(path: &Path) -> bool {
    let stem = Path::new(stem(path));
    stem.extension().is_some_and(|found| KINDS.iter().any(|kind| found == *kind))
}

/// The files beside a trace, as far as there are any.
#[derive(Debug, Default)]
pub struct SideFiles {
    /// `NAME.lists.csv`
    pub lists: Option<PathBuf>,
    /// `NAME.threads.csv`
    pub threads: Option<PathBuf>,
    /// `NAME.init.csv`
    pub init: Option<PathBuf>,
    /// A line for each file that looks like one of them and is not read.
    pub notes: Vec<String>,
}

impl SideFiles {
    /// Looks for them.
    pub fn of(trace: &Path) -> SideFiles {
        let mut places = vec![trace.to_owned()];
        places.extend(fs::canonicalize(trace).ok().filter(|target| !same_place(trace, target)));
        let [lists, threads, init] = KINDS.map(|kind| find(&places, kind));
        let mut files = SideFiles { lists, threads, init, notes: Vec::new() };
        for place in &places {
            files.notes.extend(files.passed_over(place));
        }
        files.notes.sort();
        files
    }

    /// Each kind's word and file.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [&self.lists, &self.threads, &self.init];
        KINDS.into_iter().zip(files).filter_map(|(kind, file)| Some((kind, file.as_deref()?)))
    }

    /// What looks like a file beside the trace in `place` and is none of them.
    fn passed_over(&self, place: &Path) -> Vec<String> {
        let stem = format!("{}.", stem(place).to_string_lossy());
        let directory = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A directory that cannot be listed holds nothing to be told of; its files are still found by their names.
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let mut notes = Vec::new();
        for entry in entries {
            let file = entry.file_name();
            let Some(kind) = file.to_string_lossy().strip_prefix(&stem).and_then(looks_like) else {
                continue;
            };
            let path = place.with_file_name(&file);
            let read = self.each().find(|(read, _)| *read == kind).map(|(_, read)| read);
            if read.is_some_and(|read| is_same_file(read, &path)) {
                continue;
            }
            let why = match read {
                Some(read) => format!("{} is", shown(read)),
                None => format!("its name is not {stem}{kind}.csv, with .zst or .gz after it where it is compressed"),
            };
            notes.push(format!("{} is not read: {why}", shown(&path)));
        }
        notes
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Whether the same files stand beside both.
fn same_place(one: &Path, other: &Path) -> bool {
    let directory = |path: &Path| path.parent().map(|parent| fs::canonicalize(Path::new(".").join(parent)).ok());
    stem(one) == stem(other) && directory(one) == directory(other)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// The first file of a kind: beside the path given before a link's target, compressed as the trace is before otherwise.
fn find(places: &[PathBuf], kind: &str) -> Option<PathBuf> {
    places.iter().find_map(|place| {
        let plain = OsString::from_iter([stem(place), OsStr::new(&format!(".{kind}.csv"))]);
        let packed = PACKED.map(|extension| OsString::from_iter([&plain, OsStr::new(&format!(".{extension}"))]));
        let like_trace = packed.iter().filter(|file| Path::new(file).extension() == place.extension());
        let names = like_trace.chain([&plain]).chain(&packed);
        // One that is there and cannot be read is an error, not a file that is missing.
        names.map(|name| place.with_file_name(name)).find(|path| fs::symlink_metadata(path).is_ok())
    })
}

/// The kind of file beside a trace that a name looks like, given what follows NAME and its dot.
fn looks_like(rest: &str) -> Option<&'static str> {
    let rest = rest.to_ascii_lowercase();
    let rest = rest.strip_prefix("csv.").unwrap_or(&rest);
    let word = rest.split('.').next()?;
    KINDS.into_iter().find(|kind| *kind == word || kind.strip_suffix('s') == Some(word))
}

/// Clock and owner of each list.
pub(super) fn lists(path: Option<&Path>) -> Result<HashMap<u64, [String; 2]>, TraceError> {
    named(path, LISTS, "list", MAX_LISTS)
}

/// The name of each thread.
pub(super) fn threads(path: Option<&Path>) -> Result<HashMap<u64, [String; 1]>, TraceError> {
    named(path, THREADS, "thread", MAX_THREADS)
}

/// A table of an id and N texts. These are written for people and may hold quotes and commas, so the csv crate reads them.
fn named<const N: usize>(
    path: Option<&Path>,
    header: &'static str,
    what: &'static str,
    max_rows: usize,
) -> Result<HashMap<u64, [String; N]>, TraceError> {
    let mut table = HashMap::new();
    let Some(path) = path else {
        return Ok(table);
    };
    let mut lines = Lines::open(path, header, max_rows)?;
    while let Some(line) = lines.next()? {
        let row = text_row(line, header, what);
        let (id, texts) = row.map_err(|problem| lines.error(problem))?;
        if table.insert(id, texts).is_some() {
            return Err(lines.error(Problem::Twice { what, id }));
        }
    }
    Ok(table)
}

fn text_row<const N: usize>(
    line: &[u8],
    names: &'static str,
    what: &'static str,
) -> Result<(u64, [String; N]), Problem> {
    let record = record(line, names)?;
    if record.len() != N + 1 {
        return Err(Problem::Columns { expected: N + 1, names, found: record.len() });
    }
    let id = number(record[0].as_bytes(), what, u64::MIN, u64::MAX)?;
    Ok((id, std::array::from_fn(|text| printable(&record[text + 1]))))
}

/// The timers that are pending when the trace starts, in the file's order; deadlines on the trace's own clock.
pub(super) fn init(
    path: Option<&Path>,
    lists: &mut Ids,
    timers: &mut Timers,
    limits: &Limits,
) -> Result<Vec<(u32, Nanos)>, TraceError> {
    let mut pending = Vec::new();
    let Some(path) = path else {
        return Ok(pending);
    };
    let mut lines = Lines::open(path, INIT, limits.timers)?;
    while let Some(line) = lines.next()? {
        let row = init_row(line, lists, timers);
        pending.push(row.map_err(|problem| lines.error(problem))?);
    }
    pending.shrink_to_fit();
    Ok(pending)
}

fn init_row(line: &[u8], lists: &mut Ids, timers: &mut Timers) -> Result<(u32, Nanos), Problem> {
    let [list, timer, expire] = fields(line, INIT)?;
    let list = lists.place(number(list, "list", 0, u64::MAX)?)?;
    let id = number(timer, "timer", 0, u64::MAX)?;
    let expire = number(expire, "expire_ns", i64::MIN, i64::MAX)?;
    let known = timers.len();
    let timer = timers.apply(id, TraceOp::Mod, list, lists)?;
    // Nothing but this file has named timers so far.
    if timers.len() == known {
        return Err(Problem::Twice { what: "timer", id });
    }
    Ok((timer, Nanos(expire)))
}
