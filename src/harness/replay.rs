//! Plays a recorded trace: all rows on one thread in time order, or each trace thread on a thread of its own.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use headlock_strategies::{Config, Counts, LockCounts, Nanos, TimerHandle, TimerId, TimerList};

use super::Speed;
use super::block::plan::Plan;
use super::block::{self, Announce, Entrant, Part};
use super::clock::{Clock, Moment};
use super::contestant::{Contestant, Maker, Played, Player, Slice};
use super::grace;
use super::inject::Inject;
use super::job::{BlockOutcome, Job, JobError};
use super::latency::{GRACE, Recorder};
use crate::record::Pass;
use crate::workload::trace::TraceOp;
use crate::workload::trace::prepared::{Opened, OpenedPart, PlayedRow};

/// Stands for a timer that the trace has not created yet; no list gives this name out, so operations on it do nothing.
const NOT_YET: u64 = u64::MAX;

/// What all contestants of a block are made from.
pub struct Stage {
    trace: Arc<Opened>,
    speed: Speed,
    /// Whether the trace frees timers.
    frees: bool,
}

/// The rows of one thread.
pub struct Seat {
    trace: Arc<Opened>,
    thread: usize,
}

impl Seat {
    fn part(&self) -> &OpenedPart {
        &self.trace.parts[self.thread]
    }
}

impl Part for Seat {
    fn touch(&self, from: usize, to: usize) {
        const ROWS_OF_LINE: usize = 64 / size_of::<PlayedRow>();
        let rows = &self.part().rows()[self.part().between(from, to)];
        black_box(rows.iter().step_by(ROWS_OF_LINE).map(|row| row.timer()).fold(0, usize::wrapping_add));
    }
}

/// Plays a trace in whole trips, each contestant on lists of its own, until `job.trial_ns` have been measured.
///
/// Lists start each trip as the trace starts, but keep their memory. Where threads play their own rows, one that has few of a slice
/// waits for the others: that is how the trace is.
///
/// # Errors
/// If a thread cannot be bound to its processor.
pub fn play(
    job: &Job,
    trace: Opened,
    speed: Speed,
    makers: &[Maker],
    announce: Announce<'_>,
) -> Result<BlockOutcome, JobError> {
    let trace = Arc::new(trace);
    let stage = Stage { frees: trace.frees, trace: Arc::clone(&trace), speed };
    let mut entrants = Vec::new();
    for &pass in &job.passes {
        for (contestant, maker) in makers.iter().enumerate() {
            announce(contestant);
            let lists = (maker.replay)(&stage, pass, job.contestants[contestant].inject);
            entrants.push(Entrant { contestant, pass, lists, active: trace.init.len() as u64 });
        }
    }
    let seat = |thread| Ok(Seat { trace: Arc::clone(&trace), thread });
    let role = |thread: usize| trace.parts[thread].role.clone();
    let rows = trace.parts.iter().map(|part| part.rows().len()).sum();
    let plan = Plan::replay(job, trace.parts.len(), rows, speed);
    block::play(job, &plan, entrants, announce, seat, role, |op| TraceOp::ALL[op].name())
}

/// A contestant of that type of list, with the timers that the trace starts with.
pub fn contestant<L: TimerList>(stage: &Stage, pass: Pass, inject: Inject) -> Box<dyn Contestant<Seat>> {
    let graces = pass == Pass::Latency && stage.frees;
    let config = Config { grace: graces.then_some(grace::PROBE), ..Config::default() };
    let shared = Shared {
        timers: stage.trace.timers.iter().map(|_| AtomicU64::new(NOT_YET)).collect(),
        trace: Arc::clone(&stage.trace),
        speed: stage.speed,
        pass,
        inject,
        graces,
    };
    let lists: Vec<L> = (0..stage.trace.lists).map(|_| L::new(&config)).collect();
    let mut handles: Vec<_> = lists.iter().map(L::handle).collect();
    shared.start(&mut handles);
    drop(handles);
    Box::new(Lists { lists, shared })
}

/// One contestant's lists.
struct Lists<L> {
    lists: Vec<L>,
    shared: Shared,
}

/// What a contestant's threads share besides its lists.
struct Shared {
    /// By the trace's dense number. Written by the thread that plays a create or free row.
    timers: Vec<AtomicU64>,
    trace: Arc<Opened>,
    speed: Speed,
    pass: Pass,
    inject: Inject,
    /// Whether grace periods are recorded.
    graces: bool,
}

