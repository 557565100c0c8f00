//! A block at one point: every contestant plays in short slices, turn by turn, each on lists of its own, all in this process.
//!
//! A machine that changes its speed ten times a second does so within a block, and a process per trial sees another machine than
//! the next one. Contestants that take turns every 100 µs see the same. The process is still the statistical unit, since some of
//! what differs between processes (where memory lies) lasts as long as the process does.
//!
//! Every thread keeps its place through the block and holds a handle of every contestant's lists. All meet before a slice, start
//! together, and stop together: [`Slice::over`](super::contestant::Slice::over). Each pass has lists of its own, so that counting and grace periods are of
//! that pass alone; rounds of the two alternate.

pub mod plan;
mod rounds;
mod thread;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering as Memory};
use std::sync::{Mutex, PoisonError};

use headlock_strategies::Counts;

use super::barrier::Barrier;
use super::clock::Clock;
use super::contestant::Contestant;
use super::disturbance::Stretch;
use super::job::{BlockOutcome, Job, JobError, Outcome, ThreadOutcome, Watch};
use super::latency::Recorder;
use super::state::{self, Meeting};
use super::{disturbance, floor_of, proc};
use crate::record::Pass;
use plan::Plan;
use rounds::{Round, log_net_ratio, log_ratio};
use thread::{Thread, Total};

/// What a thread plays: it can be read through beforehand.
pub trait Part {
    /// Reads the steps or rows in this range, so that whoever plays them first does not bring them near for the others.
    fn touch(&self, from: usize, to: usize);
}

/// A contestant in a pass.
pub struct Entrant<P> {
    /// Its number in the job.
    pub contestant: usize,
    /// The pass.
    pub pass: Pass,
    /// Its lists.
    pub lists: Box<dyn Contestant<P>>,
    /// Timers active at the start.
    pub active: u64,
}

/// What the process is told of who is at work, a contestant's number: called by one thread at a time, at every turn.
pub type Announce<'a> = &'a (dyn Fn(usize) + Sync);

/// What the threads of a block share.
struct Shared<'a, P> {
    job: &'a Job,
    plan: &'a Plan,
    entrants: &'a [Entrant<P>],
    clock: Option<&'a Clock>,
    announce: Announce<'a>,
    start_line: std::sync::Barrier,
    /// Raised by a thread that cannot play, before the start line, which orders it.
    unfit: AtomicBool,
    meeting: Barrier,
    /// Where the threads probe the state of the machine.
    probes: Meeting,
    /// Of the slice under way.
    over: AtomicBool,
    /// The clock's reading when the threads last met.
    met: AtomicU64,
    /// What the lists of each entrant have counted: before the slice under way, and in the measured ones.
    counts: Vec<Mutex<(Counts, Counts)>>,
    /// The longest that any contestant has measured on any thread, ns.
    longest_ns: AtomicU64,
    /// How long the block has lasted for any thread, ns.
    lasted_ns: AtomicU64,
}

