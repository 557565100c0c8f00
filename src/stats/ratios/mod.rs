//! Strategies against the baseline, inside blocks.
//!
//! In a block all contestants take turns, so what the machine does to one it does to the others: the ratio is taken inside a block
//! and the blocks are the sample (Kalibera and Jones, *Rigorous benchmarking in reasonable time*, 2013: repeat where the variance
//! arises). Disturbed trials are left out; the repeats that they were given stand for them, and a block that has no undisturbed
//! trial of either side gives no pair.
//!
//! **Three families** of rows, each with simultaneous 95 % intervals: figures of all operations together, figures of one kind of
//! operation or one role, and percentiles. A net row repeats a raw one in other units and has its level; the A/A control tests
//! and decides nothing, so its rows share a level of their own; a state that holds all blocks is not counted twice.

mod pairs;

use std::collections::BTreeMap;

use super::interval::MIN_BLOCKS;
use super::{CONFIDENCE, Interval, bias, corrected_confidence, median, median_interval, verdict, verdict_beside};
use crate::record::{AA_CONTROL, ALL, Metric, OperationRow, Point, Ratio, ThreadRow, Trial, Verdict};
use pairs::{Comparison, Pair};

/// What a run has measured, block by block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured<'a> {
    /// Every trial.
    pub trials: &'a [Trial],
    /// Every thread's part in them; without them no ratio is given by role.
    pub threads: &'a [ThreadRow],
    /// Latencies by block; without them no ratio is given by operation, and no percentile has one.
    pub operations: &'a [OperationRow],
    /// The step of the clock that stamped them, ns: a smaller difference between two percentiles has no verdict.
    pub clock_step_ns: f64,
}

impl<'a> From<&'a [Trial]> for Measured<'a> {
    fn from(trials: &'a [Trial]) -> Self {
        Measured { trials, ..Measured::default() }
    }
}

impl<'a> From<&'a Vec<Trial>> for Measured<'a> {
    fn from(trials: &'a Vec<Trial>) -> Self {
        trials.as_slice().into()
    }
}

/// One row per point, metric, operation, state and strategy other than the baseline and the floor, ordered by these. `margin` is the
/// difference still called `same`, as a fraction.
///
/// Figures of all operations rest on undisturbed trials of the throughput pass or, at points that have none because the load is
/// paced, of the latency pass. A row is left out if no block has both sides, and a net one also where either side lies at the floor
/// in more than one block of twenty; no block is left out for that.
pub fn ratios<'a>(measured: impl Into<Measured<'a>>, baseline: &str, margin: f64) -> Vec<Ratio> {
    let measured = measured.into();
    let comparisons = pairs::comparisons(measured, baseline);
    let split: Vec<(&Comparison<'_>, String, Vec<Pair>)> = comparisons.iter().flat_map(by_state).collect();
    let levels = Levels::of(&split);
    let interval = |pairs: &[Pair], confidence| {
        median_interval(&pairs.iter().map(|pair| pair.log_ratio).collect::<Vec<f64>>(), confidence).map(Interval::exp)
    };
    let biases: BTreeMap<(&Point, Metric, &str, &str), f64> = split
        .iter()
        .filter(|(comparison, ..)| comparison.strategy == AA_CONTROL)
        .filter_map(|(Comparison { point, metric, op, .. }, state, pairs)| {
            let control = interval(pairs, levels.of_control(*metric, op))?;
            Some(((point, *metric, *op, state.as_str()), bias(control)))
        })
        .collect();
    split
        .iter()
        .filter_map(|(comparison, state, pairs)| {
            let Comparison { point, metric, op, strategy, .. } = comparison;
            let confidence = match *strategy {
                AA_CONTROL => levels.of_control(*metric, op),
                _ => levels.of_row(*metric, op),
            };
            let interval = interval(pairs, confidence)?;
            let baseline_ns = median(&pairs.iter().map(|pair| pair.baseline_ns).collect::<Vec<f64>>())?;
            // No time times without end: neither side clears the floor in half of these blocks.
            let ns = Some(baseline_ns * interval.estimate).filter(|ns| !ns.is_nan())?;
            let bias = biases.get(&(point, *metric, *op, state.as_str())).copied().unwrap_or(0.0);
            let invisible = metric.is_percentile() && (ns - baseline_ns).abs() < measured.clock_step_ns;
            let judged = match *strategy {
                // It cannot test itself.
                AA_CONTROL => verdict(interval, pairs.len(), margin),
                _ => verdict_beside(bias, interval, pairs.len(), margin),
            };
            Some(Ratio {
                workload: point.workload.clone(),
                threads: point.threads,
                metric: *metric,
                strategy: (*strategy).to_owned(),
                baseline: baseline.to_owned(),
                ratio: interval.estimate,
                ci_low: interval.low,
                ci_high: interval.high,
                blocks: pairs.len(),
                verdict: match judged {
                    Verdict::TooFewBlocks => judged,
                    _ if invisible => Verdict::Unclear,
                    _ => judged,
                },
                state: state.clone(),
                op: (*op).to_owned(),
                ns,
                baseline_ns,
                confidence,
                threshold: margin,
                bias,
            })
        })
        .collect()
}

/// A strategy against the baseline in one block, by the figure that decides at the point.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockRatio {
    /// The point.
    pub point: Point,
    /// The strategy's name.
    pub strategy: String,
    /// The block.
    pub block: usize,
    /// The state of the machine; empty if it is not known.
    pub state: String,
    /// Strategy over baseline; below 1 is faster.
    pub ratio: f64,
}

