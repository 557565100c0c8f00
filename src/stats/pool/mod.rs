//! From hosts to a statement: the mean over hosts, and what to expect on the next one.
//!
//! The host is the unit. What is pooled is the natural logarithm of a ratio, one value a unit, without weights: with `s` the standard
//! deviation of the `k` values and `t` Student's quantile with `k - 1` degrees of freedom,
//!
//! ```text
//! the mean over hosts      mean ± t s / √k
//! the next host            mean ± t s √(1 + 1/k)
//! ```
//!
//! (Higgins, Thompson and Spiegelhalter, *A re-evaluation of random-effects meta-analysis*, 2009, on why the second is the answer to
//! a question about another host.) Weights by each host's own variance (DerSimonian and Laird, 1986) are not used: hosts differ by far
//! more than a run's interval is wide, so the weights only add what they are estimated with, and the intervals come out too short where
//! hosts are few.
//!
//! **One processor is not many.** Hosts of one microarchitecture count once, by their mean. Where all are of one, hosts are the unit and
//! the statement is about that microarchitecture. Below [`FEWEST_UNITS`] nothing is pooled.
//!
//! **Each interval holds by itself** with 95 %. A host's own interval is the run's, simultaneous over the rows of that run.

use std::collections::BTreeMap;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{CONFIDENCE, Interval, MIN_BLOCKS, median, median_interval, verdict, verdict_beside};
use crate::record::{Ratio, Verdict};

/// The fewest units that are pooled.
pub const FEWEST_UNITS: usize = 3;

/// What one host says of a ratio, all its runs together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HostRatio {
    /// The ratio with its own interval.
    #[serde(flatten)]
    pub interval: Interval,
    /// The judgement on that interval.
    pub verdict: Verdict,
    /// Runs in it.
    pub runs: usize,
    /// Blocks in it.
    pub blocks: usize,
}

/// What several hosts say of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pooled {
    /// How many units it rests on.
    pub units: usize,
    /// The mean over them, with its interval: ratios.
    pub mean: Interval,
    /// Where the next unit's ratio is to be expected: ratios, the mean as the estimate.
    pub next: Interval,
}

/// What is said of the hosts tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Word {
    /// Every host by itself is faster; or the mean is, and no host by itself is anything else.
    #[serde(rename = "faster")]
    Faster,
    /// The same the other way.
    #[serde(rename = "slower")]
    Slower,
    /// Every host by itself is the same.
    #[serde(rename = "same on every host tried")]
    Same,
    /// Two hosts are decided otherwise, by intervals that do not meet.
    #[serde(rename = "depends on the host")]
    Depends,
    /// None of these.
    #[serde(rename = "unclear")]
    Unclear,
}

impl Word {
    /// The words that tables and files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same on every host tried",
            Self::Depends => "depends on the host",
            Self::Unclear => "unclear",
        }
    }
}

/// Runs that are fewer have no interval of their own that could be narrower than theirs.
const FEWEST_RUNS: usize = MIN_BLOCKS;

/// The ratios that the runs of one host found, as one: their median on the logarithm. One run has its own interval; a few have all that
/// any of theirs holds; from six on it is the interval of a median over runs. Runs with too few blocks, or whose control is biased
/// beyond the margin, say nothing; `None` if no other is there.
pub fn joined(runs: &[&Ratio]) -> Option<HostRatio> {
    let usable = |run: &&&Ratio| {
        run.verdict != Verdict::TooFewBlocks && !run.is_biased() && run.ratio > 0.0 && run.ratio.is_finite()
    };
    let runs: Vec<&Ratio> = runs.iter().filter(usable).copied().collect();
    let confidence = runs.iter().map(|run| run.confidence).fold(CONFIDENCE, f64::max);
    let logs: Vec<f64> = runs.iter().map(|run| run.ratio.ln()).collect();
    let over_runs = median_interval(&logs, confidence)?.exp();
    let biases: Vec<f64> = runs.iter().map(|run| run.bias).collect();
    let (interval, bias) = match runs.len() {
        FEWEST_RUNS.. => (over_runs, median(&biases)?),
        _ => (
            Interval {
                low: runs.iter().map(|run| run.ci_low).fold(f64::INFINITY, f64::min),
                high: runs.iter().map(|run| run.ci_high).fold(0.0, f64::max),
                ..over_runs
            },
            biases.into_iter().fold(0.0, f64::max),
        ),
    };
    let blocks = runs.iter().map(|run| run.blocks).sum();
    let margin = runs.first()?.threshold;
    // A difference below the clock's step has an interval and no verdict.
    let unseen = runs.iter().any(|run| {
        run.verdict == Verdict::Unclear && verdict_beside(run.bias, own(run), run.blocks, margin).is_decided()
    });
    Some(HostRatio {
        interval,
        verdict: if unseen {
            Verdict::Unclear
        } else {
            verdict_beside(bias, interval, blocks, margin)
        },
        runs: runs.len(),
        blocks,
    })
}

