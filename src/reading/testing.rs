//! Results for the tests of what reads them.

use super::Results;
use crate::record::testing::parameters;
use crate::record::{
    Check, Command, Conditions, Declaration, Host, Kind, LatencyRow, OperationRow, PlayedTrace, Replay, RunRecord,
    RunState, SCHEMA_VERSION, State, Trial, Verified,
};
use crate::stats::testing::{latency, trial};
use crate::stats::{Latencies, latency_rows, ratios};
use crate::workload::{Order, Speed};

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

/// The same, probed and with two kinds of operation: in even blocks the core was the thread's own.
pub(crate) fn probed(strategies: &[(&str, f64)]) -> Results {
    let mut results = results(strategies);
    for trial in &mut results.trials {
        let state = if trial.block % 2 == 0 {
            State::CoreToItself
        } else {
            State::CoreShared
        };
        trial.state = state.to_string();
        // As asked: 5 % modifies, a quarter of them at the head.
        trial.rearms = trial.ops / 80;
    }
    for trial in &results.trials {
        for (op, times) in [("deadline", 1.0), ("modify", 4.0)] {
            let ns = trial.ns_per_op * times;
            results.operations.push(OperationRow {
                workload: trial.workload.clone(),
                strategy: trial.strategy.clone(),
                threads: trial.threads,
                block: trial.block,
                op: op.to_owned(),
                kind: Kind::Service,
                count: 1_000,
                typical_ns: ns,
                p50_ns: Some(ns as u64),
                p99_ns: (op == "deadline").then_some(10 * ns as u64),
                p999_ns: None,
            });
        }
    }
    results.filed_ratios = Some(results.reading().ratios);
    results
}

/// The same results as of a replay of a trace of 500 rows in which 3 timers fired.
pub(crate) fn replayed(mut results: Results) -> Results {
    results.run.parameters.command = Command::Replay(Replay {
        traces: vec![PlayedTrace {
            path: "hot.csv".to_owned(),
            workload: "hot".to_owned(),
            checksum: "0".to_owned(),
            rows: 500,
            recorded_fires: 3,
        }],
        order: Order::Strict,
        speed: Speed::Max,
    });
    results
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
        verified: parameters().common.strategies.into_iter().map(|name| (name, Some(passed()))).collect(),
    }
}

/// A pass of every check.
pub(crate) fn passed() -> Verified {
    Verified {
        date: "2026-11-24T12:00:00Z".parse().unwrap(),
        checks: Check::ALL.to_vec(),
        seconds: 2.5,
        broken: Vec::new(),
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
