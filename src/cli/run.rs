//! `headlock run`: synthetic workloads under each strategy.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{RunArgs, WorkloadFields};
use super::failure::{Failure, usage};
use super::session::{self, Request};
use crate::export::read_text;
use crate::harness::{Load, pin};
use crate::record::Point;
use crate::registry::Registry;
use crate::workload::{
    self, Distance, Mix, Overrides, PRESETS, PollClock, Roles, Workload, WorkloadError, parse_duration_ns,
};

/// The workloads of a run that names none: one hot, one paced like the traces.
const DEFAULT_WORKLOADS: [&str; 2] = ["hot", "paced"];

/// Where a workload's fields come from when flags say so.
pub(super) const COMMAND_LINE: &str = "the command line";

/// Checks everything and measures.
pub fn run(registry: &Registry, args: &RunArgs) -> Result<(), Failure> {
    session::measure(request(registry, args)?)
}

/// What was typed, validated.
pub fn request<'a>(registry: &Registry, args: &'a RunArgs) -> Result<Request<'a>, Failure> {
    let common = &args.common;
    let workloads = workloads(args)?;
    let mut points = Vec::new();
    for workload in &workloads {
        for threads in thread_counts(args, workload)? {
            workload.check(threads).map_err(|error| Failure::Usage(error.to_string()))?;
            let point = Point { workload: workload.name.clone(), threads };
            let load = Load::Synthetic { workload: Box::new(workload.clone()), threads };
            match points.iter().any(|(known, _)| *known == point) {
                true => return usage(format!("--threads {threads} is asked for twice for workload {}", workload.name)),
                false => points.push((point, load)),
            }
        }
    }
    let plan =
        session::plan(registry, common, session::strategies(registry, &common.strategies, &common.baseline)?, points)?;
    let names: Vec<&str> = workloads.iter().map(|workload| workload.name.as_str()).collect();
    Ok(Request {
        what: format!("run-{}", names.join("-")),
        common,
        parameters: session::parameters(
            common,
            &plan,
            json!({
                "command": "run",
                "workloads": workloads,
                "threads": args.threads.as_ref().map(|threads| &threads.0),
            }),
        ),
        plan,
        replay: Vec::new(),
    })
}

/// The workloads named, each with the fields given in place of its own.
fn workloads(args: &RunArgs) -> Result<Vec<Workload>, Failure> {
    let usage_error = |error: WorkloadError| Failure::Usage(by_flag(&error, &args.fields));
    let base: Vec<Workload> = match &args.config {
        Some(path) if args.workloads.is_empty() => from_run_json(path)?,
        _ if args.workloads.is_empty() => DEFAULT_WORKLOADS
            .iter()
            .map(|name| Workload::preset(name))
            .collect::<Result<_, _>>()
            .map_err(usage_error)?,
        _ => args.workloads.iter().map(|name| named(name)).collect::<Result<_, _>>()?,
    };
    base.into_iter()
        .map(|workload| workload.with(overrides(&args.fields)?, COMMAND_LINE).map_err(usage_error))
        .collect()
}

/// The workload named, with the fields given in place of its own.
pub(super) fn workload(name: &str, fields: &WorkloadFields) -> Result<Workload, Failure> {
    let given = overrides(fields)?;
    named(name)?.with(given, COMMAND_LINE).map_err(|error| Failure::Usage(by_flag(&error, fields)))
}

/// The error in words that name the flag to change, if it is a flag's value that is wrong.
fn by_flag(error: &WorkloadError, fields: &WorkloadFields) -> String {
    let flags = [
        ("mix", "--mix", fields.mix.is_some()),
        ("roles", "--pollers, --modifiers, --runners", fields.roles().is_some()),
        ("timers", "--timers", fields.timers.is_some()),
        ("distance", "--distance", fields.distance.is_some()),
        ("head_share", "--head-share", fields.head_share.is_some()),
        ("run_due", "--run-due", fields.run_due.is_some()),
        ("empty_share", "--empty-share", fields.empty_share.is_some()),
        ("idle_cancel_share", "--idle-cancel-share", fields.idle_cancel_share.is_some()),
        ("think_ns", "--think", fields.think.is_some()),
        ("pollute_kib", "--pollute", fields.pollute.is_some()),
        ("hold_ns", "--hold", fields.hold.is_some()),
        ("load", "--rate", fields.rate.is_some()),
    ];
    let (field, problem) = match error {
        WorkloadError::Field { origin, field, found, expected } if origin == COMMAND_LINE => {
            (*field, format!("{field} is {found}; expected {expected}"))
        }
        WorkloadError::Trace { origin, source } if origin == COMMAND_LINE => ("distance", source.to_string()),
        _ => return error.to_string(),
    };
    match flags.iter().find(|(name, _, given)| *given && field.starts_with(name)) {
        Some((_, flag, _)) => format!("{flag}: {problem}"),
        None => error.to_string(),
    }
}

