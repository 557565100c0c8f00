//! One thread at work on its script for one contestant.

mod step;

use std::cell::Cell;

use headlock_strategies::{Counts, LockCounts, TimerHandle, TimerId};

use crate::harness::clock::{Clock, Moment};
use crate::harness::contestant::{self, Played, Slice};
use crate::harness::grace;
use crate::harness::inject::Inject;
use crate::harness::latency::{GRACE, Recorder};
use crate::workload::script::{DUE, Script};
use crate::workload::{Load, Op, PollClock, Workload};
use step::{Actor, OtherWork, Tally, target};

/// Operations of a thread that is alone between two looks at whether the slice is over, where nothing makes an operation long.
pub const BATCH: usize = 64;
/// The same of one among several. Threads stop within a batch of each other, which is to be little of a slice.
const SHARED_BATCH: usize = 16;
/// A batch of operations with think time lasts about this long at most, so that a slice ends when it should.
const BATCH_NS: f64 = 100_000.0;

/// A thread's ways to the lists that it plays on.
pub struct Handles<H> {
    /// To the list that all threads share.
    pub list: H,
    /// To one of the thread's own that never holds a timer, if the script polls it.
    pub empty: Option<H>,
}

/// What a player is made of besides its handles.
pub struct Make<'a> {
    /// Which thread it is.
    pub number: usize,
    /// Of how many.
    pub threads: usize,
    /// What it plays.
    pub script: &'a Script,
    /// Memory touched between operations, so that the list's lines are found cold; the thread's own, whoever plays.
    pub pollution: &'a [Cell<u64>],
    /// The list's timers.
    pub timers: &'a [TimerId],
    /// The workload.
    pub workload: &'a Workload,
    /// Turns of [`spin`](headlock_strategies::spin) in a nanosecond.
    pub spins_per_ns: f64,
    /// By how much it is slower than it need be.
    pub inject: Inject,
    /// The clock, where operations are timed.
    pub clock: Option<Clock>,
    /// Whether grace periods are recorded.
    pub graces: bool,
}

/// What is the same whatever the list.
struct Ready<'a> {
    manner: Manner,
    batch: usize,
    recorder: Recorder,
    other_work: OtherWork<'a>,
    schedule: Schedule,
}

impl<'a> Make<'a> {
    fn ready(&self) -> Ready<'a> {
        let workload = self.workload;
        let rate_per_s = workload.load.thread_rate(self.threads);
        let mean_gap_ns = rate_per_s.map_or((workload.think_ns + workload.hold_ns) as f64, |rate| 1e9 / rate);
        // The largest power of two that divides a script and keeps a batch short.
        let longest = if self.threads == 1 { BATCH } else { SHARED_BATCH };
        let most = (BATCH_NS / mean_gap_ns.max(1.0)).clamp(1.0, longest as f64);
        let has_other_work = workload.think_ns > 0
            || workload.pollute_kib > 0
            || workload.clock != PollClock::None
            || workload.empty_share > 0.0;
        let ops = (0..Op::ALL.len()).chain(self.graces.then_some(GRACE));
        Ready {
            manner: match (rate_per_s, &self.clock) {
                (Some(_), Some(_)) => Manner::Open,
                (_, None) if has_other_work => Manner::UntimedPaced,
                (_, None) => Manner::Untimed,
                (None, Some(_)) if has_other_work => Manner::TimedPaced,
                (None, Some(_)) => Manner::Timed,
            },
            batch: 1 << (most as usize).ilog2(),
            recorder: match self.clock {
                Some(_) => Recorder::new(ops, workload.load != Load::Closed),
                None => Recorder::idle(),
            },
            other_work: OtherWork {
                think_spins: (workload.think_ns as f64 * self.spins_per_ns) as u32,
                pollution: self.pollution,
                clock: workload.clock,
                tsc: (workload.clock == PollClock::Tsc).then(Clock::new),
            },
            schedule: Schedule { mean_gap_ns, origin: None, intended_ns: 0.0 },
        }
    }
}

/// One of the ways to play a slice, each with a loop of its own, so that what a workload does not ask for costs nothing.
#[derive(Clone, Copy)]
enum Manner {
    Untimed,
    UntimedPaced,
    Timed,
    TimedPaced,
    Open,
}

/// One thread, its handles and its script.
pub struct Player<'a, H> {
    handle: H,
    empty: Option<H>,
    number: usize,
    manner: Manner,
    tally: Tally,
    recorder: Recorder,
    script: &'a Script,
    next: usize,
    batch: usize,
    actor: Actor<'a>,
    other_work: OtherWork<'a>,
    inject: Inject,
    schedule: Schedule,
    clock: Option<Clock>,
    /// Whether grace periods are recorded where operations are timed.
    graces: bool,
    /// Added to a reading of the clock, to get the time that the list's own slices have taken.
    shift: u64,
    /// Whether latencies are kept.
    recorded: bool,
    /// Batches in a nanosecond, in the slice before.
    pace: f64,
}

