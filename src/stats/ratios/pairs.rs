//! Pairs: a strategy and the baseline in the same block.

use std::collections::{BTreeMap, BTreeSet};

use super::super::summary::{MOST_AT_FLOOR, deciding, flat_out};
use super::Measured;
use crate::record::{ALL, Kind, Metric, OperationRow, Pass, Point, RECLAIM, Trial, is_floor};

/// A strategy against the baseline in one block.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The block.
    pub block: usize,
    /// The natural logarithm of strategy over baseline. A net figure that is not above the floor is no reason to drop the block: −∞ where
    /// it is the strategy's, ∞ where it is the baseline's, 0 where nothing tells the two apart.
    pub log_ratio: f64,
    /// The baseline's figure, ns.
    pub baseline_ns: f64,
    /// The state of the machine; empty if it is not known.
    pub state: String,
}

/// A row to be.
pub struct Comparison<'a> {
    pub point: Point,
    pub metric: Metric,
    pub op: &'a str,
    pub strategy: &'a str,
    pub pairs: Vec<Pair>,
}

/// Figures by strategy and block, ns, of what is compared at a point.
type Figures<'a> = BTreeMap<(Point, Metric, &'a str), BTreeMap<&'a str, BTreeMap<usize, Cell>>>;

/// What the trials of one strategy in one block come to. Several trials (A B B A) count as one, by the mean of their logarithms.
#[derive(Clone, Debug, Default)]
struct Cell {
    logs: Vec<f64>,
    /// The logarithm of the ratio to the baseline, where the trials were played in slices beside it.
    paired: Vec<Option<f64>>,
    at_floor: bool,
}

impl Cell {
    fn add(&mut self, ns: f64, paired: Option<f64>, at_floor: bool) {
        self.logs.push(ns.ln());
        self.paired.push(paired);
        self.at_floor |= at_floor;
    }

    fn log(&self) -> f64 {
        mean(&self.logs)
    }

    /// Against the baseline in the same block.
    fn log_ratio(&self, base: &Cell) -> f64 {
        let paired: Option<Vec<f64>> = self.paired.iter().copied().collect();
        match paired {
            Some(paired) => mean(&paired),
            None if self.log() == base.log() => 0.0,
            None => self.log() - base.log(),
        }
    }
}

/// All comparisons that any block has a pair for.
pub fn comparisons<'a>(measured: Measured<'a>, baseline: &str) -> Vec<Comparison<'a>> {
    let states = states(measured.trials);
    let mut figures = Figures::new();
    whole(measured.trials, &mut figures);
    roles(measured, &mut figures);
    operations(measured.operations, &mut figures);
    let mut comparisons = Vec::new();
    for ((point, metric, op), strategies) in &figures {
        let Some(base) = strategies.get(baseline) else { continue };
        for (strategy, blocks) in strategies.iter().filter(|(name, _)| **name != baseline && !is_floor(name)) {
            if *metric == Metric::NetNsPerOp && (lies_at_floor(blocks) || lies_at_floor(base)) {
                continue;
            }
            let pair = |(block, cell): (&usize, &Cell)| {
                let base = base.get(block)?;
                Some(Pair {
                    block: *block,
                    log_ratio: cell.log_ratio(base),
                    baseline_ns: base.log().exp(),
                    state: states.get(&(point.clone(), *block)).map_or(String::new(), |state| (*state).to_owned()),
                })
            };
            let pairs: Vec<Pair> = blocks.iter().filter_map(pair).collect();
            if !pairs.is_empty() {
                comparisons.push(Comparison { point: point.clone(), metric: *metric, op, strategy, pairs });
            }
        }
    }
    comparisons
}

/// The state of the machine in each block.
fn states(trials: &[Trial]) -> BTreeMap<(Point, usize), &str> {
    let undisturbed = trials.iter().filter(|trial| !trial.disturbed);
    undisturbed.map(|trial| ((point(trial), trial.block), trial.state.as_str())).collect()
}

fn point(trial: &Trial) -> Point {
    Point { workload: trial.workload.clone(), threads: trial.threads }
}

