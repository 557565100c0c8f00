//! Plays blocks, each point of each in a fresh process, and tells an observer what came of it.
//!
//! A block holds one trial of every contestant at every point in every pass. At a point all take turns in one process; where their
//! lists are too large to stand side by side, or it is asked for, each has a process of its own in each pass. The order is drawn
//! anew for every other block, and the blocks between play it backwards, so that a drift of the machine falls on both sides of
//! every comparison (A B, B A). What was disturbed is played once more at the end of its block.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use headlock_strategies::LockCounts;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::behind::Behind;
use super::child::{self, Broken, ChildError};
use super::job::{BlockOutcome, Contestant, Job, Load, Outcome, ThreadOutcome};
use super::{Isolation, Speed};
use super::{disturbance, latency};
use crate::record::{AA_CONTROL, BlockState, FLOOR, LatencyHistogram, Pass, Point, ThreadRow, Trial};

/// The name under which the baseline plays with a known slow-down, in a self-test.
pub const INJECTED: &str = "injected";

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The registered strategies, in the order of the tables.
    pub strategies: Vec<String>,
    /// What stands behind the C interface, by slot.
    pub behind: Vec<Behind>,
    /// The strategy that the others are compared with.
    pub baseline: String,
    /// The points, and what is played at each.
    pub points: Vec<(Point, Load)>,
    /// How long each contestant is measured in a block and pass, ns.
    pub trial_ns: u64,
    /// How long that takes at least by its nature, ns: the length of a trace played at its own speed.
    pub expected_ns: u64,
    /// How long a process may take beyond twice what it is to measure before it counts as hung, ns.
    pub patience_ns: u64,
    /// Seed of scripts and orders.
    pub seed: u64,
    /// Processors to bind threads to; empty leaves them to the scheduler.
    pub cpus: Vec<usize>,
    /// Share by which `injected` is made slower than the baseline, if it is to play.
    pub inject: Option<f64>,
    /// Turns of [`spin`](headlock_strategies::spin) in a nanosecond, measured once, so that every trial waits alike.
    pub spins_per_ns: f64,
    /// The number of the first block, above 0 when a run is resumed.
    pub first_block: usize,
    /// Whether to play only the pass that decides at each point, for a search that compares and shows no latencies.
    pub deciding_only: bool,
    /// Whether contestants take turns in one process, where their lists are small enough.
    pub isolation: Isolation,
}

/// A finished trial.
#[derive(Debug)]
pub struct Played {
    /// Its row.
    pub trial: Trial,
    /// Its latencies by operation and kind, in the latency pass.
    pub latencies: Vec<LatencyHistogram>,
    /// Each thread's part.
    pub threads: Vec<ThreadRow>,
    /// The robust mean of the slices' log ratios to the floor's, of throughput.
    log_over_floor: Option<f64>,
}

/// Is told what happens. Errors of its own end the run.
pub trait Observer {
    /// What the observer itself can fail with.
    type Error;

    /// A process is about to start: its number in the block, of how many, and who plays.
    fn starting(&mut self, _block: usize, _number: usize, _of: usize, _strategy: &str, _point: &Point) {}

    /// A trial has ended well.
    fn played(&mut self, played: Played) -> Result<(), Self::Error>;

    /// What the probes of a process read, that of one contestant or, if none is named, of all.
    fn probed(&mut self, _block: usize, _point: &Point, _contestant: Option<&str>, _state: &BlockState) {}

    /// A contestant has failed. It is left out from now on.
    fn failed(&mut self, strategy: &str, point: &Point, reason: &ChildError) -> Result<(), Self::Error>;

    /// A block is complete: go on, or enough?
    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Self::Error>;
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The observer had enough.
    Complete,
    /// The user stopped it; the block under way is incomplete.
    Interrupted,
    /// No strategy is left to measure.
    NothingLeft,
    /// Processes cannot be started or fail before anybody plays, for this reason; no strategy is to blame.
    Failed(String),
}

