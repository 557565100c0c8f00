//! From what a process answered to rows of result files, each trial beside its floor and its baseline.

use std::collections::BTreeMap;

use super::counted::CountedLocks;
use super::turns::Turn;
use super::{Plan, Played};
use crate::harness::job::{BlockOutcome, Load, Outcome, ThreadOutcome};
use crate::harness::{Isolation, disturbance, latency};
use crate::record::{FLOOR, LatencyHistogram, Pass, Point, ThreadRow, Trial, is_floor};

/// Turns what a process answered into rows of `trials.csv` and histograms, one for each contestant and pass.
pub(super) fn describe(
    plan: &Plan,
    turn: &Turn,
    block: usize,
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
        Isolation::Slices => compare(plan, &mut played, load),
        // Alone, there is nobody to be compared with but oneself.
        Isolation::Process => {
            for it in &mut played {
                (it.trial.slices, it.trial.log_ratio, it.trial.log_net_ratio) = (None, None, None);
            }
        }
    }
    Ok(played)
}

/// Sets the trials of a process beside their floors', and in the latency pass beside its baseline's: typical service times, which
/// are robust by themselves, of slices that were played in turns.
pub(super) fn compare(plan: &Plan, played: &mut [Played], load: &Load) {
    let figure = |played: &[Played], name: &str, pass| {
        let trial = played
            .iter()
            .map(|played| &played.trial)
            .find(|trial| (trial.pass, trial.strategy.as_str()) == (pass, name))?;
        (trial.ops > 0 && trial.ns_per_op > 0.0).then_some((trial.ns_per_op, trial.ops))
    };
    for number in 0..played.len() {
        let pass = played[number].trial.pass;
        let floor_under = |played: &[Played], name: &str| figure(played, plan.floor_of(name), pass);
        let base = figure(played, &plan.baseline, pass);
        let floor = floor_under(played, &played[number].trial.strategy);
        let base_floor = floor_under(played, &plan.baseline);
        let over_floor = played[number].log_over_floor;
        let trial = &mut played[number].trial;
        if let Some((floor_ns, floor_ops)) = floor.filter(|_| trial.strategy != FLOOR) {
            trial.floor_ns = Some(floor_ns);
            let is_at = |log_ratio| at_floor(load, pass, trial.ops.min(floor_ops), log_ratio);
            trial.at_floor = over_floor.is_some_and(is_at) && !is_floor(&trial.strategy);
        }
        if let (Pass::Latency, Some((base_ns, _)), true) = (pass, base, trial.ops > 0) {
            let log = |own_ns: f64, base_ns: f64| (own_ns > 0.0 && base_ns > 0.0).then(|| (own_ns / base_ns).ln());
            trial.log_ratio = log(trial.ns_per_op, base_ns);
            trial.log_net_ratio = floor.zip(base_floor).and_then(|((floor_ns, _), (base_floor_ns, _))| {
                log(trial.ns_per_op - floor_ns, base_ns - base_floor_ns)
            });
        }
    }
}

/// One contestant's row of a pass, but for what it shares with the others.
pub(super) fn describe_part(point: &Point, block: usize, load: &Load, outcome: Outcome) -> Result<Played, String> {
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

/// States the floor of a trial that had a process of its own, and whether it can be told from it.
pub(super) fn stand_on_floor(trial: &mut Trial, floor: &Trial, load: &Load) {
    trial.floor_ns = Some(floor.ns_per_op);
    let log_ratio = (trial.ns_per_op / floor.ns_per_op).ln();
    trial.at_floor = !is_floor(&trial.strategy) && at_floor(load, trial.pass, trial.ops.min(floor.ops), log_ratio);
}

/// Whether a trial cannot be told from the floor's: its work was optimised away, or there is too little of it to be measured under
/// this workload. By the logarithm of its ratio to the floor, where both have done so many operations at least.
///
/// Only of synthetic loads: a replay's floor is mostly the fetching of rows, behind which a processor hides cheap reads.
pub(super) fn at_floor(load: &Load, pass: Pass, ops: u64, log_ratio: f64) -> bool {
    /// The floor's own trials differ by about this share from block to block.
    const MARGIN: f64 = 1.03;
    /// Fewer operations are mostly the first ones, on cold caches.
    const LEAST_OPS: u64 = 1_000;
    let synthetic = matches!(load, Load::Synthetic { .. });
    synthetic && pass == Pass::Throughput && ops >= LEAST_OPS && log_ratio <= MARGIN.ln()
}
