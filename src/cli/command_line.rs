//! The command line: every command with what is typed after it.

use clap::{Parser, Subcommand};

use super::child_process::ChildArgs;
use super::compare::CompareArgs;
use super::completions::CompletionsArgs;
use super::config::Typed;
use super::crossover::CrossoverArgs;
use super::doctor::DoctorArgs;
use super::failure::Failure;
use super::list::ListArgs;
use super::man::ManArgs;
use super::pool::PoolArgs;
use super::replay::ReplayArgs;
use super::report::ReportArgs;
use super::run::RunArgs;
use super::study::StudyArgs;
use super::trace::TraceArgs;
use super::verify::VerifyArgs;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "headlock",
    version,
    about,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(after_help = "Examples:
  headlock run                          1 thread and one per CPU, in about 30 s
  headlock run -w hot --budget 60s      one workload, longer
  headlock replay traces/disk.csv.zst   a recorded QEMU, every row on one thread
  headlock trace traces/disk.csv.zst    what that trace holds
  headlock crossover --vary mods        up to which share of changes does RCU pay?
  headlock study qemu-rfc --budget 5m   the claims of QEMU's RFC, one by one
  headlock report results/DIRECTORY     the page to decide from
  headlock verify                       does each strategy keep what it declares?
  headlock list                         the strategies and what each declares

Exit status: 0 done, 1 error, or an unfit host (doctor), 2 usage, 3 slower than the threshold (compare), 4 unclear or too few \
blocks (compare --strict), 5 a strategy breaks what it declares (verify), 6 measured, but some point has no figure at all, \
130 interrupted, with everything measured so far written. Where several apply, the first of 130, 5, 3, 6, 4, 1.

Colour is used on a terminal only, and not where NO_COLOR is set.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure strategies side by side under a synthetic load
    Run(Box<RunArgs>),
    /// Measure strategies side by side on a recorded trace
    Replay(Box<ReplayArgs>),
    /// Say what a recorded trace holds, and turn it into a synthetic workload
    Trace(TraceArgs),
    /// Find from which value on a strategy beats the baseline
    Crossover(Box<CrossoverArgs>),
    /// Run a built-in study of a proposal, and test its claims one by one
    Study(StudyArgs),
    /// Compare two result directories, or two points of one
    Compare(CompareArgs),
    /// Pool the results of several hosts: each host, the mean, and the next host
    Pool(PoolArgs),
    /// Write the design-review document of a result directory
    Report(ReportArgs),
    /// Say what on this machine may spoil figures, and how to mend it
    Doctor(DoctorArgs),
    /// Check that each strategy keeps what it declares
    Verify(VerifyArgs),
    /// List the strategies and what each declares
    List(ListArgs),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
    /// Print the manual page of headlock or of one of its commands
    Man(ManArgs),
    /// Play one trial (for headlock's own use)
    #[command(hide = true, name = crate::harness::child::SUBCOMMAND)]
    TrialProcess(ChildArgs),
    /// Carry out one check (for headlock's own use)
    #[command(hide = true, name = crate::verify::referee::SUBCOMMAND)]
    CheckProcess(ChildArgs),
    /// Say what the program was built from (for headlock's own use)
    #[command(hide = true, name = crate::harness::layouts::SUBCOMMAND)]
    LayoutProcess(ChildArgs),
    /// Load a library (for headlock's own use)
    #[command(hide = true, name = crate::behind::SUBCOMMAND)]
    LibraryProcess(ChildArgs),
}

impl Command {
    /// With what `--config` names in place of what was not typed.
    pub fn configured(self, typed: &Typed) -> Result<Self, Failure> {
        Ok(match self {
            Command::Run(args) => Command::Run(Box::new(args.configured(typed)?)),
            Command::Replay(args) => Command::Replay(Box::new(args.configured(typed)?)),
            Command::Crossover(args) => Command::Crossover(Box::new(args.configured(typed)?)),
            other => other,
        })
    }
}