/// Bytes of a timer in a list, with its share of the index, roughly.
const TIMER_BYTES: usize = 128;
/// Lists of so many bytes in all stand side by side: beyond that they push each other out of caches in which one alone would stay.
const MOST_BYTES: usize = 4 << 20;
/// In one block of so many a replay's lock acquisitions are counted, in a trip over the trace that is not timed.
const COUNTED_OF: usize = 37;
/// In one block of so many a replay at full speed is timed operation by operation.
const TIMED_OF: usize = 4;

/// Plays blocks until the observer has enough or `stop` is raised.
///
/// # Errors
/// Those of the observer.
pub fn run<O: Observer>(plan: &Plan, observer: &mut O, stop: &AtomicBool) -> Result<Ending, O::Error> {
    play_blocks(plan, observer, stop, |job| child::play(job, plan.expected_ns(job), plan.patience_ns, stop))
}

/// As [`run`], with whatever `play` makes of a job.
fn play_blocks<O: Observer>(
    plan: &Plan,
    observer: &mut O,
    stop: &AtomicBool,
    mut play: impl FnMut(&Job) -> Result<BlockOutcome, Broken>,
) -> Result<Ending, O::Error> {
    let mut failed: Vec<String> = Vec::new();
    let mut counts = CountedLocks::default();
    for block in plan.first_block.. {
        let mut queue: VecDeque<Turn> = turns_of_block(plan, block).into();
        // Of each group whose contestants have processes of their own, once the floor has played, which it does first.
        let mut floors: BTreeMap<(usize, Pass), Trial> = BTreeMap::new();
        let mut number = 0;
        while let Some(mut turn) = queue.pop_front() {
            turn.names.retain(|name| !failed.contains(name));
            if turn.names.iter().all(|name| name == FLOOR) && turn.isolation == Isolation::Slices
                || turn.names.is_empty()
            {
                continue;
            }
            let (point, load) = &plan.points[turn.point];
            observer.starting(block, number, number + queue.len() + 1, &turn.who(), point);
            number += 1;
            let job = plan.job(&turn, block, &counts);
            let outcome = match play(&job) {
                Ok(outcome) => outcome,
                Err((ChildError::Interrupted, _)) => return Ok(Ending::Interrupted),
                Err((reason, playing)) => {
                    let blamed = playing.and_then(|playing| job.contestants.get(playing));
                    let Some(blamed) = blamed.filter(|_| !matches!(reason, ChildError::Spawn(_))) else {
                        return Ok(Ending::Failed(reason.to_string()));
                    };
                    observer.failed(&blamed.name, point, &reason)?;
                    failed.push(blamed.name.clone());
                    // The others' turns are played again without it.
                    queue.push_front(turn);
                    continue;
                }
            };
            if let Some(state) = &outcome.state {
                let alone = (turn.isolation == Isolation::Process).then(|| turn.names[0].as_str());
                observer.probed(block, point, alone, state);
            }
            let played = match describe(plan, &turn, block, &job, outcome, &mut counts) {
                Ok(played) => played,
                Err(reason) => return Ok(Ending::Failed(reason)),
            };
            let again = !turn.repeated && played.iter().any(|played| played.trial.disturbed);
            for mut played in played {
                let group = (turn.point, played.trial.pass);
                if turn.isolation == Isolation::Process {
                    if played.trial.strategy == FLOOR {
                        floors.insert(group, played.trial.clone());
                    } else if let Some(floor) = floors.get(&group) {
                        stand_on_floor(&mut played.trial, floor, load);
                    }
                }
                observer.played(played)?;
            }
            if again {
                let again = Turn { repeated: true, ..turn };
                // The floor at once where it plays alone, since the others' rows state its figure.
                if again.names == [FLOOR] {
                    queue.push_front(again);
                } else {
                    queue.push_back(again);
                }
            }
            if stop.load(Memory::Acquire) {
                return Ok(Ending::Interrupted);
            }
        }
        if plan.strategies.iter().all(|strategy| failed.contains(strategy)) {
            return Ok(Ending::NothingLeft);
        }
        if observer.block_ended(block)?.is_break() {
            break;
        }
    }
    Ok(Ending::Complete)
}

