//! Plays a workload's pre-drawn scripts under closed load: every thread as fast as it can, less its think time.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering as Memory};
use std::time::Duration;

use crossbeam_utils::CachePadded;
use headlock_strategies::{Config, Counts, LockCounts, Nanos, TimerHandle, TimerId, TimerList};

use super::clock::{Clock, Moment, thread_cpu_ns};
use super::grace;
use super::job::{Job, JobError, Outcome, ThreadOutcome};
use super::latency::{GRACE, Recorder};
use super::pin;
use super::player::{Handles, Player};
use super::proc::{self, Scheduling};
use crate::record::Pass;
use crate::workload::script::{Script, initial};
use crate::workload::{Load, Op, PollClock, Role, Workload};

/// What the threads are to do. Written by the coordinating thread alone; read by all after each batch.
mod phase {
    pub const WARM_UP: u8 = 0;
    pub const MEASURE: u8 = 1;
    pub const DRAIN: u8 = 2;
}

/// What the threads of a trial share besides the list.
struct Shared<'a, L> {
    list: &'a L,
    /// Each thread's own list that never holds a timer, if the workload polls one.
    empties: &'a [L],
    workload: &'a Workload,
    job: &'a Job,
    timers: &'a [TimerId],
    scripts: &'a [Script],
    start_line: Barrier,
    phase: CachePadded<AtomicU8>,
    /// Threads that have measured. Written by each once; the load stays on until it counts all of them.
    measured: CachePadded<AtomicUsize>,
    threads: usize,
    clock: Option<Clock>,
    /// Whether grace periods are recorded.
    graces: bool,
    reference: Moment,
}

/// Plays `job` on `threads` threads: warms up, measures for `job.trial_ns`, and keeps the load on until every thread has
/// measured.
///
/// # Errors
/// If a thread cannot be bound to its processor.
pub fn play<L: TimerList>(job: &Job, workload: &Workload, threads: usize) -> Result<Outcome, JobError> {
    let scripts = (0..threads)
        .map(|thread| Script::draw(workload, thread, threads, job.seed))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| JobError::Workload(error.to_string()))?;
    let graces = job.pass == Pass::Latency && scripts.iter().any(Script::frees);
    let config = Config {
        hold_spins: (workload.hold_ns as f64 * job.spins_per_ns) as u32,
        grace: graces.then_some(grace::PROBE),
    };
    let list = L::new(&config);
    // Each as a list of its own, since that is what a real event loop polls: nobody else's lock.
    let lists = if workload.empty_share > 0.0 { threads } else { 0 };
    let empties: Vec<L> = (0..lists).map(|_| L::new(&config)).collect();
    let timers = arm_all(&list, workload, job.seed)?;
    let clock = (job.pass == Pass::Latency).then(Clock::new);
    let clock_ns = clock.as_ref().map_or(0.0, Clock::pair_cost_ns);
    let shared = Shared {
        list: &list,
        empties: &empties,
        workload,
        job,
        timers: &timers,
        scripts: &scripts,
        start_line: Barrier::new(threads + 1),
        phase: CachePadded::new(AtomicU8::new(phase::WARM_UP)),
        measured: CachePadded::new(AtomicUsize::new(0)),
        threads,
        clock,
        graces,
        reference: Moment::now(),
    };
    let steal = proc::steal_ns();
    let (before, after, played) = std::thread::scope(|scope| {
        let shared = &shared;
        let running: Vec<_> = (0..threads).map(|number| scope.spawn(move || shared.thread(number))).collect();
        shared.start_line.wait();
        std::thread::sleep(Duration::from_nanos(job.trial_ns / 8));
        let before = shared.counts();
        shared.phase.store(phase::MEASURE, Memory::Release);
        std::thread::sleep(Duration::from_nanos(job.trial_ns));
        shared.phase.store(phase::DRAIN, Memory::Release);
        let after = shared.counts();
        let played: Vec<_> = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        (before, after, played)
    });
    let mut outcome = Outcome {
        clock_ns,
        steal_ns: proc::steal_ns() - steal,
        active_start: timers.len() as u64,
        active_end: list.handle().run(Nanos::MAX, |_, _| {}) as u64,
        passes: 1,
        ..Outcome::default()
    };
    outcome.add_counts(before, after);
    let mut recorder = Recorder::idle();
    for played in played {
        let (thread, counts, recorded) = played?;
        outcome.threads.push(thread);
        outcome.add_counts(Counts::default(), counts);
        recorder.merge(&recorded);
    }
    if job.pass == Pass::Throughput && list.handle().count_locks(false) {
        outcome.lock = LockCounts::default();
        outcome.threads.iter().for_each(|thread| outcome.lock += thread.lock);
    }
    outcome.histograms = recorder.encode(|op| Op::ALL[op].name());
    Ok(outcome)
}

