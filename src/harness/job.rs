//! What a block's process is told, and what it answers: plain data that crosses a pipe as JSON.

use headlock_strategies::LockCounts;
use serde::{Deserialize, Serialize};

use super::behind::Behind;
use super::handed::Handed;
use super::inject::Inject;
use crate::record::{BlockState, Kind, Pass};
use crate::workload::trace::{Trace, prepared::Prepared};
use crate::workload::{Isolation, Order, Speed, Workload};

/// One block at one point, or a part of it, to be played by a fresh process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Who plays.
    pub contestants: Vec<Contestant>,
    /// What stands behind the C interface, by slot; some of those who play may be of it.
    pub behind: Vec<Behind>,
    /// The name of the contestant that the others are compared with, if it is among them.
    pub baseline: String,
    /// What to play.
    pub load: Load,
    /// In which passes.
    pub passes: Vec<Pass>,
    /// How long to measure each contestant in each pass, ns: in slices, of which fast contestants do not use up all. A replay plays
    /// whole trips over its trace until then.
    pub trial_ns: u64,
    /// Seed of the scripts and of the order of turns.
    pub seed: u64,
    /// Processors for the threads, in turn; empty leaves them to the scheduler.
    pub cpus: Vec<usize>,
    /// Turns of [`spin`](headlock_strategies::spin) in a nanosecond, for think and hold times.
    pub spins_per_ns: f64,
    /// Whether contestants take turns.
    pub isolation: Isolation,
    /// Whether a replay that is not timed operation by operation plays its trace once more beforehand, to count lock acquisitions.
    pub count: bool,
}

/// One that plays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contestant {
    /// Its name in the results.
    pub name: String,
    /// The registered strategy that it plays.
    pub strategy: String,
    /// By how much it is slower than it need be.
    pub inject: Inject,
}

/// What is played.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Load {
    /// Pre-drawn scripts of a workload.
    Synthetic {
        /// The workload.
        workload: Box<Workload>,
        /// Threads.
        threads: usize,
    },
    /// A recorded trace.
    Replay {
        /// The trace, prepared for its order and speed.
        trace: Handed,
        /// At which speed.
        speed: Speed,
    },
}

impl Load {
    /// A replay of `trace`, laid out once for all processes that will play it.
    ///
    /// # Errors
    /// If there is no memory to hand it on in.
    pub fn replay(trace: &Trace, order: Order, speed: Speed) -> std::io::Result<Self> {
        let prepared = Prepared::of(trace, order, matches!(speed, Speed::Times(_)));
        Ok(Load::Replay { trace: Handed::new(&prepared)?, speed })
    }

    /// Whether threads do anything but operate on the list, so that the time between operations says nothing of it.
    pub fn is_paced(&self) -> bool {
        match self {
            Load::Synthetic { workload, .. } => {
                workload.think_ns > 0 || workload.pollute_kib > 0 || workload.load != crate::workload::Load::Closed
            }
            Load::Replay { .. } => self.pauses(),
        }
    }

    /// Whether threads sleep between operations.
    pub fn pauses(&self) -> bool {
        matches!(self, Load::Replay { speed: Speed::Times(_), .. })
    }

    /// The rate at which operations are to start, all threads together; `None` for a closed load and a replay.
    pub fn offered_per_s(&self) -> Option<f64> {
        match self {
            Load::Synthetic { workload, threads } => {
                workload.load.thread_rate(*threads).map(|rate| rate * *threads as f64)
            }
            Load::Replay { .. } => None,
        }
    }

    /// The passes that it is measured in, the deciding one first: a paced load has no throughput to measure.
    pub fn passes(&self) -> &'static [Pass] {
        if self.is_paced() {
            &[Pass::Latency]
        } else {
            &[Pass::Throughput, Pass::Latency]
        }
    }
}

