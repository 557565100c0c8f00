//! From the files to a [`Trace`].

use super::error::{Problem, Shown, TraceError};
use super::lines::{Lines, fields, number};
use super::number::{Ids, Timers};
use super::sidecar::{self, SideFiles};
use super::{
    COLUMNS, MAX_LISTS, MAX_ROWS, MAX_THREADS, MAX_TIMERS, NO_TIMER, OpCounts, Row, Trace, TraceList, TraceOp,
    TraceThread,
};
use headlock_strategies::Nanos;
use std::path::Path;

/// How much of each kind a trace may hold; memory is bounded by these whatever the file says.
pub(super) struct Limits {
    pub(super) rows: usize,
    pub(super) timers: usize,
    pub(super) lists: usize,
    pub(super) threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            rows: MAX_ROWS,
            timers: MAX_TIMERS,
            lists: MAX_LISTS,
            threads: MAX_THREADS,
        }
    }
}

pub(super) fn load(path: &Path, limits: &Limits) -> Result<Trace, TraceError> {
    // It is handed to other processes and written to results, as text.
    if path.to_str().is_none() {
        return Err(TraceError::in_file(path, Problem::Name));
    }
    let mut lines = Lines::open(path, COLUMNS, limits.rows)?;
    let beside = SideFiles::of(path);
    let mut list_names = sidecar::lists(beside.lists.as_deref())?;
    let mut thread_names = sidecar::threads(beside.threads.as_deref())?;
    let mut parser = Parser::new(limits);
    let mut init = sidecar::init(beside.init.as_deref(), &mut parser.lists, &mut parser.timers, limits)?;

    let mut rows = Vec::new();
    while let Some(line) = lines.next()? {
        let row = parser.row(line);
        rows.push(row.map_err(|problem| lines.error(problem))?);
    }
    // Rows stand in time order, so the earliest is the first, unless threads wrote a little past each other.
    let Some(zero) = rows.iter().map(|row: &Row| row.time).min() else {
        return Err(TraceError::in_file(path, Problem::NoRows));
    };
    rows.shrink_to_fit();
    for (_, expire) in &mut init {
        *expire = since(zero, *expire);
    }

    let Parser { lists, threads, timers, .. } = parser;
    let (list_ids, list_moved) = lists.sorted();
    let (thread_ids, thread_moved) = threads.sorted();
    let mut timers = timers.into_vec();
    for timer in &mut timers {
        timer.list = list_moved[usize::from(timer.list)];
    }
    let mut counts = vec![OpCounts::default(); list_ids.len()];
    for row in &mut rows {
        row.time = Nanos(row.time.0 - zero.0);
        if row.op.needs_expire() {
            row.expire = since(zero, row.expire);
        }
        row.list = list_moved[usize::from(row.list)];
        row.thread = thread_moved[usize::from(row.thread)];
        counts[usize::from(row.list)][row.op] += 1;
    }
    let lists = list_ids.into_iter().zip(counts).map(|(id, counts)| {
        let [clock, owner] = list_names.remove(&id).unwrap_or_default();
        TraceList { id, clock, owner, counts }
    });
    let threads = thread_ids.into_iter().map(|id| {
        let [name] = thread_names.remove(&id).unwrap_or_default();
        TraceThread { id, name }
    });
    Ok(Trace {
        name: sidecar::name(path),
        lists: lists.collect(),
        threads: threads.collect(),
        rows,
        timers,
        init,
        notes: beside.notes,
    })
}

/// A deadline of the trace's clock, counted from the trace's first moment. One that stands for never still does.
fn since(zero: Nanos, deadline: Nanos) -> Nanos {
    match deadline {
        Nanos::MAX => Nanos::MAX,
        Nanos(ns) => Nanos(ns.saturating_sub(zero.0)),
    }
}

/// Turns lines into rows, and remembers what one row says about the next.
struct Parser {
    lists: Ids,
    threads: Ids,
    timers: Timers,
    /// The time of each thread's latest row.
    latest: Vec<i64>,
}

impl Parser {
    fn new(limits: &Limits) -> Self {
        Parser {
            lists: Ids::new("lists", limits.lists),
            threads: Ids::new("threads", limits.threads),
            timers: Timers::new(limits.timers),
            latest: Vec::new(),
        }
    }

    fn row(&mut self, line: &[u8]) -> Result<Row, Problem> {
        let [time, thread, list, op, timer, expire] = fields(line, COLUMNS)?;
        let time = number(time, "time_ns", 0, i64::MAX)?;
        let thread = self.thread_at(number(thread, "thread", 0, u64::MAX)?, time)?;
        let list = self.lists.place(number(list, "list", 0, u64::MAX)?)?;
        let op = TraceOp::parse(op).ok_or_else(|| Problem::Op { found: Shown::new(op) })?;
        let expire = Nanos(expire_of(op, expire)?);
        let timer = match (op.names_timer(), timer.is_empty()) {
            (true, false) => self.timers.apply(number(timer, "timer", 0, u64::MAX)?, op, list, &self.lists)?,
            (false, true) => NO_TIMER,
            (true, true) => return Err(Problem::Missing { op: op.name(), column: "timer" }),
            (false, false) => {
                return Err(Problem::Unwanted { op: op.name(), column: "timer", found: Shown::new(timer) });
            }
        };
        Ok(Row { time: Nanos(time), expire, timer, list, thread, op })
    }

    /// The place of thread `id`, which has a row at `time`.
    fn thread_at(&mut self, id: u64, time: i64) -> Result<u16, Problem> {
        let thread = self.threads.place(id)?;
        self.latest.resize(self.threads.len(), 0);
        let latest = &mut self.latest[usize::from(thread)];
        if time < *latest {
            return Err(Problem::Backwards { thread: id, before: *latest, time });
        }
        *latest = time;
        Ok(thread)
    }
}

/// The deadline that a row of `op` sets. A del or fire may say which deadline it met; nothing needs it.
fn expire_of(op: TraceOp, field: &[u8]) -> Result<i64, Problem> {
    match (op.needs_expire(), field.is_empty()) {
        (true, true) => Err(Problem::Missing { op: op.name(), column: "expire_ns" }),
        (true, false) => number(field, "expire_ns", i64::MIN, i64::MAX),
        (false, false) if op.names_timer() => number(field, "expire_ns", i64::MIN, i64::MAX).map(|_| 0),
        (false, true) => Ok(0),
        (false, false) => Err(Problem::Unwanted { op: op.name(), column: "expire_ns", found: Shown::new(field) }),
    }
}
