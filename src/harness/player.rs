//! One thread at work on its script.

use std::hint::black_box;

use headlock_strategies::{Counts, LockCounts, Nanos, TimerHandle, TimerId, spin};

use super::clock::{Clock, Moment};
use super::grace;
use super::job::Job;
use super::latency::{GRACE, Recorder};
use super::slow_down::SlowDown;
use crate::record::Pass;
use crate::workload::script::{DUE, Script, Step};
use crate::workload::{Op, PollClock, Workload};

/// Operations between two looks at the phase, where nothing makes an operation long.
const BATCH: usize = 64;
/// A batch of operations with think time lasts about this long at most, so that a phase ends when it should.
const BATCH_NS: f64 = 100_000.0;
/// In the throughput pass a thread counts its lock acquisitions in one of so many batches, and a replay before each of so many passes,
/// since counting costs up to a quarter of a short critical section. Odd, so that every batch of a script comes round.
pub const COUNTED_OF: u64 = 37;
/// Where the lock is held for so long on purpose, ns, counting costs nothing to speak of, and there are few batches to choose from.
const LONG_HOLD_NS: u64 = 1_000;
/// Bytes in a cache line.
const LINE: usize = 64;

/// What a thread counted while measuring.
#[derive(Default)]
pub struct Tally {
    /// Operations.
    pub ops: u64,
    /// Timers fired.
    pub fired: u64,
    /// Changes that made their timer the head.
    pub rearms: u64,
    /// Sum of service times, ns, in the latency pass.
    pub service_ns: u64,
    /// Latencies, in the latency pass.
    pub recorder: Option<Recorder>,
}

/// A thread's ways to the lists that it plays on.
pub struct Handles<H> {
    /// To the list that all threads share.
    pub list: H,
    /// To one of the thread's own that never holds a timer, if the script polls it.
    pub empty: Option<H>,
}

/// In which batches lock acquisitions are counted.
#[derive(Default)]
struct Sample {
    /// Batches until the next one that is counted; 0 while it is played.
    left: u64,
    /// Batches after the first one that is counted, beyond the usual number, so that threads do not count in step.
    offset: u64,
    /// Operations in batches that were counted.
    ops: u64,
}

impl Sample {
    /// A batch has ended. Whether to count from now on, if that changes.
    #[inline]
    fn batch_ended(&mut self, ops: u64) -> Option<bool> {
        if self.left == 0 {
            self.left = COUNTED_OF - 1 + if self.ops == 0 { self.offset } else { 0 };
            self.ops += ops;
            return Some(false);
        }
        self.left -= 1;
        (self.left == 0).then_some(true)
    }
}

/// One thread, its handles and its script.
pub struct Player<'s, H> {
    handle: H,
    empty: Option<H>,
    /// What was counted since [`begin`](Self::begin).
    pub tally: Tally,
    steps: &'s [Step],
    next: usize,
    batch: usize,
    actor: Actor<'s>,
    other_work: OtherWork,
    slow_down: Option<SlowDown>,
    /// In the throughput pass, if the list can leave counting.
    sample: Option<Sample>,
    schedule: Schedule<'s>,
    /// Whether grace periods are recorded where operations are timed.
    graces: bool,
}

/// When the operations of an open load are to start.
struct Schedule<'s> {
    /// Before each step, in mean gaps.
    gaps: &'s [f32],
    mean_gap_ns: f64,
    /// The clock's reading that the intended starts count from; `None` until the first operation.
    origin: Option<u64>,
    /// The last intended start, ns after the origin.
    intended_ns: f64,
}

/// What an operation needs besides the handle.
struct Actor<'s> {
    timers: Vec<TimerId>,
    /// The deadlines that fired timers get.
    rearm: &'s [Nanos],
    next_rearm: usize,
    /// The deadline that the next modify at the head gets. Each is sooner than the last.
    head: i64,
}

/// What the thread does between operations.
struct OtherWork {
    think_spins: u32,
    /// Memory touched between operations, so that the list's lines are found cold.
    pollution: Vec<u64>,
    clock: PollClock,
    tsc: Option<Clock>,
}

