//! Plays a recorded trace: all rows on one thread in time order, or each trace thread on a thread of its own.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use headlock_strategies::{Config, Counts, LockCounts, Nanos, TimerHandle, TimerId, TimerList};

use super::clock::{Clock, Moment, thread_cpu_ns};
use super::grace;
use super::job::{Job, JobError, Outcome, ThreadOutcome};
use super::latency::{GRACE, Recorder};
use super::pin;
use super::player::COUNTED_OF;
use super::proc::{self, Scheduling};
use super::{Order, Speed};
use crate::record::Pass;
use crate::workload::trace::{NO_TIMER, Row, Trace, TraceOp};

/// Stands for a timer that the trace has not created yet; no list gives this name out, so operations on it do nothing.
const NOT_YET: u64 = u64::MAX;

/// Plays a trace until `job.trial_ns` have been measured, always whole passes, each over fresh lists.
///
/// Where operations are neither timed nor paced, lock acquisitions are counted in passes of their own, since counting costs up to a
/// quarter of a short critical section; the measured passes, which play the same, count none.
///
/// # Errors
/// If a thread cannot be bound to its processor.
pub fn play<L: TimerList>(job: &Job, mut trace: Trace, order: Order, speed: Speed) -> Result<Outcome, JobError> {
    // Fire rows say what the recorded program saw; what the replay fires comes from its own lists.
    trace.rows.retain(|row| row.op != TraceOp::Fire);
    let parts = match order {
        Order::Strict => vec![std::mem::take(&mut trace.rows)],
        Order::Threads => by_thread(&trace),
    };
    let clock = (job.pass == Pass::Latency).then(Clock::new);
    let mut outcome = Outcome {
        threads: vec![ThreadOutcome::default(); parts.len()],
        clock_ns: clock.as_ref().map_or(0.0, Clock::pair_cost_ns),
        ..Outcome::default()
    };
    let graces = clock.is_some() && parts.iter().flatten().any(|row| row.op == TraceOp::Free);
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
        let pass = PassOver::<L>::new(&trace, graces);
        outcome.active_start = trace.init.len() as u64;
        let before = pass.counts();
        let start_line = Barrier::new(parts.len());
        let played: Vec<Result<(ThreadOutcome, Recorder), JobError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = parts
                .iter()
                .enumerate()
                .map(|(number, rows)| {
                    let (pass, clock, start_line, trace) = (&pass, clock.as_ref(), &start_line, &trace);
                    let cpu = (!job.cpus.is_empty()).then(|| job.cpus[number % job.cpus.len()]);
                    scope.spawn(move || {
                        let placed = cpu.map_or(Ok(()), pin::pin_current);
                        start_line.wait();
                        placed.map_err(JobError::Pin)?;
                        let (thread, recorder) = pass.play(rows, speed, clock, reference, counting);
                        Ok((ThreadOutcome { role: role(trace, number, order), ..thread }, recorder))
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
    list: LockCounts,
    threads: Vec<LockCounts>,
}

impl Counted {
    /// Takes in a pass. With one thread all passes are alike; with several, this one may not be like the others.
    fn add(&mut self, list: LockCounts, threads: impl Iterator<Item = LockCounts>) {
        self.passes += 1;
        self.list += list;
        for (number, locks) in threads.enumerate() {
            self.threads.resize(self.threads.len().max(number + 1), LockCounts::default());
            self.threads[number] += locks;
        }
    }

    /// States for the measured passes what those counted come to.
    fn state(&self, outcome: &mut Outcome) {
        let share = outcome.passes as f64 / self.passes as f64;
        outcome.lock = self.list.times(share);
        for (thread, locks) in outcome.threads.iter_mut().zip(&self.threads) {
            thread.lock = locks.times(share);
        }
    }
}

/// What a replay thread stands for.
fn role(trace: &Trace, number: usize, order: Order) -> String {
    match order {
        Order::Strict => "all".to_owned(),
        Order::Threads => trace.threads[number].name.clone(),
    }
}

/// The rows of each trace thread.
fn by_thread(trace: &Trace) -> Vec<Vec<Row>> {
    let mut parts = vec![Vec::new(); trace.threads.len()];
    for &row in &trace.rows {
        parts[usize::from(row.thread)].push(row);
    }
    parts
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
    fn new(trace: &Trace, graces: bool) -> Self {
        let config = Config { grace: graces.then_some(grace::PROBE), ..Config::default() };
        let lists: Vec<L> = trace.lists.iter().map(|_| L::new(&config)).collect();
        let mut handles: Vec<_> = lists.iter().map(L::handle).collect();
        let timers: Vec<AtomicU64> = trace
            .timers
            .iter()
            .map(|timer| {
                let name = if timer.created_in_trace {
                    NOT_YET
                } else {
                    handles[usize::from(timer.list)].create().into_raw()
                };
                AtomicU64::new(name)
            })
            .collect();
        for &(timer, expire) in &trace.init {
            let list = usize::from(trace.timers[timer as usize].list);
            let name = TimerId::from_raw(timers[timer as usize].load(Memory::Relaxed));
            let _ = handles[list].modify(name, expire);
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
        rows: &[Row],
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
        let mut thread = ThreadOutcome { ..ThreadOutcome::default() };
        let scheduled = Scheduling::now();
        let cpu = thread_cpu_ns();
        let start = Moment::now();
        // Threads start one after the other, and a node may be retired by one and released by another.
        let offset_ns = start.ns_since(reference);
        match (clock, speed) {
            (None, Speed::Max) => {
                for row in rows {
                    self.step(row, &mut handles, &mut thread);
                }
            }
            (Some(clock), Speed::Max) => {
                for row in rows {
                    let before = clock.raw();
                    self.begin_operation(before);
                    self.step(row, &mut handles, &mut thread);
                    let after = clock.raw();
                    let service = clock.ns_between(before, after);
                    thread.service_ns += service;
                    recorder.service(row.op as usize, service);
                    self.record_graces(&mut recorder, |retired| clock.ns_between(retired, after));
                }
            }
            (clock, Speed::Times(times)) => {
                for row in rows {
                    let intended = (row.time.0 as f64 / times) as u64;
                    super::pace::wait_until(start, intended);
                    let begun = start.elapsed_ns();
                    self.begin_operation(offset_ns + begun);
                    self.step(row, &mut handles, &mut thread);
                    let ended = start.elapsed_ns();
                    thread.service_ns += ended - begun;
                    if clock.is_some() {
                        recorder.service(row.op as usize, ended - begun);
                        recorder.response(row.op as usize, ended.saturating_sub(intended));
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
            thread.lock += handle.lock_counts();
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
    #[inline(always)]
    fn step(&self, row: &Row, handles: &mut [L::Handle<'_>], thread: &mut ThreadOutcome) {
        let handle = &mut handles[usize::from(row.list)];
        match row.op {
            TraceOp::Deadline => {
                black_box(handle.deadline());
            }
            TraceOp::Run => thread.fired += handle.run(row.time, |_, _| {}) as u64,
            TraceOp::Mod => {
                let rearm = handle.modify(self.timer(row), row.expire);
                thread.rearms += u64::from(rearm.is_yes());
            }
            TraceOp::Del => {
                black_box(handle.cancel(self.timer(row)));
            }
            TraceOp::Expired => {
                black_box(handle.expired(row.time));
            }
            TraceOp::Anticipate => {
                let rearm = handle.anticipate(self.timer(row), row.expire);
                thread.rearms += u64::from(rearm.is_yes());
            }
            TraceOp::Create => {
                let name = handle.create();
                self.timers[row.timer as usize].store(name.into_raw(), Memory::Relaxed);
            }
            TraceOp::Free => {
                handle.free(self.timer(row));
                self.timers[row.timer as usize].store(NOT_YET, Memory::Relaxed);
            }
            TraceOp::Fire => return,
        }
        thread.ops += 1;
        handle.quiescent();
    }

    #[inline(always)]
    fn timer(&self, row: &Row) -> TimerId {
        debug_assert_ne!(row.timer, NO_TIMER, "the reader demands a timer for this operation");
        TimerId::from_raw(self.timers[row.timer as usize].load(Memory::Relaxed))
    }
}
