//! What `crossover` records: where strategies begin and cease to beat the baseline, and what that rests on.

use serde::{Deserialize, Serialize};

use super::Verdict;

/// What is said of a strategy over a range of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrossoverVerdict {
    /// From the crossing on it beats the baseline.
    Starts,
    /// From the crossing on it no longer does.
    Stops,
    /// It is faster at every value of the grid.
    Always,
    /// It is slower or the same at every value of the grid.
    Never,
    /// No crossing was seen, and some values of the grid are undecided.
    Unclear,
}

impl CrossoverVerdict {
    /// The word that tables and files use.
    pub const fn word(self) -> &'static str {
        match self {
            CrossoverVerdict::Starts => "starts",
            CrossoverVerdict::Stops => "stops",
            CrossoverVerdict::Always => "always",
            CrossoverVerdict::Never => "never",
            CrossoverVerdict::Unclear => "unclear",
        }
    }
}

/// A crossing, or the lack of one. A row of `crossover.csv`; a strategy with several crossings has as many rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossoverRow {
    /// The strategy.
    pub strategy: String,
    /// What it is compared with.
    pub baseline: String,
    /// What is varied.
    pub vary: String,
    /// The range's lower end, in the parameter's unit (ns, operations a second, a share, a count).
    pub from: f64,
    /// Its upper end.
    pub to: f64,
    /// Where the ratio is 1, by a straight line through the medians; empty without a crossing.
    pub crossing: Option<f64>,
    /// A value on the lower side of the crossing that was decided.
    pub ci_low: Option<f64>,
    /// One on its upper side.
    pub ci_high: Option<f64>,
    /// What is said.
    pub verdict: CrossoverVerdict,
    /// What it is where it is not faster: `slower`, or `same` where the lead falls to within the threshold and no further;
    /// empty without a crossing.
    pub beyond: Option<Verdict>,
    /// Values at which it was measured.
    pub values: usize,
    /// Of those, the ones where it is faster.
    pub faster: usize,
    /// Of those, the ones where it is slower.
    pub slower: usize,
    /// Of those, the ones that are undecided.
    pub undecided: usize,
    /// Blocks played for it, at all values together.
    pub blocks: usize,
    /// The level at which all that is said of all strategies and values holds at once, 0 to 1.
    pub confidence: f64,
}

/// One strategy against the baseline at one value. A row of `crossover_points.csv`, from which the curve is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossoverPoint {
    /// The strategy.
    pub strategy: String,
    /// What it is compared with.
    pub baseline: String,
    /// What is varied.
    pub vary: String,
    /// The value, in the parameter's unit.
    pub value: f64,
    /// The workload's name in `trials.csv`.
    pub workload: String,
    /// Threads.
    pub threads: usize,
    /// Strategy over baseline; below 1 is faster.
    pub ratio: f64,
    /// Lower end of its interval, at the level of the whole search.
    pub ci_low: f64,
    /// Upper end, infinite (`inf`) if there are too few blocks to bound it.
    pub ci_high: f64,
    /// Blocks that it rests on.
    pub blocks: usize,
    /// The judgement.
    pub verdict: Verdict,
    /// Whether the A/A control is biased beyond the margin in these blocks, so that nothing is decided.
    pub biased: bool,
}

/// One strategy against the baseline at one pair of values. A row of `crossover_map.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapCell {
    /// The strategy.
    pub strategy: String,
    /// What it is compared with.
    pub baseline: String,
    /// What varies along the first axis.
    pub vary_x: String,
    /// Its value.
    pub x: f64,
    /// What varies along the second axis.
    pub vary_y: String,
    /// Its value.
    pub y: f64,
    /// The workload's name in `trials.csv`.
    pub workload: String,
    /// Threads.
    pub threads: usize,
    /// Strategy over baseline; below 1 is faster.
    pub ratio: f64,
    /// Lower end of its interval; those of the map are simultaneous 95 % intervals.
    pub ci_low: f64,
    /// Upper end.
    pub ci_high: f64,
    /// Blocks that it rests on.
    pub blocks: usize,
    /// The judgement.
    pub verdict: Verdict,
}
