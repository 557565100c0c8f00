//! A result directory of a run that never took place.

use std::path::Path;

use hdrhistogram::Histogram;
use headlock::export::{ResultDir, Snapshot};
use headlock::record::{
    Check, ClockFacts, Command, Common, Conditions, Host, Kind, LatencyHistogram, Parameters, Pass, Run, RunRecord,
    RunState, SCHEMA_VERSION, Trial, Verified,
};
use headlock::stats::{Latencies, latency_rows, ratios};
use headlock::strategies::LockCounts;
use headlock::workload::Workload;

/// 16 blocks of a workload on 1 thread, and of `paced`, which has a latency pass only: these strategies with their ns per
/// operation, the A/A control of the first of them, and the floor.
pub fn write(path: &Path, workload: &str, strategies: &[(&str, f64)]) {
    let mut dir = ResultDir::create(path).unwrap();
    let (mut trials, mut latencies) = (Vec::new(), Latencies::default());
    let (baseline, ns) = strategies[0];
    let controls = [("aa-control", ns), ("floor", 1.0)];
    for (workload, pass) in [(workload, Pass::Throughput), ("paced", Pass::Latency)] {
        for (number, (strategy, ns)) in strategies.iter().chain(&controls).enumerate() {
            for block in 0..16 {
                // Evenly spread, and in another order for each strategy: any two differ one way as often as the other.
                let spread = ((block ^ number) * 7 % 16) as f64 / 7.5 - 1.0;
                let mut trial = Trial {
                    workload: workload.to_owned(),
                    pass,
                    ..trial(strategy, block, ns * (1.0 + 0.002 * spread))
                };
                // The latency pass has 1,000 changes in 16 blocks, each under the lock.
                if pass == Pass::Latency {
                    trial.lock.acquisitions = trial.lock.acquisitions.max(100);
                }
                dir.append_trial(&trial).unwrap();
                trials.push(trial);
            }
            for op in ["deadline", "modify"] {
                latencies.add(latency(workload, strategy, op, *ns as u64 + 20)).unwrap();
            }
        }
    }
    let run = RunRecord {
        schema_version: SCHEMA_VERSION,
        headlock_version: "0.1.0".to_owned(),
        command: ["headlock", "run"].map(str::to_owned).to_vec(),
        parameters: Parameters {
            command: Command::Run(Run {
                workloads: vec![Workload { name: workload.to_owned(), ..preset("hot") }, preset("paced")],
                threads: vec![1],
            }),
            common: Common {
                strategies: strategies.iter().map(|(name, _)| (*name).to_owned()).collect(),
                baseline: baseline.to_owned(),
                threshold: 0.01,
                trial_ns: 20_000_000,
                cpus: vec![0],
                seed: 1,
                ..Common::default()
            },
        },
        host: Host { hostname: "box".to_owned(), ..Host::default() },
        conditions: Conditions {
            clock: Some(ClockFacts { pair_cost_ns: 10.5, resolution_ns: 1.0 }),
            ..Conditions::default()
        },
        warnings: vec![],
        started: "2026-11-24T18:06:42Z".parse().unwrap(),
        resumed: vec![],
        ended: Some("2026-11-24T18:07:12Z".parse().unwrap()),
        state: RunState::Complete,
        message: None,
        left_out: Vec::new(),
        verified: strategies.iter().map(|(name, _)| ((*name).to_owned(), Some(passed()))).collect(),
    };
    dir.rewrite(&Snapshot {
        blocks: &[],
        latency: &latency_rows(&latencies, &trials),
        histograms: &latencies,
        ratios: &ratios(&trials, baseline, 0.01),
        run: &run,
    })
    .unwrap();
}

pub fn trial(strategy: &str, block: usize, ns_per_op: f64) -> Trial {
    Trial {
        strategy: strategy.to_owned(),
        threads: 1,
        block,
        ops: 1_000,
        elapsed_ns: 10_000,
        ns_per_op,
        ops_per_s: 1e8,
        floor_ns: Some(1.0),
        lock: LockCounts {
            acquisitions: if strategy == "mutex" { 1_000 } else { 10 },
            ..LockCounts::default()
        },
        overlap: 1.0,
        busy_ns: Some(1_000),
        ops_least: 1_000,
        ops_most: 1_000,
        ..Trial::default()
    }
}

/// A pass of every check.
fn passed() -> Verified {
    Verified {
        date: "2026-11-24T12:00:00Z".parse().unwrap(),
        checks: Check::ALL.to_vec(),
        seconds: 2.5,
        broken: Vec::new(),
    }
}

fn preset(name: &str) -> Workload {
    Workload::preset(name).unwrap()
}

fn latency(workload: &str, strategy: &str, op: &str, ns: u64) -> LatencyHistogram {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    for value in 1..=1_000 {
        histogram.record(ns + value / 100).unwrap();
    }
    LatencyHistogram {
        workload: workload.to_owned(),
        strategy: strategy.to_owned(),
        threads: 1,
        op: op.to_owned(),
        kind: Kind::Service,
        measured_ns: 1_000_000_000,
        histogram,
    }
}
