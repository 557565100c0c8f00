//! What a table says of each strategy at each point, over the undisturbed trials of the pass that decides there: the
//! throughput pass, or the latency pass where the load is paced and there is no throughput to measure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::median;
use crate::record::{Pass, Point, Trial};

/// There is no net figure where more than this share of the trials cannot be told from the floor.
pub const MOST_AT_FLOOR: f64 = 0.05;

/// One strategy at one point. Figures are `None` where no undisturbed trial yields them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The point.
    pub point: Point,
    /// The strategy's name.
    pub strategy: String,
    /// Thread-nanoseconds per operation, median over trials.
    pub ns_per_op: Option<f64>,
    /// The same less the floor of the same block; `None` too where more than [`MOST_AT_FLOOR`] of the trials lie at the floor.
    pub net_ns_per_op: Option<f64>,
    /// Operations per second of all threads together, median over trials.
    pub ops_per_s: Option<f64>,
    /// Lock acquisitions per operation, over all trials together.
    pub acquisitions_per_op: Option<f64>,
    /// The share of acquisitions that found the lock taken, 0 to 1; `None` without any acquisition.
    pub contended_share: Option<f64>,
    /// Reads started over, per operation.
    pub retries_per_op: Option<f64>,
    /// Blocks with at least one undisturbed trial.
    pub blocks: usize,
    /// Undisturbed trials, which all figures rest on.
    pub trials: usize,
    /// Those of them that cannot be told from the floor.
    pub at_floor: usize,
    /// Trials left out as disturbed.
    pub disturbed: usize,
}

impl Summary {
    /// Whether so many trials lie at the floor that the strategy cannot be told from doing nothing.
    pub fn is_at_floor(&self) -> bool {
        self.at_floor as f64 > MOST_AT_FLOOR * self.trials as f64
    }
}

/// A summary per point and strategy, the floor and the A/A control included, ordered by workload, threads and strategy.
pub fn summarize(trials: &[Trial]) -> Vec<Summary> {
    let mut groups: BTreeMap<(Point, &str), Vec<&Trial>> = BTreeMap::new();
    let flat_out = flat_out(trials);
    for trial in trials.iter().filter(|trial| deciding(trial, &flat_out)) {
        let point = Point { workload: trial.workload.clone(), threads: trial.threads };
        groups.entry((point, &trial.strategy)).or_default().push(trial);
    }
    groups.into_iter().map(|((point, strategy), trials)| summary(point, strategy, &trials)).collect()
}

/// The points, as workload and threads, that were measured in the throughput pass.
pub(super) fn flat_out(trials: &[Trial]) -> BTreeSet<(&str, usize)> {
    let throughput = trials.iter().filter(|trial| trial.pass == Pass::Throughput);
    throughput.map(|trial| (trial.workload.as_str(), trial.threads)).collect()
}

/// Whether a trial belongs to the pass that decides at its point.
pub(super) fn deciding(trial: &Trial, flat_out: &BTreeSet<(&str, usize)>) -> bool {
    trial.pass == Pass::Throughput || !flat_out.contains(&(trial.workload.as_str(), trial.threads))
}

fn summary(point: Point, strategy: &str, trials: &[&Trial]) -> Summary {
    let quiet: Vec<&Trial> = trials.iter().copied().filter(|trial| !trial.disturbed).collect();
    let median_of = |figure: fn(&Trial) -> Option<f64>| {
        median(&quiet.iter().filter_map(|trial| figure(trial)).collect::<Vec<f64>>())
    };
    let sum = |count: fn(&Trial) -> u64| quiet.iter().map(|trial| count(trial) as f64).sum::<f64>();
    let (ops, acquisitions) = (sum(|trial| trial.ops), sum(|trial| trial.lock.acquisitions));
    let lies_at_floor =
        |trial: &&&Trial| trial.at_floor || trial.floor_ns.is_some_and(|floor_ns| trial.ns_per_op <= floor_ns);
    let at_floor = quiet.iter().filter(lies_at_floor).count();
    let mut blocks: Vec<usize> = quiet.iter().map(|trial| trial.block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let mut summary = Summary {
        point,
        strategy: strategy.to_owned(),
        ns_per_op: median_of(|trial| Some(trial.ns_per_op)),
        net_ns_per_op: median_of(|trial| Some(trial.ns_per_op - trial.floor_ns?)),
        ops_per_s: median_of(|trial| Some(trial.ops_per_s)),
        acquisitions_per_op: share(acquisitions, ops),
        contended_share: share(sum(|trial| trial.lock.contended), acquisitions),
        retries_per_op: share(sum(|trial| trial.retries), ops),
        blocks: blocks.len(),
        trials: quiet.len(),
        at_floor,
        disturbed: trials.len() - quiet.len(),
    };
    if summary.is_at_floor() {
        summary.net_ns_per_op = None;
    }
    summary
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use headlock_strategies::LockCounts;

    use super::*;
    use crate::stats::testing::trial;

    #[test]
    fn medians_and_shares_leave_disturbed_trials_out() {
        let mut trials: Vec<Trial> = [10.0, 14.0, 12.0, 90.0]
            .into_iter()
            .enumerate()
            .map(|(block, ns)| Trial { ns_per_op: ns, floor_ns: Some(2.0), ..trial("mutex", block) })
            .collect();
        trials[3].disturbed = true;
        trials[0].lock.contended = 250;
        trials[1].pass = Pass::Latency;

        let summary = &summarize(&trials)[0];
        assert_eq!(summary.ns_per_op, Some(11.0));
        assert_eq!(summary.net_ns_per_op, Some(9.0));
        assert_eq!(summary.acquisitions_per_op, Some(1.0));
        assert_eq!(summary.contended_share, Some(0.125));
        assert_eq!(summary.retries_per_op, Some(0.0));
        assert_eq!((summary.blocks, summary.disturbed), (2, 1));
    }

    #[test]
    fn trials_at_the_floor_are_kept_and_more_than_a_twentieth_leave_no_net_figure() {
        let blocks = |at_floor: usize| -> Vec<Trial> {
            let ns = |block| if block < at_floor { 2.0 } else { 5.0 };
            (0..40)
                .map(|block| Trial {
                    ns_per_op: ns(block),
                    floor_ns: Some(2.0),
                    ..trial("mutex", block)
                })
                .collect()
        };
        for (at_floor, net_ns) in [(0, Some(3.0)), (2, Some(3.0)), (3, None)] {
            let summary = &summarize(&blocks(at_floor))[0];
            assert_eq!((summary.at_floor, summary.blocks, summary.ns_per_op), (at_floor, 40, Some(5.0)));
            assert_eq!(summary.net_ns_per_op, net_ns);
        }
    }

    #[test]
    fn a_strategy_with_nothing_but_disturbed_trials_still_has_its_row() {
        let trials = [Trial { disturbed: true, ..trial("mutex", 0) }];
        let summary = &summarize(&trials)[0];
        assert_eq!((summary.blocks, summary.disturbed, summary.ns_per_op), (0, 1, None));
        assert_eq!(summary.acquisitions_per_op, None);
    }

    #[test]
    fn no_locks_is_no_contended_share() {
        let trials = [Trial { lock: LockCounts::default(), ..trial("seqlock", 0) }];
        let summary = &summarize(&trials)[0];
        assert_eq!((summary.acquisitions_per_op, summary.contended_share), (Some(0.0), None));
    }
}
