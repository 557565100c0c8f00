//! How a trace is played.

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
