//! Result files: one format a file, written as a run goes and read back by the commands that work on results.
//!
//! `trials.csv` grows by a row per trial and is never rewritten. Everything else follows from the trials and from the
//! histograms; it is rewritten after each block, each file through a temporary one that takes its place in one step. So
//! whatever ends the run, every file is whole, and at most the trial under way is lost.

mod blocks_csv;
mod crossover_csv;
mod error;
mod latency_csv;
mod latency_hlog;
mod limited;
mod model_dir;
mod operations_csv;
mod page;
mod predicted;
mod ratios_csv;
mod replace;
mod result_dir;
mod results;
mod run_json;
mod study_json;
mod table;
mod threads_csv;
mod trials_csv;
mod verify_csv;

use std::io::{self, Write};

pub use blocks_csv::read_blocks;
pub use crossover_csv::{read_crossings, read_crossover_points, read_map, write_crossings, write_map};
pub use error::{ReadError, ResumeError, WriteError};
pub use latency_csv::read_latency;
pub use latency_hlog::read_histograms;
pub use limited::read_text;
pub use model_dir::{copy_model, read_model};
pub use operations_csv::read_operations;
pub use page::{write_page, write_page_to};
pub use predicted::{Played, Prediction, read_predicted, write_prediction};
pub use ratios_csv::read_ratios;
pub(crate) use replace::replace;
pub use result_dir::{ResultDir, create_beside, create_set, directory_name};
pub use results::{PLOTS, is_set, missing_runs, read_results, read_runs, read_study_results};
pub use run_json::{read_run, read_run_file};
pub use study_json::{create_study, read_study, write_study};
pub use table::Rows;
pub use threads_csv::read_threads;
pub use trials_csv::read_trials;
pub use verify_csv::{CheckDir, read_checks};

use crate::record::{BlockRow, LatencyRow, Ratio, RunRecord};
use crate::stats::Latencies;

/// All that is rewritten after each block.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// For `latency.csv`.
    pub latency: &'a [LatencyRow],
    /// For `latency.hlog`.
    pub histograms: &'a Latencies,
    /// For `ratios.csv`.
    pub ratios: &'a [Ratio],
    /// For `blocks.csv`.
    pub blocks: &'a [BlockRow],
    /// For `run.json`.
    pub run: &'a RunRecord,
}

/// A file of the result directory that is rewritten as a whole.
trait Format {
    /// Its name there.
    fn file_name(&self) -> &'static str;

    /// Its whole content.
    fn write(&self, snapshot: &Snapshot<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// Every such file. `run.json` comes last, so that a state of `complete` vouches for the others.
const FORMATS: [&dyn Format; 5] = [
    &blocks_csv::BlocksCsv,
    &latency_csv::LatencyCsv,
    &latency_hlog::LatencyHlog,
    &ratios_csv::RatiosCsv,
    &run_json::RunJson,
];

#[cfg(test)]
pub(crate) mod testing;