/// States the floor of a trial that had a process of its own, and whether it can be told from it.
fn stand_on_floor(trial: &mut Trial, floor: &Trial, load: &Load) {
    trial.floor_ns = Some(floor.ns_per_op);
    let log_ratio = (trial.ns_per_op / floor.ns_per_op).ln();
    trial.at_floor = at_floor(load, trial.pass, trial.ops.min(floor.ops), log_ratio);
}

/// Whether a trial cannot be told from the floor's: its work was optimised away, or there is too little of it to be measured under
/// this workload. By the logarithm of its ratio to the floor, where both have done so many operations at least.
///
/// Only of synthetic loads: a replay's floor is mostly the fetching of rows, behind which a processor hides cheap reads.
fn at_floor(load: &Load, pass: Pass, ops: u64, log_ratio: f64) -> bool {
    /// The floor's own trials differ by about this share from block to block.
    const MARGIN: f64 = 1.03;
    /// Fewer operations are mostly the first ones, on cold caches.
    const LEAST_OPS: u64 = 1_000;
    let synthetic = matches!(load, Load::Synthetic { .. });
    synthetic && pass == Pass::Throughput && ops >= LEAST_OPS && log_ratio <= MARGIN.ln()
}

/// What one process plays of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    point: usize,
    passes: Vec<Pass>,
    names: Vec<String>,
    isolation: Isolation,
    /// Whether it was played before, and disturbed.
    repeated: bool,
}

impl Turn {
    /// Who plays, for the user.
    fn who(&self) -> String {
        match self.names.as_slice() {
            [name] => name.clone(),
            names => format!("{} in turns", names.len()),
        }
    }
}

impl Plan {
    /// The registered strategy that plays under a name.
    fn played_as<'a>(&'a self, name: &'a str) -> &'a str {
        if name == AA_CONTROL || name == INJECTED {
            &self.baseline
        } else {
            name
        }
    }

    /// The passes in which a point is measured, the deciding one first.
    fn passes(&self, point: usize) -> &'static [Pass] {
        let passes = self.points[point].1.passes();
        if self.deciding_only { &passes[..1] } else { passes }
    }

    /// Those in a block. A trip over a trace with a clock at every row takes several times as long as one without, so contestants
    /// that take turns make it in one block of [`TIMED_OF`]. Every second block plays the one before it backwards, so
    /// where order is all that makes contestants alike, the two are in all blocks.
    fn passes_in(&self, point: usize, block: usize) -> &'static [Pass] {
        let passes = self.passes(point);
        let seldom = self.points[point].1.counts_apart() && self.isolation(point) == Isolation::Slices;
        if seldom && !block.is_multiple_of(TIMED_OF) {
            &passes[..1]
        } else {
            passes
        }
    }

    /// All that plays at a point besides the floor.
    fn contestants(&self) -> impl Iterator<Item = String> + '_ {
        let injected = self.inject.map(|_| INJECTED.to_owned());
        self.strategies.iter().cloned().chain([AA_CONTROL.to_owned()]).chain(injected)
    }

    /// What shares a process at a point: each contestant has its own where the lists of all, one in each pass, are too large.
    fn isolation(&self, point: usize) -> Isolation {
        let lists = (self.contestants().count() + 1) * self.passes(point).len();
        match &self.points[point].1 {
            Load::Synthetic { workload, .. } if workload.timers * lists * TIMER_BYTES > MOST_BYTES => {
                Isolation::Process
            }
            _ => self.isolation,
        }
    }

    /// What a process is told.
    fn job(&self, turn: &Turn, block: usize, counts: &CountedLocks) -> Job {
        let load = self.points[turn.point].1.clone();
        let contestant = |name: &String| Contestant {
            name: name.clone(),
            strategy: self.played_as(name).to_owned(),
            inject: self.inject.filter(|_| name == INJECTED).unwrap_or(0.0),
        };
        Job {
            contestants: turn.names.iter().map(contestant).collect(),
            behind: self.behind.clone(),
            baseline: self.baseline.clone(),
            count: load.counts_apart() && (block.is_multiple_of(COUNTED_OF) || !counts.know(turn)),
            load,
            passes: turn.passes.clone(),
            trial_ns: self.trial_ns,
            seed: self.seed.wrapping_add(block as u64),
            cpus: self.cpus.clone(),
            spins_per_ns: self.spins_per_ns,
            isolation: turn.isolation,
        }
    }

    /// How long a process measures, ns.
    fn expected_ns(&self, job: &Job) -> u64 {
        let each_ns = self.expected_ns.max(self.trial_ns).max(job.load.slice_ns());
        each_ns.saturating_mul((job.contestants.len() * job.passes.len()) as u64)
    }
}

