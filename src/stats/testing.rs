//! Records for the tests of `stats` and `export`.

use hdrhistogram::Histogram;
use headlock_strategies::LockCounts;

use crate::record::{Kind, LatencyHistogram, Trial};

/// An undisturbed throughput trial of the workload `hot` at 1 thread: 1,000 operations of 10 ns, each under the lock.
pub(crate) fn trial(strategy: &str, block: usize) -> Trial {
    Trial {
        workload: "hot".to_owned(),
        strategy: strategy.to_owned(),
        threads: 1,
        block,
        ops: 1_000,
        elapsed_ns: 10_000,
        ns_per_op: 10.0,
        ops_per_s: 1e8,
        cpu_ns: 10_000,
        lock: LockCounts { acquisitions: 1_000, ..LockCounts::default() },
        active_start: 64,
        active_end: 64,
        overlap: 1.0,
        ops_least: 1_000,
        ops_most: 1_000,
        ..Trial::default()
    }
}

/// One second of service times of `deadline` on `hot` at 1 thread, each of `values` once, ns.
pub(crate) fn latency(strategy: &str, values: impl IntoIterator<Item = u64>) -> LatencyHistogram {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    for value in values {
        histogram.record(value).unwrap();
    }
    LatencyHistogram {
        workload: "hot".to_owned(),
        strategy: strategy.to_owned(),
        threads: 1,
        op: "deadline".to_owned(),
        kind: Kind::Service,
        measured_ns: 1_000_000_000,
        histogram,
    }
}
