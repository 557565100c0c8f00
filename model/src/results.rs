//! A prediction as a result directory: what was played, in headlock's own records.

use std::path::Path;

use anyhow::Result;
use headlock::export::{Played, Prediction, write_prediction};
use headlock::record::{
    ALL, Command, Common, Conditions, Host, Pass, PlayedTrace, Predict, Predicted, RunRecord, RunState, SCHEMA_VERSION,
    Trial,
};
use headlock::stats::predicted_ratios;
use headlock::strategies::LockCounts;
use headlock::workload::trace::TraceOp;
use headlock::workload::{Op, Workload};

use crate::description::Description;
use crate::plan::Actions;
use crate::predict::Point;
use crate::vm;

/// The difference that is still called the same.
pub const MARGIN: f64 = 0.01;
/// Blocks in the order in which result files have them, by their places in [`End::ALL`](crate::description::End::ALL).
const BLOCKS: [(usize, &str); 3] = [(1, "stated"), (0, "lowest"), (2, "highest")];

/// What was asked of the model.
pub struct Asked<'a> {
    /// The machine.
    pub machine: &'a Description,
    /// The workloads and traces.
    pub workloads: &'a [Actions],
    /// Strategies, the baseline among them.
    pub strategies: &'a [&'static str],
    /// What ratios are taken to.
    pub baseline: &'a str,
    /// Seed of scripts and stays.
    pub seed: u64,
    /// When it was asked.
    pub started: jiff::Timestamp,
}

/// Writes a result directory.
pub fn write(dir: &Path, asked: &Asked<'_>, points: &[Point]) -> Result<()> {
    let played: Vec<Played> = points.iter().flat_map(|point| plays(asked.workloads, point)).collect();
    let trials: Vec<Trial> = played.iter().map(|it| it.trial.clone()).collect();
    let description = toml::to_string_pretty(asked.machine)?;
    let prediction = Prediction {
        run: &record(asked, points)?,
        played: &played,
        predicted: &predicted(points),
        ratios: &predicted_ratios(&trials, asked.baseline, MARGIN),
        description: &description,
    };
    Ok(write_prediction(dir, &prediction)?)
}

fn record(asked: &Asked<'_>, points: &[Point]) -> Result<RunRecord> {
    let machine = asked.machine;
    let mut threads: Vec<usize> = points.iter().map(|point| point.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    let command = std::iter::once("scripts/model".to_owned()).chain(std::env::args().skip(1));
    Ok(RunRecord {
        schema_version: SCHEMA_VERSION,
        headlock_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.collect(),
        parameters: headlock::record::Parameters {
            command: Command::Predict(Box::new(Predict {
                workloads: asked.workloads.iter().filter_map(drawn).collect(),
                traces: asked.workloads.iter().filter_map(recorded).collect(),
                threads,
                machine: machine.recorded()?,
                assumed: machine.assumed(),
            })),
            common: Common {
                strategies: asked.strategies.iter().map(|&name| name.to_owned()).collect(),
                baseline: asked.baseline.to_owned(),
                threshold: MARGIN,
                seed: asked.seed,
                ..Common::default()
            },
        },
        host: Host {
            hostname: machine.name.clone(),
            cpu_model: Some(machine.summary.clone()),
            cores: Some(machine.cores),
            logical_cpus: Some(machine.processors()),
            ..Host::default()
        },
        conditions: Conditions::default(),
        verified: Default::default(),
        warnings: vec![
            "These figures come from a model of a machine; nothing was measured.".to_owned(),
            format!("The error of its figures is {}.", machine.recorded()?.error_in_words()),
        ],
        started: asked.started,
        resumed: Vec::new(),
        ended: Some(jiff::Timestamp::now()),
        state: RunState::Complete,
        message: None,
        left_out: Vec::new(),
    })
}

fn drawn(actions: &Actions) -> Option<Workload> {
    match actions {
        Actions::Drawn(workload) => Some(workload.clone()),
        Actions::Recorded(_) => None,
    }
}

fn recorded(actions: &Actions) -> Option<PlayedTrace> {
    match actions {
        Actions::Drawn(_) => None,
        Actions::Recorded(trace) => Some(trace.recorded()),
    }
}

/// A strategy at a point, from each end of the costs.
fn plays(workloads: &[Actions], point: &Point) -> Vec<Played> {
    let timers = workloads.iter().find(|it| it.name() == point.workload).map_or(0, |it| it.timers() as u64);
    let one = |(block, (place, costs)): (usize, (usize, &'static str))| {
        let played = &point.played[place];
        let sum = |field: fn(&vm::ThreadPlayed) -> u64| played.threads.iter().map(field).sum::<u64>();
        let time_ps: i64 = played.threads.iter().map(|thread| thread.elapsed_ps).sum();
        let time_ns = time_ps as f64 / 1e3;
        let elapsed_ns = time_ns / point.threads as f64;
        let [acquisitions, contended, retries, retired, peak_unreclaimed] = played.list;
        let (ops_least, ops_most) = played.ops_apart();
        Played {
            trial: Trial {
                workload: point.workload.clone(),
                strategy: point.strategy.to_owned(),
                threads: point.threads,
                block,
                pass: Pass::Throughput,
                ops: played.ops(),
                elapsed_ns: elapsed_ns as u64,
                ns_per_op: played.ns_per_op(),
                ops_per_s: played.ops() as f64 / elapsed_ns * 1e9,
                floor_ns: None,
                cpu_ns: time_ns as u64,
                lock: LockCounts { acquisitions, contended, wait_ns: 0 },
                retries,
                retired,
                peak_unreclaimed,
                steal_ns: 0,
                ctx_switches: 0,
                disturbed: false,
                disturbance: String::new(),
                active_start: timers,
                active_end: timers,
                fired: sum(|thread| thread.fired),
                rearms: sum(|thread| thread.rearms),
                overlap: 1.0,
                clock_ns: None,
                busy_ns: None,
                offered_per_s: None,
                behind_ns: None,
                ops_least,
                ops_most,
                slices: None,
                log_ratio: None,
                log_net_ratio: None,
                at_floor: false,
                state: String::new(),
            },
            costs,
            parks: sum(|thread| thread.parks),
        }
    };
    BLOCKS.into_iter().enumerate().map(one).collect()
}

/// Time per operation, and inside each kind of operation.
pub fn predicted(points: &[Point]) -> Vec<Predicted> {
    let mut rows = Vec::new();
    for point in points {
        let mut row = |op: &str, (ns, ns_low, ns_high): (f64, f64, f64)| {
            rows.push(Predicted {
                workload: point.workload.clone(),
                strategy: point.strategy.to_owned(),
                threads: point.threads,
                op: op.to_owned(),
                ns,
                ns_low,
                ns_high,
            });
        };
        row(ALL, point.range(vm::Played::ns_per_op));
        let mut names: Vec<&str> = Op::ALL.map(Op::name).to_vec();
        names.extend(TraceOp::ALL.map(TraceOp::name).iter().filter(|name| !Op::ALL.map(Op::name).contains(name)));
        for op in names {
            if point.played.iter().all(|played| played.ns_inside(op).is_some()) {
                row(op, point.range(|played| played.ns_inside(op).expect("looked at above")));
            }
        }
    }
    rows
}
