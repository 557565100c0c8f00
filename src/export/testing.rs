//! A small result for the tests of `export`.

use crate::record::testing::parameters;
use crate::record::{
    Conditions, Host, LatencyHistogram, LatencyRow, Ratio, RunRecord, RunState, SCHEMA_VERSION, Trial,
};
use crate::stats::testing::{latency, trial};
use crate::stats::{Latencies, latency_rows, ratios};

/// All that a run would hand to a result directory.
pub(super) struct Result {
    pub(super) trials: Vec<Trial>,
    pub(super) latencies: Latencies,
    pub(super) latency: Vec<LatencyRow>,
    pub(super) ratios: Vec<Ratio>,
    pub(super) run: RunRecord,
}

/// Eight blocks of `mutex` and `seqlock` on two workloads, with one name that needs quoting.
pub(super) fn result() -> Result {
    let mut latencies = Latencies::default();
    let mut trials = Vec::new();
    for workload in ["hot", "paced, \"real\""] {
        for (i, strategy) in ["mutex", "seqlock"].into_iter().enumerate() {
            for block in 0..8 {
                let ns_per_op = (10.0 + block as f64 / 7.0) / (1 + i) as f64;
                trials.push(Trial {
                    workload: workload.to_owned(),
                    ns_per_op,
                    floor_ns: Some(1.0 / 3.0),
                    disturbance: if block == 1 {
                        "steal, \"much\" of it".to_owned()
                    } else {
                        String::new()
                    },
                    ..trial(strategy, block)
                });
            }
            let values = (1..=12_345u64).map(|n| n * n % 1_000_003 + 1);
            latencies
                .add(LatencyHistogram { workload: workload.to_owned(), ..latency(strategy, values) })
                .unwrap();
        }
    }
    let latency = latency_rows(&latencies, &trials);
    let ratios = ratios(&trials, "mutex", 0.01);
    Result { trials, latencies, latency, ratios, run: run() }
}

pub(crate) fn run() -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        headlock_version: "0.1.0".to_owned(),
        command: vec!["headlock".to_owned(), "run".to_owned()],
        parameters: parameters(),
        host: Host {
            hostname: "box".to_owned(),
            smt: Some(false),
            ..Host::default()
        },
        conditions: Conditions::default(),
        warnings: vec!["the governor is `powersave`: set it to `performance`".to_owned()],
        started: "2026-11-24T18:06:42Z".parse().unwrap(),
        resumed: Vec::new(),
        ended: None,
        state: RunState::Running,
        message: None,
        left_out: Vec::new(),
        verified: std::collections::BTreeMap::new(),
    }
}
