//! `scripts/model`: what the strategies that ship touch, and what they would cost on a machine of many cores.
//!
//! The instrumented half (`model/vm`) plays; this half reads workloads and machine descriptions, writes the plans, and turns the
//! answers into tables and result directories. docs/MODEL.md says what is modelled and how far it errs.
#![forbid(unsafe_code)]

mod anatomy;
mod calibrate;
mod check;
mod crossover;
mod describe;
mod description;
mod library;
mod plan;
mod predict;
mod results;
mod table;
mod trace;
mod vm;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use headlock::harness::clock::Moment;

/// The shipped strategies on a machine that is not here.
#[derive(Debug, Parser)]
#[command(name = "scripts/model", bin_name = "scripts/model", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Count what each operation of each strategy touches
    Anatomy(anatomy::Args),
    /// Predict the time per operation on a machine of many cores
    Predict(predict::Args),
    /// Find from how many threads on a strategy pays on such a machine
    Crossover(crossover::Args),
    /// Hold the model against published curves and against what this host measures
    Check(check::Args),
    /// Measure this host's costs and write its description
    Calibrate(calibrate::Args),
    /// Make a description's levels from a table of core-to-core latencies
    Describe(describe::Args),
}

fn main() -> ExitCode {
    let started = Moment::now();
    let done = match Cli::parse().command {
        Command::Anatomy(args) => anatomy::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Crossover(args) => crossover::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Describe(args) => describe::run(&args),
    };
    library::clean();
    let printed = done.and_then(|answer| match std::io::stdout().write_all(answer.as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Into::into),
    });
    match printed {
        Ok(()) => {
            eprintln!("scripts/model: took {:.1} s", started.elapsed_ns() as f64 / 1e9);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("scripts/model: error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}
