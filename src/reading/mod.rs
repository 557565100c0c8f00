//! A result set: trials, live or read from disk, and everything that is said of them.
//!
//! Every command reads its figures here and nowhere else: the answer of `run` and `replay`, the page, `compare`, `crossover`, the
//! claims of a study, and the JSON of each. So this module alone knows which metric decides at a point, which row of the ratios
//! is the answer, whose a tail is, what a load really did, and why a figure is missing. It computes nothing that
//! [`stats`] computes, and it writes no sentence but the reason why a figure is missing.

mod counting;
mod counts;
mod cut;
mod implausible;
mod missing;
mod results;
mod runs;
mod standing;
mod states;
mod study;
mod tally;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use counting::{Counting, as_asked};
pub use counts::{Graces, Pass, Saturated, Shares, Uneven};
pub use implausible::Implausible;
pub use missing::{Missing, MissingFigure, points_without_figures};
pub use results::{Picture, Results};
pub use runs::{Runs, run_name};
pub use standing::{Answer, Place, Scores, Standing};
pub use states::States;
pub use study::{MODEL, Model, StudyResults};
pub use tally::Tally;

use crate::record::{
    AA_CONTROL, ALL, Common, Kind, LatencyRow, Metric, Point, Ratio, RunRecord, RunState, Trial, Verdict, is_floor,
};
use crate::stats::{self, LogRatios, Measured, Subject, Summary, Tails, deciding_metric, summarize};

/// The trials of a run and what follows from them.
pub struct Reading<'a> {
    /// What was run, where, and how it went.
    pub run: &'a RunRecord,
    /// Every trial.
    pub trials: &'a [Trial],
    /// All that was measured block by block, the trials included.
    pub measured: Measured<'a>,
    /// Percentiles, of the undisturbed trials of the latency pass.
    pub latency: &'a [LatencyRow],
    /// What the others are compared with.
    pub baseline: &'a str,
    /// The difference still called the same, as a fraction.
    pub threshold: f64,
    /// Every ratio, computed from the trials.
    pub ratios: Vec<Ratio>,
    /// Medians and shares, per point and strategy.
    pub summaries: Vec<Summary>,
    /// The points, by workload in the order in which the run names them, then by threads.
    pub points: Vec<Point>,
    /// What was measured, in the order in which the run names it; neither a floor nor the A/A control.
    pub strategies: Vec<String>,
}

impl<'a> Reading<'a> {
    /// Reads what was measured. `latency` holds the percentiles over all blocks.
    pub fn new(run: &'a RunRecord, measured: impl Into<Measured<'a>>, latency: &'a [LatencyRow]) -> Self {
        let clock_step_ns = run.conditions.clock.as_ref().map_or(0.0, |clock| clock.resolution_ns);
        let measured = Measured { clock_step_ns, ..measured.into() };
        let trials = measured.trials;
        let told = &run.parameters.common;
        let (baseline, threshold) = (told.baseline.as_str(), told.threshold);
        Reading {
            run,
            trials,
            measured,
            latency,
            baseline,
            threshold,
            ratios: stats::ratios(measured, baseline, threshold),
            summaries: summarize(trials),
            points: points(run, trials),
            strategies: strategies(told, trials),
        }
    }

    /// Whether the run ended as planned.
    pub fn is_whole(&self) -> bool {
        self.run.state == RunState::Complete
    }

    /// What decides at a point: service time where the load is paced, else time per operation.
    pub fn metric(&self, point: &Point) -> Metric {
        deciding_metric(self.trials, point)
    }

    /// Whether the load is paced at a point, so that service time decides there.
    pub fn is_paced(&self, point: &Point) -> bool {
        self.metric(point) == Metric::ServiceNs
    }

    /// The ratio that decides at a point, for a strategy or the A/A control.
    pub fn ratio(&self, point: &Point, strategy: &str) -> Option<&Ratio> {
        self.ratio_in(point, strategy, ALL)
    }

