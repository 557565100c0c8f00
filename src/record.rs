//! The result schema, as plain data. `stats` and `export` know these types and nothing of the harness.

mod behind;
mod checks;
mod conditions;
mod crossover;
mod declaration;
mod model;
mod neighbour;
mod operation;
mod parameters;
mod predict;
mod ratio;
mod state;
mod study;
mod verified;

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use headlock_strategies::LockCounts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use behind::BehindDoor;
pub use checks::{Check, CheckFigures, CheckOutcome, CheckRow, CheckVerdict, Failure, Finding, Grade};
pub use conditions::{ClockFacts, Conditions, CoreWidth, CpuPair, Hiccups};
pub use crossover::{CrossoverPoint, CrossoverRow, CrossoverVerdict, MapCell};
pub use declaration::{Declaration, RACY};
pub use model::{Anatomy, ModelRatio, ModelTime, Prediction};
pub use neighbour::Neighbour;
pub use operation::{OperationRow, RESOLVED, typical_ns};
#[cfg(test)]
pub(crate) use parameters::testing;
pub use parameters::{
    Command, Common, Crossover, Difference, Layout, Parameters, PlayedTrace, Replay, Run, differences,
};
pub use predict::{Machine, MachineError, Predict, Predicted};
pub use ratio::{ALL, Metric, Ratio, Verdict};
pub use state::{BlockRow, BlockState, HopTimes, Processes, State, set_states};
pub use study::{Claim, Found, Pilot, StudyPart, StudyRecord, StudyTrace};
pub use verified::{Breach, Checked, Known, Stamp, Stamped, Unverified, Verified};

/// The version of the files' layout, written to `run.json`.
pub const SCHEMA_VERSION: u32 = 2;

/// The strategy that the others are compared with if no other is asked for: QEMU's way in 2013.
pub const DEFAULT_BASELINE: &str = "mutex";

/// The strategy name of the harness's own floor: a list that does nothing.
pub const FLOOR: &str = "floor";

/// The strategy name of that floor played through the C interface: what is taken off the figures of all that stand behind it.
pub const FLOOR_BEHIND: &str = "floor@c";

/// Whether a strategy does nothing, and is there for the others to be net of.
pub fn is_floor(strategy: &str) -> bool {
    [FLOOR, FLOOR_BEHIND].contains(&strategy)
}

/// The strategy name of the A/A control: the baseline a second time, as if it were another strategy.
pub const AA_CONTROL: &str = "aa-control";

/// Stands in the place of an operation for the time from retiring a node to reclaiming it.
pub const RECLAIM: &str = "reclaim";

/// Which of the two passes a trial belongs to. They are never mixed: a timestamp costs more than a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// No timestamp per operation: how many operations in how much time.
    #[default]
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

impl Kind {
    /// The word that tables and files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Response => "response",
        }
    }
}

/// One point: one workload at one thread count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Point {
    /// The workload's name, or the trace's with its order and speed.
    pub workload: String,
    /// Threads that operate on the list.
    pub threads: usize,
}

/// One trial: one strategy in one block at one point and in one pass, on lists of its own. A row of `trials.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name; `floor` is the harness's own.
    pub strategy: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The block, from 0. Ratios are taken inside one.
    pub block: usize,
    /// Which pass.
    pub pass: Pass,
    /// Operations done while measuring, by all threads.
    pub ops: u64,
    /// Measured wall time, the sum of its slices, the mean over threads, ns.
    pub elapsed_ns: u64,
    /// Throughput pass: thread-nanoseconds per operation, the sum of the threads' measured times over the sum of their
    /// operations. Latency pass: the mean service time of all but the slowest hundredth of the operations, ns, because one
    /// interrupt would outweigh them all; that hundredth is what the percentiles are for.
    pub ns_per_op: f64,
    /// Operations per second of all threads together.
    pub ops_per_s: f64,
    /// The floor's `ns_per_op` in the same block, pass and point; of what stands behind the C interface, the one of the floor behind it.
    pub floor_ns: Option<f64>,
    /// Processor time of the measured threads, ns.
    pub cpu_ns: u64,
    /// Lock acquisitions while measuring. In the throughput pass they stand for a sample, in a replay for a pass counted beforehand
    /// (docs/METHOD.md, rule 9).
    pub lock: LockCounts,
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
    /// Whether it was disturbed, with all others of its process and pass. It is kept in the file and left out of ratios.
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
    /// What reading the clock around one operation cost in this trial, ns; empty in the throughput pass.
    pub clock_ns: Option<f64>,
    /// Sum of all service times, ns; empty in the throughput pass.
    pub busy_ns: Option<u64>,
    /// Under open load, the operations per second that were to start, all threads together.
    pub offered_per_s: Option<f64>,
    /// Under open load, how far behind its schedule the slowest thread ended its slices, all together, ns.
    pub behind_ns: Option<u64>,
    /// Operations of the thread that did fewest, in the role whose threads differ most.
    pub ops_least: u64,
    /// Operations of the thread that did most, in that role.
    pub ops_most: u64,
    /// Slices in which it was measured; empty where it had a process of its own.
    pub slices: Option<u64>,
    /// The natural logarithm of its time per operation over the baseline's, as played in turns with it in one process; empty where
    /// that was not so. Throughput pass: the mean of the middle half of the slices' log
    /// ratios, with several threads the ratio of all time. Latency pass: of `ns_per_op`.
    pub log_ratio: Option<f64>,
    /// The same of the times less the floor's in the same slices; empty too where one of them does not clear the floor.
    pub log_net_ratio: Option<f64>,
    /// Whether it cannot be told from doing nothing.
    pub at_floor: bool,
    /// What the machine was like while the block ran, as `blocks.csv` says; empty where it was not probed.
    #[serde(skip)]
    pub state: String,
}

