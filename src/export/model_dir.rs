//! A model's results, as `scripts/model` writes them: `anatomy.csv`, and a directory for each prediction.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::limited::read_document;
use super::{ReadError, WriteError, run_json, table};
use crate::reading::Model;
use crate::record::{Anatomy, Prediction};

/// The counts of `scripts/model anatomy --out`.
const ANATOMY: &str = "anatomy.csv";
const ANATOMY_COLUMNS: [&str; 7] = [
    "strategy",
    "operation",
    "setting",
    "rounds",
    "plain_loads",
    "plain_stores",
    "atomic_loads",
];
const TIMES: &str = "operations.csv";
const TIME_COLUMNS: [&str; 7] = ["workload", "strategy", "threads", "op", "ns", "ns_low", "ns_high"];
const RATIOS: &str = "ratios.csv";
const RATIO_COLUMNS: [&str; 8] = [
    "workload", "threads", "metric", "strategy", "baseline", "ratio", "ci_low", "ci_high",
];
/// What `run.json` says of a prediction.
const KIND: &str = "model";
/// What is taken of a prediction.
const FILES: [&str; 4] = ["run.json", TIMES, RATIOS, "machine.toml"];

/// What is read of a prediction's `run.json`.
#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    kind: String,
    parameters: Parameters,
}

#[derive(Deserialize)]
struct Parameters {
    machine: Machine,
}

#[derive(Deserialize)]
struct Machine {
    name: String,
    error: Option<Erring>,
}

#[derive(Deserialize)]
struct Erring {
    time: f64,
}

/// The counts and the predictions of a directory, in the order of their names.
///
/// # Errors
/// If neither is there, or a file of either is broken.
pub fn read_model(dir: &Path) -> Result<Model, ReadError> {
    let path = dir.join(ANATOMY);
    let counts: Vec<Anatomy> = match table::read(&path, &ANATOMY_COLUMNS) {
        Ok(rows) => rows.rows,
        Err(ReadError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let predictions = predictions(dir)?
        .iter()
        .map(|path| read_prediction(path))
        .collect::<Result<Vec<Prediction>, ReadError>>()?;
    if counts.is_empty() && predictions.is_empty() {
        let remedy = "no counts and no prediction; scripts/model anatomy --out DIR/anatomy.csv writes the first";
        return Err(ReadError::content(dir, 1, remedy));
    }
    Ok(Model { counts, predictions })
}

/// Copies what [`read_model`] reads into a new directory.
///
/// # Errors
/// If a file cannot be read or written.
pub fn copy_model(from: &Path, to: &Path) -> Result<(), WriteError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::Create { path, source }
    };
    let copy = |from: PathBuf, to: PathBuf| match fs::copy(&from, &to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        copied => copied.map(drop).map_err(failed(&to)),
    };
    fs::create_dir(to).map_err(failed(to))?;
    copy(from.join(ANATOMY), to.join(ANATOMY))?;
    for path in predictions(from).unwrap_or_default() {
        let into = to.join(path.file_name().unwrap_or_default());
        fs::create_dir(&into).map_err(failed(&into))?;
        for file in FILES {
            copy(path.join(file), into.join(file))?;
        }
    }
    Ok(())
}

/// The directories in it that have a `run.json`. No link is followed.
fn predictions(dir: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let entries = fs::read_dir(dir).map_err(|error| ReadError::io(dir, error))?;
    let is_one = |it: &DirEntry| it.file_type().is_ok_and(|it| it.is_dir()) && it.path().join("run.json").is_file();
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).filter(is_one).map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn read_prediction(dir: &Path) -> Result<Prediction, ReadError> {
    let path = dir.join("run.json");
    let bytes = read_document(&path).map_err(|error| ReadError::io(&path, error))?;
    let record: Record = run_json::parse(&path, &bytes)?;
    if record.kind != KIND {
        return Err(ReadError::content(&path, 1, format!("kind is `{}`, expected `{KIND}`", record.kind)));
    }
    Ok(Prediction {
        machine: record.parameters.machine.name,
        error: record.parameters.machine.error.map(|it| it.time),
        times: table::read(&dir.join(TIMES), &TIME_COLUMNS)?.rows,
        ratios: table::read(&dir.join(RATIOS), &RATIO_COLUMNS)?.rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::SCHEMA_VERSION;

    fn made(dir: &Path, kind: &str) {
        let run = serde_json::json!({
            "schema_version": SCHEMA_VERSION, "kind": kind,
            "parameters": { "machine": { "name": "box", "error": { "time": 0.3, "against": "itself" } } },
        });
        let times = "workload,strategy,threads,op,ns,ns_low,ns_high,kind\nhot,mutex,2,all,10,8,12,model\n";
        let ratios = "workload,threads,metric,strategy,baseline,ratio,ci_low,ci_high,blocks,verdict,state,kind\n\
                      hot,2,ns_per_op,rcu-epoch,mutex,0.5,0.4,0.6,3,faster,all,model\n";
        fs::create_dir_all(dir.join("box")).unwrap();
        for (file, text) in [("run.json", run.to_string().as_str()), (TIMES, times), (RATIOS, ratios)] {
            fs::write(dir.join("box").join(file), text).unwrap();
        }
    }

    #[test]
    fn a_copy_reads_as_what_it_was_copied_from() {
        let parent = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| parent.path().join(name));
        made(&from, KIND);
        // A link could lead out of the directory.
        #[cfg(unix)]
        std::os::unix::fs::symlink(from.join("box"), from.join("link")).unwrap();
        copy_model(&from, &to).unwrap();
        let (model, copy) = (read_model(&from).unwrap(), read_model(&to).unwrap());
        assert_eq!(model.predictions, copy.predictions);
        let [prediction] = &model.predictions[..] else {
            panic!("{model:?}")
        };
        assert_eq!((prediction.machine.as_str(), prediction.error), ("box", Some(0.3)));
        assert_eq!((prediction.times[0].ns_high, prediction.ratios[0].ci_low), (12.0, 0.4));
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let says = |dir: &Path| read_model(dir).unwrap_err().to_string();
        assert!(says(parent.path()).contains("no counts and no prediction"));
        made(parent.path(), "run");
        assert!(says(parent.path()).contains("kind is `run`, expected `model`"));
        assert!(says(&parent.path().join("none")).contains("cannot read"));
    }
}