    /// The same in the blocks of one state.
    pub fn ratio_in(&self, point: &Point, strategy: &str, state: &str) -> Option<&Ratio> {
        let raw = |it: &&Ratio| it.op == ALL && it.state == state && it.metric.is_raw();
        self.ratios_of(point, strategy).find(raw)
    }

    /// The ratio net of the floor.
    pub fn net_ratio(&self, point: &Point, strategy: &str) -> Option<&Ratio> {
        self.metric_ratio(point, strategy, ALL, Metric::NetNsPerOp)
    }

    /// The ratio of one kind of operation or one role by all its time, or of all operations together.
    pub fn part_ratio(&self, point: &Point, strategy: &str, op: &str) -> Option<&Ratio> {
        self.ratios_of(point, strategy).find(|it| it.op == op && it.state == ALL && it.metric.is_raw())
    }

    /// The ratio of this metric of one kind of operation, over all states.
    pub fn metric_ratio(&self, point: &Point, strategy: &str, op: &str, metric: Metric) -> Option<&Ratio> {
        self.ratios_of(point, strategy).find(|it| it.op == op && it.state == ALL && it.metric == metric)
    }

    fn ratios_of(&self, point: &Point, strategy: &str) -> impl Iterator<Item = &Ratio> {
        self.ratios.iter().filter(move |it| is_of(it, point) && it.strategy == strategy)
    }

    /// What a point's ratios are given for beside all operations together: the kinds of operation, the most frequent first, then the
    /// roles.
    pub fn parts(&self, point: &Point) -> Vec<&str> {
        let of_part = |it: &&Ratio| is_of(it, point) && it.op != ALL && it.state == ALL && it.metric.is_raw();
        let mut parts: Vec<&str> = self.ratios.iter().filter(of_part).map(|it| it.op.as_str()).collect();
        parts.sort_unstable();
        parts.dedup();
        let done = |op: &str| {
            let rows = self.latency.iter().filter(|it| is_at(it, point) && it.is_service() && it.op == op);
            rows.map(|it| it.count).sum::<u64>()
        };
        parts.sort_by_key(|op| std::cmp::Reverse(done(op)));
        parts
    }

    /// The ratios that decide, of all strategies at all points that are not biased; no control.
    pub fn deciding(&self) -> impl Iterator<Item = &Ratio> {
        let wanted = |it: &&Ratio| it.decides() && it.strategy != AA_CONTROL && !self.is_biased(&point_of(it));
        self.ratios.iter().filter(wanted)
    }

    /// The logarithms of the ratios that decide, block by block, over any baseline; no control.
    pub fn log_ratios(&self, baseline: &str) -> Vec<LogRatios> {
        let all = stats::log_ratios(self.trials, baseline);
        all.into_iter().filter(|it| it.strategy != AA_CONTROL).collect()
    }

    /// Whether the A/A control came out faster or slower than itself at a point, so that nothing there counts.
    pub fn is_biased(&self, point: &Point) -> bool {
        self.ratio(point, AA_CONTROL).is_some_and(Ratio::is_biased)
    }

    /// The [`bias`](stats::bias()) that the A/A control shows at a point, a fraction.
    pub fn bias(&self, point: &Point) -> f64 {
        self.ratio(point, AA_CONTROL).map_or(0.0, |it| it.bias)
    }

    /// Medians and shares of a strategy at a point.
    pub fn summary(&self, point: &Point, strategy: &str) -> Option<&Summary> {
        self.summaries.iter().find(|it| it.point == *point && it.strategy == strategy)
    }

    /// The trials of a strategy at a point, disturbed ones included.
    pub fn trials(&self, point: &Point, strategy: &str) -> impl Iterator<Item = &'a Trial> + use<'a> {
        let subject = Subject { point: point.clone(), strategy: strategy.to_owned() };
        self.trials.iter().filter(move |trial| subject.owns(trial))
    }

    /// The undisturbed ones of them.
    pub fn quiet(&self, point: &Point, strategy: &str) -> impl Iterator<Item = &'a Trial> + use<'a> {
        self.trials(point, strategy).filter(|trial| !trial.disturbed)
    }

