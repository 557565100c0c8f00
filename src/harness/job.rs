//! What a trial process is told, and what it answers: plain data that crosses a pipe as JSON.

use std::path::PathBuf;

use headlock_strategies::{Counts, LockCounts};
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Pass};
use crate::workload::{Order, Speed, Workload};

/// One trial to be played by a fresh process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The registered strategy to play.
    pub strategy: String,
    /// What to play.
    pub load: Load,
    /// Which pass.
    pub pass: Pass,
    /// How long to measure, ns. A replay plays whole passes over its trace until then.
    pub trial_ns: u64,
    /// Seed of the scripts.
    pub seed: u64,
    /// Processors for the threads, in turn; empty leaves them to the scheduler.
    pub cpus: Vec<usize>,
    /// Turns of [`spin`](headlock_strategies::spin) in a nanosecond, for think and hold times.
    pub spins_per_ns: f64,
    /// Share by which everything is made slower, a self-test of the tool; 0 for none.
    pub inject: f64,
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
        /// The trace's file.
        trace: PathBuf,
        /// In which order.
        order: Order,
        /// At which speed.
        speed: Speed,
    },
}

impl Load {
    /// Whether threads do anything but operate on the list, so that the time between operations says nothing of it.
    pub fn is_paced(&self) -> bool {
        match self {
            Load::Synthetic { workload, .. } => {
                workload.think_ns > 0 || workload.pollute_kib > 0 || workload.load != crate::workload::Load::Closed
            }
            Load::Replay { speed, .. } => matches!(speed, Speed::Times(_)),
        }
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
    /// When it began to measure, ns after the process's reference moment.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// Measured time, ns: the window, or the sum of the replayed passes.
    pub elapsed_ns: u64,
    /// Processor time in the window, ns.
    pub cpu_ns: u64,
    /// Involuntary context switches in the window.
    pub ctx_switches: u64,
    /// Voluntary ones: it slept, for a lock or until a moment.
    pub sleeps: u64,
    /// Time in the window in which it could have run and had no processor, ns.
    pub runqueue_ns: u64,
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
    /// How far behind its schedule an open load ended, ns.
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

/// What a trial process answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Each thread's part.
    pub threads: Vec<ThreadOutcome>,
    /// Lock acquisitions while measuring.
    pub lock: LockCounts,
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
    /// Time stolen from the machine meanwhile, ns.
    pub steal_ns: u64,
    /// What a pair of clock readings costs, ns; 0 in the throughput pass, which has none.
    pub clock_ns: f64,
    /// Latencies, in the latency pass.
    pub histograms: Vec<OpHistogram>,
    /// How often a replay went over its trace.
    pub passes: u64,
}

impl ThreadOutcome {
    /// Adds what the same thread did in a further pass over a trace.
    pub(super) fn add(&mut self, pass: &ThreadOutcome) {
        if self.elapsed_ns == 0 {
            self.start_ns = pass.start_ns;
        }
        self.end_ns = pass.end_ns;
        self.ops += pass.ops;
        self.elapsed_ns += pass.elapsed_ns;
        self.cpu_ns += pass.cpu_ns;
        self.ctx_switches += pass.ctx_switches;
        self.sleeps += pass.sleeps;
        self.runqueue_ns += pass.runqueue_ns;
        self.fired += pass.fired;
        self.rearms += pass.rearms;
        self.service_ns += pass.service_ns;
        self.role.clone_from(&pass.role);
        self.lock += pass.lock;
    }
}

impl Outcome {
    /// Adds what was counted between two readings of a list's counters.
    pub(super) fn add_counts(&mut self, before: Counts, after: Counts) {
        let counts = after.since(before);
        self.lock += counts.lock;
        self.retries += counts.retries;
        self.retired += counts.retired;
        self.peak_unreclaimed = self.peak_unreclaimed.max(counts.peak_unreclaimed);
    }
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
}
