//! Reading a study: `study.json`, and a result directory for each of its parts.

use std::fs;
use std::path::Path;

use super::broken;
use crate::cli::failure::Failure;
use crate::export::{read_checks, read_part};
use crate::record::{RunState, StudyRecord};
use crate::review::{Material, Study};

const FILE: &str = "study.json";

/// Whether a directory is a study's.
pub fn is_one(dir: &Path) -> bool {
    dir.join(FILE).is_file()
}

/// The study and its parts, as far as they were played.
///
/// # Errors
/// If `study.json`, or a part that is there, is broken.
pub fn read(dir: &Path) -> Result<Material, Failure> {
    let record = record(dir)?;
    let mut parts = Vec::new();
    let mut checks = Vec::new();
    let mut missing = Vec::new();
    for part in &record.parts {
        let path = dir.join(&part.path);
        // A part of `verify` has checks and nothing else.
        if path.join("run.json").is_file() {
            parts.push(read_part(&path, &part.path).map_err(broken)?);
        } else if path.join("verify.csv").is_file() {
            checks.extend(read_checks(&path).map_err(broken)?.rows);
        } else {
            missing.push(part.path.clone());
        }
    }
    let Some(first) = parts.first_mut() else {
        return Err(Failure::Error(format!("{}: none of the parts that {FILE} names was played", dir.display())));
    };
    first.checks.get_or_insert_default().extend(checks);
    let state = match record.state {
        RunState::Complete => None,
        RunState::Running => Some("it is under way, or was killed"),
        RunState::Interrupted => Some("it was interrupted"),
        RunState::Failed => Some("it ended on an error"),
    };
    let unplayed = if missing.is_empty() {
        String::new()
    } else {
        format!(" Not played: {}.", missing.join(", "))
    };
    let unfinished = match state {
        Some(state) => Some(format!("This study is not whole: {state}.{unplayed}")),
        None if missing.is_empty() => None,
        None => Some(format!("This study is not whole.{unplayed}")),
    };
    Ok(Material {
        directory: dir.display().to_string(),
        parts,
        study: Some(Study {
            title: format!("Study {}", record.study),
            question: None,
            command: record.command,
            claims: Vec::new(),
            unfinished,
        }),
        declarations: Vec::new(),
    })
}

fn record(dir: &Path) -> Result<StudyRecord, Failure> {
    let path = dir.join(FILE);
    let text = fs::read(&path).map_err(|error| Failure::Error(format!("cannot read {}: {error}", path.display())))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::Error(format!("{}:{}: {error}", path.display(), error.line().max(1))))
}