impl<'s, H: TimerHandle> Player<'s, H> {
    /// Readies a thread for its script; everything it will touch is allocated here.
    pub fn new(
        Handles { mut list, empty }: Handles<H>,
        script: &'s Script,
        timers: &[TimerId],
        workload: &Workload,
        job: &Job,
        rate_per_s: Option<f64>,
        graces: bool,
    ) -> Self {
        let Job { inject, spins_per_ns, .. } = *job;
        let sampled = job.pass == Pass::Throughput && workload.hold_ns < LONG_HOLD_NS && list.count_locks(true);
        if graces {
            grace::take_part();
        }
        let mean_gap_ns = rate_per_s.map_or(workload.think_ns as f64, |rate| 1e9 / rate);
        // The largest power of two that divides a script and keeps a batch short.
        let most = (BATCH_NS / mean_gap_ns.max(1.0)).clamp(1.0, BATCH as f64);
        let batch = 1 << (most as usize).ilog2();
        // The timer that idle cancels name comes last.
        let never_armed = (workload.idle_cancel_share > 0.0).then(|| list.create());
        Player {
            actor: Actor {
                timers: timers.iter().copied().chain(never_armed).collect(),
                rearm: &script.rearm,
                next_rearm: 0,
                head: DUE.0 + 1,
            },
            handle: list,
            empty,
            tally: Tally::default(),
            steps: &script.steps,
            next: 0,
            batch,
            other_work: OtherWork {
                think_spins: (workload.think_ns as f64 * spins_per_ns) as u32,
                pollution: vec![0; workload.pollute_kib as usize * 1024 / size_of::<u64>()],
                clock: workload.clock,
                tsc: (workload.clock == PollClock::Tsc).then(Clock::new),
            },
            slow_down: (inject > 0.0).then(|| SlowDown::new(inject)),
            sample: sampled.then(Sample::default),
            schedule: Schedule {
                gaps: &script.gaps,
                mean_gap_ns,
                origin: None,
                intended_ns: 0.0,
            },
            graces,
        }
    }

    /// Starts counting from zero, and recording latencies if asked to.
    pub fn begin(&mut self, recorder: Option<Recorder>) {
        self.tally = Tally { recorder, ..Tally::default() };
        if let Some(sample) = &mut self.sample {
            (sample.left, sample.ops) = (0, 0);
            self.count_locks(true);
        }
        self.schedule.origin = None;
        self.schedule.intended_ns = 0.0;
    }

    /// Counts lock acquisitions in other batches than the other threads do.
    pub fn count_out_of_step(&mut self, number: usize, threads: usize) {
        if let Some(sample) = &mut self.sample {
            sample.offset = number as u64 * COUNTED_OF / threads as u64;
        }
    }

    /// How far behind its schedule an open load is, ns.
    pub fn behind_ns(&self, clock: &Clock) -> u64 {
        let now = self.schedule.origin.map_or(0, |origin| clock.ns_between(origin, clock.raw()));
        now.saturating_sub(self.schedule.intended_ns as u64)
    }

    /// Plays a batch of an open load: each operation at its intended start, or at once if that has passed.
    ///
    /// Service time counts from when the operation began, response time from when it was to begin, so that an operation
    /// that waits behind a slow one is late and no stall is left out (G. Tene, "How not to measure latency", 2013).
    #[inline]
    pub fn open_batch(&mut self, clock: &Clock) {
        let origin = *self.schedule.origin.get_or_insert_with(|| clock.raw());
        for number in self.next..self.next + self.batch {
            let step = &self.steps[number];
            self.schedule.intended_ns += f64::from(self.schedule.gaps[number]) * self.schedule.mean_gap_ns;
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
            let service = clock.ns_between(before, after);
            self.tally.service_ns += service;
            if let Some(recorder) = &mut self.tally.recorder {
                recorder.service(step.op as usize, service);
                recorder.response(step.op as usize, clock.ns_between(origin, after).saturating_sub(intended));
            }
            self.record_graces(clock, after);
        }
        self.finish_batch();
    }

    /// Plays a batch without a timestamp, on the shared list alone unless it is `PACED`. The batch size divides the script's length.
    #[inline(always)]
    pub fn batch<const PACED: bool>(&mut self) {
        let steps = &self.steps[self.next..self.next + self.batch];
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
    pub fn timed_batch<const PACED: bool>(&mut self, clock: &Clock) {
        let steps = &self.steps[self.next..self.next + self.batch];
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
            let service = clock.ns_between(before, after);
            self.tally.service_ns += service;
            if let Some(recorder) = &mut self.tally.recorder {
                recorder.service(step.op as usize, service);
            }
            self.record_graces(clock, after);
        }
        self.finish_batch();
    }

    #[inline(always)]
    fn begin_operation(&self, now: u64) {
        if self.graces {
            grace::begun(now);
        }
    }

    /// Records how long the nodes had waited that were released up to `now`.
    #[inline(always)]
    fn record_graces(&mut self, clock: &Clock, now: u64) {
        if self.graces {
            grace::ended(|retired| {
                if let Some(recorder) = &mut self.tally.recorder {
                    recorder.service(GRACE, clock.ns_between(retired, now));
                }
            });
        }
    }

    #[inline]
    fn finish_batch(&mut self) {
        self.tally.ops += self.batch as u64;
        self.next += self.batch;
        if self.next == self.steps.len() {
            self.next = 0;
        }
        if let Some(counting) = self.sample.as_mut().and_then(|sample| sample.batch_ended(self.batch as u64)) {
            self.count_locks(counting);
        }
        if let Some(slow_down) = &mut self.slow_down {
            slow_down.batch_ended();
        }
        self.handle.quiescent();
        if let Some(empty) = &mut self.empty {
            empty.quiescent();
        }
    }

