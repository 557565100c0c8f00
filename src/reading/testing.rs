//! Results for the tests of what reads them.

use super::Results;
use crate::record::testing::parameters;
use crate::record::{Conditions, Declaration, Host, LatencyRow, RunRecord, RunState, SCHEMA_VERSION, Trial};
use crate::stats::testing::{latency, trial};
use crate::stats::{Latencies, latency_rows, ratios};

/// A run of `hot` at 1 thread over 16 blocks: mutex, its control and the floor, and these strategies with their ns/op.
pub(crate) fn results(strategies: &[(&str, f64)]) -> Results {
    let fixed = [("mutex", 10.0), ("aa-control", 10.0), ("floor", 1.0)];
    let mut trials = Vec::new();
    let mut latencies = Latencies::default();
    for (number, (strategy, ns)) in fixed.iter().chain(strategies).enumerate() {
        for block in 0..16 {
            let noise = 1.0 + 0.001 * (((block * 7 + number * 5) % 16) as f64 / 7.5 - 1.0);
            trials.push(Trial {
                ns_per_op: ns * noise,
                floor_ns: Some(1.0),
                ..trial(strategy, block)
            });
        }
        latencies.add(latency(strategy, (1..=1000).map(|n| n + *ns as u64))).unwrap();
    }
    let latency: Vec<LatencyRow> = latency_rows(&latencies, &trials);
    Results {
        name: "made-up".to_owned(),
        run: run(),
        filed_ratios: Some(ratios(&trials, "mutex", 0.01)),
        trials,
        threads: Vec::new(),
        operations: Vec::new(),
        predicted: Vec::new(),
        blocks: Vec::new(),
        latency: Some(latency),
        checks: Vec::new(),
        crossings: Vec::new(),
        crossover_points: Vec::new(),
        map: Vec::new(),
        pictures: Vec::new(),
        notes: Vec::new(),
    }
}

/// What three sound strategies and a racy one declare.
pub(crate) fn declarations() -> Vec<Declaration> {
    let sound = ["mutex", "seqlock", "hazard"].map(|name| declared(name, "linearizable"));
    sound.into_iter().chain([declared("rcu-epoch", "racy")]).collect()
}

pub(crate) fn run() -> RunRecord {
    let command = [
        "target/release/headlock",
        "run",
        "-w",
        "hot",
        "--out",
        "results/made-up",
    ];
    RunRecord {
        schema_version: SCHEMA_VERSION,
        headlock_version: "0.1.0".to_owned(),
        command: command.map(str::to_owned).to_vec(),
        parameters: parameters(),
        host: Host { hostname: "box".to_owned(), ..Host::default() },
        conditions: Conditions::default(),
        warnings: Vec::new(),
        started: "2026-11-24T18:06:42Z".parse().unwrap(),
        resumed: Vec::new(),
        ended: Some("2026-11-24T18:07:12Z".parse().unwrap()),
        state: RunState::Complete,
        message: None,
        left_out: Vec::new(),
    }
}

fn declared(name: &str, freshness: &str) -> Declaration {
    Declaration {
        name: name.to_owned(),
        summary: format!("how {name} reads"),
        reader_pays: "none".to_owned(),
        progress: "wait-free".to_owned(),
        freshness: freshness.to_owned(),
        writer_pays: "one store".to_owned(),
        built_on: "std".to_owned(),
        reference: "nobody".to_owned(),
    }
}
