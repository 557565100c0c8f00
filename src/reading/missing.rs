//! Why a figure is missing. Tables, pages and JSON all say it in these words.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Reading, is_at};
use crate::record::{AA_CONTROL, FLOOR, Hiccups, Pass, Point, RunRecord, Trial, is_floor};
use crate::stats::{MIN_BLOCKS, Subject};
use crate::text::count;

/// Share of a processor's time whose loss, as an empty loop saw it when the run began, explains disturbed trials.
const NOTABLE_LOSS: f64 = 0.02;

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It was not played, or not yet.
    NotPlayed,
    /// Its process failed, for this reason, and it was left out from then on.
    LeftOut(String),
    /// So many trials were all disturbed.
    AllDisturbed {
        /// How many.
        trials: usize,
        /// The processor that lost most time, if that is worth a word; else what most of the trials say.
        by: String,
    },
    /// The baseline has no figure there, for this reason.
    NoBaseline {
        /// Its name.
        baseline: String,
        /// Why.
        why: Box<Missing>,
    },
    /// Both have figures, but in no block together.
    NoCommonBlock,
    /// There are so many blocks only.
    TooFewBlocks(usize),
    /// Its time cannot be told from the floor's, so that a net figure would be noise.
    NoNet,
    /// Latencies were not asked for.
    NoLatency,
    /// The operation was never done in an undisturbed trial of the latency pass.
    NeverDone,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::NotPlayed => f.write_str("not played"),
            Missing::LeftOut(reason) => write!(f, "left out: {reason}"),
            Missing::AllDisturbed { trials: 1, by } => write!(f, "its one trial was disturbed: {by}"),
            Missing::AllDisturbed { trials, by } => write!(f, "all {} trials disturbed: {by}", count(*trials as u64)),
            Missing::NoBaseline { baseline, why } => write!(f, "no figure of {baseline}: {why}"),
            Missing::NoCommonBlock => f.write_str("no block has undisturbed trials of both"),
            Missing::TooFewBlocks(1) => write!(f, "1 block; {MIN_BLOCKS} are needed"),
            Missing::TooFewBlocks(blocks) => write!(f, "{blocks} blocks; {MIN_BLOCKS} are needed"),
            Missing::NoNet => f.write_str("cannot be told from doing nothing"),
            Missing::NoLatency => f.write_str("latencies were not measured (--no-latency)"),
            Missing::NeverDone => f.write_str("no undisturbed trial of the latency pass has one"),
        }
    }
}

impl Serialize for Missing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A figure that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingFigure {
    /// The point.
    #[serde(flatten)]
    pub point: Point,
    /// The strategy.
    pub strategy: String,
    /// Which figure: `time`, `ratio`, `interval`, `net` or `latency`.
    pub figure: &'static str,
    /// Why.
    pub why: Missing,
}

