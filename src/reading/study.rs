//! What a study's directory holds.

use super::Results;
use crate::record::{Anatomy, CheckRow, Prediction, RunState, StudyRecord};

/// Where a study keeps what it took in of a model's results, in its directory.
pub const MODEL: &str = "model";

/// A model's results. Nothing in them was measured.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// What operations touch.
    pub counts: Vec<Anatomy>,
    /// Times on machines that descriptions stand for.
    pub predictions: Vec<Prediction>,
}

/// The content of a study's directory, as far as it was played.
#[derive(Clone, Debug)]
pub struct StudyResults {
    /// `study.json`.
    pub record: StudyRecord,
    /// The parts that measured, in the order of the record; each is called by its path. Pilots are not among them.
    pub parts: Vec<Results>,
    /// What a model says, if its results were taken in.
    pub model: Option<Model>,
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
        self.record.parts.iter().filter_map(|part| Some((part.path.as_str(), how(part.state)?))).collect()
    }
}
