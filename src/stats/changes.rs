//! Two results against each other: B over A, for each strategy at each point.
//!
//! **What is compared.** Blocks of two runs are not paired, and between two runs the machine may have changed in ways that
//! no interval over the blocks of either can show. So the figure compared is, where possible, one that the machine's state
//! divides out of:
//!
//! - *paired*: both sides are of one run. The ratio is taken inside each block, as in [`ratios`](super::ratios()).
//! - *relative*: both runs hold the same baseline. Compared is the ratio of strategy to baseline, taken inside the blocks of
//!   each run. A change of the baseline itself would turn up here as a change of everything else, the other way round,
//!   which is why the baseline is always compared too, and as it stands:
//! - *raw*: times as they were measured, for the baseline and where the runs share none. Whatever the machine's mood did
//!   between the two runs is in it.
//!
//! **The interval** of an unpaired ratio joins those of the two medians on the logarithm by MOVER (Zou and Donner,
//! *Construction of confidence limits about effect measures*, 2008; the squares of Newcombe 1998 added): with estimates `a`,
//! `b` and limits `la..ua`, `lb..ub`, the difference `b - a` reaches down to `b - a - sqrt((b - lb)² + (ua - a)²)`, and up
//! likewise. It asks neither for normal nor for equal distributions, needs no seed, and where either median is unbounded,
//! so is the ratio. Intervals are corrected for the number of comparisons, as in [`verdict`](super::verdict()).
//!
//! **Minutes.** A run's blocks share its minutes, and its interval says nothing of others: runs of one program differ by more than their
//! intervals. How much cannot be seen in two runs, so a deviation between runs that was measured elsewhere ([`BetweenRuns`]) is joined to the
//! interval, once for each side that is a single run: a normal half-width, squares added as above. A set of runs has it in its blocks.
//! The A/A control is the same code twice, which two runs treat alike, and has none. Where the probes say that the machine itself was
//! another one ([`unlike`]), single runs of several threads are not called different at all.
//!
//! **The control** of each basis is a comparison whose answer is known to be 1: the A/A control, the baseline over
//! again, for paired and relative ones, and the floor, the harness around nothing, for raw ones. The A/A control tests, by the rule
//! of [`verdict`](super::verdict()). The floor measures how far apart the two runs are: a raw ratio that is no further from 1
//! than the floor's interval ends is no difference, since a machine that got slower between two runs moves the floor too.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use super::blocks::{Logs, Subject, deciding_metric, log_figures, log_ratios};
use super::machines::{Unlike, unlike};
use super::{CONFIDENCE, Interval, bias, corrected_confidence, median_interval, verdict, verdict_beside};
use crate::record::{AA_CONTROL, BlockRow, FLOOR, Metric, Trial, Verdict};

/// The trials of one result, and what they were compared with in it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Every trial.
    pub trials: &'a [Trial],
    /// The baseline's name.
    pub baseline: &'a str,
    /// What its blocks read of the machine; empty if it is not known.
    pub blocks: &'a [BlockRow],
    /// Whether it is a set of runs, each in the place of a block.
    pub is_set: bool,
}

/// By how much runs of one program on one host, minutes apart, differ beyond what their intervals say: the standard deviation of a
/// ratio's logarithm from run to run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetweenRuns {
    /// Of points with one thread.
    pub one_thread: f64,
    /// Of points with several.
    pub threads: f64,
}

impl BetweenRuns {
    /// What was measured (docs/METHOD.md, 12): the root of the mean square over five rivals of the mutex, which at one thread was nothing.
    pub const SEEN: Self = Self { one_thread: 0.0, threads: 0.025 };

    /// The same everywhere.
    pub const fn of(deviation: f64) -> Self {
        Self { one_thread: deviation, threads: deviation }
    }

    fn at(self, threads: usize) -> f64 {
        if threads == 1 { self.one_thread } else { self.threads }
    }
}

/// What a change is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The ratio inside the blocks of one run.
    Paired,
    /// The ratio to the baseline, B's over A's.
    Relative,
    /// Times as they were measured.
    Raw,
}

impl Basis {
    /// The word that tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paired => "paired",
            Self::Relative => "relative",
            Self::Raw => "raw",
        }
    }
}