impl Reading<'_> {
    /// Why a strategy has no time at a point; `None` if it has one.
    pub fn no_time(&self, point: &Point, strategy: &str) -> Option<Missing> {
        if self.summary(point, strategy).is_some_and(|it| it.ns_per_op.is_some()) {
            return None;
        }
        Some(no_figure(self.run, self.trials, point, strategy))
    }

    /// Why a strategy has no ratio at a point; `None` if it has one.
    pub fn no_ratio(&self, point: &Point, strategy: &str) -> Option<Missing> {
        if self.ratio(point, strategy).is_some() {
            return None;
        }
        if let Some(why) = self.no_time(point, strategy) {
            return Some(why);
        }
        let baseline = self.baseline.to_owned();
        Some(match self.no_time(point, self.baseline) {
            Some(why) => Missing::NoBaseline { baseline, why: Box::new(why) },
            None => Missing::NoCommonBlock,
        })
    }

    /// Why a ratio has no interval; `None` if it has one.
    pub fn no_interval(&self, point: &Point, strategy: &str) -> Option<Missing> {
        match self.ratio(point, strategy) {
            Some(it) if it.ci_low > 0.0 && it.ci_high.is_finite() => None,
            Some(it) => Some(Missing::TooFewBlocks(it.blocks)),
            None => self.no_ratio(point, strategy),
        }
    }

    /// Why a strategy has no percentiles at a point; `None` if it has some.
    pub fn no_latency(&self, point: &Point, strategy: &str) -> Option<Missing> {
        if self.latency.iter().any(|it| is_at(it, point) && it.strategy == strategy) {
            return None;
        }
        if self.run.parameters.common.deciding_only {
            return Some(Missing::NoLatency);
        }
        Some(self.no_time(point, strategy).unwrap_or_else(|| {
            let stamped: Vec<&Trial> = self.trials(point, strategy).filter(|it| it.pass == Pass::Latency).collect();
            match stamped.iter().all(|it| it.disturbed) && !stamped.is_empty() {
                true => all_disturbed(self.run, &stamped),
                false => Missing::NeverDone,
            }
        }))
    }

    /// Every figure that a table would have and this run has not.
    pub fn missing(&self) -> Vec<MissingFigure> {
        let mut missing = Vec::new();
        for point in &self.points {
            for strategy in self.strategies.iter().map(String::as_str).chain([AA_CONTROL, FLOOR]) {
                let compared = strategy != self.baseline && !is_floor(strategy);
                let time = self.no_time(point, strategy);
                let net =
                    compared && time.is_none() && !self.is_paced(point) && self.net_ratio(point, strategy).is_none();
                let found = [
                    ("ratio", self.no_ratio(point, strategy).filter(|_| compared && time.is_none())),
                    (
                        "interval",
                        self.no_interval(point, strategy).filter(|_| compared && self.ratio(point, strategy).is_some()),
                    ),
                    ("net", net.then_some(Missing::NoNet)),
                    ("latency", self.no_latency(point, strategy).filter(|_| time.is_none())),
                    ("time", time.clone()),
                ];
                missing.extend(found.into_iter().filter_map(|(figure, why)| {
                    Some(MissingFigure {
                        point: point.clone(),
                        strategy: strategy.to_owned(),
                        figure,
                        why: why?,
                    })
                }));
            }
        }
        missing
    }

    /// The points at which no strategy has any figure, each with the baseline's reason.
    pub fn points_without_figures(&self) -> Vec<(&Point, Missing)> {
        points_without_figures(self.run, self.trials, &self.points)
    }
}

/// Those of `points` at which no strategy has an undisturbed trial, each with the baseline's reason.
pub fn points_without_figures<'p>(run: &RunRecord, trials: &[Trial], points: &'p [Point]) -> Vec<(&'p Point, Missing)> {
    let has_figure = |point: &Point| {
        let quiet = |it: &Trial| !it.disturbed && !is_floor(&it.strategy) && it.strategy != AA_CONTROL;
        trials.iter().any(|it| (&it.workload, it.threads) == (&point.workload, point.threads) && quiet(it))
    };
    let why = |point| (point, no_figure(run, trials, point, &run.parameters.common.baseline));
    points.iter().filter(|point| !has_figure(point)).map(why).collect()
}

/// Why a strategy without an undisturbed trial at a point has none.
fn no_figure(run: &RunRecord, trials: &[Trial], point: &Point, strategy: &str) -> Missing {
    let left_out = run
        .left_out
        .iter()
        .find(|it| (&it.workload, it.threads, it.strategy.as_str()) == (&point.workload, point.threads, strategy));
    if let Some(it) = left_out {
        return Missing::LeftOut(it.reason.clone());
    }
    let subject = Subject { point: point.clone(), strategy: strategy.to_owned() };
    match trials.iter().filter(|trial| subject.owns(trial)).collect::<Vec<&Trial>>() {
        own if own.is_empty() => Missing::NotPlayed,
        own => all_disturbed(run, &own),
    }
}

fn all_disturbed(run: &RunRecord, trials: &[&Trial]) -> Missing {
    let worst = run.conditions.hiccups.iter().max_by(|a, b| a.lost_share.total_cmp(&b.lost_share));
    let by = match worst {
        Some(Hiccups { cpu, lost_share, .. }) if *lost_share > NOTABLE_LOSS => {
            format!("CPU {cpu} lost {:.0} % to others", lost_share * 100.0)
        }
        _ => commonest(trials),
    };
    Missing::AllDisturbed { trials: trials.len(), by }
}

/// The disturbance that most of the trials have, figures apart, as one of them tells it.
fn commonest(trials: &[&Trial]) -> String {
    let kind = |text: &str| text.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect::<String>();
    let alike = |trial: &Trial| trials.iter().filter(|it| kind(&it.disturbance) == kind(&trial.disturbance)).count();
    let most = trials.iter().max_by_key(|trial| alike(trial));
    most.map_or_else(String::new, |trial| trial.disturbance.clone())
}