    /// The operations of the latency pass at a point, the most frequent first.
    pub fn ops(&self, point: &Point) -> Vec<&'a str> {
        let mut rows: Vec<&LatencyRow> = self.latency.iter().filter(|it| is_at(it, point) && it.is_service()).collect();
        rows.sort_by_key(|it| std::cmp::Reverse(it.count));
        let mut ops: Vec<&str> = Vec::new();
        for row in rows {
            if !ops.contains(&row.op.as_str()) {
                ops.push(&row.op);
            }
        }
        ops
    }

    /// The operation that the latency pass saw most of at a point.
    pub fn commonest_op(&self, point: &Point) -> Option<&'a str> {
        self.ops(point).first().copied()
    }

    /// Percentiles of one operation under a strategy at a point.
    pub fn latency(&self, point: &Point, strategy: &str, op: &str, kind: Kind) -> Option<&'a LatencyRow> {
        let mut rows = self.latency.iter().filter(|it| is_at(it, point) && it.kind == kind);
        rows.find(|it| it.strategy == strategy && it.op == op)
    }

    /// Whether response times were recorded at a point: where the load is open, or played at a pace.
    pub fn has_response_times(&self, point: &Point) -> bool {
        self.latency.iter().any(|it| is_at(it, point) && it.kind == Kind::Response)
    }

    /// Whose the tails are.
    pub fn tails(&self) -> Tails<'a> {
        Tails::new(self.latency, Some(self.baseline))
    }

    /// How many processors the threads were bound to; 0 if to none, `None` if the run does not say.
    pub fn cpus(&self) -> Option<usize> {
        Some(self.run.parameters.common.cpus.len())
    }

    /// Blocks that have a trial.
    pub fn blocks(&self) -> usize {
        let mut blocks: Vec<usize> = self.trials.iter().map(|trial| trial.block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks.len()
    }

    /// Trials that are left out of every figure.
    pub fn disturbed(&self) -> usize {
        self.trials.iter().filter(|trial| trial.disturbed).count()
    }
}

/// Whether a verdict says that there is a difference.
pub fn is_difference(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Faster | Verdict::Slower)
}

/// The point of a ratio.
pub fn point_of(ratio: &Ratio) -> Point {
    Point { workload: ratio.workload.clone(), threads: ratio.threads }
}

fn is_of(ratio: &Ratio, point: &Point) -> bool {
    (&ratio.workload, ratio.threads) == (&point.workload, point.threads)
}

fn is_at(row: &LatencyRow, point: &Point) -> bool {
    (&row.workload, row.threads) == (&point.workload, point.threads)
}

/// Those that were played and those at which nothing could be, in the order of the run's workloads.
fn points(run: &RunRecord, trials: &[Trial]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    let played = trials.iter().map(|it| (&it.workload, it.threads));
    let failed = run.left_out.iter().map(|it| (&it.workload, it.threads));
    for (workload, threads) in played.chain(failed) {
        if !points.iter().any(|known| (&known.workload, known.threads) == (workload, threads)) {
            points.push(Point { workload: workload.clone(), threads });
        }
    }
    let command = &run.parameters.command;
    let synthetic = command.workloads().iter().map(|it| it.name.as_str());
    let order: Vec<&str> = synthetic.chain(command.traces().iter().map(|it| it.workload.as_str())).collect();
    let place = |point: &Point| order.iter().position(|name| *name == point.workload).unwrap_or(order.len());
    points.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
    points
}

/// In the order in which the run names them, then any other.
fn strategies(told: &Common, trials: &[Trial]) -> Vec<String> {
    let mut strategies: Vec<String> = told.strategies.clone();
    for subject in stats::subjects(trials) {
        let controls = is_floor(&subject.strategy) || subject.strategy == AA_CONTROL;
        let known = controls || strategies.contains(&subject.strategy);
        if !known {
            strategies.push(subject.strategy);
        }
    }
    strategies
}
