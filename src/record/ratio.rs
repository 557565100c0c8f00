//! A strategy against the baseline: what is compared, and what it comes to.

use serde::{Deserialize, Serialize};

/// Stands in [`Ratio::op`] for all operations together, and in [`Ratio::state`] for all states of the machine together.
pub const ALL: &str = "all";

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Thread-nanoseconds per operation as measured.
    NsPerOp,
    /// The same less the floor's in the same block.
    NetNsPerOp,
    /// Service time of all but the slowest hundredth of the operations.
    ServiceNs,
    /// Median service time.
    P50Ns,
    /// 99th percentile of service times.
    P99Ns,
    /// 99.9th percentile of service times.
    P999Ns,
    /// 99th percentile of response times, under open load.
    ResponseP99Ns,
    /// 99.9th percentile of response times, under open load.
    ResponseP999Ns,
}

impl Metric {
    /// Whether it is a figure of all of an operation's time, neither net of the floor nor a percentile.
    pub fn is_raw(self) -> bool {
        matches!(self, Self::NsPerOp | Self::ServiceNs)
    }

    /// Whether it is a percentile of latencies.
    pub fn is_percentile(self) -> bool {
        !matches!(self, Self::NsPerOp | Self::NetNsPerOp | Self::ServiceNs)
    }
}

/// The judgement on a ratio. `stats::verdict` holds the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole interval lies below 1, and not all of it inside the margin.
    Faster,
    /// The same above 1.
    Slower,
    /// The whole interval lies inside the margin.
    Same,
    /// None of these: more blocks are needed, or a quieter machine. Also where the run is biased.
    Unclear,
    /// Fewer than six blocks have both sides: there is no interval.
    #[serde(rename = "too few blocks")]
    TooFewBlocks,
}

impl Verdict {
    /// The word that tables and files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::Unclear => "unclear",
            Self::TooFewBlocks => "too few blocks",
        }
    }

    /// Whether it says on which side of the margin the ratio lies.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Faster | Self::Slower | Self::Same)
    }
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
    /// Lower end of the interval that the verdict rests on, at the level `confidence`. 0 if the blocks do not bound it.
    pub ci_low: f64,
    /// Upper end, infinite (`inf`) if the blocks do not bound it.
    pub ci_high: f64,
    /// Blocks that the ratio rests on.
    pub blocks: usize,
    /// The judgement.
    pub verdict: Verdict,
    /// The state of the machine in these blocks, or [`ALL`].
    pub state: String,
    /// The operation, the role or the trace's thread that it is of, or [`ALL`].
    pub op: String,
    /// The strategy's figure, ns: `baseline_ns` times `ratio`.
    pub ns: f64,
    /// The baseline's figure in the same blocks, median, ns.
    pub baseline_ns: f64,
    /// The level of this one interval, 0 to 1: 95 % corrected for the number of rows that decide.
    pub confidence: f64,
    /// The margin: the difference that is still called `same`, as a fraction, 0.01 for 1 %.
    pub threshold: f64,
    /// How far from 1 the A/A control's interval reaches here, as a fraction, if it excludes 1; else 0. The verdict takes it into account.
    pub bias: f64,
}

impl Ratio {
    /// Whether the A/A control is biased beyond the margin here, so that no verdict counts.
    pub fn is_biased(&self) -> bool {
        self.bias > self.threshold
    }

    /// Whether it is of the figure that decides at its point: all operations together, raw, in all states.
    pub fn decides(&self) -> bool {
        self.op == ALL && self.state == ALL && self.metric.is_raw()
    }
}
