//! Plays a recorded trace: all rows on one thread in time order, or each trace thread on a thread of its own.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use headlock_strategies::{Config, Counts, LockCounts, Nanos, TimerHandle, TimerId, TimerList};

use super::clock::{Clock, Moment, thread_cpu_ns};
use super::grace;
use super::job::{Job, JobError, Outcome, Speed, ThreadLocks, ThreadOutcome};
use super::latency::{GRACE, Recorder};
use super::pin;
use super::player::COUNTED_OF;
use super::proc::{self, Scheduling};
use crate::record::Pass;
use crate::workload::trace::TraceOp;
use crate::workload::trace::prepared::{PlayedRow, Prepared, Rows};

/// Stands for a timer that the trace has not created yet; no list gives this name out, so operations on it do nothing.
const NOT_YET: u64 = u64::MAX;

/// Plays a trace until `job.trial_ns` have been measured, always whole passes, each over fresh lists.
///
/// Where operations are neither timed nor paced, lock acquisitions are counted in passes of their own, since counting costs up to a
/// quarter of a short critical section; the measured passes, which play the same, count none.
///
/// # Errors
/// If a thread cannot be bound to its processor.
pub fn play<L: TimerList>(job: &Job, trace: &Prepared, speed: Speed) -> Result<Outcome, JobError> {
    let parts = &trace.parts;
    let clock = (job.pass == Pass::Latency).then(Clock::new);
    let mut outcome = Outcome {
        threads: vec![ThreadOutcome::default(); parts.len()],
        clock_ns: clock.as_ref().map_or(0.0, Clock::pair_cost_ns),
        ..Outcome::default()
    };
    let graces = clock.is_some() && trace.frees();
    let mut recorder = Recorder::idle();
    let reference = Moment::now();
    let mut stolen_ns = 0;
    // A list that counts all the same needs no pass for it, nor does a trial that asks for counts alone.
    let counted_apart = clock.is_none()
        && speed == Speed::Max
        && job.trial_ns > 0
        && L::new(&Config::default()).handle().count_locks(false);
    let mut counted = Counted::default();
    loop {
        let apart = counted_apart && outcome.passes == counted.passes * COUNTED_OF;
        let counting = apart || !counted_apart;
        let steal = proc::steal_ns();
        let pass = PassOver::<L>::new(trace, graces);
        outcome.active_start = trace.init.len() as u64;
        let before = pass.counts();
        let start_line = Barrier::new(parts.len());
        let played: Vec<Result<(ThreadOutcome, Recorder), JobError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = parts
                .iter()
                .enumerate()
                .map(|(number, part)| {
                    let (pass, clock, start_line) = (&pass, clock.as_ref(), &start_line);
                    let cpu = (!job.cpus.is_empty()).then(|| job.cpus[number % job.cpus.len()]);
                    scope.spawn(move || {
                        let placed = cpu.map_or(Ok(()), pin::pin_current);
                        start_line.wait();
                        placed.map_err(JobError::Pin)?;
                        let (thread, recorder) = pass.play(part.all(), speed, clock, reference, counting);
                        Ok((ThreadOutcome { role: part.role.clone(), ..thread }, recorder))
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("panics abort the trial above")).collect()
        });
        if apart {
            let threads: Vec<_> = played.into_iter().collect::<Result<_, _>>()?;
            counted.add(pass.counts().since(before).lock, threads.into_iter().map(|(thread, _)| thread.lock));
            continue;
        }
        stolen_ns += proc::steal_ns() - steal;
        for (total, played) in outcome.threads.iter_mut().zip(played) {
            let (thread, recorded) = played?;
            total.add(&thread);
            recorder.merge(&recorded);
        }
        outcome.add_counts(before, pass.counts());
        outcome.active_end = pass.active();
        outcome.passes += 1;
        if outcome.threads.iter().map(|thread| thread.elapsed_ns).max() >= Some(job.trial_ns) {
            break;
        }
    }
    if counted_apart {
        counted.state(&mut outcome);
    }
    outcome.steal_ns = stolen_ns;
    outcome.histograms = recorder.encode(|op| TraceOp::ALL[op].name());
    Ok(outcome)
}

/// What was counted in passes of their own.
#[derive(Default)]
struct Counted {
    passes: u64,
    list: ThreadLocks,
    threads: Vec<ThreadLocks>,
}

impl Counted {
    /// Takes in a pass. With one thread all passes are alike; with several, this one may not be like the others.
    fn add(&mut self, list: LockCounts, threads: impl Iterator<Item = ThreadLocks>) {
        self.passes += 1;
        self.list.add(list.into());
        for (number, locks) in threads.enumerate() {
            self.threads.resize(self.threads.len().max(number + 1), ThreadLocks::default());
            self.threads[number].add(locks);
        }
    }

    /// States for the measured passes what those counted come to.
    fn state(&self, outcome: &mut Outcome) {
        let share = outcome.passes as f64 / self.passes as f64;
        outcome.state_locks(self.list.times(share));
        for (thread, locks) in outcome.threads.iter_mut().zip(&self.threads) {
            thread.lock = locks.times(share);
        }
    }
}

/// Fresh lists for one pass over a trace, with the timers that it starts with.
struct PassOver<L> {
    lists: Vec<L>,
    /// By the trace's dense number. Written by the thread that plays a create or free row.
    timers: Vec<AtomicU64>,
    /// Whether grace periods are recorded.
    graces: bool,
}

impl<L: TimerList> PassOver<L> {
    /// Makes the lists and every timer that is not created by a row of the trace, and arms those pending at its start.
    fn new(trace: &Prepared, graces: bool) -> Self {
        let config = Config { grace: graces.then_some(grace::PROBE), ..Config::default() };
        let lists: Vec<L> = (0..trace.lists).map(|_| L::new(&config)).collect();
        let mut handles: Vec<_> = lists.iter().map(L::handle).collect();
        let timers: Vec<AtomicU64> = trace
            .timers
            .iter()
            .map(|timer| {
                let name = if timer.created_in_trace() {
                    NOT_YET
                } else {
                    handles[timer.list()].create().into_raw()
                };
                AtomicU64::new(name)
            })
            .collect();
        for pending in &trace.init {
            let list = trace.timers[pending.timer()].list();
            let name = TimerId::from_raw(timers[pending.timer()].load(Memory::Relaxed));
            let _ = handles[list].modify(name, pending.expire());
        }
        drop(handles);
        PassOver { lists, timers, graces }
    }

    fn counts(&self) -> Counts {
        self.lists.iter().map(L::counts).fold(Counts::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }

    /// How many timers are active, by running them all out.
    fn active(&self) -> u64 {
        self.lists.iter().map(|list| list.handle().run(Nanos::MAX, |_, _| {}) as u64).sum()
    }

    /// Plays one thread's rows.
    fn play(
        &self,
        rows: Rows<'_>,
        speed: Speed,
        clock: Option<&Clock>,
        reference: Moment,
        counting: bool,
    ) -> (ThreadOutcome, Recorder) {
        let mut handles: Vec<L::Handle<'_>> = self.lists.iter().map(L::handle).collect();
        for handle in &mut handles {
            handle.count_locks(counting);
        }
        let paced = matches!(speed, Speed::Times(_));
        let ops = if clock.is_some() { 0..TraceOp::ALL.len() } else { 0..0 };
        let mut recorder = Recorder::new(ops.chain(self.graces.then_some(GRACE)), paced);
        if self.graces {
            grace::take_part();
        }
        // Every row is an operation.
        let mut thread = ThreadOutcome {
            ops: rows.as_slice().len() as u64,
            ..ThreadOutcome::default()
        };
        let scheduled = Scheduling::now();
        let cpu = thread_cpu_ns();
        let start = Moment::now();
        // Threads start one after the other, and a node may be retired by one and released by another.
        let offset_ns = start.ns_since(reference);
        match (clock, speed) {
            (None, Speed::Max) => {
                for row in rows.as_slice() {
                    self.step(*row, &mut handles, &mut thread);
                }
            }
            (Some(clock), Speed::Max) => {
                for &row in rows.as_slice() {
                    let before = clock.raw();
                    self.begin_operation(before);
                    self.step(row, &mut handles, &mut thread);
                    let after = clock.raw();
                    let service = clock.ns_between(before, after);
                    thread.service_ns += service;
                    recorder.service(row.op() as usize, service);
                    self.record_graces(&mut recorder, |retired| clock.ns_between(retired, after));
                }
            }
            (clock, Speed::Times(times)) => {
                for (time, row) in rows.paced() {
                    let intended = (time.0 as f64 / times) as u64;
                    super::pace::wait_until(start, intended);
                    let begun = start.elapsed_ns();
                    self.begin_operation(offset_ns + begun);
                    self.step(row, &mut handles, &mut thread);
                    let ended = start.elapsed_ns();
                    thread.service_ns += ended - begun;
                    if clock.is_some() {
                        recorder.service(row.op() as usize, ended - begun);
                        recorder.response(row.op() as usize, ended.saturating_sub(intended));
                        self.record_graces(&mut recorder, |retired| (offset_ns + ended).saturating_sub(retired));
                    }
                }
            }
        }
        let end = Moment::now();
        thread.elapsed_ns = end.ns_since(start);
        thread.start_ns = start.ns_since(reference);
        thread.end_ns = end.ns_since(reference);
        thread.cpu_ns = thread_cpu_ns() - cpu;
        let scheduled = Scheduling::now().since(scheduled);
        thread.ctx_switches = scheduled.involuntary;
        thread.sleeps = scheduled.voluntary;
        thread.runqueue_ns = scheduled.runqueue_ns;
        for handle in &handles {
            thread.lock.add(handle.lock_counts().into());
        }
        (thread, recorder)
    }

    #[inline(always)]
    fn begin_operation(&self, now: u64) {
        if self.graces {
            grace::begun(now);
        }
    }

    /// Records how long the nodes had waited that the operation released.
    #[inline(always)]
    fn record_graces(&self, recorder: &mut Recorder, waited_ns: impl Fn(u64) -> u64) {
        if self.graces {
            grace::ended(|retired| recorder.service(GRACE, waited_ns(retired)));
        }
    }

    /// Plays one row. The answers go through `black_box`, so that the compiler can neither drop nor hoist a read.
    ///
    /// Nearly all rows of a real trace are of three kinds, and these are told by comparisons. A jump through a table is predicted badly
    /// where polls of different kinds alternate, and cost several times what doing nothing costs otherwise.
    #[inline(always)]
    fn step(&self, row: PlayedRow, handles: &mut [L::Handle<'_>], thread: &mut ThreadOutcome) {
        let handle = &mut handles[row.list()];
        if row.is(TraceOp::Deadline) {
            black_box(handle.deadline());
        } else if row.is(TraceOp::Run) {
            thread.fired += handle.run(row.now(), |_, _| {}) as u64;
        } else if row.is(TraceOp::Mod) {
            let rearm = handle.modify(self.timer(row), row.expire());
            thread.rearms += u64::from(rearm.is_yes());
        } else {
            thread.rearms += u64::from(self.seldom(row, handle));
        }
        handle.quiescent();
    }

    /// Plays a row of another kind; whether the caller has to be notified. Never inlined: its jump through a table would become that of all
    /// rows.
    #[inline(never)]
    fn seldom(&self, row: PlayedRow, handle: &mut L::Handle<'_>) -> bool {
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
