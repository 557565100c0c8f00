//! Reading a result directory whole, and a study's.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::{
    ReadError, Rows, read_blocks, read_checks, read_crossings, read_crossover_points, read_latency, read_map,
    read_model, read_operations, read_predicted, read_ratios, read_run, read_study, read_threads, read_trials,
};
use crate::reading::{Counting, MODEL, Picture, Results, Runs, StudyResults, as_asked, run_name};
use crate::record::{CheckRow, Processes, set_states};

/// Where the pictures of a result directory are, in it.
pub const PLOTS: &str = "plots";

/// A result directory. `run.json` and `trials.csv` must be there; what else is missing is left empty.
///
/// # Errors
/// If one of the two is missing, or any file is broken; the message names it.
pub fn read_results(dir: &Path, name: &str) -> Result<Results, ReadError> {
    let run = read_run(dir)?;
    let mut notes = Vec::new();
    let mut trials = noted(read_trials(dir)?, &mut notes);
    let blocks = optional(read_blocks(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default();
    set_states(&mut trials, &blocks);
    let mut threads = optional(read_threads(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default();
    // A model's files of this name hold predictions.
    let (mut operations, predicted) = match run.prediction() {
        Some(_) => (Vec::new(), noted(read_predicted(dir)?, &mut notes)),
        None => (optional(read_operations(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(), Vec::new()),
    };
    if let Some(neighbour) = run.parameters.common.neighbour {
        let counting = Counting::of(&Processes::of(&blocks), &trials, &threads, &operations);
        Counting { trials, threads, operations } = counting;
        notes.push(as_asked(neighbour, &blocks));
    }
    Ok(Results {
        name: name.to_owned(),
        run,
        trials,
        threads,
        operations,
        predicted,
        blocks,
        latency: optional(read_latency(dir))?.map(|rows| noted(rows, &mut notes)),
        filed_ratios: optional(read_ratios(dir))?.map(|rows| noted(rows, &mut notes)),
        checks: checks(dir)?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(),
        crossings: optional(read_crossings(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(),
        crossover_points: optional(read_crossover_points(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(),
        map: optional(read_map(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(),
        pictures: pictures(&dir.join(PLOTS))?,
        notes,
    })
}

/// Whether a directory holds a set of runs, and is none itself.
pub fn is_set(dir: &Path) -> bool {
    !dir.join("run.json").exists() && dir.join(run_name(1)).join("run.json").is_file()
}

/// The runs of a set that are there, in their order, each by its directory. What is missing between them is a note of the first.
///
/// # Errors
/// As [`read_results`], of any of them.
pub fn read_runs(dir: &Path) -> Result<Runs, ReadError> {
    let paths = run_numbers(dir)?.into_iter().map(|number| dir.join(run_name(number)));
    let mut runs: Vec<Results> =
        paths.map(|path| read_results(&path, &path.display().to_string())).collect::<Result<_, _>>()?;
    if let Some(first) = runs.first_mut() {
        first.notes.extend(missing_runs(dir)?);
    }
    Ok(Runs(runs))
}

/// The numbers of the runs in a set's directory.
fn run_numbers(dir: &Path) -> Result<BTreeSet<u64>, ReadError> {
    let failed = |source| ReadError::io(dir, source);
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("run-")?.parse().ok());
        // `run-01` is not what a set calls its runs.
        let number = number.filter(|number| name.to_str() == Some(&run_name(*number)));
        numbers.extend(number.filter(|number| dir.join(run_name(*number)).join("run.json").is_file()));
    }
    Ok(numbers)
}

/// Which runs of a set are not there although a later one is.
///
/// # Errors
/// If the directory cannot be read.
pub fn missing_runs(dir: &Path) -> Result<Option<String>, ReadError> {
    let there = run_numbers(dir)?;
    let last = there.last().copied().unwrap_or_default();
    // A stranger may call a directory run-18446744073709551615.
    let mut missing = (1..=last).filter(|number| !there.contains(number)).map(run_name).take(NAMED + 1);
    let mut named: Vec<String> = missing.by_ref().take(NAMED).collect();
    if missing.next().is_some() {
        named.push("others".to_owned());
    }
    let are = if named.len() == 1 { "is" } else { "are" };
    let name = dir.display();
    Ok((!named.is_empty()).then(|| {
        format!(
            "{name}: {} {are} missing; the {} that are there up to {} count",
            named.join(", "),
            there.len(),
            run_name(last)
        )
    }))
}

/// The most missing runs that are named.
const NAMED: usize = 5;

/// A study and its parts, as far as they were played.
///
/// # Errors
/// If `study.json`, or a file of a part that is there, is missing or broken; the message names it.
pub fn read_study_results(dir: &Path) -> Result<StudyResults, ReadError> {
    let mut study = StudyResults {
        record: read_study(dir)?,
        parts: Vec::new(),
        model: None,
        checks: Vec::new(),
        violations: Vec::new(),
    };
    for part in &study.record.parts {
        let path = dir.join(&part.path);
        if path.join("run.json").is_file() {
            study.parts.push(read_results(&path, &part.path)?);
        } else if path.join("verify.csv").is_file() {
            study.checks.extend(read_checks(&path)?.rows);
            let file = path.join("violations.txt");
            let text = fs::read_to_string(&file).map_err(|error| ReadError::io(&file, error))?;
            let found = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
            study.violations.extend(found.map(str::to_owned));
        }
    }
    let model = dir.join(MODEL);
    if model.is_dir() {
        study.model = Some(read_model(&model)?);
    }
    Ok(study)
}

/// `verify.csv`, of the directory itself or of its `verify`.
fn checks(dir: &Path) -> Result<Option<Rows<CheckRow>>, ReadError> {
    match optional(read_checks(dir))? {
        Some(rows) => Ok(Some(rows)),
        None => optional(read_checks(&dir.join("verify"))),
    }
}

fn noted<T>(rows: Rows<T>, notes: &mut Vec<String>) -> Vec<T> {
    notes.extend(rows.note);
    rows.rows
}

fn optional<T>(read: Result<T, ReadError>) -> Result<Option<T>, ReadError> {
    match read {
        Err(ReadError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Every SVG file of a directory, by name; none if it is not there.
fn pictures(dir: &Path) -> Result<Vec<Picture>, ReadError> {
    let failed = |source| ReadError::io(dir, source);
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut pictures = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if path.extension().is_some_and(|it| it == "svg") {
            let svg = read_picture(&path).map_err(|source| ReadError::io(&path, source))?;
            pictures.push(Picture { name: name.to_owned(), file: path.display().to_string(), svg });
        }
    }
    pictures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pictures)
}

/// The longest picture, bytes.
const MAX_PICTURE: u64 = 8 << 20;

/// A picture's text. No link is followed and no device read: the directory may be a stranger's.
fn read_picture(path: &Path) -> io::Result<String> {
    let there = fs::symlink_metadata(path)?;
    if !there.is_file() {
        return Err(io::Error::other("it is no file, but a link or a device"));
    }
    if there.len() > MAX_PICTURE {
        return Err(io::Error::other(format!("it is longer than {} MiB", MAX_PICTURE >> 20)));
    }
    fs::read_to_string(path)
}
