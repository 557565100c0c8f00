//! What a result directory holds, as plain data.

use super::Reading;
use crate::record::{
    BlockRow, CheckRow, CrossoverPoint, CrossoverRow, LatencyRow, MapCell, OperationRow, Predicted, Ratio, RunRecord,
    ThreadRow, Trial,
};
use crate::stats::Measured;

/// The content of a result directory.
#[derive(Clone, Debug)]
pub struct Results {
    /// What it is to be called.
    pub name: String,
    /// `run.json`.
    pub run: RunRecord,
    /// `trials.csv`.
    pub trials: Vec<Trial>,
    /// `threads.csv`; empty where there is none, as are the two below.
    pub threads: Vec<ThreadRow>,
    /// `operations.csv`.
    pub operations: Vec<OperationRow>,
    /// `operations.csv` of a model; empty where the results were measured.
    pub predicted: Vec<Predicted>,
    /// `blocks.csv`. `trials` have their states.
    pub blocks: Vec<BlockRow>,
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
        Reading::new(&self.run, self.measured(), self.latency.as_deref().unwrap_or_default())
    }

    /// What was measured, block by block.
    pub fn measured(&self) -> Measured<'_> {
        Measured {
            trials: &self.trials,
            threads: &self.threads,
            operations: &self.operations,
            ..Measured::default()
        }
    }
}