impl Shared {
    /// Leaves every timer that is not created by a row of the trace, and those armed that are pending at its start.
    fn start<H: TimerHandle>(&self, handles: &mut [H]) {
        for (timer, name) in self.trace.timers.iter().zip(&self.timers) {
            let handle = &mut handles[timer.list()];
            let own = name.load(Memory::Relaxed);
            match (own != NOT_YET, timer.created_in_trace()) {
                (true, true) => {
                    handle.free(TimerId::from_raw(own));
                    name.store(NOT_YET, Memory::Relaxed);
                }
                (true, false) => {
                    black_box(handle.cancel(TimerId::from_raw(own)));
                }
                (false, true) => {}
                (false, false) => name.store(handle.create().into_raw(), Memory::Relaxed),
            }
        }
        for pending in &self.trace.init {
            let list = self.trace.timers[pending.timer()].list();
            let name = TimerId::from_raw(self.timers[pending.timer()].load(Memory::Relaxed));
            let _ = handles[list].modify(name, pending.expire());
        }
    }

    /// Readies a thread for its rows.
    fn reader<'a, H>(&'a self, handles: Vec<H>, seat: &'a Seat) -> Reader<'a, H> {
        let clock = (self.pass == Pass::Latency).then(Clock::new);
        let ops = if clock.is_some() { 0..TraceOp::ALL.len() } else { 0..0 };
        if self.graces {
            grace::take_part();
        }
        Reader {
            of: self,
            handles,
            seat,
            recorder: Recorder::new(ops.chain(self.graces.then_some(GRACE)), matches!(self.speed, Speed::Times(_))),
            clock,
            shift: 0,
            recorded: false,
            owed_ns: 0,
        }
    }
}

impl<L: TimerList> Contestant<Seat> for Lists<L> {
    fn player<'a>(&'a self, _number: usize, seat: &'a Seat) -> Box<dyn Player + 'a> {
        Box::new(self.shared.reader(self.lists.iter().map(L::handle).collect(), seat))
    }

    fn counts(&self) -> Counts {
        self.lists.iter().map(L::counts).sum()
    }

    fn active(&self) -> u64 {
        self.lists.iter().map(|list| list.handle().run(Nanos::MAX, |_, _| {}) as u64).sum()
    }
}

/// One thread that plays its rows. Of the type of handle alone, which those of all lists behind the C interface share.
struct Reader<'a, H> {
    of: &'a Shared,
    handles: Vec<H>,
    seat: &'a Seat,
    recorder: Recorder,
    clock: Option<Clock>,
    /// Added to a reading of the clock, to get the time that the lists' own slices have taken.
    shift: u64,
    /// Whether latencies are kept.
    recorded: bool,
    /// What the slice's operations are to be longer by and were not yet, a self-test of the tool, ns.
    owed_ns: u64,
}

impl<H: TimerHandle> Player for Reader<'_, H> {
    /// Every contestant has played the same rows.
    fn settle(&mut self) {
        if self.of.graces {
            grace::ended(|_| ());
        }
    }

    /// All rows of the range, however long that takes: the next slice is of what they leave behind.
    fn slice(&mut self, slice: &Slice<'_>) -> Played {
        let part = self.seat.part();
        let range = part.between(slice.from, slice.to);
        let rows = &part.rows()[range.clone()];
        self.shift = slice.shift;
        self.recorded = slice.recorded;
        self.owed_ns = 0;
        let clock = self.clock.clone();
        let start = Moment::now();
        let mut played = Played {
            start,
            end: start,
            // Every row is an operation.
            ops: rows.len() as u64,
            fired: 0,
            rearms: 0,
            service_ns: 0,
            behind_ns: 0,
            kept_ns: 0,
        };
        match (self.of.speed, &clock) {
            (Speed::Max, None) => rows.iter().for_each(|row| self.step(*row, &mut played)),
            (Speed::Max, Some(clock)) => rows.iter().for_each(|row| {
                self.timed_step(*row, &mut played, clock);
            }),
            (Speed::Times(times), clock) => {
                for (&time, &row) in part.starts().get(range).unwrap_or_default().iter().zip(rows) {
                    let intended = (time as f64 / times) as u64;
                    played.kept_ns += super::pace::wait_until(start, intended);
                    let owed_ns = self.owed_ns;
                    match clock {
                        Some(clock) => self.timed_step(row, &mut played, clock),
                        None => self.step(row, &mut played),
                    }
                    if self.recorded {
                        let longer_ns = self.owed_ns - owed_ns;
                        let response_ns = start.elapsed_ns().saturating_sub(intended) + longer_ns;
                        self.recorder.response(row.op() as usize, response_ns);
                    }
                }
            }
        }
        played.end = Moment::now();
        played.end = self.of.inject.slice_end(clock.is_some().then_some(self.owed_ns), start, played.end);
        played
    }

    fn count_locks(&mut self, counting: bool) -> bool {
        let mut as_told = true;
        for handle in &mut self.handles {
            as_told &= handle.count_locks(counting);
        }
        as_told
    }

    fn lock_counts(&self) -> LockCounts {
        self.handles.iter().map(TimerHandle::lock_counts).sum()
    }

    fn local_counts(&self) -> Counts {
        self.handles.iter().map(TimerHandle::local_counts).sum()
    }

    fn restart(&mut self) {
        self.of.start(&mut self.handles);
        if self.of.graces {
            grace::ended(|_| ());
        }
    }

    fn take_recorder(&mut self) -> Recorder {
        std::mem::replace(&mut self.recorder, Recorder::idle())
    }
}