/// Plays a block. `part` makes what the thread of that number plays, on that thread; `role` says what it does; `op` names an operation.
///
/// # Errors
/// If a thread cannot be bound to its processor or its part cannot be made.
pub fn play<P: Part>(
    job: &Job,
    plan: &Plan,
    entrants: Vec<Entrant<P>>,
    announce: Announce<'_>,
    part: impl Fn(usize) -> Result<P, JobError> + Sync,
    role: impl Fn(usize) -> String,
    op: impl Fn(usize) -> &'static str,
) -> Result<BlockOutcome, JobError> {
    let clock = job.passes.contains(&Pass::Latency).then(Clock::new);
    let shared = Shared {
        job,
        plan,
        entrants: &entrants,
        clock: clock.as_ref(),
        announce,
        start_line: std::sync::Barrier::new(plan.threads),
        unfit: AtomicBool::new(false),
        meeting: Barrier::new(plan.threads, plan.asleep),
        probes: Meeting::new(plan.threads, &job.cpus, plan.round_ns(job.contestants.len())),
        over: AtomicBool::new(false),
        met: AtomicU64::new(0),
        counts: entrants.iter().map(|_| Mutex::default()).collect(),
        longest_ns: AtomicU64::new(0),
        lasted_ns: AtomicU64::new(0),
    };
    let steal = proc::steal_ns();
    let played: Vec<Result<Thread, JobError>> = std::thread::scope(|scope| {
        let (shared, part) = (&shared, &part);
        let threads: Vec<_> =
            (0..plan.threads).map(|number| scope.spawn(move || thread::play(shared, number, part))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let steal_ns = proc::steal_ns() - steal;
    // A thread that could not even begin says why; the others only say that one could not.
    let threads: Vec<Thread> = played.into_iter().collect::<Result<_, _>>()?;
    let counts: Vec<Counts> = shared
        .counts
        .into_iter()
        .map(|counts| counts.into_inner().unwrap_or_else(PoisonError::into_inner).1)
        .collect();
    let clock_ns = clock.as_ref().map_or(0.0, Clock::pair_cost_ns);
    let summed: Vec<Vec<Round>> = (0..entrants.len()).map(|entrant| in_rounds(&threads, entrant)).collect();
    let readings: Vec<Vec<state::Reading>> = threads.iter().map(|thread| thread.readings.clone()).collect();
    let watches = job.passes.iter().map(|&pass| watch(job, &threads, &entrants, pass)).collect();
    let mut threads: Vec<_> = threads.into_iter().map(|thread| thread.totals.into_iter()).collect();
    let mut parts = Vec::new();
    for (number, entrant) in entrants.iter().enumerate() {
        let totals: Vec<Total> = threads.iter_mut().map(|totals| totals.next().expect("one of each entrant")).collect();
        announce(entrant.contestant);
        let rounds_of = |name: &str| {
            let with =
                |other: &&Entrant<P>| other.pass == entrant.pass && job.contestants[other.contestant].name == name;
            let other = entrants.iter().position(|other| with(&other))?;
            (entrant.pass == Pass::Throughput).then(|| summed[other].as_slice())
        };
        let own = summed[number].as_slice();
        let floor_under = |strategy: &str| rounds_of(floor_of(&job.behind, strategy));
        // It plays under its own name.
        let (baseline, base_floor) = (rounds_of(&job.baseline), floor_under(&job.baseline));
        let floor = floor_under(&job.contestants[entrant.contestant].strategy);
        parts.push(Outcome {
            slices: own.len() as u64,
            log_ratio: baseline.and_then(|baseline| log_ratio(own, baseline, plan.threads)),
            log_net_ratio: floor
                .zip(baseline.zip(base_floor))
                .and_then(|(floor, base)| log_net_ratio((own, floor), base, plan.threads)),
            log_over_floor: floor.and_then(|floor| log_ratio(own, floor, plan.threads)),
            ..describe(job, entrant, totals, counts[number], &role, &op)
        });
    }
    // Whatever goes wrong when a contestant's lists are dropped is its own.
    for entrant in entrants {
        announce(entrant.contestant);
        drop(entrant);
    }
    Ok(BlockOutcome {
        parts,
        watches,
        steal_ns,
        clock_ns,
        state: state::summary(&readings),
    })
}

/// What all threads did in each measured slice of an entrant.
fn in_rounds(threads: &[Thread], entrant: usize) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    for thread in threads {
        let of_thread = &thread.totals[entrant].rounds;
        rounds.resize(of_thread.len(), Round::default());
        for (sum, played) in rounds.iter_mut().zip(of_thread) {
            *sum += Round { ops: played.ops, ns: played.end.ns_since(played.start) };
        }
    }
    rounds
}

/// Share of the time from the first start to the last end of a slice, in all of them, during which all threads were at work, 0 to 1.
fn overlap(totals: &[Total]) -> f64 {
    let (mut together, mut whole) = (0, 0);
    for number in 0..totals.first().map_or(0, |total| total.rounds.len()) {
        let slice = || totals.iter().map(|total| total.rounds[number]);
        let reference = slice().map(|played| played.start).min();
        let Some(reference) = reference else { continue };
        let starts = slice().map(|played| played.start.ns_since(reference));
        let ends = slice().map(|played| played.end.ns_since(reference));
        whole += ends.clone().max().unwrap_or(0);
        together += ends.min().unwrap_or(0).saturating_sub(starts.max().unwrap_or(0));
    }
    together as f64 / whole.max(1) as f64
}

/// What took the threads' time in a pass.
fn watch<P>(job: &Job, threads: &[Thread], entrants: &[Entrant<P>], pass: Pass) -> Watch {
    let place = usize::from(pass == Pass::Latency);
    let sum = |of: fn(&Thread, usize) -> u64| threads.iter().map(|thread| of(thread, place)).sum();
    let of_pass = entrants.iter().enumerate().filter(|(_, entrant)| entrant.pass == pass);
    let stopped_ns = of_pass.map(|(entrant, _)| {
        let slices = 0..threads.first().map_or(0, |thread| thread.totals[entrant].stretches.len());
        let slice = |number: usize| -> Vec<Stretch> {
            threads.iter().map(|thread| thread.totals[entrant].stretches[number]).collect()
        };
        slices.map(|number| disturbance::stopped_ns(&slice(number), job.load.pauses())).sum::<u64>()
    });
    Watch {
        pass,
        stopped_ns: stopped_ns.sum(),
        wall_ns: sum(|thread, place| thread.watched[place].wall_ns),
        awake_ns: sum(|thread, place| thread.watched[place].awake_ns),
        lost_ns: sum(|thread, place| thread.watched[place].lost_ns),
        sleeps: sum(|thread, _| thread.scheduled.voluntary),
        runqueue_ns: sum(|thread, _| thread.scheduled.runqueue_ns),
        block_ns: sum(|thread, _| thread.block_ns),
    }
}

/// One contestant's part in a pass, but for what compares it with others.
fn describe<P>(
    job: &Job,
    entrant: &Entrant<P>,
    totals: Vec<Total>,
    counts: Counts,
    role: impl Fn(usize) -> String,
    op: impl Fn(usize) -> &'static str,
) -> Outcome {
    let overlap = overlap(&totals);
    let mut recorder = Recorder::idle();
    let mut counts = counts;
    let mut threads = Vec::new();
    // Lists that can leave counting have counted in rounds of their own, if in any.
    let leaves = totals.iter().all(|total| total.leaves_counting);
    let counted = totals.iter().any(|total| total.counted_ops > 0);
    for (number, total) in totals.into_iter().enumerate() {
        counts += total.counts;
        recorder.merge(total.recorder);
        let lock = match leaves {
            false => total.locks,
            true => total.counted.times(total.outcome.ops as f64 / total.counted_ops.max(1) as f64),
        };
        threads.push(ThreadOutcome { role: role(number), lock, ..total.outcome });
    }
    let locks = match (leaves, counted) {
        (false, _) => Some(counts.lock),
        (true, false) => None,
        (true, true) => Some(threads.iter().map(|thread| thread.lock).sum()),
    };
    Outcome {
        name: job.contestants[entrant.contestant].name.clone(),
        pass: entrant.pass,
        threads,
        locks,
        retries: counts.retries,
        retired: counts.retired,
        peak_unreclaimed: counts.peak_unreclaimed,
        active_start: entrant.active,
        active_end: entrant.lists.active(),
        histograms: recorder.encode(op),
        slices: 0,
        overlap,
        log_ratio: None,
        log_net_ratio: None,
        log_over_floor: None,
    }
}

impl<P> Shared<'_, P> {
    /// The threads meet before a slice of `entrant`; its lists are at rest.
    fn meet_before(&self, entrant: usize) {
        self.meeting.meet(|| {
            self.over.store(false, Memory::Relaxed);
            let counts = self.entrants[entrant].lists.counts();
            self.counts[entrant].lock().unwrap_or_else(PoisonError::into_inner).0 = counts;
            self.met.store(self.clock.map_or(0, Clock::raw), Memory::Relaxed);
        });
    }

    /// They meet after it; its lists are at rest again.
    fn meet_after(&self, entrant: usize, measured: bool) {
        self.meeting.meet(|| {
            self.met.store(self.clock.map_or(0, Clock::raw), Memory::Relaxed);
            let after = self.entrants[entrant].lists.counts();
            let mut counts = self.counts[entrant].lock().unwrap_or_else(PoisonError::into_inner);
            if measured {
                let (before, peak) = (counts.0, counts.1.peak_unreclaimed);
                counts.1 += after.since(before);
                counts.1.peak_unreclaimed = peak.max(after.peak_unreclaimed);
            }
        });
    }
}

#[cfg(test)]
mod tests;
