//! What a study records: its parts, what its traces hold, and the claims that it tested.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Host, RunState};

/// One statement of a proposal, held against measurements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// A short name that stays the same from run to run.
    pub id: String,
    /// What is claimed, in one sentence.
    pub claim: String,
    /// What was found of it.
    #[serde(flatten)]
    pub rust: Found,
    /// What was found of it on lists in C; `None` where they were not played, or it is not about them.
    pub in_c: Option<Found>,
    /// The files that the figures come from, relative to the study's directory.
    pub files: Vec<String>,
}

/// What was found of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Whether it holds, in a few words.
    pub found: String,
    /// The figures that say so, in a sentence or two.
    pub answer: String,
    /// What the answer rests on, a sentence each, with figures.
    pub evidence: Vec<String>,
}

/// A part of a study: an ordinary result directory, or one of `verify`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyPart {
    /// What the study needs it for, a word that claims know it by.
    pub role: String,
    /// Where it is, relative to the study's directory.
    pub path: String,
    /// The command that makes it again, program name first, run from where the study was.
    pub command: Vec<String>,
    /// How far it got; `None` before it began.
    pub state: Option<RunState>,
    /// What was played beforehand to see how much time it needs; `None` of a part whose share is fixed.
    pub pilot: Option<Pilot>,
}

/// Blocks that say how much time a part needs. No verdict rests on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pilot {
    /// The pilot's own directory, relative to the study's.
    pub path: String,
    /// The command that made it.
    pub command: Vec<String>,
    /// Its blocks.
    pub blocks: usize,
    /// The standard deviation over them of the logarithm of the patch's ratio, or of the patch in C where that varies more; `None` if
    /// too few were undisturbed.
    pub spread: Option<f64>,
    /// What a block took, ns.
    pub block_ns: f64,
    /// What the part was given for it, ns.
    pub share_ns: u64,
}

/// What a trace of a study holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyTrace {
    /// The trace's name: a replay's workload begins with it.
    pub name: String,
    /// The file that was played.
    pub file: String,
    /// How long it is, ns.
    pub length_ns: u64,
    /// The trace that it is the beginning of, if it was cut to fit the budget.
    pub cut_from: Option<String>,
    /// Rows that are played: all but those of timers that fired.
    pub rows: u64,
    /// Of those, polls of the deadline.
    pub deadline: u64,
    /// Polls of whether the head is due.
    pub expired: u64,
    /// Calls that run timers.
    pub run: u64,
    /// Changes that take the lock under every strategy: mod, anticipate, del, free.
    pub changes: u64,
    /// Timers freed.
    pub free: u64,
    /// Timers that the recorded program saw fire.
    pub fire: u64,
    /// Active timers of a list that has any, as an operation on it meets them: the median.
    pub active: u64,
    /// The most that all its lists together had at any time.
    pub most_active: u64,
}

/// What a study was, and how it went. The content of `study.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyRecord {
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION) of the headlock that wrote it.
    pub schema_version: u32,
    /// The study's name.
    pub study: String,
    /// The version of that headlock.
    pub headlock_version: String,
    /// The command line, program name first.
    pub command: Vec<String>,
    /// The time that it was given, ns.
    pub budget_ns: u64,
    /// The machine.
    pub host: Host,
    /// Its parts, in the order in which they are played.
    pub parts: Vec<StudyPart>,
    /// The traces that they play.
    pub traces: Vec<StudyTrace>,
    /// What the budget was too short for, a few words each.
    pub left_out: Vec<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// How far it got.
    pub state: RunState,
}
