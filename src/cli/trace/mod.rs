//! `headlock trace`: a trace in figures, and as a workload.

mod document;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::answer::{Form, answer, complain, present};
use super::failure::{Failure, usage};
use super::session;
use crate::document::Block;
use crate::harness::child::ChildError;
use crate::harness::{Contestant, Inject, Isolation, Job, Load, Order, Speed, child};
use crate::record::Pass;
use crate::registry::Registry;
use crate::workload::profile::{Profile, fit};
use crate::workload::trace::Trace;
use serde::Serialize;

/// `headlock trace`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock trace traces/disk.csv.zst                 empty polls, distances, locks
  headlock trace traces/disk.csv.zst -s all --json   for a program
  headlock trace mine.csv --as-workload mine.toml    for headlock run -w mine.toml")]
pub struct TraceArgs {
    /// Trace file (CSV, plain, zstd or gzip)
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,
    /// Write a workload with the trace's shares, timers, distances and rate to this file, or print it alone if no file is named
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub as_workload: Option<Option<PathBuf>>,
    /// Strategies to count lock acquisitions of, separated by commas; core, or all
    #[arg(short, long, default_value = "core", value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// Print Markdown tables
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

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
    let form = Form::of(args.json, args.markdown);
    if to_stdout && form != Form::Text {
        return usage("--as-workload without a file prints TOML; name a file, or leave out --json and --markdown");
    }
    let trace = Trace::load(&args.trace).map_err(|error| Failure::Error(error.to_string()))?;
    trace.notes.iter().for_each(|note| complain(note));
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
    let played = play_all(registry, &strategies, &args.trace, &trace)?;
    let mut document = document::document(&profile, trace.checksum(), &played, fitted.as_ref());
    if let Some(Some(path)) = &args.as_workload {
        document.blocks.push(Block::Text(format!("The workload is in {}.", path.display())));
    }
    present(&document, form)
}

/// Plays the trace once in strict order under each strategy, as `headlock replay` does: each in a process of its own.
fn play_all(registry: &Registry, chosen: &[&str], path: &Path, trace: &Trace) -> Result<Vec<Played>, Failure> {
    let stop = session::on_signal()?;
    let load = Load::replay(trace, Order::Strict, Speed::Max)
        .map_err(|error| Failure::Error(format!("{}: {error}", path.display())))?;
    let names = registry.entries().iter().map(|entry| entry.strategy.name).filter(|name| chosen.contains(name));
    let mut played = Vec::new();
    for strategy in names {
        let job = Job {
            contestants: vec![Contestant {
                name: strategy.to_owned(),
                strategy: strategy.to_owned(),
                inject: Inject::NONE,
            }],
            behind: registry.behind().to_vec(),
            baseline: strategy.to_owned(),
            load: load.clone(),
            // The one that counts all lock acquisitions.
            passes: vec![Pass::Latency],
            // One trip, whatever time it takes: only its counts are wanted.
            trial_ns: 0,
            seed: 0,
            cpus: Vec::new(),
            spins_per_ns: 0.0,
            isolation: Isolation::Process,
            count: false,
        };
        let outcome = child::play(&job, 0, ONE_PASS_NS, &stop).map_err(|(error, _)| match error {
            ChildError::Interrupted => Failure::Interrupted("interrupted; nothing was written".to_owned()),
            error => Failure::Error(format!("{strategy}: {error}")),
        })?;
        played.extend(outcome.parts.into_iter().map(|part| Played {
            strategy: part.name,
            lock_acquisitions: part.locks.unwrap_or_default().acquisitions,
            fired: part.threads.iter().map(|thread| thread.fired).sum(),
        }));
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
        Err(error) => Err(Failure::Error(format!(
            "--as-workload {}: cannot be written: {error}; name a place that can be",
            path.display()
        ))),
    }
}
