//! What is read of a model's results. Nothing in them was measured.

use serde::{Deserialize, Serialize};

/// What so many rounds of one operation touched, alone or beside a writer. A row of an anatomy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anatomy {
    /// The strategy.
    pub strategy: String,
    /// The operation, `run-2-due` for a call that runs a list in which two timers are due.
    pub operation: String,
    /// `alone` or `beside-writer`.
    pub setting: String,
    /// How often the operation was done; the counts are sums over these.
    pub rounds: u64,
    /// Loads that are not atomic.
    pub plain_loads: u64,
    /// Stores that are not atomic.
    pub plain_stores: u64,
    /// Atomic loads.
    pub atomic_loads: u64,
}

/// Time per operation on a machine that a description stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The machine's name.
    pub machine: String,
    /// The greatest error of a time that a check found in the description, as a fraction; `None` if it was held against nothing.
    pub error: Option<f64>,
    /// The times.
    pub times: Vec<ModelTime>,
    /// The ratios to the baseline.
    pub ratios: Vec<ModelRatio>,
}

/// A predicted time, with what it is with all assumed costs at their lowest and at their highest. A row of `operations.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelTime {
    /// The workload.
    pub workload: String,
    /// The strategy.
    pub strategy: String,
    /// Threads.
    pub threads: usize,
    /// The operation, or `all`.
    pub op: String,
    /// Thread-nanoseconds per operation.
    pub ns: f64,
    /// The least, ns.
    pub ns_low: f64,
    /// The greatest, ns.
    pub ns_high: f64,
}

/// A predicted ratio to the baseline. A row of `ratios.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRatio {
    /// The workload.
    pub workload: String,
    /// Threads.
    pub threads: usize,
    /// What is compared.
    pub metric: String,
    /// The strategy.
    pub strategy: String,
    /// The baseline.
    pub baseline: String,
    /// Strategy over baseline.
    pub ratio: f64,
    /// The least of the range.
    pub ci_low: f64,
    /// The greatest.
    pub ci_high: f64,
}