/// All operations together.
fn whole<'a>(trials: &'a [Trial], figures: &mut Figures<'a>) {
    let flat_out = flat_out(trials);
    let usable = |trial: &&Trial| {
        !trial.disturbed && deciding(trial, &flat_out) && trial.ns_per_op.is_finite() && trial.ns_per_op > 0.0
    };
    for trial in trials.iter().filter(usable) {
        let raw = match trial.pass {
            Pass::Throughput => Metric::NsPerOp,
            Pass::Latency => Metric::ServiceNs,
        };
        let mut add = |metric, ns, paired, at_floor| {
            let strategies = figures.entry((point(trial), metric, ALL)).or_default();
            strategies
                .entry(&trial.strategy)
                .or_default()
                .entry(trial.block)
                .or_default()
                .add(ns, paired, at_floor);
        };
        add(raw, trial.ns_per_op, trial.log_ratio, trial.at_floor);
        if let (Metric::NsPerOp, Some(floor_ns)) = (raw, trial.floor_ns) {
            let net_ns = trial.ns_per_op - floor_ns;
            // ln of what is not positive is no number; −∞ keeps its place in a median.
            add(Metric::NetNsPerOp, net_ns.max(0.0), trial.log_net_ratio, trial.at_floor || net_ns <= 0.0);
        }
    }
}

/// Thread-nanoseconds per operation of each role, in the pass that decides, where there is more than one role.
fn roles<'a>(measured: Measured<'a>, figures: &mut Figures<'a>) {
    let flat_out = flat_out(measured.trials);
    let disturbed: BTreeSet<(&str, &str, usize, usize, Pass)> = measured
        .trials
        .iter()
        .filter(|trial| trial.disturbed || !deciding(trial, &flat_out))
        .map(|trial| (trial.workload.as_str(), trial.strategy.as_str(), trial.threads, trial.block, trial.pass))
        .collect();
    let mut roles: BTreeMap<Point, BTreeSet<&str>> = BTreeMap::new();
    for row in measured.threads {
        let point = Point { workload: row.workload.clone(), threads: row.threads };
        roles.entry(point).or_default().insert(&row.role);
    }
    // Operations and time by point, role, strategy and block.
    let mut sums: BTreeMap<(&Point, &str, &str, usize), (u64, u64)> = BTreeMap::new();
    for row in measured.threads {
        let point = Point { workload: row.workload.clone(), threads: row.threads };
        let Some((point, _)) = roles.get_key_value(&point).filter(|(_, roles)| roles.len() > 1) else {
            continue;
        };
        // Service times are not in this file.
        let paced = row.pass == Pass::Latency;
        if paced || disturbed.contains(&(&row.workload, &row.strategy, row.threads, row.block, row.pass)) {
            continue;
        }
        let sum = sums.entry((point, row.role.as_str(), row.strategy.as_str(), row.block)).or_default();
        *sum = (sum.0 + row.ops, sum.1 + row.elapsed_ns);
    }
    for ((point, role, strategy, block), (ops, elapsed_ns)) in sums.into_iter().filter(|(_, (ops, _))| *ops > 0) {
        let strategies = figures.entry((point.clone(), Metric::NsPerOp, role)).or_default();
        let cell = strategies.entry(strategy).or_default().entry(block).or_default();
        cell.add(elapsed_ns as f64 / ops as f64, None, false);
    }
}

/// Service times by kind of operation, and percentiles. Grace periods are not compared: how long they are is the load's doing.
fn operations<'a>(rows: &'a [OperationRow], figures: &mut Figures<'a>) {
    for row in rows.iter().filter(|row| row.op != RECLAIM) {
        let point = Point { workload: row.workload.clone(), threads: row.threads };
        let ns = |value: Option<u64>| value.map(|ns| ns as f64);
        let of_kind: &[(Metric, Option<f64>)] = match row.kind {
            Kind::Service => &[
                (Metric::ServiceNs, Some(row.typical_ns)),
                (Metric::P50Ns, ns(row.p50_ns)),
                (Metric::P99Ns, ns(row.p99_ns)),
                (Metric::P999Ns, ns(row.p999_ns)),
            ],
            Kind::Response => &[
                (Metric::ResponseP99Ns, ns(row.p99_ns)),
                (Metric::ResponseP999Ns, ns(row.p999_ns)),
            ],
        };
        for (metric, ns) in of_kind {
            if let Some(ns) = ns.filter(|ns| *ns > 0.0) {
                let strategies = figures.entry((point.clone(), *metric, row.op.as_str())).or_default();
                strategies.entry(&row.strategy).or_default().entry(row.block).or_default().add(ns, None, false);
            }
        }
    }
}

fn lies_at_floor(blocks: &BTreeMap<usize, Cell>) -> bool {
    let at_floor = blocks.values().filter(|cell| cell.at_floor).count();
    at_floor as f64 > MOST_AT_FLOOR * blocks.len() as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
