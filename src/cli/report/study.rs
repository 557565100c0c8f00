//! Reading a study: `study.json`, a result directory for each of its parts, and what they say of its claims.

use std::path::Path;

use super::broken;
use crate::cli::failure::Failure;
use crate::export::{read_checks, read_part, read_study};
use crate::record::{RunState, StudyRecord};
use crate::review::{Material, Study};
use crate::study::claims;

/// Whether a directory is a study's.
pub fn is_one(dir: &Path) -> bool {
    dir.join("study.json").is_file()
}

/// The study and its parts, as far as they were played.
///
/// # Errors
/// If `study.json`, or a part that is there, is broken, or no part is there.
pub fn read(dir: &Path) -> Result<Material, Failure> {
    let record = read_study(dir).map_err(broken)?;
    let mut parts = Vec::new();
    let mut checks = Vec::new();
    let mut missing = Vec::new();
    for part in &record.parts {
        let path = dir.join(&part.path);
        // A part of `verify` has checks and nothing else, and one that only counts has neither.
        if path.join("run.json").is_file() {
            parts.push(read_part(&path, &part.path).map_err(broken)?);
        } else if path.join("verify.csv").is_file() {
            checks.extend(read_checks(&path).map_err(broken)?.rows);
        } else if !path.is_dir() {
            missing.push(part.path.as_str());
        }
    }
    let Some(first) = parts.first_mut() else {
        return Err(Failure::Error(format!("{}: none of the study's measurements was played yet", dir.display())));
    };
    first.checks.get_or_insert_default().extend(checks);
    Ok(Material {
        directory: dir.display().to_string(),
        parts,
        study: Some(Study {
            title: format!("Study {}", record.study),
            unfinished: unfinished(&record, &missing),
            command: record.command,
            claims: claims(dir).map_err(broken)?,
        }),
        declarations: Vec::new(),
    })
}

fn unfinished(record: &StudyRecord, missing: &[&str]) -> Option<String> {
    let state = match record.state {
        RunState::Complete if missing.is_empty() => return None,
        RunState::Complete => String::new(),
        RunState::Running => ": it is under way, or was killed".to_owned(),
        RunState::Interrupted => ": it was interrupted".to_owned(),
        RunState::Failed => ": it ended on an error".to_owned(),
    };
    let missing = if missing.is_empty() {
        String::new()
    } else {
        format!(" Not played: {}.", missing.join(", "))
    };
    Some(format!("This study is not whole{state}.{missing}"))
}
