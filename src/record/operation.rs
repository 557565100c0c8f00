//! The latencies of one kind of operation in one block.

use serde::{Deserialize, Serialize};

use super::{Kind, LatencyHistogram};

/// A percentile has a value only where so many operations lie beyond it.
pub const RESOLVED: u64 = 10;

/// One kind of operation at one point under one strategy in one block. A row of `operations.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationRow {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name.
    pub strategy: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The block, from 0.
    pub block: usize,
    /// The operation's name, or `reclaim`.
    pub op: String,
    /// Service or response time.
    pub kind: Kind,
    /// Values recorded.
    pub count: u64,
    /// The mean of all but the slowest hundredth, ns: one interrupt would outweigh all the rest of a plain mean.
    pub typical_ns: f64,
    /// Median, ns; empty with fewer than [`RESOLVED`] values on either side of it, as are those below.
    pub p50_ns: Option<u64>,
    /// 99th percentile, ns.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile, ns.
    pub p999_ns: Option<u64>,
}

impl OperationRow {
    /// What one block's histogram says.
    pub fn of(block: usize, latency: &LatencyHistogram) -> Self {
        let histogram = &latency.histogram;
        let percentile = |quantile: f64| {
            let beyond = ((1.0 - quantile) * histogram.len() as f64).round() as u64;
            (beyond >= RESOLVED).then(|| histogram.value_at_quantile(quantile))
        };
        Self {
            workload: latency.workload.clone(),
            strategy: latency.strategy.clone(),
            threads: latency.threads,
            block,
            op: latency.op.clone(),
            kind: latency.kind,
            count: histogram.len(),
            typical_ns: typical_ns(histogram),
            p50_ns: percentile(0.5),
            p99_ns: percentile(0.99),
            p999_ns: percentile(0.999),
        }
    }
}

/// The mean of all but the slowest hundredth of the recorded values, ns; 0 if there are none.
pub fn typical_ns(histogram: &hdrhistogram::Histogram<u64>) -> f64 {
    let wanted = histogram.len() - histogram.len() / 100;
    let (mut counted, mut sum_ns) = (0, 0.0);
    for value in histogram.iter_recorded() {
        let count = value.count_at_value().min(wanted - counted);
        counted += count;
        sum_ns += count as f64 * histogram.median_equivalent(value.value_iterated_to()) as f64;
    }
    sum_ns / counted.max(1) as f64
}
