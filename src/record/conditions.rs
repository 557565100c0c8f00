//! The state of the machine as a run started: what may differ between two runs on the same host.

use serde::{Deserialize, Serialize};

/// What was found. `None` and empty lists stand for what could not be found out or was not measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Processors that are online.
    pub online_cpus: Option<usize>,
    /// Processors that the process may use.
    pub affinity: Vec<usize>,
    /// Those of them that share a core with another of them.
    pub siblings: Vec<Vec<usize>>,
    /// Processor time that the control group grants, in processors; `None` without a limit.
    pub cpu_quota: Option<f64>,
    /// Mean number of runnable or blocked tasks over the last minute.
    pub load_average: Option<f64>,
    /// `always`, `madvise` or `never`.
    pub transparent_huge_pages: Option<String>,
    /// Whether each process gets another address-space layout.
    pub aslr: Option<bool>,
    /// The clock of the latency pass.
    pub clock: Option<ClockFacts>,
    /// What an empty loop saw on each processor that was watched.
    pub hiccups: Vec<Hiccups>,
    /// How wide each processor's core was.
    pub cores: Vec<CoreWidth>,
    /// Pairs of processors: all of a few; of many those that ever shared a core, and the first with the second and the last.
    pub pairs: Vec<CpuPair>,
    /// Turns of the busy-wait loop in a nanosecond. Think and hold times are counted in them.
    pub spins_per_ns: Option<f64>,
}

/// What the clock of the latency pass costs, and how finely it tells times apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockFacts {
    /// What a pair of readings around nothing shows, ns.
    pub pair_cost_ns: f64,
    /// The step in which its readings advance, ns.
    pub resolution_ns: f64,
}

/// The gaps that a loop saw which did nothing but read the clock, on one processor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hiccups {
    /// The processor.
    pub cpu: usize,
    /// How long it was watched, ns.
    pub watched_ns: u64,
    /// Gaps of a microsecond or more.
    pub gaps: u64,
    /// The share of the time that fell into them, 0 to 1.
    pub lost_share: f64,
    /// The 99.9th percentile of all gaps, the loop's own turns included, ns.
    pub p999_ns: u64,
    /// The longest, ns.
    pub max_ns: u64,
}

/// A processor's issue width, looked at several times while this program did nothing else: independent additions in the time of a
/// dependent one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoreWidth {
    /// The processor.
    pub cpu: usize,
    /// How often it was looked at.
    pub looks: u64,
    /// Looks that found its core shared.
    pub shared: u64,
    /// The narrowest look.
    pub narrowest: f64,
    /// The median look.
    pub median: f64,
    /// The widest look.
    pub widest: f64,
}

/// What two processors are to each other, looked at several times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuPair {
    /// The two, the lower number first.
    pub cpus: [usize; 2],
    /// How often they were looked at.
    pub looks: u64,
    /// Looks that found both on one core.
    pub one_core: u64,
    /// What a cache line took from one to the other in the fastest look, ns.
    pub fastest_ns: f64,
    /// In the median look, ns.
    pub median_ns: f64,
    /// In the slowest look, ns.
    pub slowest_ns: f64,
}
