//! The command line. Only this module's files print, and only [`main`] decides how the program exits.

mod answer;
mod check_process;
mod child_process;
mod command_line;
mod common;
mod compare;
mod completions;
mod config;
mod crossover;
mod declared;
mod doctor;
mod failure;
mod file_size;
mod layout_process;
mod library_process;
mod list;
mod load;
mod man;
mod pool;
mod progress;
mod replay;
mod report;
mod run;
mod session;
mod study;
mod trace;
mod trial_process;
mod typed;
mod units;
mod verified;
mod verify;
mod workload_fields;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

pub use failure::Failure;
pub use units::{ThreadCounts, thread_counts};
pub use workload_fields::{WorkloadFields, named as named_workload};

use answer::complain;
use command_line::{Cli, Command};
use config::Typed;

use crate::registry::Registry;

/// Runs the program with these strategies: parses the command line, carries it out, and answers with the exit status.
///
/// 0 done · 1 error, or a host that is not fit · 2 usage · 3 slower than the threshold · 4 unclear, or too few blocks, in a strict
/// comparison · 5 a strategy breaks what it declares · 6 measured, but some point has no figure at all · 130 interrupted, with
/// everything measured so far written. Where several apply it is the first of 130, 5, 3, 6, 4, 1.
pub fn main(registry: Registry) -> ExitCode {
    main_with(registry, std::env::args_os())
}

/// As [`main`], with the arguments given; the first is the program's name.
pub fn main_with(registry: Registry, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    file_size::outlive_limit();
    let read = Cli::command().try_get_matches_from(args);
    let read = read.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, Typed::of(&matches))));
    let (cli, typed) = match read {
        Ok(read) => read,
        Err(error) => return typed::explain(error),
    };
    match cli.command.configured(&typed).and_then(|command| carry_out(registry, command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(failure.message());
            failure.exit_code()
        }
    }
}

fn carry_out(registry: Registry, command: Command) -> Result<(), Failure> {
    let registry = load::extended(registry, &command)?;
    match command {
        Command::Run(args) => run::run(&registry, &args),
        Command::Replay(args) => replay::replay(&registry, &args),
        Command::Trace(args) => trace::trace(&registry, &args),
        Command::Crossover(args) => crossover::crossover(&registry, &args),
        Command::Study(args) => study::study(&registry, &args),
        Command::Compare(args) => compare::compare(&args),
        Command::Pool(args) => pool::pool(&args),
        Command::Report(args) => report::report(&registry, &args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Verify(args) => verify::verify(&registry, &args),
        Command::List(args) => list::list(&registry, &args),
        Command::Completions(args) => completions::completions(Cli::command(), &args),
        Command::Man(args) => man::man(Cli::command(), &args),
        Command::TrialProcess(args) => trial_process::play(&registry, &args),
        Command::LayoutProcess(args) => layout_process::tell(&registry, &args),
        Command::LibraryProcess(args) => library_process::tell(&args),
        Command::CheckProcess(args) => check_process::check(&registry, &args),
    }
}