/// How two subjects differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The one compared with.
    pub a: Subject,
    /// The one compared.
    pub b: Subject,
    /// What is compared.
    pub metric: Metric,
    /// By what.
    pub basis: Basis,
    /// A's figure as measured, median over blocks, ns.
    pub a_ns: f64,
    /// B's.
    pub b_ns: f64,
    /// B over A on that basis; above 1 is slower.
    pub ratio: f64,
    /// Lower end of its interval.
    pub ci_low: f64,
    /// Upper end.
    pub ci_high: f64,
    /// The level of this one interval, 0 to 1.
    pub confidence: f64,
    /// The deviation between runs that it allows for, of the ratio's logarithm; 0 inside a run and between two sets of runs.
    pub between_runs: f64,
    /// How the two machines differ, if single runs met two that do.
    pub unlike: Option<Unlike>,
    /// Blocks of A that it rests on.
    pub a_blocks: usize,
    /// Blocks of B.
    pub b_blocks: usize,
    /// The interval of the control's ratio, lower and upper end; `None` if either side lacks the control.
    pub control: Option<[f64; 2]>,
    /// The judgement.
    pub verdict: Verdict,
}

impl Change {
    /// Whether B is slower, and by more than `threshold`.
    pub fn is_slower_than(&self, threshold: f64) -> bool {
        self.verdict == Verdict::Slower && self.ratio > 1.0 + threshold
    }

    /// Whether it is open on which side of `threshold` B lies: nothing can be said, or B is slower by less than that as far
    /// as can be seen, but may be by more. Too few blocks leave it open whatever they say.
    pub fn is_open(&self, threshold: f64) -> bool {
        matches!(self.verdict, Verdict::Unclear | Verdict::TooFewBlocks)
            || (self.verdict == Verdict::Slower && !self.is_slower_than(threshold))
    }
}

/// Compares each pair of subjects, the first of each in `a`, the second in `b`. `b` is `None` if both are of one run. A pair is
/// left out if either side has no undisturbed trial, or what decides at the two points is not the same metric. `threshold` is
/// the difference still called `same`, as a fraction; `raw` allows raw comparisons; `between_runs` is how far runs differ anyway.
pub fn changes(
    a: Side<'_>,
    b: Option<Side<'_>>,
    pairs: &[(Subject, Subject)],
    threshold: f64,
    raw: bool,
    between_runs: BetweenRuns,
) -> Vec<Change> {
    let confidence = corrected_confidence(CONFIDENCE, pairs.len());
    let runs = Runs { a, b, confidence, between_runs };
    let change = |(of_a, of_b): &(Subject, Subject)| runs.change(of_a, of_b, threshold, raw);
    pairs.iter().filter_map(change).collect()
}

struct Runs<'a> {
    a: Side<'a>,
    b: Option<Side<'a>>,
    confidence: f64,
    between_runs: BetweenRuns,
}

