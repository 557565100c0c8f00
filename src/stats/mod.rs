//! From trials to statements: summaries, ratios with their intervals, verdicts. Knows [`record`](crate::record) types
//! and nothing of how they were measured.

mod blocks;
mod changes;
pub mod crossover;
mod interval;
mod latency;
mod machines;
pub mod pool;
mod precision;
mod ranges;
mod ratios;
mod ruling;
mod runs;
mod summary;
mod tails;
mod verdict;

pub use blocks::{Subject, deciding_metric, subjects};
pub use changes::{Basis, BetweenRuns, Change, Side, changes};
pub use interval::{Interval, MIN_BLOCKS, median, median_interval};
pub use latency::{Latencies, MergeError, latency_rows};
pub use machines::Unlike;
pub use precision::{FEWEST_BLOCKS, fewest_blocks, precision};
pub use ranges::{PaysFrom, pays_from, predicted_ratios, range, ratios_by_end};
pub use ratios::{BlockRatio, LogRatios, Measured, block_ratios, log_ratios, ratios};
pub use ruling::{HARM, Held, Ruling, rule, takes};
pub use runs::{OneRun, blocks_of_runs, ratios_of_runs};
pub use summary::{MOST_AT_FLOOR, Summary, summarize};
pub use tails::{CLEARANCE, Tails};
pub use verdict::{CONFIDENCE, bias, corrected_confidence, half_width, verdict, verdict_beside};

#[cfg(test)]
pub(crate) mod testing;
