//! Plays blocks of trials, each trial in a fresh process, and tells an observer what came of each.
//!
//! A block holds one trial of every strategy at every point in every pass. The order is drawn anew for every other block, and
//! the blocks between play it backwards, so that a drift of the machine falls on both sides of every comparison (A B, B A). A
//! disturbed trial is played once more at the end of its block.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::behind::Behind;
use super::child::{self, ChildError};
use super::job::{Job, Load, Outcome, ThreadOutcome};
use super::null::NULL;
use super::{disturbance, latency};
use crate::record::{LatencyHistogram, NULL_CONTROL, Pass, Point, ThreadRow, Trial};

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
    /// Length of a trial, ns.
    pub trial_ns: u64,
    /// How long a trial takes at least by its nature, ns: the length of a trace played at its own speed.
    pub expected_ns: u64,
    /// How long a trial may take beyond twice its length before it counts as hung, ns.
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
}

/// Is told what happens. Errors of its own end the run.
pub trait Observer {
    /// What the observer itself can fail with.
    type Error;

    /// A trial is about to start: its number in the block, of how many.
    fn starting(&mut self, _block: usize, _number: usize, _of: usize, _strategy: &str, _point: &Point) {}

    /// A trial has ended well.
    fn played(&mut self, played: Played) -> Result<(), Self::Error>;

    /// A trial has failed. Its strategy is left out from now on.
    fn failed(&mut self, strategy: &str, point: &Point, reason: &ChildError) -> Result<(), Self::Error>;

    /// A block is complete: go on, or enough?
    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Self::Error>;
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The observer had enough.
    Complete,
    /// The user stopped it; the block under way is incomplete.
    Interrupted,
    /// No strategy is left to measure.
    NothingLeft,
}

/// Plays blocks until the observer has enough or `stop` is raised.
///
/// # Errors
/// Those of the observer.
pub fn run<O: Observer>(plan: &Plan, observer: &mut O, stop: &AtomicBool) -> Result<Ending, O::Error> {
    let expected_ns = plan.trial_ns.max(plan.expected_ns);
    play_blocks(plan, observer, stop, |job| child::play(job, expected_ns, plan.patience_ns, stop))
}

