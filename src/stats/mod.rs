//! From trials to statements: summaries, ratios with their intervals, verdicts. Knows [`record`](crate::record) types
//! and nothing of how they were measured.

mod blocks;
mod changes;
pub mod crossover;
mod interval;
mod latency;
mod missing;
mod precision;
mod ranges;
mod ratios;
mod summary;
mod tails;
mod verdict;

pub use blocks::{Subject, deciding_metric, subjects};
pub use changes::{Basis, Change, Side, changes};
pub use interval::{Interval, MIN_BLOCKS, median, median_interval};
pub use latency::{Latencies, MergeError, latency_rows};
pub use missing::{Loss, Missing, missing, points_without_figure};
pub use precision::{FEWEST_BLOCKS, fewest_blocks, precision};
pub use ranges::{PaysFrom, pays_from, predicted_ratios, range, ratios_by_end};
pub use ratios::{Measured, ratios};
pub use summary::{Summary, summarize};
pub use tails::{CLEARANCE, Tails};
pub use verdict::{CONFIDENCE, corrected_confidence, half_width, verdict};

#[cfg(test)]
pub(crate) mod testing;