/// Creates the workload's timers and arms them all.
fn arm_all<L: TimerList>(list: &L, workload: &Workload, seed: u64) -> Result<Vec<TimerId>, JobError> {
    let mut handle = list.handle();
    let deadlines = initial(workload, seed).map_err(|error| JobError::Workload(error.to_string()))?;
    let timers = deadlines.into_iter().map(|expire| {
        let timer = handle.create();
        let _ = handle.modify(timer, expire);
        timer
    });
    Ok(timers.collect())
}

impl<L: TimerList> Shared<'_, L> {
    fn has_other_work(&self) -> bool {
        let workload = self.workload;
        workload.think_ns > 0
            || workload.pollute_kib > 0
            || workload.clock != PollClock::None
            || workload.empty_share > 0.0
    }

    /// What all lists have counted.
    fn counts(&self) -> Counts {
        self.empties.iter().chain([self.list]).map(L::counts).fold(Counts::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }

    fn thread(&self, number: usize) -> Result<(ThreadOutcome, Counts, Recorder), JobError> {
        let cpus = &self.job.cpus;
        let placed = if cpus.is_empty() {
            Ok(())
        } else {
            pin::pin_current(cpus[number % cpus.len()])
        };
        let script = &self.scripts[number];
        let handles = Handles {
            list: self.list.handle(),
            empty: self.empties.get(number).map(L::handle),
        };
        let rate_per_s = self.workload.load.thread_rate(self.threads);
        let mut player = Player::new(handles, script, self.timers, self.workload, self.job, rate_per_s, self.graces);
        player.count_out_of_step(number, self.threads);
        self.start_line.wait();
        if let Err(problem) = placed {
            // The others wait for this thread to have measured.
            self.measured.fetch_add(1, Memory::AcqRel);
            return Err(JobError::Pin(problem));
        }
        if let (Some(_), Some(clock)) = (rate_per_s, &self.clock) {
            return Ok(self.phases(number, &mut player, |player| player.open_batch(clock)));
        }
        // One copy of the loop for each way to play, so that what a workload does not ask for costs nothing.
        Ok(match (self.has_other_work(), &self.clock) {
            (false, None) => self.phases(number, &mut player, Player::batch::<false>),
            (true, None) => self.phases(number, &mut player, Player::batch::<true>),
            (false, Some(clock)) => self.phases(number, &mut player, |player| player.timed_batch::<false>(clock)),
            (true, Some(clock)) => self.phases(number, &mut player, |player| player.timed_batch::<true>(clock)),
        })
    }

    /// Warm-up, measurement, and load for the others until they have measured too.
    fn phases<'s, H: TimerHandle>(
        &self,
        number: usize,
        player: &mut Player<'s, H>,
        batch: impl Fn(&mut Player<'s, H>),
    ) -> (ThreadOutcome, Counts, Recorder) {
        let ops = (0..Op::ALL.len()).chain(self.graces.then_some(GRACE));
        let recorder = self.clock.is_some().then(|| Recorder::new(ops, self.workload.load != Load::Closed));
        while self.phase.load(Memory::Acquire) == phase::WARM_UP {
            batch(player);
        }
        player.begin(recorder);
        let counts = player.local_counts();
        let locks = player.lock_counts();
        let scheduled = Scheduling::now();
        let cpu = thread_cpu_ns();
        let start = Moment::now();
        while self.phase.load(Memory::Acquire) == phase::MEASURE {
            batch(player);
        }
        let end = Moment::now();
        let cpu_ns = thread_cpu_ns() - cpu;
        let scheduled = Scheduling::now().since(scheduled);
        let thread = ThreadOutcome {
            ops: player.tally.ops,
            start_ns: start.ns_since(self.reference),
            end_ns: end.ns_since(self.reference),
            elapsed_ns: end.ns_since(start),
            cpu_ns,
            ctx_switches: scheduled.involuntary,
            sleeps: scheduled.voluntary,
            runqueue_ns: scheduled.runqueue_ns,
            fired: player.tally.fired,
            rearms: player.tally.rearms,
            service_ns: player.tally.service_ns,
            role: self.workload.role(number).map_or("mixed", Role::name).to_owned(),
            lock: player.locks_since(locks),
            behind_ns: self.clock.as_ref().map_or(0, |clock| player.behind_ns(clock)),
        };
        let counts = player.local_counts().since(counts);
        let recorder = player.tally.recorder.take().unwrap_or_else(Recorder::idle);
        self.measured.fetch_add(1, Memory::AcqRel);
        while self.measured.load(Memory::Acquire) < self.threads {
            batch(player);
        }
        (thread, counts, recorder)
    }
}