/// One thread's part in a trial. A row of `threads.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadRow {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name.
    pub strategy: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The block, from 0.
    pub block: usize,
    /// Which pass.
    pub pass: Pass,
    /// The thread, from 0.
    pub thread: usize,
    /// `poller`, `modifier`, `runner`, or `mixed`; in a replay the trace thread's name.
    pub role: String,
    /// Operations done while measuring.
    pub ops: u64,
    /// Measured wall time, ns.
    pub elapsed_ns: u64,
    /// Processor time meanwhile, ns.
    pub cpu_ns: u64,
    /// Lock acquisitions of this thread, counted as in [`Trial`].
    pub lock: LockCounts,
}

impl Trial {
    /// Whether an open load offered more than was served, so that response times grew for as long as a slice lasted and
    /// say nothing but that: fewer operations than offered, and the schedule ended late. In a slice there may be few by chance alone.
    pub fn is_saturated(&self) -> bool {
        /// Short of the offered rate by this much.
        const SERVED: f64 = 0.98;
        let late = self.behind_ns.is_none_or(|ns| ns as f64 > (1.0 - SERVED) * self.elapsed_ns as f64);
        late && self.offered_per_s.is_some_and(|offered| self.ops_per_s < SERVED * offered)
    }
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
    /// The operation's name, or [`RECLAIM`].
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

impl LatencyRow {
    /// Whether it is of an operation's service time, and not of its response time or of grace periods.
    pub fn is_service(&self) -> bool {
        self.kind == Kind::Service && self.op != RECLAIM
    }
}

/// The latency histogram of one kind of operation at one point under one strategy, of one trial or of several merged.
/// An interval of `latency.hlog`.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyHistogram {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name.
    pub strategy: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The operation's name, or [`RECLAIM`].
    pub op: String,
    /// Service or response time.
    pub kind: Kind,
    /// Measured wall time of the trials in it, ns.
    pub measured_ns: u64,
    /// The values, ns.
    pub histogram: Histogram<u64>,
}

/// The machine and the software that a run was measured on. What could not be found out is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// The host's name.
    pub hostname: String,
    /// A hash of the machine's identity, which tells machines of one name apart.
    pub machine_id: Option<String>,
    /// The processor's model.
    pub cpu_model: Option<String>,
    /// Its microarchitecture, as far as the processor tells it: vendor, family and model, or the kinds of core.
    pub microarchitecture: Option<String>,
    /// Physical cores.
    pub cores: Option<usize>,
    /// Logical processors.
    pub logical_cpus: Option<usize>,
    /// Whether simultaneous multithreading is on.
    pub smt: Option<bool>,
    /// The frequency governor.
    pub governor: Option<String>,
    /// Whether the clock rate may rise above its base.
    pub turbo: Option<bool>,
    /// The kernel's clock source.
    pub clock_source: Option<String>,
    /// The hypervisor underneath, `none` on bare metal.
    pub hypervisor: Option<String>,
    /// The kernel's version.
    pub kernel: Option<String>,
    /// The operating system's name and release.
    pub os: Option<String>,
    /// What headlock was built from and how, as a hash: equal for programs that differ in the layout of their code alone.
    pub source: Option<String>,
    /// The compiler that built headlock.
    pub rustc: Option<String>,
    /// Versions of the crates that the strategies rest on.
    pub crates: BTreeMap<String, String>,
}

/// How far a run got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// It is under way, or was killed.
    Running,
    /// It ended as planned.
    Complete,
    /// It was stopped from outside.
    Interrupted,
    /// It stopped on an error.
    Failed,
}

/// What was run, where, and how it went. The content of `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`SCHEMA_VERSION`] of the headlock that wrote it.
    pub schema_version: u32,
    /// The version of that headlock.
    pub headlock_version: String,
    /// The command line, program name first.
    pub command: Vec<String>,
    /// Every parameter, given or default: enough to run it again.
    pub parameters: Parameters,
    /// The machine.
    pub host: Host,
    /// Its state as the run started.
    #[serde(default)]
    pub conditions: Conditions,
    /// What may spoil the figures, one sentence each.
    pub warnings: Vec<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it was taken up again, each time.
    #[serde(default)]
    pub resumed: Vec<Timestamp>,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// How far it got.
    pub state: RunState,
    /// Why it was interrupted or failed.
    pub message: Option<String>,
    /// What was left out because it failed.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Of each strategy, what `headlock verify` of its code on this machine had come to when it was measured; `None` if nothing is known.
    #[serde(default)]
    pub verified: BTreeMap<String, Option<Verified>>,
}

/// A strategy that failed at a point and was not measured there any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The workload's name.
    pub workload: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The strategy's name.
    pub strategy: String,
    /// What happened.
    pub reason: String,
}
