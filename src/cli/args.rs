//! What was typed. What it means is decided by the commands, which check it before anything is measured.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::units::{self, Share};

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
  headlock run                                      two workloads, 1 thread and one per CPU, in about 30 s
  headlock run -w hot --threads 1,2 --budget 60s    one workload, longer
  headlock replay traces/disk.csv.zst               a recorded QEMU, every row on one thread
  headlock verify                                   does each strategy keep what it declares?
  headlock list                                     the strategies and what each declares")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure strategies side by side under a synthetic load
    Run(RunArgs),
    /// Measure strategies side by side on a recorded trace
    Replay(ReplayArgs),
    /// Check that each strategy keeps what it declares
    Verify(VerifyArgs),
    /// List the strategies and what each declares
    List(ListArgs),
    /// Play one trial (for headlock's own use)
    #[command(hide = true, name = crate::harness::child::SUBCOMMAND)]
    TrialProcess,
    /// Carry out one check (for headlock's own use)
    #[command(hide = true, name = crate::verify::referee::SUBCOMMAND)]
    CheckProcess,
}

/// `headlock verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock verify                                          every strategy, every check, in under a minute
  headlock verify --strategies rcu-epoch --checks fresh    the race of the RFC, with the events that lead to it
  headlock verify --seconds 600                            torture

Exit status: 5 if a strategy breaks what it declares.")]
pub struct VerifyArgs {
    /// Strategies separated by commas; core, or all
    #[arg(short, long, default_value = "all", value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    /// Checks separated by commas: model, fresh, conserve, reclaim, reenter, progress; or all
    #[arg(long, default_value = "all", value_delimiter = ',', value_name = "LIST")]
    pub checks: Vec<String>,
    /// How long all of it together goes on; each check makes one whole pass at least
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seconds: u64,
    /// Make so many passes of each check, however long that takes
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub passes: Option<u64>,
    /// Threads of a concurrent check, from 2 [default: one more than there are CPUs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=256))]
    pub threads: Option<u16>,
    /// Timers to grow a list to
    #[arg(long, default_value_t = 5_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub timers: u32,
    /// Seed of every random choice
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How long an operation may get nowhere, twice in a row, before it counts as hung
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = units::duration_ns)]
    pub patience: u64,
    /// Result directory, for verify.csv and violations.txt; must not exist
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// No progress bar, no notes
    #[arg(short, long)]
    pub quiet: bool,
}

/// `headlock list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print a Markdown table
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// `headlock run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock run -w pollers --threads 2
  headlock run -w hot --mix deadline=90,modify=10 --timers 1000 --head-share 0.5
  headlock run -w mine.toml --strategies mutex,seqlock --rounds 40")]
pub struct RunArgs {
    /// Workloads: presets or TOML files, separated by commas [default: hot,paced]
    #[arg(short, long = "workload", value_name = "NAME|FILE", value_delimiter = ',')]
    pub workloads: Vec<String>,
    #[command(flatten)]
    pub fields: WorkloadFields,
    /// Thread counts, like 1,2,4 or 1:8:2 [default: 1 and the number of CPUs]
    #[arg(long, value_name = "LIST", value_parser = units::thread_counts)]
    pub threads: Option<units::ThreadCounts>,
    /// Run again what a run.json says; other flags take precedence
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Fields that replace those of every workload named.
#[derive(Debug, Args)]
#[command(next_help_heading = "Workload fields, in place of the preset's")]
pub struct WorkloadFields {
    /// Shares of operations, like deadline=80,run=10,modify=10
    #[arg(long, value_name = "OP=SHARE,...", conflicts_with_all = ["pollers", "modifiers", "runners"])]
    pub mix: Option<String>,
    /// Threads that only poll the deadline
    #[arg(long, value_name = "N")]
    pub pollers: Option<usize>,
    /// Threads that only modify timers
    #[arg(long, value_name = "N")]
    pub modifiers: Option<usize>,
    /// Threads that only run timers
    #[arg(long, value_name = "N")]
    pub runners: Option<usize>,
    /// Active timers at the start
    #[arg(long, value_name = "N")]
    pub timers: Option<usize>,
    /// How far ahead deadlines lie: fixed:1ms, uniform:1us:1ms, exponential:1ms, lognormal:1ms:1.5 (median, sigma), trace:FILE
    #[arg(long, value_name = "KIND:...")]
    pub distance: Option<String>,
    /// Share of modifies that land at the head, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub head_share: Option<f64>,
    /// Share of runs that find a timer due, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub run_due: Option<f64>,
    /// Time between operations
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns)]
    pub think: Option<u64>,
    /// Other memory touched between operations, KiB
    #[arg(long, value_name = "KIB")]
    pub pollute: Option<u32>,
    /// Extra time inside each writer's critical section
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns)]
    pub hold: Option<u64>,
    /// Whether a poll reads the clock itself: none, monotonic or tsc
    #[arg(long, value_name = "CLOCK")]
    pub clock: Option<String>,
}

/// `headlock replay`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock replay traces/boot.csv.zst                              exact counts, and costs back to back
  headlock replay traces/disk.csv.zst --order threads              each trace thread on a thread of its own
  headlock replay traces/idle.csv.zst --order threads --speed 1    at the pace of the recorded program")]
pub struct ReplayArgs {
    /// Trace files (CSV, plain or zstd)
    #[arg(required = true, value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// strict: all rows on one thread in time order; threads: a thread for each of the trace's
    #[arg(long, default_value = "strict", value_name = "ORDER", value_parser = units::order)]
    pub order: crate::harness::Order,
    /// max: back to back; 1: as recorded; 10: ten times as fast
    #[arg(long, default_value = "max", value_name = "SPEED", value_parser = units::speed)]
    pub speed: crate::harness::Speed,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What all measuring commands share.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measurement")]
pub struct CommonArgs {
    /// Strategies separated by commas; core, or all
    #[arg(short, long, default_value = "core", value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    /// The strategy that the others are compared with
    #[arg(short, long, default_value = "mutex", value_name = "NAME")]
    pub baseline: String,
    /// Stop after this many blocks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub rounds: Option<u64>,
    /// Stop after the block in which this much time is up [default: 30s, unless --rounds is given]
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns)]
    pub budget: Option<u64>,
    /// Length of a trial [default: 20ms; of a replay, whole passes over the trace until then]
    #[arg(long, default_value = "20ms", value_name = "TIME", value_parser = units::trial_ns)]
    pub trial: u64,
    /// Difference still called the same
    #[arg(long, default_value = "1%", value_name = "SHARE", value_parser = units::share)]
    pub threshold: Share,
    /// Seed of the scripts and of the order of trials
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// auto: one thread per CPU, in turn; none; or a list of CPUs
    #[arg(long, default_value = "auto", value_name = "auto|none|LIST", value_parser = units::pinning)]
    pub pin: units::Pinning,
    /// Result directory; must not exist [default: results/<date>-<time>-<host>-<what>]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// No progress bar, no notes
    #[arg(short, long)]
    pub quiet: bool,
    /// Play the baseline once more with a known slow-down, under the name `injected`: a self-test of the tool
    #[arg(long, hide = true, value_name = "SHARE", value_parser = units::share)]
    pub inject: Option<Share>,
}
