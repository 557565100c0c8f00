//! What the machine was like for the threads of a block.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// Several threads, each on another core. Strangers may share these.
    #[serde(rename = "threads apart")]
    Apart,
    /// The state changed during the block, lies between two, or could not be probed.
    #[serde(rename = "mixed")]
    Mixed,
}

impl State {
    /// All of them, in the order of tables.
    pub const ALL: [State; 5] = [
        State::CoreToItself,
        State::CoreShared,
        State::OneCore,
        State::Apart,
        State::Mixed,
    ];

    /// The word that tables and files use.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::CoreToItself => "core to itself",
            State::CoreShared => "core shared",
            State::OneCore => "two threads on one core",
            State::Apart => "threads apart",
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
