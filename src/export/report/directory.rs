//! Reading what a report is made from.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::super::{
    ReadError, Rows, read_crossings, read_latency, read_map, read_ratios, read_run, read_trials, verify_csv,
};
use crate::record::CheckRow;
use crate::review::{Part, Plot};

/// Where the pictures of a result directory are, in it.
pub const PLOTS: &str = "plots";

/// A result directory. `run.json` and `trials.csv` must be there; what else is missing is left empty.
///
/// # Errors
/// If one of the two is missing, or any file is broken; the message names it.
pub fn read_part(dir: &Path, name: &str) -> Result<Part, ReadError> {
    let run = read_run(dir)?;
    let mut notes = Vec::new();
    let trials = noted(read_trials(dir)?, &mut notes);
    Ok(Part {
        name: name.to_owned(),
        run,
        trials,
        latency: optional(read_latency(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(),
        filed_ratios: optional(read_ratios(dir))?.map(|rows| noted(rows, &mut notes)),
        checks: checks(dir)?.map(|rows| noted(rows, &mut notes)),
        crossings: optional(read_crossings(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(),
        map: optional(read_map(dir))?.map(|rows| noted(rows, &mut notes)).unwrap_or_default(),
        plots: plots(&dir.join(PLOTS))?,
        plots_missing: None,
        notes,
    })
}

/// `verify.csv`, of the directory itself or of its `verify`.
fn checks(dir: &Path) -> Result<Option<Rows<CheckRow>>, ReadError> {
    match optional(verify_csv::read_checks(dir))? {
        Some(rows) => Ok(Some(rows)),
        None => optional(verify_csv::read_checks(&dir.join("verify"))),
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
fn plots(dir: &Path) -> Result<Vec<Plot>, ReadError> {
    let failed = |source| ReadError::Io { path: dir.to_owned(), source };
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut plots = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()).filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if path.extension().is_some_and(|it| it == "svg") {
            let svg = read_picture(&path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
            plots.push(Plot { name: name.to_owned(), file: path.display().to_string(), svg });
        }
    }
    plots.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(plots)
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