/// What one thread did while measuring.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ThreadOutcome {
    /// Operations.
    pub ops: u64,
    /// Measured time, ns: the sum of its slices.
    pub elapsed_ns: u64,
    /// Processor time in them, ns.
    pub cpu_ns: u64,
    /// Involuntary context switches in them.
    pub ctx_switches: u64,
    /// Timers fired.
    pub fired: u64,
    /// Changes that made their timer the head.
    pub rearms: u64,
    /// Sum of service times, ns, in the latency pass.
    pub service_ns: u64,
    /// `poller`, `modifier`, `runner`, or `mixed`; in a replay the trace thread's name.
    pub role: String,
    /// Lock acquisitions through this thread's handles.
    pub lock: LockCounts,
    /// How far behind its schedule an open load ended its slices, ns, all together.
    pub behind_ns: u64,
}

/// Recorded latencies of one kind of operation, all threads together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpHistogram {
    /// The operation's name.
    pub op: String,
    /// Service or response time.
    pub kind: Kind,
    /// The histogram in HdrHistogram's V2 encoding, base64.
    pub encoded: String,
}

/// What a block's process answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BlockOutcome {
    /// Each contestant's part in each pass.
    pub parts: Vec<Outcome>,
    /// What else took the threads' time, pass by pass.
    pub watches: Vec<Watch>,
    /// Time stolen from the machine meanwhile, ns.
    pub steal_ns: u64,
    /// What a pair of clock readings costs, ns; 0 without a latency pass.
    pub clock_ns: f64,
    /// What the threads' probes read of the machine's state; `None` if no moment was read by all.
    pub state: Option<BlockState>,
}

/// What else took the threads' time in the slices of a pass, whoever played.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Watch {
    /// The pass.
    pub pass: Pass,
    /// Wall time of all threads, meetings included, ns.
    pub wall_ns: u64,
    /// The part of it in which no thread went to sleep by itself, so that its processor time accounts for it, ns.
    pub awake_ns: u64,
    /// What of that part was no processor time, ns.
    pub lost_ns: u64,
    /// Time for which the process stood still in slices, ns.
    pub stopped_ns: u64,
    /// Times that a thread went to sleep, for a lock or until a moment; in the whole block, as is the next.
    pub sleeps: u64,
    /// Time in which a thread could have run and had no processor, ns.
    pub runqueue_ns: u64,
    /// Wall time of all threads in the whole block, ns.
    pub block_ns: u64,
}

/// One contestant's part in one pass.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The contestant's name.
    pub name: String,
    /// The pass.
    pub pass: Pass,
    /// Each thread's part.
    pub threads: Vec<ThreadOutcome>,
    /// Lock acquisitions while measuring, `None` if they were not counted.
    pub locks: Option<LockCounts>,
    /// Read retries.
    pub retries: u64,
    /// Nodes retired.
    pub retired: u64,
    /// Most nodes retired and not yet reclaimed.
    pub peak_unreclaimed: u64,
    /// Active timers at the start.
    pub active_start: u64,
    /// Active timers at the end.
    pub active_end: u64,
    /// Latencies, in the latency pass.
    pub histograms: Vec<OpHistogram>,
    /// Slices measured.
    pub slices: u64,
    /// Share of the time from a slice's first start to its last end during which all threads were at work.
    pub overlap: f64,
    /// Of throughput, the robust mean of the slices' log ratios: to the baseline, to that net of the floor, and to the floor.
    pub log_ratio: Option<f64>,
    /// As `log_ratio`, with the floor's figures taken off both.
    pub log_net_ratio: Option<f64>,
    /// As `log_ratio`, with the floor in the baseline's place.
    pub log_over_floor: Option<f64>,
}

/// Why a job could not be played.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The trace does not load.
    #[error("{0}")]
    Trace(String),
    /// The workload is not valid, or not with so many threads.
    #[error("{0}")]
    Workload(String),
    /// The threads cannot be placed.
    #[error("{0}")]
    Pin(String),
    /// A contestant is of a strategy that this program does not have.
    #[error("strategy {0:?} is not registered")]
    Strategy(String),
}
