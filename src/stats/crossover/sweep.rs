//! The searches of several strategies over one ladder, in the same trials.

use std::collections::BTreeMap;

use super::{Answer, Crossing, Judged, Observed, Rung, Search};
use crate::record::{AA_CONTROL, CrossoverPoint, CrossoverRow, CrossoverVerdict, Point, Trial, Verdict};
use crate::stats::CONFIDENCE;

/// Which values to measure next under which strategies, and what was found.
#[derive(Clone, Debug)]
pub struct Sweep {
    vary: String,
    baseline: String,
    strategies: Vec<String>,
    /// Of each rung, in order.
    values: Vec<f64>,
    /// Of each rung.
    points: Vec<Point>,
    search: Search,
}

impl Sweep {
    /// Over `values` of what is called `vary`, measured at `points`, for `strategies` against `baseline`. `grid`, `tolerance` and
    /// `threshold` are those of [`Search::new`].
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a fact of its own, named where it is given"
    )]
    pub fn new(
        vary: &str,
        baseline: &str,
        strategies: &[String],
        values: &[f64],
        points: &[Point],
        grid: usize,
        tolerance: usize,
        threshold: f64,
    ) -> Sweep {
        Sweep {
            vary: vary.to_owned(),
            baseline: baseline.to_owned(),
            strategies: strategies.to_vec(),
            values: values.to_vec(),
            points: points.to_vec(),
            search: Search::new(values.len(), grid, tolerance, strategies.len(), threshold),
        }
    }

    /// The strategies that are searched for.
    pub fn strategies(&self) -> &[String] {
        &self.strategies
    }

    /// The rungs where more blocks would tell more, each with the strategies that need them; none when all searches are over.
    /// `failed` are strategies that are not to be played any more.
    pub fn wants(&self, trials: &[Trial], failed: &[String]) -> Vec<(usize, Vec<String>)> {
        let by_point = by_point(trials);
        let mut wants: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for strategy in self.strategies.iter().filter(|name| !failed.contains(name)) {
            for rung in self.search.wants(&self.observed(&by_point, strategy)) {
                wants.entry(rung).or_default().push(strategy.clone());
            }
        }
        wants.into_iter().collect()
    }

    /// What trials come to: the crossings of every strategy, and all that is known of each value.
    pub fn findings(&self, trials: &[Trial]) -> (Vec<CrossoverRow>, Vec<CrossoverPoint>) {
        let by_point = by_point(trials);
        let (mut rows, mut points) = (Vec::new(), Vec::new());
        for strategy in &self.strategies {
            let observed = self.observed(&by_point, strategy);
            let judged = self.search.judged(&observed);
            rows.extend(self.rows(strategy, &observed, &judged));
            points.extend(judged.iter().map(|(rung, judged)| self.point(strategy, *rung, judged)));
        }
        (rows, points)
    }

    /// At how many values the A/A control differs from the baseline that it is by more than the margin, so that nothing counts there, and
    /// how many values there are.
    pub fn biased(&self, trials: &[Trial]) -> (usize, usize) {
        let mut observed = self.observed(&by_point(trials), AA_CONTROL);
        // It cannot test itself.
        observed.rungs.values_mut().for_each(|rung| rung.control.clear());
        let judged = self.search.judged(&observed);
        let differs = judged.iter().filter(|(_, it)| matches!(it.verdict, Verdict::Faster | Verdict::Slower));
        (differs.count(), judged.len())
    }

    fn observed(&self, by_point: &BTreeMap<(&str, usize), Vec<Trial>>, strategy: &str) -> Observed {
        let rung = |(number, point): (usize, &Point)| {
            let trials = by_point.get(&(point.workload.as_str(), point.threads))?;
            Some((number, Rung::of(trials, point, strategy, &self.baseline)?))
        };
        Observed {
            rungs: self.points.iter().enumerate().filter_map(rung).collect(),
        }
    }

    fn rows(&self, strategy: &str, observed: &Observed, judged: &[(usize, Judged)]) -> Vec<CrossoverRow> {
        let count = |verdict| judged.iter().filter(|(_, judged)| judged.verdict == verdict).count();
        let plain = |verdict| CrossoverRow {
            strategy: strategy.to_owned(),
            baseline: self.baseline.clone(),
            vary: self.vary.clone(),
            from: self.values[0],
            to: self.values[self.values.len() - 1],
            crossing: None,
            ci_low: None,
            ci_high: None,
            verdict,
            beyond: None,
            values: observed.rungs.len(),
            faster: count(Verdict::Faster),
            slower: count(Verdict::Slower),
            undecided: observed.rungs.len() - judged.iter().filter(|(_, it)| it.verdict != Verdict::Unclear).count(),
            blocks: observed.rungs.values().map(|rung| rung.played).sum(),
            confidence: CONFIDENCE,
        };
        let crossing = |it: Crossing| CrossoverRow {
            crossing: Some(self.value_at(it.at)),
            ci_low: Some(self.values[it.low]),
            ci_high: Some(self.values[it.high]),
            beyond: Some(it.beyond),
            ..plain(if it.starts {
                CrossoverVerdict::Starts
            } else {
                CrossoverVerdict::Stops
            })
        };
        match self.search.answer(observed) {
            Answer::Always => vec![plain(CrossoverVerdict::Always)],
            Answer::Never => vec![plain(CrossoverVerdict::Never)],
            Answer::Unclear => vec![plain(CrossoverVerdict::Unclear)],
            Answer::Crosses(found) => found.into_iter().map(crossing).collect(),
        }
    }

    fn point(&self, strategy: &str, rung: usize, judged: &Judged) -> CrossoverPoint {
        CrossoverPoint {
            strategy: strategy.to_owned(),
            baseline: self.baseline.clone(),
            vary: self.vary.clone(),
            value: self.values[rung],
            workload: self.points[rung].workload.clone(),
            threads: self.points[rung].threads,
            ratio: judged.interval.estimate,
            ci_low: judged.interval.low,
            ci_high: judged.interval.high,
            blocks: judged.blocks,
            verdict: judged.verdict,
            biased: judged.biased,
        }
    }

    /// The value at a place between two rungs, by ratio as the rungs are.
    fn value_at(&self, place: f64) -> f64 {
        let last = self.values.len() - 1;
        let below = (place.max(0.0) as usize).min(last);
        let (low, high) = (self.values[below], self.values[(below + 1).min(last)]);
        low * (high / low).powf(place - below as f64)
    }
}

fn by_point(trials: &[Trial]) -> BTreeMap<(&str, usize), Vec<Trial>> {
    let mut by_point: BTreeMap<(&str, usize), Vec<Trial>> = BTreeMap::new();
    for trial in trials {
        by_point.entry((&trial.workload, trial.threads)).or_default().push(trial.clone());
    }
    by_point
}
