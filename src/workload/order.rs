//! How a load is played, as it is typed and stored.

use serde::{Deserialize, Serialize};

/// In which order a trace's rows are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// All on one thread, in time order: counts are exact and repeatable.
    Strict,
    /// A replay thread for each of the trace's.
    Threads,
}

/// How fast a trace is played.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speed {
    /// Back to back.
    Max,
    /// So many times as fast as recorded, with the trace's spacing kept.
    Times(f64),
}

/// What shares a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// All contestants of a block, which take turns.
    #[default]
    Slices,
    /// Nobody: each contestant has a process of its own in each pass, and measures in one go.
    Process,
}
