//! `headlock trace`: a trace in figures, and as a workload.

mod show;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::json;

use super::answer::{answer, answer_json};
use super::args::TraceArgs;
use super::failure::{Failure, usage};
use super::session;
use crate::harness::child::ChildError;
use crate::harness::{Job, Load, Order, Speed, child};
use crate::record::Pass;
use crate::registry::Registry;
use crate::workload::profile::{Fit, Profile, fit};
use crate::workload::trace::Trace;

/// How long a pass over a trace may take before it counts as hung, ns: ten minutes, for the longest there is.
const ONE_PASS_NS: u64 = 600_000_000_000;

/// What a strategy does with the trace, counted on one strict pass: the same on any machine.
#[derive(Clone, Debug, Serialize)]
struct Played {
    strategy: String,
    lock_acquisitions: u64,
    fired: u64,
}

/// Prints the trace's figures, or the workload fitted to it.
pub fn trace(registry: &Registry, args: &TraceArgs) -> Result<(), Failure> {
    let strategies = session::chosen(registry, &args.strategies)?;
    let to_stdout = args.as_workload == Some(None);
    if to_stdout && args.json {
        return usage("--as-workload without a file prints TOML; name a file, or leave out --json");
    }
    let trace = Trace::load(&args.trace).map_err(|error| Failure::Error(error.to_string()))?;
    let profile = Profile::of(&trace);
    let fitted = match args.as_workload {
        Some(_) => Some(fit(&trace, &profile, &args.trace).map_err(|error| Failure::Error(error.to_string()))?),
        None => None,
    };
    if let Some(fitted) = &fitted {
        let toml = fitted.to_toml().map_err(|error| Failure::Error(error.to_string()))?;
        match args.as_workload.as_ref().and_then(Option::as_deref) {
            Some(path) => write_new(path, &toml)?,
            None => return answer(&toml),
        }
    }
    let played = play_all(registry, &strategies, &args.trace)?;
    if args.json {
        return answer_json(&json!({
            "profile": profile,
            "checksum": format!("{:08x}", trace.checksum()),
            "strict_replay": played,
            "workload": fitted.as_ref().map(|fitted| &fitted.workload),
            "workload_notes": fitted.as_ref().map(|fitted| &fitted.notes),
        }));
    }
    let mut text = show::text(&profile, &played);
    if let (Some(Fit { notes, .. }), Some(Some(path))) = (&fitted, &args.as_workload) {
        text += &format!("\nThe workload fitted to it is in {}. What it does not say:\n", path.display());
        text += &notes.iter().map(|note| format!("- {note}\n")).collect::<String>();
    }
    answer(&text)
}

/// Plays the trace once in strict order under each strategy, as `headlock replay` does: each in a process of its own.
fn play_all(registry: &Registry, chosen: &[&str], path: &Path) -> Result<Vec<Played>, Failure> {
    let stop = session::on_signal()?;
    let names = registry.entries().iter().map(|entry| entry.strategy.name).filter(|name| chosen.contains(name));
    let mut played = Vec::new();
    for strategy in names {
        let job = Job {
            strategy: strategy.to_owned(),
            load: Load::Replay {
                trace: path.to_owned(),
                order: Order::Strict,
                speed: Speed::Max,
            },
            pass: Pass::Throughput,
            // One pass, whatever time it takes: only its counts are wanted.
            trial_ns: 0,
            seed: 0,
            cpus: Vec::new(),
            spins_per_ns: 0.0,
            behind: Vec::new(),
            inject: 0.0,
        };
        let outcome = child::play(&job, 0, ONE_PASS_NS, &stop).map_err(|error| match error {
            ChildError::Interrupted => Failure::Interrupted("interrupted; nothing was written".to_owned()),
            error => Failure::Error(format!("{strategy}: {error}")),
        })?;
        played.push(Played {
            strategy: strategy.to_owned(),
            lock_acquisitions: outcome.lock_acquisitions,
            fired: outcome.threads.iter().map(|thread| thread.fired).sum(),
        });
    }
    Ok(played)
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            usage(format!("--as-workload {}: is there already and is not overwritten", path.display()))
        }
        Err(error) => Err(Failure::Error(format!("--as-workload {}: cannot be written: {error}", path.display()))),
    }
}
