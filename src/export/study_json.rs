//! A study's own file: `study.json`, what it was and how it went.

use std::path::{Component, Path};

use super::limited::read_document;
use super::replace::replace;
use super::result_dir::create_new;
use super::{ReadError, WriteError, run_json};
use crate::json;
use crate::record::StudyRecord;

const STUDY: &str = "study.json";
/// Creates a study's directory.
///
/// # Errors
/// If something is there already, or it cannot be created.
pub fn create_study(dir: &Path) -> Result<(), WriteError> {
    create_new(dir)
}

/// Brings `study.json` up to date.
///
/// # Errors
/// If it cannot be written. The last version stays.
pub fn write_study(dir: &Path, study: &StudyRecord) -> Result<(), WriteError> {
    let written = replace(dir, STUDY, |out| json::write(study, out));
    written.map_err(|source| WriteError::Replace { path: dir.join(STUDY), source })
}

/// What a study directory says of itself.
///
/// # Errors
///
/// If there is no readable `study.json`, its content is not one, a part lies outside the directory, or its schema is not this
/// program's.
pub fn read_study(dir: &Path) -> Result<StudyRecord, ReadError> {
    let path = dir.join(STUDY);
    let bytes = read_document(&path).map_err(|error| ReadError::io(&path, error))?;
    let study: StudyRecord = run_json::parse(&path, &bytes)?;
    let inside = |part: &str| Path::new(part).components().all(|it| matches!(it, Component::Normal(_)));
    match study.parts.iter().find(|part| !inside(&part.path)) {
        Some(part) => {
            let problem = format!("part {}: path `{}` leaves the study's directory", part.role, part.path);
            Err(ReadError::content(&path, 1, problem))
        }
        None => Ok(study),
    }
}