/// When the operations of an open load are to start.
struct Schedule {
    mean_gap_ns: f64,
    /// The clock's reading that the intended starts count from; `None` until a slice's first operation.
    origin: Option<u64>,
    /// The last intended start, ns after the origin.
    intended_ns: f64,
}

impl<'a, H: TimerHandle> Player<'a, H> {
    /// Readies a thread for its script; everything it will touch is allocated here.
    pub fn new(Handles { mut list, empty }: Handles<H>, make: Make<'a>) -> Self {
        if make.graces {
            grace::take_part();
        }
        // The timer that idle cancels name comes last.
        let never_armed = (make.workload.idle_cancel_share > 0.0).then(|| list.create());
        let Ready { manner, batch, recorder, other_work, schedule } = make.ready();
        Player {
            actor: Actor {
                timers: make.timers.iter().copied().chain(never_armed).collect(),
                rearm: &make.script.rearm,
                next_rearm: 0,
            },
            handle: list,
            empty,
            number: make.number,
            manner,
            tally: Tally::default(),
            recorder,
            script: make.script,
            next: 0,
            batch,
            other_work,
            inject: make.inject,
            schedule,
            clock: make.clock,
            graces: make.graces,
            shift: 0,
            recorded: false,
            pace: 0.0,
        }
    }

    /// Plays batches until the slice is over. The clock is read when half of what is left of the time should be over, then half of
    /// that, and so on, by the pace so far: some seven readings a slice, and none in one that comes to its last step long before.
    #[inline(always)]
    fn until_over(&mut self, slice: &Slice<'_>, mut batch: impl FnMut(&mut Self)) -> Played {
        let last = (slice.to - slice.from) / self.batch;
        let mut batches = 0;
        let mut look_at = ((slice.limit_ns as f64 * self.pace / 2.0) as usize).max(1);
        let start = Moment::now();
        loop {
            batch(self);
            batches += 1;
            if slice.is_over() {
                break;
            }
            if batches == last {
                slice.end();
                break;
            }
            if batches >= look_at {
                let elapsed_ns = start.elapsed_ns();
                if elapsed_ns >= slice.limit_ns {
                    slice.end();
                    break;
                }
                let ahead = batches as f64 / elapsed_ns.max(1) as f64 * (slice.limit_ns - elapsed_ns) as f64 / 2.0;
                look_at = batches + (ahead as usize).max(1);
            }
        }
        let mut end = Moment::now();
        self.pace = batches as f64 / end.ns_since(start).max(1) as f64;
        let behind_ns = self.behind_ns();
        end = self.inject.slice_end(self.clock.is_some().then_some(self.tally.owed_ns), start, end);
        self.tally.ops = (batches * self.batch) as u64;
        let Tally { ops, fired, rearms, service_ns, .. } = self.tally;
        Played {
            start,
            end,
            ops,
            fired,
            rearms,
            service_ns,
            behind_ns,
            kept_ns: 0,
        }
    }

    /// How far behind its schedule an open load is, ns.
    fn behind_ns(&self) -> u64 {
        let since = |origin| self.clock.as_ref().map_or(0, |clock| clock.ns_between(origin, clock.raw()));
        self.schedule.origin.map_or(0, since).saturating_sub(self.schedule.intended_ns as u64)
    }

    /// Plays a batch of an open load: each operation at its intended start, or at once if that has passed.
    ///
    /// Service time counts from when the operation began, response time from when it was to begin, so that an operation
    /// that waits behind a slow one is late and no stall is left out (G. Tene, "How not to measure latency", 2013).
    #[inline]
    fn open_batch(&mut self, clock: &Clock) {
        let origin = *self.schedule.origin.get_or_insert_with(|| clock.raw());
        let script = self.script;
        for number in self.next..self.next + self.batch {
            let step = &script.steps[number];
            self.schedule.intended_ns += f64::from(script.gaps[number]) * self.schedule.mean_gap_ns;
            let intended = self.schedule.intended_ns as u64;
            // There is no think time under open load; what else the thread touches is touched before the operation is due.
            self.other_work.between();
            let mut before = clock.raw();
            while clock.ns_between(origin, before) < intended {
                std::hint::spin_loop();
                before = clock.raw();
            }
            self.begin_operation(before);
            self.actor.play(target(&mut self.handle, &mut self.empty, step), &mut self.tally, step);
            self.other_work.read_clock(step.op);
            let after = clock.raw();
            let took = clock.ns_between(before, after);
            let service = self.inject.operation_ns(took, &mut self.tally.owed_ns);
            self.tally.service_ns += service;
            if self.recorded {
                self.recorder.service(step.op as usize, service);
                let response = clock.ns_between(origin, after).saturating_sub(intended);
                self.recorder.response(step.op as usize, response + (service - took));
            }
            self.record_graces(clock, after);
        }
        self.finish_batch();
    }