/// As [`run`], with whatever `play` makes of a job.
fn play_blocks<O: Observer>(
    plan: &Plan,
    observer: &mut O,
    stop: &AtomicBool,
    mut play: impl FnMut(&Job) -> Result<Outcome, ChildError>,
) -> Result<Ending, O::Error> {
    let mut failed: Vec<String> = Vec::new();
    for block in plan.first_block.. {
        let mut queue: VecDeque<(Slot, bool)> =
            order_of_block(plan, block).into_iter().map(|slot| (slot, false)).collect();
        // Of each group, once the null strategy has played, which it does first.
        let mut floors: BTreeMap<(usize, Pass), Trial> = BTreeMap::new();
        let mut number = 0;
        while let Some((slot, repeated)) = queue.pop_front() {
            if failed.contains(&slot.strategy) {
                continue;
            }
            let (point, load) = &plan.points[slot.point];
            let group = (slot.point, slot.pass);
            observer.starting(block, number, number + queue.len() + 1, &slot.strategy, point);
            number += 1;
            let job = Job {
                strategy: plan.played_as(&slot.strategy).to_owned(),
                behind: plan.behind.clone(),
                load: load.clone(),
                pass: slot.pass,
                trial_ns: plan.trial_ns,
                seed: plan.seed.wrapping_add(block as u64),
                cpus: plan.cpus.clone(),
                spins_per_ns: plan.spins_per_ns,
                inject: plan.inject.filter(|_| slot.strategy == INJECTED).unwrap_or(0.0),
            };
            let played = play(&job)
                .and_then(|outcome| describe(&slot, point, block, load, plan, outcome).map_err(ChildError::Failed));
            let mut played = match played {
                Ok(played) => played,
                Err(ChildError::Interrupted) => return Ok(Ending::Interrupted),
                Err(reason) => {
                    observer.failed(&slot.strategy, point, &reason)?;
                    failed.push(slot.strategy.clone());
                    continue;
                }
            };
            let again = played.trial.disturbed && !repeated;
            if slot.strategy == NULL {
                floors.insert(group, played.trial.clone());
            } else if let Some(floor) = floors.get(&group) {
                played.trial.floor_ns = Some(floor.ns_per_op);
                if matches!(load, Load::Synthetic { .. }) && slot.pass == Pass::Throughput {
                    refuse_at_floor(&mut played.trial, floor);
                }
            }
            observer.played(played)?;
            match again {
                // At once, since the others' rows state its figure.
                true if slot.strategy == NULL => queue.push_front((slot, true)),
                true => queue.push_back((slot, true)),
                false => {}
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

/// How the reason of a trial begins that is refused because it cannot be told from the null strategy's.
pub const BELOW_FLOOR: &str = "below the floor";

/// Marks a trial that cannot be told from the null strategy's: its work was optimised away, or there is too little of it to be
/// measured under this workload. Either way it has no figure.
///
/// By processor time, and never beside a null trial that was disturbed or hardly got to play: an interrupted floor would stand
/// above honest work. Only of synthetic loads: a replay's floor is mostly the fetching of rows, behind which a processor hides
/// cheap reads.
fn refuse_at_floor(trial: &mut Trial, null: &Trial) {
    if trial.disturbed || null.disturbed {
        return;
    }
    if let Some((own_ns, floor_ns)) = at_floor((trial.ops, trial.cpu_ns), (null.ops, null.cpu_ns)) {
        trial.disturbed = true;
        trial.disturbance =
            format!("{BELOW_FLOOR}: {own_ns:.2} ns of processor time where doing nothing takes {floor_ns:.2}");
    }
}

/// Processor time of an operation and of the null strategy's, ns, if they cannot be told apart; each from the operations done and
/// the time they took.
fn at_floor(own: (u64, u64), null: (u64, u64)) -> Option<(f64, f64)> {
    /// The null strategy's own trials differ by about this share from block to block.
    const MARGIN: f64 = 1.03;
    /// Fewer operations are mostly the first ones, on cold caches.
    const LEAST_OPS: u64 = 1_000;
    let [own_ns, floor_ns] = [own, null].map(|(ops, cpu_ns)| cpu_ns as f64 / ops.max(1) as f64);
    (own.0.min(null.0) >= LEAST_OPS && own_ns <= floor_ns * MARGIN).then_some((own_ns, floor_ns))
}

/// One trial of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    point: usize,
    pass: Pass,
    strategy: String,
}

impl Plan {
    /// The registered strategy that plays under a name.
    fn played_as<'a>(&'a self, name: &'a str) -> &'a str {
        if name == NULL_CONTROL || name == INJECTED {
            &self.baseline
        } else {
            name
        }
    }

    /// The passes in which a point is measured.
    fn passes(&self, point: usize) -> &'static [Pass] {
        let passes = self.points[point].1.passes();
        if self.deciding_only { &passes[..1] } else { passes }
    }

    /// All that plays at a point besides the null strategy.
    fn contestants(&self) -> impl Iterator<Item = String> + '_ {
        let injected = self.inject.map(|_| INJECTED.to_owned());
        self.strategies.iter().cloned().chain([NULL_CONTROL.to_owned()]).chain(injected)
    }
}

/// The trials of a block in order: grouped by point and pass, so that what is compared is played close together, the null
/// strategy first in each group, because it is compared with none and the others' rows state its floor.
fn order_of_block(plan: &Plan, block: usize) -> Vec<Slot> {
    let mut random =
        Xoshiro256PlusPlus::seed_from_u64(plan.seed ^ (block as u64 / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut groups: Vec<(usize, Pass)> = (0..plan.points.len())
        .flat_map(|point| plan.passes(point).iter().map(move |&pass| (point, pass)))
        .collect();
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
    groups
        .into_iter()
        .zip(contestants)
        .flat_map(|((point, pass), names)| {
            [NULL.to_owned()].into_iter().chain(names).map(move |strategy| Slot { point, pass, strategy })
        })
        .collect()
}

/// Turns what a trial process answered into the row of `trials.csv` and its histograms.
fn describe(
    slot: &Slot,
    point: &Point,
    block: usize,
    load: &Load,
    plan: &Plan,
    outcome: Outcome,
) -> Result<Played, String> {
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
                strategy: slot.strategy.clone(),
                threads: point.threads,
                op: recorded.op.clone(),
                kind: recorded.kind,
                measured_ns: mean_ns,
                histogram: latency::decode(&recorded.encoded)?,
            })
        })
        .collect::<Result<_, String>>()?;
    let ns_per_op = match slot.pass {
        Pass::Throughput => elapsed_ns as f64 / ops.max(1) as f64,
        Pass::Latency => latency::typical_service_ns(&latencies),
    };
    let disturbance = disturbance::of(&outcome, load, &plan.cpus, plan.trial_ns);
    let rows = threads.iter().enumerate().map(|(number, thread)| ThreadRow {
        workload: point.workload.clone(),
        strategy: slot.strategy.clone(),
        threads: point.threads,
        block,
        pass: slot.pass,
        thread: number,
        role: thread.role.clone(),
        ops: thread.ops,
        elapsed_ns: thread.elapsed_ns,
        cpu_ns: thread.cpu_ns,
        lock_acquisitions: thread.lock.acquisitions,
        lock_contended: thread.lock.contended,
        lock_wait_ns: thread.lock.wait_ns,
    });
    let rows = rows.collect();
    let (ops_least, ops_most) = least_and_most(threads);
    let trial = Trial {
        workload: point.workload.clone(),
        strategy: slot.strategy.clone(),
        threads: point.threads,
        block,
        pass: slot.pass,
        ops,
        elapsed_ns: mean_ns,
        ns_per_op,
        ops_per_s: threads.iter().map(|thread| thread.ops as f64 * 1e9 / thread.elapsed_ns.max(1) as f64).sum(),
        floor_ns: None,
        cpu_ns: threads.iter().map(|thread| thread.cpu_ns).sum(),
        lock_acquisitions: outcome.lock_acquisitions,
        lock_contended: outcome.lock_contended,
        lock_wait_ns: outcome.lock_wait_ns,
        retries: outcome.retries,
        retired: outcome.retired,
        peak_unreclaimed: outcome.peak_unreclaimed,
        steal_ns: outcome.steal_ns,
        ctx_switches: threads.iter().map(|thread| thread.ctx_switches).sum(),
        disturbed: disturbance.is_some(),
        disturbance: disturbance.unwrap_or_default(),
        active_start: outcome.active_start,
        active_end: outcome.active_end,
        fired: threads.iter().map(|thread| thread.fired).sum(),
        rearms: threads.iter().map(|thread| thread.rearms).sum(),
        overlap: disturbance::overlap(threads),
        clock_ns: (slot.pass == Pass::Latency).then_some(outcome.clock_ns),
        busy_ns: (slot.pass == Pass::Latency).then_some(busy_ns),
        offered_per_s: load.offered_per_s(),
        behind_ns: load.offered_per_s().and_then(|_| threads.iter().map(|thread| thread.behind_ns).max()),
        ops_least,
        ops_most,
    };
    Ok(Played { trial, latencies, threads: rows })
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
