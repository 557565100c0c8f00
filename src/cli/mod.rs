//! The command line. Only this module's files print, and only [`main`] decides how the program exits.

mod answer;
mod args;
mod check_process;
mod child_process;
mod compare;
mod completions;
mod crossover;
mod doctor;
mod failure;
mod figures;
mod library_process;
mod list;
mod load;
mod man;
mod paint;
mod progress;
mod replay;
mod report;
mod run;
mod session;
mod study;
mod table;
mod trace;
mod trial_process;
mod typed;
mod units;
mod verify;
mod verify_table;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use answer::complain;
use args::{Cli, Command};
use failure::Failure;

use crate::registry::Registry;

/// Runs the program with these strategies: parses the command line, carries it out, and answers with the exit status.
///
/// 0 done · 1 error · 2 usage · 3 slower than the threshold · 4 unclear in a strict comparison · 5 a strategy breaks what it
/// declares · 130 interrupted, with everything measured so far written.
pub fn main(registry: Registry) -> ExitCode {
    main_with(registry, std::env::args_os())
}

/// As [`main`], with the arguments given; the first is the program's name.
pub fn main_with(registry: Registry, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return typed::explain(&error),
    };
    let registry = match load::extended(registry, &cli.command) {
        Ok(registry) => registry,
        Err(failure) => return told(&failure),
    };
    let done = match cli.command {
        Command::Run(args) => run::run(&registry, &args),
        Command::Replay(args) => replay::replay(&registry, &args),
        Command::Trace(args) => trace::trace(&registry, &args),
        Command::Crossover(args) => crossover::crossover(&registry, &args),
        Command::Study(args) => study::study(&registry, &args),
        Command::Compare(args) => compare::compare(&args),
        Command::Report(args) => report::report(&registry, &args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Verify(args) => verify::verify(&registry, &args),
        Command::List(args) => list::list(&registry, &args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => man::man(&args),
        Command::TrialProcess(args) => trial_process::play(&registry, &args),
        Command::LibraryProcess(args) => library_process::tell(&args),
        Command::CheckProcess(args) => check_process::check(&registry, &args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => told(&failure),
    }
}

/// Says what went wrong, and answers with the exit status.
fn told(failure: &Failure) -> ExitCode {
    if let Some(message) = failure.message() {
        complain(message);
    }
    failure.exit_code()
}