fn own(run: &Ratio) -> Interval {
    Interval { estimate: run.ratio, low: run.ci_low, high: run.ci_high }
}

/// The units of these hosts, by their logarithms: one a microarchitecture or, where `alike`, one a host.
pub fn units<'a>(hosts: impl IntoIterator<Item = (&'a str, f64)>, alike: bool) -> Vec<f64> {
    let mut groups: BTreeMap<(&str, usize), Vec<f64>> = BTreeMap::new();
    for (number, (microarchitecture, log)) in hosts.into_iter().enumerate() {
        groups.entry((microarchitecture, if alike { number } else { 0 })).or_default().push(log);
    }
    groups.values().map(|logs| mean(logs)).collect()
}

/// The mean over units, given by their logarithms, and what to expect of the next. `None` below [`FEWEST_UNITS`].
pub fn pooled(logs: &[f64]) -> Option<Pooled> {
    if logs.len() < FEWEST_UNITS {
        return None;
    }
    let k = logs.len() as f64;
    let mean = mean(logs);
    let spread = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (k - 1.0)).sqrt();
    let t = StudentsT::new(0.0, 1.0, k - 1.0).ok()?.inverse_cdf(f64::midpoint(1.0, CONFIDENCE));
    let around = |half: f64| Interval { estimate: mean, low: mean - half, high: mean + half }.exp();
    Some(Pooled {
        units: logs.len(),
        mean: around(t * spread / k.sqrt()),
        next: around(t * spread * (1.0 + 1.0 / k).sqrt()),
    })
}

/// Whether two hosts differ by more than their own intervals: these do not meet.
pub fn differ(one: &HostRatio, other: &HostRatio) -> bool {
    one.interval.low > other.interval.high || other.interval.low > one.interval.high
}

/// Whether every host by itself has this verdict.
pub fn is_every(hosts: &[HostRatio], verdict: Verdict) -> bool {
    !hosts.is_empty() && hosts.iter().all(|host| host.verdict == verdict)
}

/// What is said of the hosts. `margin` is the difference still called the same, as a fraction.
pub fn word(hosts: &[HostRatio], pooled: Option<&Pooled>, margin: f64) -> Word {
    let contradict = |one: &HostRatio, other: &HostRatio| {
        one.verdict.is_decided() && other.verdict.is_decided() && one.verdict != other.verdict && differ(one, other)
    };
    let of_mean = pooled.map(|it| verdict(it.mean, MIN_BLOCKS, margin));
    // No host that is decided by itself says anything else.
    let decided = |wanted: Verdict| {
        let others = hosts.iter().any(|host| host.verdict.is_decided() && host.verdict != wanted);
        is_every(hosts, wanted) || (of_mean == Some(wanted) && !others)
    };
    if is_every(hosts, Verdict::Same) {
        Word::Same
    } else if decided(Verdict::Faster) {
        Word::Faster
    } else if decided(Verdict::Slower) {
        Word::Slower
    } else if hosts.iter().enumerate().any(|(at, one)| hosts[at + 1..].iter().any(|other| contradict(one, other))) {
        Word::Depends
    } else {
        Word::Unclear
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