    /// Plays a batch without a timestamp, on the shared list alone unless it is `PACED`. The batch size divides the script's length.
    #[inline(always)]
    fn batch<const PACED: bool>(&mut self) {
        let steps = &self.script.steps[self.next..self.next + self.batch];
        for step in steps {
            if PACED {
                self.other_work.between();
            }
            let handle = if PACED {
                target(&mut self.handle, &mut self.empty, step)
            } else {
                &mut self.handle
            };
            self.actor.play(handle, &mut self.tally, step);
            if PACED {
                self.other_work.read_clock(step.op);
            }
        }
        self.finish_batch();
    }

    /// Plays a batch, each operation between two readings of `clock`.
    #[inline(always)]
    fn timed_batch<const PACED: bool>(&mut self, clock: &Clock) {
        let steps = &self.script.steps[self.next..self.next + self.batch];
        for step in steps {
            if PACED {
                self.other_work.between();
            }
            let before = clock.raw();
            self.begin_operation(before);
            let handle = if PACED {
                target(&mut self.handle, &mut self.empty, step)
            } else {
                &mut self.handle
            };
            self.actor.play(handle, &mut self.tally, step);
            if PACED {
                self.other_work.read_clock(step.op);
            }
            let after = clock.raw();
            let service = self.inject.operation_ns(clock.ns_between(before, after), &mut self.tally.owed_ns);
            self.tally.service_ns += service;
            if self.recorded {
                self.recorder.service(step.op as usize, service);
            }
            self.record_graces(clock, after);
        }
        self.finish_batch();
    }

    #[inline(always)]
    fn begin_operation(&self, now: u64) {
        if self.graces {
            grace::begun(now.wrapping_add(self.shift));
        }
    }

    /// Records how long the nodes had waited that were released up to `now`.
    #[inline(always)]
    fn record_graces(&mut self, clock: &Clock, now: u64) {
        if self.graces {
            let now = now.wrapping_add(self.shift);
            grace::ended(|retired| {
                if self.recorded {
                    self.recorder.service(GRACE, clock.ns_between(retired, now));
                }
            });
        }
    }

    #[inline]
    fn finish_batch(&mut self) {
        self.next += self.batch;
        if self.next == self.script.steps.len() {
            self.next = 0;
        }
        self.handle.quiescent();
        if let Some(empty) = &mut self.empty {
            empty.quiescent();
        }
    }
}

impl<H: TimerHandle> contestant::Player for Player<'_, H> {
    /// Every slice begins with all timers active and none in the head zone, at whatever step the last one ended.
    fn settle(&mut self) {
        for timer in self.script.cancelled_before(self.next) {
            let expire = self.actor.rearmed();
            let _ = self.handle.modify(self.actor.timers[timer as usize], expire);
        }
        if self.number == 0 {
            let actor = &mut self.actor;
            self.handle.run(DUE, |handle, timer| {
                let _ = handle.modify(timer, actor.rearmed());
            });
        }
        self.handle.quiescent();
        if self.graces {
            // Released outside of any operation that is timed.
            grace::ended(|_| ());
        }
    }

    fn slice(&mut self, slice: &Slice<'_>) -> Played {
        self.next = slice.from % self.script.steps.len();
        self.tally = Tally::default();
        self.schedule.origin = None;
        self.schedule.intended_ns = 0.0;
        self.shift = slice.shift;
        self.recorded = slice.recorded;
        let clock = self.clock.clone();
        match (self.manner, &clock) {
            (Manner::Open, Some(clock)) => self.until_over(slice, |player| player.open_batch(clock)),
            (Manner::Timed, Some(clock)) => self.until_over(slice, |player| player.timed_batch::<false>(clock)),
            (Manner::TimedPaced, Some(clock)) => self.until_over(slice, |player| player.timed_batch::<true>(clock)),
            (Manner::Untimed, _) => self.until_over(slice, Player::batch::<false>),
            (_, _) => self.until_over(slice, Player::batch::<true>),
        }
    }

    fn count_locks(&mut self, counting: bool) -> bool {
        if let Some(empty) = &mut self.empty {
            empty.count_locks(counting);
        }
        self.handle.count_locks(counting)
    }

    fn lock_counts(&self) -> LockCounts {
        let mut counts = self.handle.lock_counts();
        if let Some(empty) = &self.empty {
            counts += empty.lock_counts();
        }
        counts
    }

    fn local_counts(&self) -> Counts {
        let mut counts = self.handle.local_counts();
        if let Some(empty) = &self.empty {
            counts += empty.local_counts();
        }
        counts
    }

    /// A script has no start to go back to.
    fn restart(&mut self) {}

    fn take_recorder(&mut self) -> Recorder {
        std::mem::replace(&mut self.recorder, Recorder::idle())
    }
}
