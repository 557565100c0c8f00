//! Where a ratio crosses 1 as one parameter varies: which values to measure next, and what is known so far.
//!
//! Values are *rungs* of a ladder, numbered from 0: the search knows their order and nothing else. Everything follows from what
//! was [`Observed`], so that a search that was interrupted goes on as if nothing had happened.
//!
//! **What is measured.** First a coarse grid over the whole ladder. Then, between two neighbours of which one is faster and one
//! is not, the middle, and so on inwards from both sides, so that most trials are spent near the crossing. A rung is judged by
//! the rule of every table ([`verdict`](super::verdict()), the A/A control included), at fixed numbers of blocks only,
//! [`LOOKS`]; the first of them that decides, decides. This is group-sequential testing with fixed looks (Pocock 1977), at the
//! level of Bonferroni over all rungs and looks that a search may take and all strategies of the file. So all that is said of all
//! rungs holds together with 95 %, although the search looks at its data as it goes.
//!
//! **What is said.** A ratio that is faster here and slower there crosses 1 in between, whatever shape it has: the interval
//! of a crossing ends at two values that were each decided, and rests on no model of the curve. The estimate inside it does: it
//! is the root of a straight line through the medians. A crossing and its return between two neighbours of the grid can go unseen.

mod answer;
mod search;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use answer::{Answer, Crossing};
pub use search::Search;
pub use sweep::Sweep;

use super::blocks::{Subject, log_ratios};
use super::{CONFIDENCE, Interval, bias, corrected_confidence, median_interval, verdict_beside};
use crate::record::{AA_CONTROL, Point, Trial, Verdict};

/// The numbers of blocks at which a rung is judged.
pub const LOOKS: [usize; 5] = [6, 12, 24, 48, 96];

/// The most rungs that a search may open; the level is corrected for all of them, opened or not.
pub const MOST_RUNGS: usize = 32;

/// One strategy against the baseline at one rung.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rung {
    /// Blocks played, those that say nothing because a trial was disturbed included.
    pub played: usize,
    /// The natural logarithm of strategy over baseline, by block.
    pub ratios: Vec<f64>,
    /// The same of the A/A control in these blocks.
    pub control: Vec<f64>,
}

/// One strategy against the baseline at every rung that was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// By the rung's number.
    pub rungs: BTreeMap<usize, Rung>,
}

/// What is known of one rung.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The verdict; `unclear` as long as no look has decided.
    pub verdict: Verdict,
    /// The ratio's interval at the look that decided, or at the last one.
    pub interval: Interval,
    /// Blocks that it rests on.
    pub blocks: usize,
    /// Whether the A/A control is biased beyond the margin in these blocks, so that nothing is decided.
    pub biased: bool,
}

impl Rung {
    /// What trials of one point say of `strategy` against `baseline`; `None` if it was not played there.
    fn of(trials: &[Trial], point: &Point, strategy: &str, baseline: &str) -> Option<Rung> {
        let of_strategy = trials.iter().filter(|trial| trial.strategy == strategy);
        let blocks: BTreeSet<usize> = of_strategy.map(|trial| trial.block).collect();
        if blocks.is_empty() {
            return None;
        }
        let against = |strategy: &str| {
            log_ratios(trials, &Subject { point: point.clone(), strategy: strategy.to_owned() }, baseline)
        };
        let ratios = against(strategy);
        let control = against(AA_CONTROL).into_iter().filter(|(block, _)| ratios.contains_key(block));
        Some(Rung {
            played: blocks.len(),
            control: control.map(|(_, log)| log).collect(),
            ratios: ratios.into_values().collect(),
        })
    }
}

impl Observed {
    /// Blocks played at a rung.
    pub(super) fn played(&self, rung: usize) -> usize {
        self.rungs.get(&rung).map_or(0, |rung| rung.played)
    }
}

/// The level of each interval of a search over so many strategies.
pub fn confidence(strategies: usize) -> f64 {
    corrected_confidence(CONFIDENCE, strategies.max(1) * MOST_RUNGS * LOOKS.len())
}

/// What is known of a rung at a level of `confidence`; `None` before there is any ratio.
fn judge(rung: &Rung, confidence: f64, threshold: f64) -> Option<Judged> {
    let at = |blocks: usize| {
        let interval = median_interval(&rung.ratios[..blocks], confidence)?.exp();
        let control = &rung.control[..rung.control.len().min(blocks)];
        let bias = median_interval(control, confidence).map_or(0.0, |control| bias(control.exp()));
        let verdict = verdict_beside(bias, interval, blocks, threshold);
        Some(Judged { verdict, interval, blocks, biased: bias > threshold })
    };
    let mut latest = None;
    for look in LOOKS.into_iter().filter(|look| *look <= rung.ratios.len()) {
        latest = at(look);
        if latest.is_some_and(|judged| judged.verdict != Verdict::Unclear) {
            break;
        }
    }
    // Before the first look nothing is decided, but there is an estimate to show.
    latest.or_else(|| at(rung.ratios.len()).map(|judged| Judged { verdict: Verdict::Unclear, ..judged }))
}