impl Runs<'_> {
    fn change(&self, of_a: &Subject, of_b: &Subject, threshold: f64, raw: bool) -> Option<Change> {
        let b = self.b.unwrap_or(self.a);
        let metric = deciding_metric(self.a.trials, &of_a.point);
        if metric != deciding_metric(b.trials, &of_b.point) {
            return None;
        }
        let (logs_a, logs_b) = (log_figures(self.a.trials, of_a), log_figures(b.trials, of_b));
        let (a_ns, b_ns) = (median_ns(&logs_a)?, median_ns(&logs_b)?);
        let (basis, [used_a, used_b], interval) = self.compare(of_a, of_b, logs_a, logs_b)?;
        if basis == Basis::Raw && !raw {
            return None;
        }
        let control = self.control(basis, of_a, of_b);
        let between_runs = self.deviation(of_a, of_b);
        let interval = widened(interval, between_runs, self.confidence).exp();
        let blocks = used_a.min(used_b);
        let no_further =
            |control: Interval| interval.estimate.ln().abs() <= control.low.ln().abs().max(control.high.ln().abs());
        let judged = match (basis, control) {
            (Basis::Paired | Basis::Relative, Some(it)) => verdict_beside(bias(it), interval, blocks, threshold),
            (Basis::Raw, Some(it)) if no_further(it) => match verdict(interval, blocks, threshold) {
                Verdict::Faster | Verdict::Slower => Verdict::Unclear,
                judged => judged,
            },
            _ => verdict(interval, blocks, threshold),
        };
        let unlike = self.unlike(of_a, of_b);
        let judged = match judged {
            Verdict::TooFewBlocks => judged,
            _ if unlike.is_some() => Verdict::Unclear,
            _ => judged,
        };
        Some(Change {
            a: of_a.clone(),
            b: of_b.clone(),
            metric,
            basis,
            a_ns,
            b_ns,
            ratio: interval.estimate,
            ci_low: interval.low,
            ci_high: interval.high,
            confidence: self.confidence,
            between_runs,
            unlike,
            a_blocks: used_a,
            b_blocks: used_b,
            control: control.map(|control| [control.low, control.high]),
            verdict: judged,
        })
    }

    /// The best basis that there is, the blocks used of either side, and the interval of the log ratio.
    fn compare(&self, of_a: &Subject, of_b: &Subject, a: Logs, b: Logs) -> Option<(Basis, [usize; 2], Interval)> {
        let Some(run_b) = self.b else {
            let ratio = |subject| log_ratios(self.a.trials, subject, self.a.baseline);
            let both = match of_a.point == of_b.point {
                true => over(&ratio(of_b), &ratio(of_a)),
                false => over(&b, &a),
            };
            return Some((Basis::Paired, [both.len(); 2], median_interval(&values(&both), self.confidence)?));
        };
        let (run_a, baseline) = (self.a, self.a.baseline);
        if run_b.baseline == baseline && of_a.strategy != baseline && of_b.strategy != baseline {
            let relative_a = log_ratios(run_a.trials, of_a, baseline);
            let relative_b = log_ratios(run_b.trials, of_b, baseline);
            if let Some(interval) = self.unpaired(&relative_a, &relative_b) {
                return Some((Basis::Relative, [relative_a.len(), relative_b.len()], interval));
            }
        }
        Some((Basis::Raw, [a.len(), b.len()], self.unpaired(&a, &b)?))
    }

    /// The deviation of a difference that comes from single runs having minutes of their own.
    fn deviation(&self, of_a: &Subject, of_b: &Subject) -> f64 {
        let Some(b) = self.b else { return 0.0 };
        let of = |side: Side<'_>, subject: &Subject| match side.is_set {
            true => 0.0,
            false => self.between_runs.at(subject.point.threads),
        };
        f64::hypot(of(self.a, of_a), of(b, of_b))
    }

    /// How the machines of two single runs differ.
    fn unlike(&self, of_a: &Subject, of_b: &Subject) -> Option<Unlike> {
        let b = self.b.filter(|b| !b.is_set && !self.a.is_set)?;
        unlike((self.a.blocks, &of_a.point), (b.blocks, &of_b.point))
    }

    /// The interval of the ratio of the basis's control; of a pair's two the one that shows the larger bias.
    fn control(&self, basis: Basis, of_a: &Subject, of_b: &Subject) -> Option<Interval> {
        let run_b = self.b.unwrap_or(self.a);
        let control =
            |run: Side<'_>, subject: &Subject| log_ratios(run.trials, &subject.beside(AA_CONTROL), run.baseline);
        let floor = |run: Side<'_>, subject: &Subject| log_figures(run.trials, &subject.beside(FLOOR));
        let interval = match basis {
            Basis::Raw => self.unpaired(&floor(self.a, of_a), &floor(run_b, of_b))?,
            Basis::Relative => self.unpaired(&control(self.a, of_a), &control(run_b, of_b))?,
            Basis::Paired => {
                let at = |subject| median_interval(&values(&control(self.a, subject)), self.confidence);
                let (at_a, at_b) = (at(of_a)?, at(of_b)?);
                if bias(at_a.exp()) > bias(at_b.exp()) {
                    at_a
                } else {
                    at_b
                }
            }
        };
        Some(interval.exp())
    }

    fn unpaired(&self, a: &Logs, b: &Logs) -> Option<Interval> {
        let a = median_interval(&values(a), self.confidence)?;
        let b = median_interval(&values(b), self.confidence)?;
        Some(difference(a, b))
    }
}

/// The interval of `b - a` from those of either, by MOVER.
fn difference(a: Interval, b: Interval) -> Interval {
    let estimate = b.estimate - a.estimate;
    Interval {
        estimate,
        low: estimate - f64::hypot(b.estimate - b.low, a.high - a.estimate),
        high: estimate + f64::hypot(b.high - b.estimate, a.estimate - a.low),
    }
}

/// The interval with a normal deviation joined to either half.
fn widened(interval: Interval, deviation: f64, confidence: f64) -> Interval {
    let half = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence)) * deviation;
    let Interval { estimate, low, high } = interval;
    Interval {
        estimate,
        low: estimate - f64::hypot(estimate - low, half),
        high: estimate + f64::hypot(high - estimate, half),
    }
}

/// The difference in the blocks that both have.
fn over(logs: &Logs, base: &Logs) -> Logs {
    logs.iter().filter_map(|(block, log)| Some((*block, log - base.get(block)?))).collect()
}

fn values(logs: &Logs) -> Vec<f64> {
    logs.values().copied().collect()
}

fn median_ns(logs: &Logs) -> Option<f64> {
    super::median(&values(logs)).map(f64::exp)
}

#[cfg(test)]
mod tests;
