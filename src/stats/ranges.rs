//! What a model's results come to: ratios with a range, and from how many threads on a strategy pays.
//!
//! A model's block is not a repetition. Block 0 is played with the costs that the machine's description states, block 1 with all of
//! them lowest, block 2 with all highest. So the figure is that of block 0, and from the least to the greatest of the three is a range:
//! what the description leaves open. It is no confidence interval, and it does not hold the model's own error.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::MIN_BLOCKS;
use super::{Interval, verdict};
use crate::record::{ALL, Metric, Ratio, Trial};

/// Costs stated, lowest and highest.
pub const ENDS: usize = 3;

/// The figure with stated costs, between the least and the greatest of all three.
pub fn range(of: [f64; ENDS]) -> Interval {
    Interval {
        estimate: of[0],
        low: of.into_iter().fold(f64::INFINITY, f64::min),
        high: of.into_iter().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// Ratios of one strategy to the baseline on one workload: threads, ascending, with a ratio for each end.
pub type ByThreads = Vec<(usize, [f64; ENDS])>;

/// Time per operation over the baseline's, by workload and strategy. What was not played with all three costs is left out.
pub fn ratios_by_end(trials: &[Trial], baseline: &str) -> Vec<((String, String), ByThreads)> {
    let mut played: BTreeMap<(&str, &str, usize), [Option<f64>; ENDS]> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| trial.block < ENDS) {
        let place = (trial.workload.as_str(), trial.strategy.as_str(), trial.threads);
        played.entry(place).or_default()[trial.block] = Some(trial.ns_per_op);
    }
    let whole = |of: &[Option<f64>; ENDS]| Some([of[0]?, of[1]?, of[2]?]);
    // In the order of the file, which is that of the run's workloads and strategies.
    let mut found: Vec<((String, String), ByThreads)> = Vec::new();
    for trial in trials.iter().filter(|trial| trial.block == 0 && trial.strategy != baseline) {
        let (workload, strategy, threads) = (trial.workload.as_str(), trial.strategy.as_str(), trial.threads);
        let of = played.get(&(workload, strategy, threads)).and_then(whole);
        let base = played.get(&(workload, baseline, threads)).and_then(whole);
        let Some((of, base)) = of.zip(base) else { continue };
        let ratios = std::array::from_fn(|end| of[end] / base[end]);
        match found.iter_mut().find(|((w, s), _)| w == workload && s == strategy) {
            Some((_, rows)) => rows.push((threads, ratios)),
            None => found.push(((workload.to_owned(), strategy.to_owned()), vec![(threads, ratios)])),
        }
    }
    for (_, rows) in &mut found {
        rows.sort_by_key(|(threads, _)| *threads);
    }
    found
}

/// The rows of a model's `ratios.csv`. `threshold` is the difference still called the same, as a fraction.
pub fn predicted_ratios(trials: &[Trial], baseline: &str, threshold: f64) -> Vec<Ratio> {
    let stated = |workload: &str, strategy: &str, threads: usize| {
        let of = |trial: &&Trial| {
            (trial.workload.as_str(), trial.strategy.as_str(), trial.threads, trial.block)
                == (workload, strategy, threads, 0)
        };
        trials.iter().find(of).map_or(f64::NAN, |trial| trial.ns_per_op)
    };
    let mut ratios = Vec::new();
    for ((workload, strategy), rows) in ratios_by_end(trials, baseline) {
        for (threads, of) in rows {
            let range = range(of);
            ratios.push(Ratio {
                workload: workload.clone(),
                threads,
                metric: Metric::NsPerOp,
                strategy: strategy.clone(),
                baseline: baseline.to_owned(),
                ratio: range.estimate,
                ci_low: range.low,
                ci_high: range.high,
                blocks: ENDS,
                // The rule asks for the whole range. Its ends are no sample, so none of them is too few.
                verdict: verdict(range, MIN_BLOCKS, threshold),
                state: ALL.to_owned(),
                op: ALL.to_owned(),
                ns: stated(&workload, &strategy, threads),
                baseline_ns: stated(&workload, baseline, threads),
                // A range has no level.
                confidence: 0.0,
                threshold,
                bias: 0.0,
            });
        }
    }
    ratios
}

/// From how many threads on a strategy is faster than the baseline, by more than the margin, there and at every higher number played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PaysFrom {
    /// With stated costs; `None`: not at the highest number played.
    pub stated: Option<usize>,
    /// The least that any end gives; `None`: none pays.
    pub least: Option<usize>,
    /// The greatest that any end gives; `None`: with some costs it does not pay.
    pub most: Option<usize>,
}

/// From how many threads on it pays, from [`ratios_by_end`].
pub fn pays_from(rows: &[(usize, [f64; ENDS])], margin: f64) -> PaysFrom {
    let from = |end: usize| {
        let pays = |(_, ratios): &&(usize, [f64; ENDS])| ratios[end] < 1.0 / (1.0 + margin);
        rows.iter().rev().take_while(pays).last().map(|(threads, _)| *threads)
    };
    let ends: [Option<usize>; ENDS] = std::array::from_fn(from);
    PaysFrom {
        stated: ends[0],
        least: ends.into_iter().flatten().min(),
        most: ends.into_iter().collect::<Option<Vec<usize>>>().and_then(|ends| ends.into_iter().max()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Verdict;
    use crate::stats::testing::trial;

    fn played(strategy: &str, threads: usize, ns: [f64; ENDS]) -> Vec<Trial> {
        let of = |(block, ns): (usize, &f64)| Trial { threads, ns_per_op: *ns, ..trial(strategy, block) };
        ns.iter().enumerate().map(of).collect()
    }

    #[test]
    fn a_verdict_asks_for_the_whole_range() {
        for (ns, expected) in [
            ([0.5, 0.2, 0.9], Verdict::Faster),
            ([0.5, 0.2, 1.2], Verdict::Unclear),
            ([1.0, 0.995, 1.005], Verdict::Same),
            ([2.0, 1.02, 3.0], Verdict::Slower),
        ] {
            let trials = [
                played("mutex", 2, [10.0; ENDS]),
                played("seqlock", 2, ns.map(|it| it * 10.0)),
            ]
            .concat();
            let ratios = predicted_ratios(&trials, "mutex", 0.01);
            assert_eq!(ratios.len(), 1);
            assert_eq!((ratios[0].verdict, ratios[0].ratio, ratios[0].ns), (expected, ns[0], ns[0] * 10.0));
        }
    }

    #[test]
    fn it_pays_from_where_it_is_faster_at_every_higher_number() {
        // Faster alone, then slower, then faster for good: what comes before the last change does not count.
        let rows = [
            (1, [0.9, 0.9, 0.9]),
            (2, [1.5, 1.2, 1.6]),
            (4, [0.8, 0.7, 1.1]),
            (8, [0.5, 0.4, 0.6]),
        ];
        let found = pays_from(&rows, 0.01);
        assert_eq!(found, PaysFrom { stated: Some(4), least: Some(4), most: Some(8) });
        let never_with_high_costs = [(1, [0.5, 0.5, 0.5]), (2, [0.5, 0.4, 1.1])];
        let found = pays_from(&never_with_high_costs, 0.01);
        assert_eq!(found, PaysFrom { stated: Some(1), least: Some(1), most: None });
    }
}
