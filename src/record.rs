//! The result schema, as plain data. `stats` and `export` know these types and nothing of the harness, so that old
//! result files stay readable.

use serde::{Deserialize, Serialize};

/// The version of the files' layout, written to `run.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// Which of the two passes a trial belongs to. They are never mixed: a timestamp costs more than a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// No timestamp per operation: how many operations in how much time.
    Throughput,
    /// Each operation stamped: how long it took.
    Latency,
}

/// What a recorded duration is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// From the operation's actual start.
    Service,
    /// From its intended start, so that waiting behind a slow predecessor counts (no coordinated omission).
    Response,
}

/// One point: one workload at one thread count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Point {
    /// The workload's name, or the trace's with its order and speed.
    pub workload: String,
    /// Threads that operate on the list.
    pub threads: usize,
}

/// One trial: one strategy at one point, a fresh list in a fresh process. A row of `trials.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name; `null` is the harness's own floor.
    pub strategy: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The block, from 0. Ratios are taken inside one.
    pub block: usize,
    /// Which pass.
    pub pass: Pass,
    /// Operations done while measuring, by all threads.
    pub ops: u64,
    /// Measured wall time, the mean over threads, ns.
    pub elapsed_ns: u64,
    /// Thread-nanoseconds per operation: the sum of the threads' measured times over the sum of their operations.
    pub ns_per_op: f64,
    /// Operations per second of all threads together.
    pub ops_per_s: f64,
    /// The null strategy's `ns_per_op` in the same block, pass and point.
    pub floor_ns: Option<f64>,
    /// Processor time of the measured threads, ns.
    pub cpu_ns: u64,
    /// Lock acquisitions while measuring.
    pub lock_acquisitions: u64,
    /// Of those, the ones that found the lock taken.
    pub lock_contended: u64,
    /// Time spent waiting in those, ns.
    pub lock_wait_ns: u64,
    /// Reads that had to start over.
    pub retries: u64,
    /// Nodes handed to the reclaimer.
    pub retired: u64,
    /// The most nodes retired and not yet reclaimed at any moment.
    pub peak_unreclaimed: u64,
    /// Time the hypervisor took away from the whole machine meanwhile, ns.
    pub steal_ns: u64,
    /// Involuntary context switches of the measured threads.
    pub ctx_switches: u64,
    /// Whether the trial was disturbed. It is kept in the file and left out of ratios.
    pub disturbed: bool,
    /// Why it counts as disturbed, empty if it does not.
    pub disturbance: String,
    /// Active timers when measuring started.
    pub active_start: u64,
    /// Active timers when it ended.
    pub active_end: u64,
    /// Timers fired while measuring.
    pub fired: u64,
    /// Changes that made their timer the head.
    pub rearms: u64,
    /// Share of the longest measured time during which all threads were measuring, 0 to 1.
    pub overlap: f64,
}

/// The latency of one kind of operation at one point under one strategy, over all undisturbed trials of the latency
/// pass. A row of `latency.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencyRow {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name.
    pub strategy: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The operation's name.
    pub op: String,
    /// Service or response time.
    pub kind: Kind,
    /// Values recorded.
    pub count: u64,
    /// Smallest, ns.
    pub min_ns: u64,
    /// Mean, ns.
    pub mean_ns: f64,
    /// Median, ns.
    pub p50_ns: u64,
    /// 90th percentile, ns.
    pub p90_ns: u64,
    /// 99th percentile, ns.
    pub p99_ns: u64,
    /// 99.9th percentile, ns.
    pub p999_ns: u64,
    /// 99.99th percentile, ns.
    pub p9999_ns: u64,
    /// Largest, ns.
    pub max_ns: u64,
    /// What reading the clock around one operation costs by itself, median over trials, ns. Not subtracted.
    pub clock_ns: f64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Thread-nanoseconds per operation as measured.
    NsPerOp,
    /// The same less the null strategy's in the same block.
    NetNsPerOp,
}

/// The judgement on a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole interval lies below the threshold.
    Faster,
    /// The whole interval lies above it.
    Slower,
    /// The whole interval lies inside it.
    Same,
    /// None of these: more blocks are needed, or a quieter machine.
    Unclear,
}

/// A strategy against the baseline at one point. A row of `ratios.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The workload's name.
    pub workload: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// What is compared.
    pub metric: Metric,
    /// The strategy's name.
    pub strategy: String,
    /// The baseline's name.
    pub baseline: String,
    /// Strategy over baseline; below 1 is faster. Median over blocks.
    pub ratio: f64,
    /// Lower end of the 95 % interval.
    pub ci_low: f64,
    /// Upper end of the 95 % interval.
    pub ci_high: f64,
    /// Blocks that the ratio rests on.
    pub blocks: usize,
    /// The judgement.
    pub verdict: Verdict,
}