    fn count_locks(&mut self, counting: bool) {
        self.handle.count_locks(counting);
        if let Some(empty) = &mut self.empty {
            empty.count_locks(counting);
        }
    }

    /// What the thread's handles counted by themselves.
    pub fn local_counts(&self) -> Counts {
        let mut counts = self.handle.local_counts();
        if let Some(empty) = &self.empty {
            counts += empty.local_counts();
        }
        counts
    }

    /// Lock acquisitions through the thread's handles since an earlier reading at [`begin`](Self::begin), those of the batches
    /// that were not counted in proportion.
    pub fn locks_since(&self, earlier: LockCounts) -> LockCounts {
        let counts = self.lock_counts().since(earlier);
        match &self.sample {
            Some(sample) if sample.ops > 0 => counts.times(self.tally.ops as f64 / sample.ops as f64),
            _ => counts,
        }
    }

    /// Lock acquisitions that the thread's handles counted.
    pub fn lock_counts(&self) -> LockCounts {
        let mut counts = self.handle.lock_counts();
        if let Some(empty) = &self.empty {
            counts += empty.lock_counts();
        }
        counts
    }
}

/// The handle that a step goes through.
#[inline(always)]
fn target<'h, H>(list: &'h mut H, empty: &'h mut Option<H>, step: &Step) -> &'h mut H {
    match empty {
        Some(empty) if step.at_empty => empty,
        _ => list,
    }
}

impl Actor<'_> {
    /// Plays one step. Answers go through `black_box`, so that the compiler can neither drop nor hoist a read.
    #[inline(always)]
    fn play<H: TimerHandle>(&mut self, handle: &mut H, tally: &mut Tally, step: &Step) {
        match step.op {
            Op::Deadline => {
                black_box(handle.deadline());
            }
            Op::Expired => {
                black_box(handle.expired(step.time));
            }
            Op::Run => {
                let fired = handle.run(step.time, |handle, timer| {
                    let expire = self.rearm[self.next_rearm];
                    self.next_rearm = (self.next_rearm + 1) % self.rearm.len();
                    tally.rearms += u64::from(handle.modify(timer, expire).is_yes());
                });
                tally.fired += fired as u64;
            }
            Op::Modify => {
                let expire = self.expire(step);
                tally.rearms += u64::from(handle.modify(self.timer(step), expire).is_yes());
            }
            Op::Anticipate => {
                let expire = self.expire(step);
                tally.rearms += u64::from(handle.anticipate(self.timer(step), expire).is_yes());
            }
            Op::Cancel => {
                black_box(handle.cancel(self.timer(step)));
            }
            Op::Churn => {
                handle.free(self.timer(step));
                let timer = handle.create();
                self.timers[step.timer as usize] = timer;
                tally.rearms += u64::from(handle.modify(timer, self.expire(step)).is_yes());
            }
        }
    }

    #[inline(always)]
    fn timer(&self, step: &Step) -> TimerId {
        self.timers[step.timer as usize]
    }

    #[inline(always)]
    fn expire(&mut self, step: &Step) -> Nanos {
        if step.at_head {
            self.head -= 1;
            Nanos(self.head)
        } else {
            step.time
        }
    }
}

impl OtherWork {
    #[inline(always)]
    fn between(&mut self) {
        spin(self.think_spins);
        for word in self.pollution.iter_mut().step_by(LINE / size_of::<u64>()) {
            *word = word.wrapping_add(1);
        }
    }

    /// Reads the clock as QEMU's polls do, to turn the deadline into a distance.
    #[inline(always)]
    fn read_clock(&self, op: Op) {
        if !matches!(op, Op::Deadline | Op::Expired | Op::Run) {
            return;
        }
        match (self.clock, &self.tsc) {
            (PollClock::None, _) => {}
            (_, Some(tsc)) => {
                black_box(tsc.raw());
            }
            (_, None) => {
                black_box(Moment::now());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_batch_in_so_many_is_counted_and_the_first_is() {
        let mut sample = Sample::default();
        let mut counting = true;
        let mut counted = Vec::new();
        for batch in 0..3 * COUNTED_OF {
            if counting {
                counted.push(batch);
            }
            counting = sample.batch_ended(64).unwrap_or(counting);
        }
        assert_eq!(counted, [0, COUNTED_OF, 2 * COUNTED_OF]);
        assert_eq!(sample.ops, 3 * 64);
    }

    #[test]
    fn threads_count_in_different_batches() {
        let mut sample = Sample { offset: 5, ..Sample::default() };
        let counted: Vec<u64> = (0..3 * COUNTED_OF).filter(|_| sample.batch_ended(64) == Some(true)).collect();
        // The batch after each of these.
        assert_eq!(counted, [COUNTED_OF + 4, 2 * COUNTED_OF + 4]);
    }
}
