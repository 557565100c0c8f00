//! One result directory, read, and what follows from it at once.

use crate::record::{
    AA_CONTROL, CheckRow, CrossoverRow, FLOOR, LatencyRow, MapCell, Metric, Point, Ratio, RunRecord, RunState, Trial,
};
use crate::stats::{self, Subject, Summary, Tails, deciding_metric, summarize};

/// What was found in a result directory.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// `run.json`.
    pub run: RunRecord,
    /// `trials.csv`.
    pub trials: Vec<Trial>,
    /// `latency.csv`; empty where there is none.
    pub latency: Vec<LatencyRow>,
    /// `ratios.csv`, if there is one. Only compared with what `trials` says.
    pub filed_ratios: Option<Vec<Ratio>>,
    /// `verify.csv`, if there is one.
    pub checks: Option<Vec<CheckRow>>,
    /// `crossover.csv`; empty where there is none.
    pub crossings: Vec<CrossoverRow>,
    /// `crossover_map.csv`; empty where there is none.
    pub map: Vec<MapCell>,
    /// The pictures.
    pub plots: Vec<Plot>,
    /// Why there are no pictures, if there are none.
    pub plots_missing: Option<String>,
    /// What reading had to leave out.
    pub notes: Vec<String>,
}

/// A picture as `scripts/plot` left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// Its name without the ending.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The file's content.
    pub svg: String,
}

/// A part and what follows from its trials.
pub(super) struct Reading<'a> {
    pub(super) part: &'a Part,
    pub(super) baseline: &'a str,
    /// Every ratio, from the trials.
    pub(super) ratios: Vec<Ratio>,
    pub(super) summaries: Vec<Summary>,
    pub(super) points: Vec<Point>,
    /// What was measured, the baseline first where it stands first in the run; neither the floor nor the A/A control.
    pub(super) strategies: Vec<String>,
    /// The difference still called the same, as a fraction.
    pub(super) threshold: f64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(part: &'a Part) -> Self {
        let told = &part.run.parameters.common;
        let (baseline, threshold) = (told.baseline.as_str(), told.threshold);
        let summaries = summarize(&part.trials);
        let mut points: Vec<Point> = summaries.iter().map(|summary| summary.point.clone()).collect();
        points.dedup();
        Reading {
            part,
            baseline,
            ratios: stats::ratios(&part.trials, baseline, threshold),
            strategies: strategies(part),
            summaries,
            points,
            threshold,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.part.run.state == RunState::Complete
    }

    pub(super) fn summary(&self, point: &Point, strategy: &str) -> Option<&Summary> {
        self.summaries.iter().find(|it| it.point == *point && it.strategy == strategy)
    }

    /// The ratio that decides at a point.
    pub(super) fn ratio(&self, point: &Point, strategy: &str) -> Option<&Ratio> {
        self.ratios.iter().find(|it| {
            (it.workload.as_str(), it.threads, it.strategy.as_str()) == (&point.workload, point.threads, strategy)
                && it.metric.decides()
        })
    }

    /// Whether a point is paced, so that service time decides there.
    pub(super) fn is_paced(&self, point: &Point) -> bool {
        deciding_metric(&self.part.trials, point) == Metric::ServiceNs
    }

    pub(super) fn trials(&self, point: &Point, strategy: &str) -> impl Iterator<Item = &'a Trial> {
        let subject = Subject { point: point.clone(), strategy: strategy.to_owned() };
        self.part.trials.iter().filter(move |trial| subject.owns(trial))
    }

    pub(super) fn tails(&self) -> Tails<'a> {
        Tails::new(&self.part.latency, Some(self.baseline))
    }

    /// Blocks that have a trial.
    pub(super) fn blocks(&self) -> usize {
        let mut blocks: Vec<usize> = self.part.trials.iter().map(|trial| trial.block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks.len()
    }
}

/// In the order in which the run names them, then any other.
fn strategies(part: &Part) -> Vec<String> {
    let measured = |name: &String| part.trials.iter().any(|trial| trial.strategy == *name);
    let named = part.run.parameters.common.strategies.iter();
    let mut strategies: Vec<String> = named.filter(|name| measured(name)).cloned().collect();
    for subject in stats::subjects(&part.trials) {
        let known = [FLOOR, AA_CONTROL].contains(&subject.strategy.as_str()) || strategies.contains(&subject.strategy);
        if !known {
            strategies.push(subject.strategy);
        }
    }
    strategies
}
