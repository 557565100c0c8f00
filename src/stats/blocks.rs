//! One strategy at one point, block by block.

use std::collections::BTreeMap;

use serde::Serialize;

use super::summary::flat_out;
use crate::record::{Metric, Pass, Point, Trial};

/// One strategy at one point: what a comparison is between.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// The point.
    pub point: Point,
    /// The strategy's name.
    pub strategy: String,
}

impl Subject {
    /// Whether a trial is this one's.
    pub fn owns(&self, trial: &Trial) -> bool {
        (trial.threads, &trial.workload, &trial.strategy) == (self.point.threads, &self.point.workload, &self.strategy)
    }

    /// Another strategy at the same point.
    pub(super) fn beside(&self, strategy: &str) -> Subject {
        Subject { point: self.point.clone(), strategy: strategy.to_owned() }
    }
}

/// Every strategy at every point that was measured, in the order of names.
pub fn subjects(trials: &[Trial]) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = trials
        .iter()
        .map(|trial| Subject {
            point: Point { workload: trial.workload.clone(), threads: trial.threads },
            strategy: trial.strategy.clone(),
        })
        .collect();
    subjects.sort();
    subjects.dedup();
    subjects
}

/// What decides at a point: time per operation, or service time where there is no throughput pass because the load is paced.
pub fn deciding_metric(trials: &[Trial], point: &Point) -> Metric {
    match flat_out(trials).contains(&(point.workload.as_str(), point.threads)) {
        true => Metric::NsPerOp,
        false => Metric::ServiceNs,
    }
}

/// The pass that what decides at a point is measured in.
pub(super) fn deciding_pass(trials: &[Trial], point: &Point) -> Pass {
    match deciding_metric(trials, point) {
        Metric::NsPerOp | Metric::NetNsPerOp => Pass::Throughput,
        _ => Pass::Latency,
    }
}

/// A figure of each block.
pub(super) type Logs = BTreeMap<usize, f64>;

/// The natural logarithm of the deciding figure, ns, in each block that has an undisturbed trial; several trials in one block
/// count as one, by the mean of their logarithms.
pub(super) fn log_figures(trials: &[Trial], subject: &Subject) -> Logs {
    let log = |trials: &Vec<&Trial>| mean(trials.iter().map(|trial| trial.ns_per_op.ln()));
    deciding_trials(trials, subject).iter().map(|(block, trials)| (*block, log(trials))).collect()
}

/// The natural logarithm of the ratio to the baseline in each block that has both: what the slices said, where the two took turns in
/// slices, as in [`ratios`](super::ratios()). 0 for the baseline itself.
pub(super) fn log_ratios(trials: &[Trial], subject: &Subject, baseline: &str) -> Logs {
    let (own, base) = (log_figures(trials, subject), log_figures(trials, &subject.beside(baseline)));
    let in_slices = |trials: &Vec<&Trial>| trials.iter().map(|trial| trial.log_ratio).collect::<Option<Vec<f64>>>();
    let both = deciding_trials(trials, subject).into_iter().filter_map(|(block, trials)| {
        let whole = own.get(&block)? - base.get(&block)?;
        Some((block, in_slices(&trials).map_or(whole, |logs| mean(logs.into_iter()))))
    });
    both.collect()
}

/// The undisturbed trials that decide, by block.
fn deciding_trials<'a>(trials: &'a [Trial], subject: &Subject) -> BTreeMap<usize, Vec<&'a Trial>> {
    let pass = deciding_pass(trials, &subject.point);
    let mut blocks: BTreeMap<usize, Vec<&Trial>> = BTreeMap::new();
    let usable =
        |trial: &&Trial| subject.owns(trial) && trial.pass == pass && !trial.disturbed && trial.ns_per_op > 0.0;
    for trial in trials.iter().filter(usable) {
        blocks.entry(trial.block).or_default().push(trial);
    }
    blocks
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}