/// What the deciding rows of [`ratios`] rest on, block by block.
pub fn block_ratios(trials: &[Trial], baseline: &str) -> Vec<BlockRatio> {
    let of_blocks = deciding(trials, baseline).flat_map(|Comparison { point, strategy, pairs, .. }| {
        pairs.into_iter().map(move |pair| BlockRatio {
            point: point.clone(),
            strategy: strategy.to_owned(),
            block: pair.block,
            state: pair.state,
            ratio: pair.log_ratio.exp(),
        })
    });
    of_blocks.collect()
}

/// The ratios that decide of one strategy at a point, in all states.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRatios {
    /// The point.
    pub point: Point,
    /// What is compared.
    pub metric: Metric,
    /// The strategy.
    pub strategy: String,
    /// The natural logarithm of strategy over baseline, a block each.
    pub logs: Vec<f64>,
}

/// What intervals of any level are taken of, for whoever judges more than one run at once.
pub fn log_ratios(trials: &[Trial], baseline: &str) -> Vec<LogRatios> {
    let of_points = deciding(trials, baseline).map(|it| LogRatios {
        logs: it.pairs.iter().map(|pair| pair.log_ratio).collect(),
        strategy: it.strategy.to_owned(),
        metric: it.metric,
        point: it.point,
    });
    of_points.collect()
}

/// The comparisons that decide: all operations together, as measured.
fn deciding<'a>(trials: &'a [Trial], baseline: &str) -> impl Iterator<Item = Comparison<'a>> {
    let all = pairs::comparisons(trials.into(), baseline).into_iter();
    all.filter(|it| it.metric.is_raw() && it.op == ALL)
}

/// All blocks of a comparison, and those of each state that has enough of them.
fn by_state<'a, 'b>(comparison: &'b Comparison<'a>) -> Vec<(&'b Comparison<'a>, String, Vec<Pair>)> {
    let mut states: BTreeMap<&str, Vec<Pair>> = BTreeMap::new();
    for pair in comparison.pairs.iter().filter(|pair| !pair.state.is_empty()) {
        states.entry(&pair.state).or_default().push(pair.clone());
    }
    let of_states = states.into_iter().filter(|(_, pairs)| pairs.len() >= MIN_BLOCKS);
    std::iter::once((ALL, comparison.pairs.clone()))
        .chain(of_states)
        .map(|(state, pairs)| (comparison, state.to_owned(), pairs))
        .collect()
}

/// What rows share a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Whole,
    Operations,
    Percentiles,
}

impl Family {
    fn of(metric: Metric, op: &str) -> Self {
        match op {
            _ if metric.is_percentile() => Self::Percentiles,
            ALL => Self::Whole,
            _ => Self::Operations,
        }
    }
}

/// How many rows, and how many controls, each family has.
struct Levels(BTreeMap<Family, (usize, usize)>);

impl Levels {
    fn of(split: &[(&Comparison<'_>, String, Vec<Pair>)]) -> Self {
        let mut counts: BTreeMap<Family, (usize, usize)> = BTreeMap::new();
        for (comparison, state, pairs) in split {
            let again = state != ALL && pairs.len() == comparison.pairs.len();
            if again || comparison.metric == Metric::NetNsPerOp {
                continue;
            }
            let count = counts.entry(Family::of(comparison.metric, comparison.op)).or_default();
            match comparison.strategy {
                AA_CONTROL => count.1 += 1,
                _ => count.0 += 1,
            }
        }
        Levels(counts)
    }

    fn of_row(&self, metric: Metric, op: &str) -> f64 {
        corrected_confidence(CONFIDENCE, self.0.get(&Family::of(metric, op)).map_or(1, |count| count.0))
    }

    fn of_control(&self, metric: Metric, op: &str) -> f64 {
        corrected_confidence(CONFIDENCE, self.0.get(&Family::of(metric, op)).map_or(1, |count| count.1))
    }
}

#[cfg(test)]
mod tests;