impl Load {
    /// Whether lock acquisitions in the throughput pass are counted in trips of their own, and not in every block.
    fn counts_apart(&self) -> bool {
        matches!(self, Load::Replay { speed: Speed::Max, .. })
    }
}

/// What was counted of a replay in the last block that counted: acquisitions of the list and of each thread, and in how many
/// operations.
#[derive(Default)]
struct CountedLocks(BTreeMap<(usize, String), (u64, LockCounts, Vec<LockCounts>)>);

impl CountedLocks {
    /// Whether all who play have been counted.
    fn know(&self, turn: &Turn) -> bool {
        turn.names.iter().all(|name| self.0.contains_key(&(turn.point, name.clone())))
    }

    /// Remembers what was counted, or states what is remembered for as many operations as these.
    fn state(&mut self, point: usize, outcome: &mut Outcome) {
        let ops = outcome.threads.iter().map(|thread| thread.ops).sum::<u64>();
        let key = (point, outcome.name.clone());
        if let Some(locks) = outcome.locks {
            let of_threads = outcome.threads.iter().map(|thread| thread.lock).collect();
            self.0.insert(key, (ops, locks, of_threads));
        } else if let Some((of_ops, locks, of_threads)) = self.0.get(&key) {
            let share = ops as f64 / (*of_ops).max(1) as f64;
            outcome.locks = Some(locks.times(share));
            for (thread, locks) in outcome.threads.iter_mut().zip(of_threads) {
                thread.lock = locks.times(share);
            }
        }
    }
}

