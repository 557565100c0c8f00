//! Strategies against the baseline, inside blocks.
//!
//! A block measures every strategy within seconds, so what the machine does to one it does to its neighbours: the ratio
//! is taken inside a block and the blocks are the sample (Kalibera and Jones, *Rigorous benchmarking in reasonable time*,
//! 2013: repeat where the variance arises). Several trials of a strategy in one block (ABBA) count as one, by the mean of
//! their logarithms. Disturbed trials are left out; the repeats that they were given in their block stand for them, and a block
//! that has no undisturbed trial of either side gives no pair.

use std::collections::{BTreeMap, BTreeSet};

use super::summary::{deciding, flat_out};
use super::{CONFIDENCE, Interval, corrected_confidence, median_interval, reach, verdict};
use crate::record::{AA_CONTROL, FLOOR, Metric, Point, Ratio, Trial};

/// One row per point, metric and strategy other than the baseline and the floor, ordered by these. `threshold` is the
/// difference still called `same`, as a fraction.
///
/// Rows rest on undisturbed trials of the throughput pass or, at points that have none because the load is paced, of the
/// latency pass. Their intervals are corrected for the number of rows, see
/// [`verdict`](super::verdict()). A row is left out if no block has both sides, and a net one also where either side
/// cannot be told from the floor: in some block its net time is not positive, or the interval of its median net time
/// reaches 0. Dropping only those blocks would pick the luckier ones.
pub fn ratios(trials: &[Trial], baseline: &str, threshold: f64) -> Vec<Ratio> {
    let comparisons = comparisons(trials, baseline);
    let confidence = corrected_confidence(CONFIDENCE, comparisons.len());
    let interval = |comparison: &Comparison| median_interval(&comparison.log_ratios, confidence).map(Interval::exp);
    let resolutions: BTreeMap<(&Point, Metric), f64> = comparisons
        .iter()
        .filter(|comparison| comparison.strategy == AA_CONTROL)
        .filter_map(|comparison| Some(((&comparison.point, comparison.metric), reach(interval(comparison)?))))
        .collect();
    let controlled: BTreeSet<(&str, usize)> = trials
        .iter()
        .filter(|trial| trial.strategy == AA_CONTROL)
        .map(|trial| (trial.workload.as_str(), trial.threads))
        .collect();
    comparisons
        .iter()
        .filter_map(|comparison| {
            let Comparison { point, metric, strategy, log_ratios } = comparison;
            let interval = interval(comparison)?;
            // A control whose every trial was disturbed has shown no resolution at all.
            let unshown = controlled.contains(&(point.workload.as_str(), point.threads)).then_some(f64::INFINITY);
            let resolution = resolutions.get(&(point, *metric)).copied().or(unshown);
            // The control is judged on its interval alone: calling it faster or slower is how it warns of a biased run.
            let judged_by = if *strategy == AA_CONTROL { None } else { resolution };
            Some(Ratio {
                workload: point.workload.clone(),
                threads: point.threads,
                metric: *metric,
                strategy: (*strategy).to_owned(),
                baseline: baseline.to_owned(),
                ratio: interval.estimate,
                ci_low: interval.low,
                ci_high: interval.high,
                blocks: log_ratios.len(),
                verdict: verdict(interval, threshold, judged_by),
                confidence,
                threshold,
                resolution,
            })
        })
        .collect()
}

/// A row to be: the natural logarithms of strategy over baseline, one per block.
struct Comparison<'a> {
    point: Point,
    metric: Metric,
    strategy: &'a str,
    log_ratios: Vec<f64>,
}

/// What one strategy's trials in one block say; `None` where the block says nothing.
#[derive(Default)]
struct Cell {
    raw_ns: Vec<f64>,
    floor_ns: Vec<Option<f64>>,
}

impl Cell {
    fn add(&mut self, trial: &Trial) {
        if !trial.disturbed {
            self.raw_ns.push(trial.ns_per_op);
            self.floor_ns.push(trial.floor_ns);
        }
    }

    /// Each undisturbed trial's figure. `None` if there is none or it lacks a floor.
    fn values(&self, metric: Metric) -> Option<Vec<f64>> {
        if self.raw_ns.is_empty() || !self.raw_ns.iter().all(|ns| ns.is_finite() && *ns > 0.0) {
            return None;
        }
        match metric {
            Metric::NsPerOp | Metric::ServiceNs => Some(self.raw_ns.clone()),
            Metric::NetNsPerOp => {
                self.raw_ns.iter().zip(&self.floor_ns).map(|(raw, floor)| Some(raw - (*floor)?)).collect()
            }
        }
    }
}

type Blocks = BTreeMap<usize, Cell>;

fn comparisons<'a>(trials: &'a [Trial], baseline: &str) -> Vec<Comparison<'a>> {
    let mut points: BTreeMap<Point, BTreeMap<&str, Blocks>> = BTreeMap::new();
    let flat_out = flat_out(trials);
    for trial in trials.iter().filter(|trial| deciding(trial, &flat_out)) {
        let point = Point { workload: trial.workload.clone(), threads: trial.threads };
        let strategies = points.entry(point).or_default();
        strategies.entry(&trial.strategy).or_default().entry(trial.block).or_default().add(trial);
    }
    let mut comparisons = Vec::new();
    for (point, strategies) in &points {
        let Some(base) = strategies.get(baseline) else { continue };
        let metrics: &[Metric] = match flat_out.contains(&(point.workload.as_str(), point.threads)) {
            true => &[Metric::NsPerOp, Metric::NetNsPerOp],
            false => &[Metric::ServiceNs],
        };
        for &metric in metrics {
            for (strategy, blocks) in strategies.iter().filter(|(name, _)| **name != baseline && **name != FLOOR) {
                if let Some(log_ratios) = log_ratios(blocks, base, metric) {
                    comparisons.push(Comparison { point: point.clone(), metric, strategy, log_ratios });
                }
            }
        }
    }
    comparisons
}

fn log_ratios(blocks: &Blocks, base: &Blocks, metric: Metric) -> Option<Vec<f64>> {
    let pairs: Vec<(Vec<f64>, Vec<f64>)> = blocks
        .iter()
        .filter_map(|(block, cell)| Some((cell.values(metric)?, base.get(block)?.values(metric)?)))
        .collect();
    let (of_strategy, of_base): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let usable = match metric {
        Metric::NsPerOp | Metric::ServiceNs => !of_strategy.is_empty(),
        Metric::NetNsPerOp => clears_floor(&of_strategy) && clears_floor(&of_base),
    };
    usable.then(|| of_strategy.iter().zip(&of_base).map(|(ours, theirs)| mean_ln(ours) - mean_ln(theirs)).collect())
}

/// Whether the net figures of all blocks can be told from 0.
fn clears_floor(blocks: &[Vec<f64>]) -> bool {
    let means: Vec<f64> = blocks.iter().map(|values| values.iter().sum::<f64>() / values.len() as f64).collect();
    blocks.iter().flatten().all(|value| *value > 0.0)
        && median_interval(&means, CONFIDENCE).is_some_and(|interval| interval.low > 0.0)
}

fn mean_ln(values: &[f64]) -> f64 {
    values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests;