/// A preset, or the content of a TOML file.
fn named(name: &str) -> Result<Workload, Failure> {
    let presets = PRESETS.map(|(name, _)| name);
    if presets.contains(&name) {
        return Workload::preset(name).map_err(|error| Failure::Usage(error.to_string()));
    }
    if !name.ends_with(".toml") && !Path::new(name).exists() {
        return usage(format!(
            "--workload {name}: no such preset or file; the presets are {}, a file is TOML",
            presets.join(", ")
        ));
    }
    let text = read_text(Path::new(name)).map_err(|error| {
        Failure::Error(format!("--workload {name}: cannot be read: {error}; expected a preset or a TOML file"))
    })?;
    Workload::from_toml(&text, name).map_err(|error| Failure::Usage(error.to_string()))
}

/// The workloads that an earlier run's `run.json` records.
fn from_run_json(path: &Path) -> Result<Vec<Workload>, Failure> {
    let wrong = |problem: String| {
        Failure::Usage(format!("--config {}: {problem}; expected the run.json of a `headlock run`", path.display()))
    };
    let text = read_text(path).map_err(|error| wrong(error.to_string()))?;
    let record: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let workloads = record.pointer("/parameters/workloads").ok_or_else(|| wrong("it names no workloads".to_owned()))?;
    serde_json::from_value(workloads.clone()).map_err(|error| wrong(error.to_string()))
}

/// The thread counts to measure a workload with.
fn thread_counts(args: &RunArgs, workload: &Workload) -> Result<Vec<usize>, Failure> {
    match (&args.threads, workload.fixed_threads()) {
        (Some(threads), Some(fixed)) if threads.0 != [fixed] => usage(format!(
            "--threads: the roles of workload {} come to {fixed}; leave the flag out or change the roles",
            workload.name
        )),
        (_, Some(fixed)) => Ok(vec![fixed]),
        (Some(threads), None) => Ok(threads.0.clone()),
        (None, None) => {
            let cpus = pin::allowed_cpus().len().max(1);
            Ok(if cpus == 1 { vec![1] } else { vec![1, cpus] })
        }
    }
}

fn overrides(fields: &WorkloadFields) -> Result<Overrides, Failure> {
    Ok(Overrides {
        mix: fields.mix.as_deref().map(mix).transpose()?,
        roles: fields.roles(),
        timers: fields.timers,
        distance: fields.distance.as_deref().map(distance).transpose()?,
        head_share: fields.head_share,
        run_due: fields.run_due,
        empty_share: fields.empty_share,
        idle_cancel_share: fields.idle_cancel_share,
        think_ns: fields.think,
        pollute_kib: fields.pollute,
        hold_ns: fields.hold,
        clock: fields.clock.as_deref().map(clock).transpose()?,
        load: fields.rate.map(|rate| workload::Load::Open {
            rate_per_s: rate.per_s,
            per: rate.per,
            arrivals: fields.arrivals,
        }),
        ..Overrides::default()
    })
}

impl WorkloadFields {
    /// The roles, if any of their flags is given.
    fn roles(&self) -> Option<Roles> {
        let threads = [self.pollers, self.modifiers, self.runners];
        let [pollers, modifiers, runners] = threads.map(Option::unwrap_or_default);
        threads.iter().any(Option::is_some).then_some(Roles { pollers, modifiers, runners })
    }
}

/// `deadline=80,modify=20`, which is a TOML table but for its commas.
fn mix(text: &str) -> Result<Mix, Failure> {
    let share = |part: &str| part.split_once('=').is_some_and(|(_, number)| number.trim().parse::<f64>().is_ok());
    if let Some(part) = text.split(',').find(|part| !share(part)) {
        return usage(format!("--mix {text}: `{part}` is no share; expected shares like deadline=80,run=10,modify=10"));
    }
    toml::from_str(&text.replace(',', "\n")).map_err(|error: toml::de::Error| {
        let problem = error.message().replace('\n', "; ");
        Failure::Usage(format!("--mix {text}: {problem}; expected shares like deadline=80,run=10,modify=10"))
    })
}

fn distance(text: &str) -> Result<Distance, Failure> {
    const EXPECTED: &str =
        "fixed:1ms, uniform:1us:1ms, exponential:1ms, lognormal:1ms:1.5 (median, sigma) or trace:FILE";
    let wrong = || Failure::Usage(format!("--distance {text}: expected {EXPECTED}"));
    let ns =
        |time: &str| parse_duration_ns(time).map_err(|problem| Failure::Usage(format!("--distance {text}: {problem}")));
    let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
    Ok(match (kind, rest.split_once(':')) {
        ("trace", _) => Distance::Trace { path: rest.into(), quantiles_ns: Vec::new() },
        ("fixed", None) => Distance::Fixed { ns: ns(rest)? },
        ("exponential", None) => Distance::Exponential { mean_ns: ns(rest)? },
        ("uniform", Some((min, max))) => Distance::Uniform { min_ns: ns(min)?, max_ns: ns(max)? },
        ("lognormal", Some((median, sigma))) => Distance::Lognormal {
            median_ns: ns(median)?,
            sigma: sigma.parse().map_err(|_| wrong())?,
        },
        _ => return Err(wrong()),
    })
}

fn clock(text: &str) -> Result<PollClock, Failure> {
    match text {
        "none" => Ok(PollClock::None),
        "monotonic" => Ok(PollClock::Monotonic),
        "tsc" => Ok(PollClock::Tsc),
        _ => usage(format!("--clock {text}: expected none, monotonic or tsc")),
    }
}
