//! `headlock replay`: recorded traces under each strategy.

use std::path::PathBuf;

use clap::Args;

use super::answer::complain;
use super::common::CommonArgs;
use super::config::{self, Typed};
use super::declared::declarations;
use super::failure::{Failure, usage};
use super::session::{self, Request, RunsArgs};
use super::units;
use crate::harness::{Load, Plan};
use crate::record::{self, PlayedTrace, Point};
use crate::registry::Registry;
use crate::workload::trace::{Trace, TraceOp};
use crate::workload::{Order, Speed};

/// `headlock replay`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock replay traces/boot.csv.zst                    row by row on one thread
  headlock replay traces/disk.csv.zst --order threads    on the trace's threads
  headlock replay traces/idle.csv.zst --order threads --speed 1     as recorded
  headlock replay traces/disk.csv.zst --neighbour idle   with its core to itself")]
pub struct ReplayArgs {
    /// Trace files (CSV, plain, zstd or gzip)
    #[arg(required_unless_present = "config", value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// strict: all rows on one thread in time order; threads: a thread for each of the trace's
    #[arg(long, default_value = "strict", value_name = "ORDER", value_parser = units::order)]
    pub order: Order,
    /// max: back to back; 1: as recorded; 10: ten times as fast
    #[arg(long, default_value = "max", value_name = "SPEED", value_parser = units::speed)]
    pub speed: Speed,
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(flatten)]
    pub runs: RunsArgs,
    /// What a `run.json` says in place of what was not typed.
    #[arg(skip)]
    told: Option<record::Replay>,
}

impl ReplayArgs {
    /// With what `--config` names in place of what was not typed.
    pub fn configured(mut self, typed: &Typed) -> Result<Self, Failure> {
        let Some(path) = self.common.config.clone() else {
            return Ok(self);
        };
        let told = config::read(&path)?;
        let record::Command::Replay(replay) = &told.command else {
            return config::of_another_command(&path, &told);
        };
        let filled = typed
            .or("order", &mut self.order, "order", Ok(replay.order))
            .and_then(|()| typed.or("speed", &mut self.speed, "speed", units::possible(replay.speed)))
            .and_then(|()| self.common.fill(&told.common, typed));
        filled.map_err(|problem| config::wrong(&path, &problem))?;
        self.runs.fill(&told.common);
        if self.traces.is_empty() {
            self.traces = replay.traces.iter().map(|trace| trace.path.clone().into()).collect();
            self.told = Some(replay.clone());
        }
        Ok(self)
    }

    /// Refuses a trace that is not what it was when the run was recorded that is to be run again.
    fn check_content(&self, place: usize, trace: &PlayedTrace) -> Result<(), Failure> {
        let told = self.told.as_ref().and_then(|told| told.traces.get(place));
        match (told, &self.common.config) {
            (Some(told), Some(config)) if told.checksum != trace.checksum => Err(config::wrong(
                config,
                &format!(
                    "traces[{place}].checksum: {} was {} and is {}; name the trace on the command line to play it as it is",
                    trace.path, told.checksum, trace.checksum
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Checks everything, the traces included, and measures.
pub fn replay(registry: &Registry, args: &ReplayArgs) -> Result<(), Failure> {
    session::measure(request(registry, args)?)
}

/// What was typed, validated.
pub fn request<'a>(registry: &Registry, args: &'a ReplayArgs) -> Result<Request<'a>, Failure> {
    let common = &args.common;
    if args.order == Order::Strict && args.speed != Speed::Max {
        return usage(
            "--speed: a strict replay is played back to back; add --order threads to keep the trace's spacing",
        );
    }
    if args.traces.is_empty() {
        return usage("TRACE: there is no trace to play");
    }
    let runs = args.runs.clone().of_set(common)?;
    let mut points = Vec::new();
    let mut played = Vec::new();
    let mut length_ns = 0;
    for (place, path) in args.traces.iter().enumerate() {
        let trace = Trace::load(path).map_err(|error| Failure::Error(error.to_string()))?;
        if !common.quiet {
            trace.notes.iter().for_each(|note| complain(note));
        }
        let threads = match args.order {
            Order::Strict => 1,
            Order::Threads => trace.threads.len(),
        };
        let point = Point {
            workload: format!("{}-{}", trace.name, manner(args)),
            threads,
        };
        if points.iter().any(|(known, _)| *known == point) {
            return usage(format!("{}: a trace named {} is there already", path.display(), trace.name));
        }
        if let Speed::Times(times) = args.speed {
            let last = trace.rows.iter().map(|row| row.time.0).max().unwrap_or(0);
            length_ns = length_ns.max((last as f64 / times) as u64);
        }
        let this = PlayedTrace {
            path: path.to_string_lossy().into_owned(),
            workload: point.workload.clone(),
            checksum: format!("{:08x}", trace.checksum()),
            rows: trace.counts().total() - trace.counts()[TraceOp::Fire],
            recorded_fires: trace.expected_fires(),
        };
        args.check_content(place, &this)?;
        played.push(this);
        let load = Load::replay(&trace, args.order, args.speed)
            .map_err(|error| Failure::Error(format!("{}: {error}", path.display())))?;
        points.push((point, load));
    }
    let plan = Plan {
        expected_ns: length_ns,
        ..session::plan(registry, common, session::strategies(registry, &common.strategies, &common.baseline)?, points)?
    };
    let names: Vec<&str> = plan.points.iter().map(|(point, _)| point.workload.as_str()).collect();
    let command = record::Command::Replay(record::Replay { traces: played, order: args.order, speed: args.speed });
    Ok(Request {
        what: format!("replay-{}", names.join("-")),
        common,
        parameters: session::parameters(common, &runs, &plan, command),
        plan,
        declarations: declarations(registry),
        runs,
    })
}

/// How the traces are played, for the workload's name.
fn manner(args: &ReplayArgs) -> String {
    match (args.order, args.speed) {
        (Order::Strict, _) => "strict".to_owned(),
        (Order::Threads, Speed::Max) => "threads".to_owned(),
        (Order::Threads, Speed::Times(times)) => format!("threads-x{times}"),
    }
}
