//! What a trial process is told, and what it answers: plain data that crosses a pipe as JSON.

use std::path::PathBuf;

use headlock_strategies::{Counts, LockCounts};
use serde::{Deserialize, Serialize};

use super::behind::Behind;
use crate::record::{Kind, Pass};
use crate::workload::Workload;

/// One trial to be played by a fresh process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The registered strategy to play.
    pub strategy: String,
    /// What stands behind the C interface, by slot; the strategy to play may be one of them.
    pub behind: Vec<Behind>,
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
    pub lock: ThreadLocks,
    /// How far behind its schedule an open load ended, ns.
    pub behind_ns: u64,
}

/// A thread's lock acquisitions, as [`headlock_strategies::LockCounts`].
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ThreadLocks {
    /// Acquisitions.
    pub acquisitions: u64,
    /// Contended ones.
    pub contended: u64,
    /// Time waited in them, ns.
    pub wait_ns: u64,
}

impl ThreadLocks {
    /// Adds another part's.
    pub(super) fn add(&mut self, other: ThreadLocks) {
        self.acquisitions += other.acquisitions;
        self.contended += other.contended;
        self.wait_ns += other.wait_ns;
    }

    /// What these come to if they are a part of something that is so many times as large.
    pub(super) fn times(self, share: f64) -> ThreadLocks {
        let of_all = |count: u64| (count as f64 * share).round() as u64;
        ThreadLocks {
            acquisitions: of_all(self.acquisitions),
            contended: of_all(self.contended),
            wait_ns: of_all(self.wait_ns),
        }
    }
}

impl From<LockCounts> for ThreadLocks {
    fn from(counts: LockCounts) -> Self {
        let LockCounts { acquisitions, contended, wait_ns } = counts;
        ThreadLocks { acquisitions, contended, wait_ns }
    }
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
    pub lock_acquisitions: u64,
    /// Contended ones.
    pub lock_contended: u64,
    /// Time waited in them, ns.
    pub lock_wait_ns: u64,
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
        self.lock.add(pass.lock);
    }
}

impl Outcome {
    /// Adds what was counted between two readings of a list's counters.
    pub(super) fn add_counts(&mut self, before: Counts, after: Counts) {
        let counts = after.since(before);
        self.lock_acquisitions += counts.lock.acquisitions;
        self.lock_contended += counts.lock.contended;
        self.lock_wait_ns += counts.lock.wait_ns;
        self.retries += counts.retries;
        self.retired += counts.retired;
        self.peak_unreclaimed = self.peak_unreclaimed.max(counts.peak_unreclaimed);
    }

    /// States these lock counts in place of the list's own, which are not of all operations.
    pub(super) fn state_locks(&mut self, locks: ThreadLocks) {
        self.lock_acquisitions = locks.acquisitions;
        self.lock_contended = locks.contended;
        self.lock_wait_ns = locks.wait_ns;
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
