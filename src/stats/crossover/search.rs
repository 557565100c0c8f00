//! Which rungs to measure next.

use super::answer::{Bracket, brackets};
use super::{Answer, Judged, LOOKS, MOST_RUNGS, Observed, answer, confidence, judge};
use crate::record::Verdict;

/// A rung that stays open is given this many blocks before new rungs are opened around it.
const PATIENCE: usize = LOOKS[2];

/// A search for the crossings of one strategy.
#[derive(Clone, Debug)]
pub struct Search {
    /// The rungs of the coarse grid.
    grid: Vec<usize>,
    /// An interval of no more rungs than this is narrow enough.
    tolerance: usize,
    /// The level of each interval.
    confidence: f64,
    /// The difference still called the same, as a fraction.
    threshold: f64,
}

impl Search {
    /// Over a ladder of `rungs`, of which `grid` are measured first, both ends included; `strategies` are searched for in the
    /// same run, and the level is shared among them.
    pub fn new(rungs: usize, grid: usize, tolerance: usize, strategies: usize, threshold: f64) -> Search {
        let last = rungs.max(1) - 1;
        let steps = grid.clamp(2, MOST_RUNGS) - 1;
        let mut grid: Vec<usize> = (0..=steps).map(|step| (step * last + steps / 2) / steps).collect();
        grid.dedup();
        Search {
            grid,
            tolerance: tolerance.max(1),
            confidence: confidence(strategies),
            threshold,
        }
    }

    /// The level of each interval, 0 to 1.
    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// What is known of each rung that was measured.
    pub fn judged(&self, observed: &Observed) -> Vec<(usize, Judged)> {
        let judged = |(&number, rung)| Some((number, judge(rung, self.confidence, self.threshold)?));
        observed.rungs.iter().filter_map(judged).collect()
    }

    /// What the observations come to.
    pub fn answer(&self, observed: &Observed) -> Answer {
        answer::answer(&self.judged(observed), &self.grid)
    }

    /// The rungs where more blocks would tell more, the most urgent ones only; none when the search is over.
    pub fn wants(&self, observed: &Observed) -> Vec<usize> {
        let thin: Vec<usize> = self.grid.iter().copied().filter(|rung| observed.played(*rung) < LOOKS[0]).collect();
        if !thin.is_empty() {
            return thin;
        }
        let judged = self.judged(observed);
        let brackets: Vec<Bracket> =
            brackets(&judged).into_iter().filter(|it| it.high - it.low > self.tolerance).collect();
        let open = |most: usize| {
            let open = judged.iter().filter(move |(_, it)| it.verdict == Verdict::Unclear);
            open.map(|(rung, _)| *rung)
                .filter(move |rung| observed.played(*rung) < most)
                .collect::<Vec<usize>>()
        };
        // A rung whose blocks were all disturbed has no verdict and no ratio; it is as open as any.
        let silent = observed.rungs.iter().filter(|(_, rung)| rung.ratios.is_empty() && rung.played < PATIENCE);
        let mut young: Vec<usize> = open(PATIENCE).into_iter().chain(silent.map(|(rung, _)| *rung)).collect();
        young.sort_unstable();
        // Rungs that the narrowing has passed by are left as they are.
        let matters =
            |rung: &usize| self.grid.contains(rung) || brackets.iter().any(|it| it.low < *rung && *rung < it.high);
        young.retain(matters);
        if !young.is_empty() {
            return young;
        }
        let mut fresh: Vec<usize> = brackets.iter().flat_map(|bracket| self.middles(bracket, observed)).collect();
        fresh.sort_unstable();
        fresh.dedup();
        fresh.truncate(MOST_RUNGS.saturating_sub(observed.rungs.len()));
        if !fresh.is_empty() {
            return fresh;
        }
        // The outermost open rungs of a bracket are the ones that would narrow it; they come before those that lie in no bracket.
        let old = open(LOOKS[LOOKS.len() - 1]);
        let outermost = brackets.iter().flat_map(|bracket| {
            let inside = |rung: &&usize| bracket.low < **rung && **rung < bracket.high;
            [old.iter().find(inside), old.iter().rev().find(inside)].into_iter().flatten().copied()
        });
        let mut outermost: Vec<usize> = outermost.collect();
        outermost.dedup();
        if !outermost.is_empty() {
            return outermost;
        }
        old.into_iter().filter(|rung| self.grid.contains(rung)).collect()
    }

    /// The middles of the gaps between a bracket's ends and what was measured inside it.
    fn middles(&self, bracket: &Bracket, observed: &Observed) -> Vec<usize> {
        let inside: Vec<usize> = observed.rungs.range(bracket.low + 1..bracket.high).map(|(rung, _)| *rung).collect();
        let gaps = match (inside.first(), inside.last()) {
            (Some(&first), Some(&last)) => vec![(bracket.low, first), (last, bracket.high)],
            _ => vec![(bracket.low, bracket.high)],
        };
        let wide = gaps.into_iter().filter(|(low, high)| high - low > self.tolerance.div_ceil(2).max(1));
        wide.map(|(low, high)| low.midpoint(high)).collect()
    }
}
