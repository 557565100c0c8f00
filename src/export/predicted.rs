//! The result directory of a model: the ordinary files, each of which says `model`, and the machine's description.
//!
//! `trials.csv` and `ratios.csv` have the ordinary columns and more to their right. `operations.csv` has a row per kind of operation
//! with its range in place of latencies, which a model does not play.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::replace::replace;
use super::result_dir::create_new;
use super::{ReadError, Rows, WriteError, operations_csv, ratios_csv, run_json, table, trials_csv};
use crate::json;
use crate::record::{Predicted, Ratio, RunRecord, Trial};

/// What every file says it is.
const KIND: &str = "model";
const DESCRIPTION: &str = "machine.toml";
const PREDICTED_COLUMNS: [&str; 7] = ["workload", "strategy", "threads", "op", "ns", "ns_low", "ns_high"];

/// One play: a strategy at one number of threads, with costs at one end of their ranges.
#[derive(Clone, Debug)]
pub struct Played {
    /// As it would have been measured; the block is 0 with stated costs, 1 with the lowest, 2 with the highest.
    pub trial: Trial,
    /// Which costs, in a word.
    pub costs: &'static str,
    /// Times that a thread slept in a futex.
    pub parks: u64,
}

/// All that is written.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// For `run.json`.
    pub run: &'a RunRecord,
    /// For `trials.csv`.
    pub played: &'a [Played],
    /// For `operations.csv`.
    pub predicted: &'a [Predicted],
    /// For `ratios.csv`.
    pub ratios: &'a [Ratio],
    /// For `machine.toml`.
    pub description: &'a str,
}

/// Creates a model's result directory.
///
/// # Errors
/// If something is there already, or it cannot be created or written.
pub fn write_prediction(path: &Path, it: &Prediction<'_>) -> Result<(), WriteError> {
    /// A record that says what it is.
    #[derive(Serialize)]
    struct Marked<'a> {
        kind: &'static str,
        #[serde(flatten)]
        run: &'a RunRecord,
    }
    create_new(path)?;
    let save = |name: &str, content: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        replace(path, name, content).map_err(|source| WriteError::Replace { path: path.join(name), source })
    };
    let with = |columns: &[&'static str], more: &[&'static str]| [columns, more].concat();
    let trials: Vec<_> = it.played.iter().map(|of| (&of.trial, of.costs, of.parks, KIND)).collect();
    let predicted: Vec<_> = it.predicted.iter().map(|row| (row, KIND)).collect();
    let ratios: Vec<_> = it.ratios.iter().map(|row| (row, KIND)).collect();
    save(DESCRIPTION, &|out| out.write_all(it.description.as_bytes()))?;
    let columns = with(&trials_csv::COLUMNS, &["costs", "parks", "kind"]);
    save(trials_csv::FILE_NAME, &|out| table::write(&columns, &trials, out))?;
    let columns = with(&PREDICTED_COLUMNS, &["kind"]);
    save(operations_csv::FILE_NAME, &|out| table::write(&columns, &predicted, out))?;
    let columns = with(&ratios_csv::COLUMNS, &["kind"]);
    save(ratios_csv::FILE_NAME, &|out| table::write(&columns, &ratios, out))?;
    // The last, so that a record vouches for the others.
    save(run_json::FILE_NAME, &|out| json::write(&Marked { kind: KIND, run: it.run }, out))
}

/// The predicted times of a model's result directory.
///
/// # Errors
///
/// If there is no readable `operations.csv`, or its content is not a model's; the message names the line.
pub fn read_predicted(dir: &Path) -> Result<Rows<Predicted>, ReadError> {
    table::read(&dir.join(operations_csv::FILE_NAME), &PREDICTED_COLUMNS)
}
