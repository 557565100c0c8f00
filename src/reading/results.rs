//! What a result directory holds, as plain data.

use super::Reading;
use crate::record::{CheckRow, CrossoverPoint, CrossoverRow, LatencyRow, MapCell, Ratio, RunRecord, Trial};

/// The content of a result directory.
#[derive(Clone, Debug)]
pub struct Results {
    /// What it is to be called.
    pub name: String,
    /// `run.json`.
    pub run: RunRecord,
    /// `trials.csv`.
    pub trials: Vec<Trial>,
    /// `latency.csv`; `None` if there is none.
    pub latency: Option<Vec<LatencyRow>>,
    /// `ratios.csv`; `None` if there is none. Only compared with what `trials` says.
    pub filed_ratios: Option<Vec<Ratio>>,
    /// `verify.csv`, of the directory or of `verify` in it; empty where there is none.
    pub checks: Vec<CheckRow>,
    /// `crossover.csv`; empty where there is none.
    pub crossings: Vec<CrossoverRow>,
    /// `crossover_points.csv`; empty where there is none.
    pub crossover_points: Vec<CrossoverPoint>,
    /// `crossover_map.csv`; empty where there is none.
    pub map: Vec<MapCell>,
    /// The pictures that `scripts/plot` left.
    pub pictures: Vec<Picture>,
    /// What reading had to leave out.
    pub notes: Vec<String>,
}

/// A picture as `scripts/plot` left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name without the ending.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The file's content.
    pub svg: String,
}

impl Results {
    /// What is said of it.
    pub fn reading(&self) -> Reading<'_> {
        Reading::new(&self.run, &self.trials, self.latency.as_deref().unwrap_or_default())
    }
}
