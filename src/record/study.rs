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
    /// Whether it holds, in a few words.
    pub found: String,
    /// The figures that say so, in a sentence or two.
    pub answer: String,
    /// What the answer rests on, a sentence each, with figures.
    pub evidence: Vec<String>,
    /// The files that the figures come from, relative to the study's directory.
    pub files: Vec<String>,
}

/// A part of a study: an ordinary result directory, or one of `verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyPart {
    /// What the study needs it for, a word that claims know it by.
    pub role: String,
    /// Where it is, relative to the study's directory.
    pub path: String,
    /// The command that makes it again, program name first, run from where the study was.
    pub command: Vec<String>,
    /// How far it got; `None` before it began.
    pub state: Option<RunState>,
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
}

/// What a study was, and how it went. The content of `study.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The traces that were too long to be played in strict order within the budget.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// How far it got.
    pub state: RunState,
}

/// Reads of shared memory without the lock, counted one by one. A row of `loads.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadCount {
    /// What was played: `due-K` runs a list once that holds K due timers and others; or a trace's name.
    pub case: String,
    /// The strategy whose reader was counted.
    pub strategy: String,
    /// Calls that run timers.
    pub runs: u64,
    /// Timers that these calls fired.
    pub fired: u64,
    /// Reads of the head's pointer and of its node's deadline in these calls, without the lock.
    pub loads_in_runs: u64,
    /// The same in polls.
    pub loads_in_polls: u64,
    /// Lock acquisitions in the calls that run timers.
    pub locks_in_runs: u64,
}
