//! What the machine was like for the threads of a block.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ALL, Trial};

/// The state of the machine during a block, told by probes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// One thread, and nothing else at work on its core.
    #[serde(rename = "core to itself")]
    CoreToItself,
    /// One thread, and another hardware thread at work on its core: the guest's, another guest's, or the host's.
    #[serde(rename = "core shared")]
    CoreShared,
    /// Several threads, of which two shared a core.
    #[serde(rename = "two threads on one core")]
    OneCore,
    /// Several threads, each on another core, the closest two behind one last-level cache. Strangers may share the cores.
    #[serde(rename = "threads apart")]
    Apart,
    /// Several threads, no two of them behind one last-level cache.
    #[serde(rename = "threads far apart")]
    FarApart,
    /// The state changed during the block, lies between two, or could not be probed.
    #[serde(rename = "mixed")]
    Mixed,
}

impl State {
    /// All of them, in the order of tables.
    pub const ALL: [State; 6] = [
        State::CoreToItself,
        State::CoreShared,
        State::OneCore,
        State::Apart,
        State::FarApart,
        State::Mixed,
    ];

    /// The states that blocks of so many threads can be in all along, on whatever machine.
    pub fn of_threads(threads: usize) -> [State; 2] {
        match threads {
            0 | 1 => [State::CoreToItself, State::CoreShared],
            _ => [State::OneCore, State::Apart],
        }
    }

    /// The word that tables and files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::CoreToItself => "core to itself",
            State::CoreShared => "core shared",
            State::OneCore => "two threads on one core",
            State::Apart => "threads apart",
            State::FarApart => "threads far apart",
            State::Mixed => "mixed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The probes of a block and the state that they tell. It goes with each of the block's trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockState {
    /// The state.
    pub word: State,
    /// Threads that the block measured with.
    pub threads: usize,
    /// Moments at which all of them probed.
    pub probes: u64,
    /// Time that the probes took, of the thread that they took most from, ns.
    pub probe_ns: u64,
    /// What one of a chain of additions takes, median, ns: a cycle of the core.
    pub addition_ns: f64,
    /// Issue width: independent additions in the time of a dependent one, median over moments. With several threads, of the two
    /// closest the wider.
    pub width: f64,
    /// Three quarters of the moments were at least so wide.
    pub width_low: f64,
    /// Three quarters of the moments were at most so wide.
    pub width_high: f64,
    /// With several threads, what a cache line takes between the two closest.
    pub hop: Option<HopTimes>,
}

/// What a cache line takes from one thread to another, over the moments of a block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HopTimes {
    /// Median, ns.
    pub median_ns: f64,
    /// Three quarters took at least so long, ns.
    pub low_ns: f64,
    /// Three quarters took at most so long, ns.
    pub high_ns: f64,
}

/// One process of a block: who played in it, and what the machine was like. A row of `blocks.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockRow {
    /// The workload's name.
    pub workload: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The block, from 0.
    pub block: usize,
    /// Who played: [`ALL`] where all contestants took turns, else the one whose process it was.
    pub contestant: String,
    /// When it ended, ms after the run or its resumption began.
    pub ended_ms: u64,
    /// The state of the machine, by the widths that the whole run has seen.
    pub state: State,
    /// Moments at which all threads probed.
    pub probes: u64,
    /// Time that the probes took, of the thread that they took most from, ns.
    pub probe_ns: u64,
    /// A cycle of the core, ns.
    pub addition_ns: f64,
    /// Issue width: independent additions in the time of a dependent one, median over moments.
    pub width: f64,
    /// Three quarters of the moments were at least so wide.
    pub width_low: f64,
    /// Three quarters of the moments were at most so wide.
    pub width_high: f64,
    /// With several threads, what a cache line takes between the two closest, median, ns.
    pub hop_ns: Option<f64>,
    /// Three quarters took at least so long, ns.
    pub hop_low_ns: Option<f64>,
    /// Three quarters took at most so long, ns.
    pub hop_high_ns: Option<f64>,
    /// The file of the program that was drawn for the block; empty where there was none to draw from.
    pub layout: String,
    /// Whether the block counts: not where `--neighbour` asks for another state.
    pub counted: bool,
}

impl BlockRow {
    /// Of a process in which `contestant` played.
    pub fn new(workload: &str, block: usize, contestant: &str, ended_ms: u64, state: &BlockState) -> Self {
        BlockRow {
            workload: workload.to_owned(),
            threads: state.threads,
            block,
            contestant: contestant.to_owned(),
            ended_ms,
            state: state.word,
            probes: state.probes,
            probe_ns: state.probe_ns,
            addition_ns: state.addition_ns,
            width: state.width,
            width_low: state.width_low,
            width_high: state.width_high,
            hop_ns: state.hop.map(|hop| hop.median_ns),
            hop_low_ns: state.hop.map(|hop| hop.low_ns),
            hop_high_ns: state.hop.map(|hop| hop.high_ns),
            layout: String::new(),
            counted: true,
        }
    }

    /// What the probes read.
    pub fn probed(&self) -> BlockState {
        let hop = |median_ns| {
            Some(HopTimes {
                median_ns,
                low_ns: self.hop_low_ns?,
                high_ns: self.hop_high_ns?,
            })
        };
        BlockState {
            word: self.state,
            threads: self.threads,
            probes: self.probes,
            probe_ns: self.probe_ns,
            addition_ns: self.addition_ns,
            width: self.width,
            width_low: self.width_low,
            width_high: self.width_high,
            hop: self.hop_ns.and_then(hop),
        }
    }
}

/// Gives each trial the state of its block: that of the last process in which it may have played, since what was disturbed is played again.
pub fn set_states(trials: &mut [Trial], blocks: &[BlockRow]) {
    let processes = Processes::of(blocks);
    for trial in trials {
        let row = processes.row(&trial.workload, trial.threads, trial.block, &trial.strategy);
        trial.state = row.map_or(String::new(), |row| row.state.to_string());
    }
}

/// The last process of each block in which a contestant may have played.
pub struct Processes<'a>(BTreeMap<(&'a str, usize, usize, &'a str), &'a BlockRow>);

impl<'a> Processes<'a> {
    /// By the rows of `blocks.csv`.
    pub fn of(blocks: &'a [BlockRow]) -> Self {
        let key = |row: &'a BlockRow| (row.workload.as_str(), row.threads, row.block, row.contestant.as_str());
        Processes(blocks.iter().map(|row| (key(row), row)).collect())
    }

    /// What is known of it.
    fn row(&self, workload: &str, threads: usize, block: usize, strategy: &str) -> Option<&'a BlockRow> {
        let of = |who| self.0.get(&(workload, threads, block, who)).copied();
        of(ALL).or_else(|| of(strategy))
    }

    /// Whether what a strategy did in a block counts.
    pub fn counts(&self, workload: &str, threads: usize, block: usize, strategy: &str) -> bool {
        self.row(workload, threads, block, strategy).is_none_or(|row| row.counted)
    }

    /// All of them.
    pub fn rows(&self) -> impl Iterator<Item = &'a BlockRow> {
        self.0.values().copied()
    }
}
