//! `headlock replay`: recorded traces under each strategy.

use serde_json::json;

use super::args::ReplayArgs;
use super::failure::{Failure, usage};
use super::session::{self, Request};
use super::table::ReplayFacts;
use crate::harness::{Load, Order, Plan, Speed};
use crate::record::Point;
use crate::registry::Registry;
use crate::workload::trace::{Trace, TraceOp};

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
    let mut points = Vec::new();
    let mut facts = Vec::new();
    let mut played = Vec::new();
    let mut length_ns = 0;
    for path in &args.traces {
        let trace = Trace::load(path).map_err(|error| Failure::Error(error.to_string()))?;
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
        facts.push(ReplayFacts {
            rows: trace.counts().total() - trace.counts()[TraceOp::Fire],
            recorded_fires: trace.expected_fires(),
            speed: args.speed,
        });
        // What the trace holds, so that results of another one under the same name are not compared or mixed with it.
        played.push(json!({ "workload": point.workload, "checksum": format!("{:08x}", trace.checksum()) }));
        let load = Load::Replay { trace: path.clone(), order: args.order, speed: args.speed };
        points.push((point, load));
    }
    let plan = Plan {
        expected_ns: length_ns,
        ..session::plan(registry, common, session::strategies(registry, &common.strategies, &common.baseline)?, points)?
    };
    let names: Vec<&str> = plan.points.iter().map(|(point, _)| point.workload.as_str()).collect();
    Ok(Request {
        what: format!("replay-{}", names.join("-")),
        common,
        parameters: session::parameters(
            common,
            &plan,
            json!({
                "command": "replay",
                "traces": args.traces,
                "traces_played": played,
                "order": args.order,
                "speed": args.speed,
            }),
        ),
        plan,
        replay: facts,
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