/// What the processes of a block play, in order, points in random order. Where contestants have processes of their own, they are grouped
/// by point and pass, so that what is compared is played close together, the floor first in each group, because it is compared
/// with none and the others' rows state its floor.
fn turns_of_block(plan: &Plan, block: usize) -> Vec<Turn> {
    let mut random =
        Xoshiro256PlusPlus::seed_from_u64(plan.seed ^ (block as u64 / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let groups = |point: usize| -> Vec<(usize, Isolation, Vec<Pass>)> {
        let passes = plan.passes_in(point, block);
        match plan.isolation(point) {
            Isolation::Slices => vec![(point, Isolation::Slices, passes.to_vec())],
            Isolation::Process => passes.iter().map(|&pass| (point, Isolation::Process, vec![pass])).collect(),
        }
    };
    let mut groups: Vec<_> = (0..plan.points.len()).flat_map(groups).collect();
    groups.shuffle(&mut random);
    let mut contestants: Vec<Vec<String>> = groups
        .iter()
        .map(|_| {
            let mut names: Vec<String> = plan.contestants().collect();
            names.shuffle(&mut random);
            names
        })
        .collect();
    if block % 2 == 1 {
        groups.reverse();
        contestants.reverse();
        contestants.iter_mut().for_each(|names| names.reverse());
    }
    let turns = |((point, isolation, passes), names): ((usize, Isolation, Vec<Pass>), Vec<String>)| {
        let names = [FLOOR.to_owned()].into_iter().chain(names);
        let turn = |names| Turn {
            point,
            passes: passes.clone(),
            names,
            isolation,
            repeated: false,
        };
        match isolation {
            Isolation::Slices => vec![turn(names.collect())],
            Isolation::Process => names.map(|name| turn(vec![name])).collect(),
        }
    };
    groups.into_iter().zip(contestants).flat_map(turns).collect()
}

/// Turns what a process answered into rows of `trials.csv` and histograms, one for each contestant and pass.
fn describe(
    plan: &Plan,
    turn: &Turn,
    block: usize,
    job: &Job,
    outcome: BlockOutcome,
    counts: &mut CountedLocks,
) -> Result<Vec<Played>, String> {
    let (point, load) = &plan.points[turn.point];
    let verdicts: BTreeMap<Pass, Option<String>> = outcome
        .watches
        .iter()
        .map(|watch| (watch.pass, disturbance::of(watch, &outcome.parts, &plan.cpus)))
        .collect();
    let mut played = Vec::new();
    for mut part in outcome.parts {
        if part.pass == Pass::Throughput && load.counts_apart() {
            counts.state(turn.point, &mut part);
        }
        played.push(describe_part(point, block, load, part)?);
    }
    for played in &mut played {
        let trial = &mut played.trial;
        trial.steal_ns = outcome.steal_ns;
        trial.clock_ns = trial.clock_ns.map(|_| outcome.clock_ns);
        if let Some(Some(reason)) = verdicts.get(&trial.pass) {
            (trial.disturbed, trial.disturbance) = (true, reason.clone());
        }
    }
    match turn.isolation {
        Isolation::Slices => compare(&mut played, &job.baseline, load),
        // Alone, there is nobody to be compared with but oneself.
        Isolation::Process => {
            for it in &mut played {
                (it.trial.slices, it.trial.log_ratio, it.trial.log_net_ratio) = (None, None, None);
            }
        }
    }
    Ok(played)
}

/// Sets the trials of a process beside its floor's, and in the latency pass beside its baseline's: typical service times, which
/// are robust by themselves, of slices that were played in turns.
fn compare(played: &mut [Played], baseline: &str, load: &Load) {
    let figure = |played: &[Played], name: &str, pass| {
        let trial = played
            .iter()
            .map(|played| &played.trial)
            .find(|trial| (trial.pass, trial.strategy.as_str()) == (pass, name))?;
        (trial.ops > 0 && trial.ns_per_op > 0.0).then_some((trial.ns_per_op, trial.ops))
    };
    for number in 0..played.len() {
        let pass = played[number].trial.pass;
        let (floor, base) = (figure(played, FLOOR, pass), figure(played, baseline, pass));
        let over_floor = played[number].log_over_floor;
        let trial = &mut played[number].trial;
        if let Some((floor_ns, floor_ops)) = floor.filter(|_| trial.strategy != FLOOR) {
            trial.floor_ns = Some(floor_ns);
            trial.at_floor =
                over_floor.is_some_and(|log_ratio| at_floor(load, pass, trial.ops.min(floor_ops), log_ratio));
        }
        if let (Pass::Latency, Some((base_ns, _)), true) = (pass, base, trial.ops > 0) {
            let log = |own_ns: f64, base_ns: f64| (own_ns > 0.0 && base_ns > 0.0).then(|| (own_ns / base_ns).ln());
            trial.log_ratio = log(trial.ns_per_op, base_ns);
            trial.log_net_ratio = floor.and_then(|(floor_ns, _)| log(trial.ns_per_op - floor_ns, base_ns - floor_ns));
        }
    }
}

/// One contestant's row of a pass, but for what it shares with the others.
fn describe_part(point: &Point, block: usize, load: &Load, outcome: Outcome) -> Result<Played, String> {
    let threads = &outcome.threads;
    let ops: u64 = threads.iter().map(|thread| thread.ops).sum();
    let elapsed_ns: u64 = threads.iter().map(|thread| thread.elapsed_ns).sum();
    let busy_ns: u64 = threads.iter().map(|thread| thread.service_ns).sum();
    let mean_ns = elapsed_ns / threads.len().max(1) as u64;
    let latencies: Vec<LatencyHistogram> = outcome
        .histograms
        .iter()
        .map(|recorded| {
            Ok(LatencyHistogram {
                workload: point.workload.clone(),
                strategy: outcome.name.clone(),
                threads: point.threads,
                op: recorded.op.clone(),
                kind: recorded.kind,
                measured_ns: mean_ns,
                histogram: latency::decode(&recorded.encoded)?,
            })
        })
        .collect::<Result<_, String>>()?;
    let ns_per_op = match outcome.pass {
        Pass::Throughput => elapsed_ns as f64 / ops.max(1) as f64,
        Pass::Latency => latency::typical_service_ns(&latencies),
    };
    let rows = threads.iter().enumerate().map(|(number, thread)| ThreadRow {
        workload: point.workload.clone(),
        strategy: outcome.name.clone(),
        threads: point.threads,
        block,
        pass: outcome.pass,
        thread: number,
        role: thread.role.clone(),
        ops: thread.ops,
        elapsed_ns: thread.elapsed_ns,
        cpu_ns: thread.cpu_ns,
        lock: thread.lock,
    });
    let rows = rows.collect();
    let (ops_least, ops_most) = least_and_most(threads);
    let locks = outcome.locks.unwrap_or_default();
    let trial = Trial {
        workload: point.workload.clone(),
        strategy: outcome.name.clone(),
        threads: point.threads,
        block,
        pass: outcome.pass,
        ops,
        elapsed_ns: mean_ns,
        ns_per_op,
        ops_per_s: threads.iter().map(|thread| thread.ops as f64 * 1e9 / thread.elapsed_ns.max(1) as f64).sum(),
        floor_ns: None,
        cpu_ns: threads.iter().map(|thread| thread.cpu_ns).sum(),
        lock: locks,
        retries: outcome.retries,
        retired: outcome.retired,
        peak_unreclaimed: outcome.peak_unreclaimed,
        steal_ns: 0,
        ctx_switches: threads.iter().map(|thread| thread.ctx_switches).sum(),
        disturbed: false,
        disturbance: String::new(),
        active_start: outcome.active_start,
        active_end: outcome.active_end,
        fired: threads.iter().map(|thread| thread.fired).sum(),
        rearms: threads.iter().map(|thread| thread.rearms).sum(),
        overlap: outcome.overlap,
        clock_ns: (outcome.pass == Pass::Latency).then_some(0.0),
        busy_ns: (outcome.pass == Pass::Latency).then_some(busy_ns),
        offered_per_s: load.offered_per_s(),
        behind_ns: load.offered_per_s().and_then(|_| threads.iter().map(|thread| thread.behind_ns).max()),
        ops_least,
        ops_most,
        slices: Some(outcome.slices),
        log_ratio: outcome.log_ratio,
        log_net_ratio: outcome.log_net_ratio,
        at_floor: false,
        state: String::new(),
    };
    Ok(Played {
        trial,
        latencies,
        threads: rows,
        log_over_floor: outcome.log_over_floor,
    })
}

/// Operations of the thread that did fewest and of the one that did most, in the role whose threads differ most: threads of
/// different roles do different things and need not keep step.
fn least_and_most(threads: &[ThreadOutcome]) -> (u64, u64) {
    let mut by_role: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for thread in threads {
        let (least, most) = by_role.entry(&thread.role).or_insert((thread.ops, thread.ops));
        (*least, *most) = ((*least).min(thread.ops), (*most).max(thread.ops));
    }
    let share = |&(least, most): &(u64, u64)| least as f64 / most.max(1) as f64;
    by_role.into_values().min_by(|one, other| share(one).total_cmp(&share(other))).unwrap_or((0, 0))
}

#[cfg(test)]
mod tests;