impl<H: TimerHandle> Reader<'_, H> {
    /// Plays one row between two readings of the clock.
    #[inline(always)]
    fn timed_step(&mut self, row: PlayedRow, played: &mut Played, clock: &Clock) {
        let before = clock.raw();
        if self.of.graces {
            grace::begun(before.wrapping_add(self.shift));
        }
        self.step(row, played);
        let after = clock.raw();
        let service = self.of.inject.operation_ns(clock.ns_between(before, after), &mut self.owed_ns);
        played.service_ns += service;
        if self.recorded {
            self.recorder.service(row.op() as usize, service);
        }
        if self.of.graces {
            let now = after.wrapping_add(self.shift);
            grace::ended(|retired| {
                if self.recorded {
                    self.recorder.service(GRACE, clock.ns_between(retired, now));
                }
            });
        }
    }

    /// Plays one row. The answers go through `black_box`, so that the compiler can neither drop nor hoist a read.
    ///
    /// Nearly all rows of a real trace are of three kinds, and these are told by comparisons. A jump through a table is predicted badly
    /// where polls of different kinds alternate, and cost several times what doing nothing costs otherwise. The compiler compares with what
    /// stands first here last.
    #[inline(always)]
    fn step(&mut self, row: PlayedRow, played: &mut Played) {
        let handle = &mut self.handles[row.list()];
        if row.is(TraceOp::Mod) {
            played.rearms += u64::from(handle.modify(self.of.timer(row), row.expire()).is_yes());
        } else if row.is(TraceOp::Run) {
            played.fired += handle.run(row.now(), |_, _| {}) as u64;
        } else if row.is(TraceOp::Deadline) {
            black_box(handle.deadline());
        } else {
            played.rearms += u64::from(self.of.seldom(row, handle));
        }
        handle.quiescent();
    }
}

impl Shared {
    /// Plays a row of another kind; whether the caller has to be notified. Never inlined: its jump through a table would become that of all
    /// rows.
    #[inline(never)]
    fn seldom<H: TimerHandle>(&self, row: PlayedRow, handle: &mut H) -> bool {
        match row.op() {
            TraceOp::Anticipate => return handle.anticipate(self.timer(row), row.expire()).is_yes(),
            TraceOp::Del => {
                black_box(handle.cancel(self.timer(row)));
            }
            TraceOp::Expired => {
                black_box(handle.expired(row.now()));
            }
            TraceOp::Create => {
                let name = handle.create();
                self.timers[row.timer()].store(name.into_raw(), Memory::Relaxed);
            }
            TraceOp::Free => {
                handle.free(self.timer(row));
                self.timers[row.timer()].store(NOT_YET, Memory::Relaxed);
            }
            TraceOp::Deadline | TraceOp::Run | TraceOp::Mod => unreachable!("played above"),
            TraceOp::Fire => unreachable!("a prepared trace has no fire rows"),
        }
        false
    }

    #[inline(always)]
    fn timer(&self, row: PlayedRow) -> TimerId {
        TimerId::from_raw(self.timers[row.timer()].load(Memory::Relaxed))
    }
}
