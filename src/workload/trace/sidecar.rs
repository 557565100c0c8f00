//! The files beside a trace: names of lists and threads, and the timers that are pending when it starts.

use super::error::{Problem, TraceError};
use super::lines::{Lines, fields, number};
use super::load::Limits;
use super::number::{Ids, Timers};
use super::{MAX_LISTS, MAX_THREADS, TraceOp};
use headlock_strategies::Nanos;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const LISTS: &str = "list,clock,owner";
const THREADS: &str = "thread,name";
const INIT: &str = "list,timer,expire_ns";

/// NAME of `dir/NAME.csv` or `dir/NAME.csv.zst`.
pub(super) fn name(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let name = file.strip_suffix(".zst").unwrap_or(&file);
    name.strip_suffix(".csv").unwrap_or(name).to_owned()
}

/// `dir/NAME.WHAT.csv` beside `trace`, if there is such a file.
fn beside(trace: &Path, what: &str) -> Option<PathBuf> {
    let path = trace.with_file_name(format!("{}.{what}.csv", name(trace)));
    path.exists().then_some(path)
}

/// Clock and owner of each list that `NAME.lists.csv` describes.
pub(super) fn lists(trace: &Path) -> Result<HashMap<u64, [String; 2]>, TraceError> {
    named(trace, "lists", LISTS, "list", MAX_LISTS)
}

/// The name of each thread that `NAME.threads.csv` describes.
pub(super) fn threads(trace: &Path) -> Result<HashMap<u64, [String; 1]>, TraceError> {
    named(trace, "threads", THREADS, "thread", MAX_THREADS)
}

/// A table of an id and N texts. These are written for people and may hold quotes and commas, so the csv crate reads them.
fn named<const N: usize>(
    trace: &Path,
    file: &str,
    header: &'static str,
    what: &'static str,
    max_rows: usize,
) -> Result<HashMap<u64, [String; N]>, TraceError> {
    let mut table = HashMap::new();
    let Some(path) = beside(trace, file) else {
        return Ok(table);
    };
    let mut lines = Lines::open(&path, header, max_rows)?;
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
    let columns = |found| Problem::Columns { expected: N + 1, names, found };
    let mut record = csv::StringRecord::new();
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line)
        .read_record(&mut record)
        .map_err(|_| Problem::NotUtf8 { expected: names })?;
    if record.len() != N + 1 {
        return Err(columns(record.len()));
    }
    let id = number(record[0].as_bytes(), what, u64::MIN, u64::MAX)?;
    Ok((id, std::array::from_fn(|text| record[text + 1].to_owned())))
}

/// The timers that `NAME.init.csv` says are pending at time 0, in its order.
pub(super) fn init(
    trace: &Path,
    lists: &mut Ids,
    timers: &mut Timers,
    limits: &Limits,
) -> Result<Vec<(u32, Nanos)>, TraceError> {
    let mut pending = Vec::new();
    let Some(path) = beside(trace, "init") else {
        return Ok(pending);
    };
    let mut lines = Lines::open(&path, INIT, limits.timers)?;
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
