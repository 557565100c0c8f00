//! What a study's directory holds.

use super::Results;
use crate::record::{CheckRow, LoadCount, RunState, StudyRecord};

/// The content of a study's directory, as far as it was played.
#[derive(Clone, Debug)]
pub struct StudyResults {
    /// `study.json`.
    pub record: StudyRecord,
    /// The parts that measured, in the order of the record; each is called by its role.
    pub parts: Vec<Results>,
    /// Reads counted one by one.
    pub loads: Vec<LoadCount>,
    /// What `verify` counted.
    pub checks: Vec<CheckRow>,
    /// What it found, a block of lines each.
    pub violations: Vec<String>,
}

impl StudyResults {
    /// What was to be played and was not, or not to its end, each with how far it got.
    pub fn unfinished(&self) -> Vec<(&str, &'static str)> {
        let how = |state: Option<RunState>| match state {
            Some(RunState::Complete) => None,
            None => Some("not played"),
            Some(RunState::Running) => Some("under way, or killed"),
            Some(RunState::Interrupted) => Some("interrupted"),
            Some(RunState::Failed) => Some("ended on an error"),
        };
        self.record.parts.iter().filter_map(|part| Some((part.role.as_str(), how(part.state)?))).collect()
    }
}
