//! What was typed. What it means is decided by the commands, which check it before anything is measured.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::compare;
use super::crossover;
use super::load::LoadArgs;
use super::units::{self, Share};
use crate::workload::{MAX_POLLUTE_KIB, MAX_THREADS, MAX_TIMERS};

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
  headlock run                                      1 thread and one per CPU, in about 30 s
  headlock run -w hot --threads 1,2 --budget 60s    one workload, longer
  headlock replay traces/disk.csv.zst               a recorded QEMU, every row on one thread
  headlock trace traces/disk.csv.zst                what that trace holds
  headlock crossover --vary mods                    from which share of changes on does RCU beat the mutex?
  headlock study qemu-rfc --budget 5m               the claims of QEMU's RFC, tested one by one
  headlock report results/DIRECTORY                 the page to decide from
  headlock verify                                   does each strategy keep what it declares?
  headlock list                                     the strategies and what each declares

Exit status: 0 done, 1 error, 2 usage, 3 slower than the threshold (compare), 4 unclear
(compare --strict), 5 a strategy breaks what it declares (verify), 130 interrupted, with
everything measured so far written.

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
    /// Load a library (for headlock's own use)
    #[command(hide = true, name = crate::behind::SUBCOMMAND)]
    LibraryProcess(ChildArgs),
}

/// The hidden commands behind every trial and check.
#[derive(Debug, Args)]
pub struct ChildArgs {
    /// The process that wants it done, and without which it is of no use
    pub parent: u32,
}

/// `headlock trace`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock trace traces/disk.csv.zst                   empty polls, distances, locks under each strategy
  headlock trace traces/disk.csv.zst -s all --json     for a program
  headlock trace mine.csv --as-workload mine.toml      then: headlock run --workload mine.toml")]
pub struct TraceArgs {
    /// Trace file (CSV, plain or zstd)
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
}

/// `headlock compare`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock compare results/before results/after                   everything that both measured
  headlock compare before after --threshold 2% --strict           for CI: 3 if slower, 4 if that is open
  headlock compare before after --fail-if 'locks>0%'              counts and tails: locks, p50, p99, p999, max
  headlock compare before:mutex@hot/2 before:seqlock@hot/2        two strategies of one run
Exit status: 0 done, 1 error or not comparable, 2 usage, 3 slower than the threshold, 4 open (with --strict)")]
pub struct CompareArgs {
    /// What to compare with: a result directory, or a point of one as DIR:STRATEGY@WORKLOAD/THREADS
    #[arg(value_name = "A", value_parser = compare::side::target)]
    pub a: compare::side::Target,
    /// What to compare
    #[arg(value_name = "B", value_parser = compare::side::target)]
    pub b: compare::side::Target,
    /// Difference still called the same; a greater slow-down exits with 3
    #[arg(long, default_value = "5%", value_name = "SHARE", value_parser = units::share)]
    pub threshold: Share,
    /// Exit with 4 if it is open whether anything is slower than the threshold
    #[arg(long)]
    pub strict: bool,
    /// Exit with 3 if a figure has grown by more than a share: time, locks, p50, p99, p999 or max; may be repeated
    #[arg(long, value_name = "FIGURE>SHARE", value_parser = compare::fail_if::fail_if)]
    pub fail_if: Vec<compare::fail_if::FailIf>,
    /// Compare results of different machines by their ratios to the baseline
    #[arg(long)]
    pub other_host: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print Markdown tables
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// `headlock report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock report results/mine                          writes results/mine/report.html
  headlock report results/mine --out review.html
  headlock report results/mine --markdown               the same, to paste into a review

The page is one file that needs no network. Its pictures come from DIR/plots; if there are none, scripts/plot draws them.")]
pub struct ReportArgs {
    /// Result directory, or a study of several
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write the page here [default: DIR/report.html]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print Markdown and write nothing
    #[arg(long, conflicts_with = "out")]
    pub markdown: bool,
}

/// `headlock doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock doctor             what spoils figures here, worst first, each with a remedy
  headlock doctor --strict    for a script: 1 if this is no host to measure on
  headlock doctor --json      what was found, and what it was found from")]
pub struct DoctorArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Exit with status 1 if anything is bad
    #[arg(long)]
    pub strict: bool,
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
    #[command(flatten)]
    pub load: LoadArgs,
    /// Checks separated by commas: model, fresh, conserve, reclaim, reenter, progress; or all
    #[arg(long, default_value = "all", value_delimiter = ',', value_name = "LIST")]
    pub checks: Vec<String>,
    /// How long all of it together goes on; each check makes one whole pass at least
    #[arg(long, default_value_t = 40, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1u64, 1_000_000))]
    pub seconds: u64,
    /// Make so many passes of each check, however long that takes
    #[arg(long, value_name = "N", conflicts_with = "seconds", allow_hyphen_values = true, value_parser = units::whole(1u64, 1_000_000))]
    pub passes: Option<u64>,
    /// Threads of a concurrent check, from 2 [default: one more than there are CPUs]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(2u16, 256))]
    pub threads: Option<u16>,
    /// Timers to grow a list to
    #[arg(long, default_value_t = 5_000, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1u32, 1_000_000))]
    pub timers: u32,
    /// Seed of every random choice
    #[arg(long, default_value_t = 1, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, u64::MAX))]
    pub seed: u64,
    /// How long an operation may get nowhere, twice in a row, before it counts as hung
    #[arg(long, default_value = "10s", value_name = "TIME", allow_hyphen_values = true, value_parser = units::duration_ns)]
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

/// `headlock completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock completions bash > ~/.local/share/bash-completion/completions/headlock
  headlock completions zsh > ~/.zfunc/_headlock    with ~/.zfunc in fpath
  headlock completions fish > ~/.config/fish/completions/headlock.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `headlock man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock man | man -l -           the program
  headlock man run | man -l -       one command
  headlock man > headlock.1         for a package")]
pub struct ManArgs {
    /// The command whose page to print; the program's own if none is named
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// `headlock list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock list               a table
  headlock list --markdown    the one in the README
  headlock list --json        with each one's reference")]
pub struct ListArgs {
    #[command(flatten)]
    pub load: LoadArgs,
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
    /// Thread counts, like 1,2,4 or 1:8:2 [default: 1 and the number of CPUs]
    #[arg(long, value_name = "LIST", value_parser = units::thread_counts, allow_hyphen_values = true)]
    pub threads: Option<units::ThreadCounts>,
    /// Run again what a run.json says; other flags take precedence
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub fields: WorkloadFields,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Fields that replace those of every workload named.
#[derive(Debug, Args)]
#[command(next_help_heading = "Workload fields, in place of the preset's")]
pub struct WorkloadFields {
    /// Shares of operations, like deadline=80,run=10,modify=10
    #[arg(long, value_name = "OP=SHARE,...", conflicts_with_all = ["pollers", "modifiers", "runners"], allow_hyphen_values = true)]
    pub mix: Option<String>,
    /// Threads that only poll the deadline
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, MAX_THREADS))]
    pub pollers: Option<usize>,
    /// Threads that only modify timers
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, MAX_THREADS))]
    pub modifiers: Option<usize>,
    /// Threads that only run timers
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, MAX_THREADS))]
    pub runners: Option<usize>,
    /// Active timers at the start
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1, MAX_TIMERS))]
    pub timers: Option<usize>,
    /// How far ahead deadlines lie: fixed:1ms, uniform:1us:1ms, exponential:1ms, lognormal:1ms:1.5 (median, sigma), trace:FILE
    #[arg(long, value_name = "KIND:...", allow_hyphen_values = true)]
    pub distance: Option<String>,
    /// Share of modifies that land at the head, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub head_share: Option<f64>,
    /// Share of runs that find a timer due, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub run_due: Option<f64>,
    /// Share of polls and runs that go to an empty list of the thread's own, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub empty_share: Option<f64>,
    /// Share of cancels that find their timer not active, 0 to 1
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true, value_parser = units::fraction)]
    pub idle_cancel_share: Option<f64>,
    /// Time between operations
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub think: Option<u64>,
    /// Other memory touched between operations, KiB
    #[arg(long, value_name = "KIB", allow_hyphen_values = true, value_parser = units::whole(0, MAX_POLLUTE_KIB))]
    pub pollute: Option<u32>,
    /// Extra time inside each writer's critical section
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub hold: Option<u64>,
    /// Whether a poll reads the clock itself: none, monotonic or tsc
    #[arg(long, value_name = "CLOCK")]
    pub clock: Option<String>,
    /// Open load: operations start at this rate a second, late or not, like 200k or 1.5M; in all, or 50k/thread for each
    #[arg(long, value_name = "RATE", allow_hyphen_values = true, value_parser = units::rate)]
    pub rate: Option<units::Rate>,
    /// Open load: poisson or fixed gaps between intended starts
    #[arg(long, value_name = "ARRIVALS", default_value = "poisson", value_parser = units::arrivals)]
    pub arrivals: crate::workload::Arrivals,
}

/// `headlock replay`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock replay traces/boot.csv.zst                              exact counts, back to back
  headlock replay traces/disk.csv.zst --order threads              a thread for each of the trace's
  headlock replay traces/idle.csv.zst --order threads --speed 1    at the recorded pace")]
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

/// `headlock crossover`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock crossover --vary mods                                  from which share of changes on?
  headlock crossover --vary hold --from 100ns --to 10us -s rcu-epoch,seqlock --budget 60s
  headlock crossover --vary mods,timers -s rcu-epoch              a map of two

The search ends by itself when every crossing is known within --precision (5% unless told otherwise).")]
pub struct CrossoverArgs {
    /// What to vary: mods (share of changes), threads, timers, rate (open load), think or hold; or two of them, for a map
    #[arg(long, value_name = "WHAT[,WHAT]", required = true, value_delimiter = ',', value_parser = crossover::vary)]
    pub vary: Vec<crate::workload::Vary>,
    /// Lowest value, like 1%, 4, 100k or 200ns; two for a map
    #[arg(long, value_name = "VALUE", value_delimiter = ',', allow_hyphen_values = true)]
    pub from: Vec<String>,
    /// Highest value
    #[arg(long, value_name = "VALUE", value_delimiter = ',', allow_hyphen_values = true)]
    pub to: Vec<String>,
    /// Values of the grid that is measured first; of each of the two for a map, which is no more than the grid [default: 9, 5]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(2usize, 17))]
    pub grid: Option<usize>,
    /// Workload: a preset or a TOML file
    #[arg(short, long, value_name = "NAME|FILE", default_value = "hot")]
    pub workload: String,
    /// Threads [default: the number of CPUs]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1, MAX_THREADS))]
    pub threads: Option<usize>,
    #[command(flatten)]
    pub fields: WorkloadFields,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// `headlock study`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock study qemu-rfc --budget 5m                     the RFC of 2013 that would have QEMU read its timers under RCU
  headlock study qemu-rfc --budget 20m --out results/rfc

Its parts are ordinary commands with ordinary result directories, all in one; study.json names them. The traces that fit the
budget are played in strict order, shortest first; the busiest is cut if need be to be played at its own pace.")]
pub struct StudyArgs {
    /// The study: qemu-rfc
    #[arg(value_name = "NAME", value_parser = [crate::study::qemu_rfc::NAME])]
    pub name: String,
    /// Time for all of it; parts end with the block in which theirs is up
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = units::budget_ns, allow_hyphen_values = true)]
    pub budget: u64,
    /// The directory of the recorded traces
    #[arg(long, value_name = "DIR", default_value = "traces")]
    pub traces: PathBuf,
    #[command(flatten)]
    pub load: LoadArgs,
    /// The study's directory; must not exist [default: results/DATE-TIME-HOST-study-NAME]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// No progress bar, no notes
    #[arg(short, long)]
    pub quiet: bool,
}

/// What all measuring commands share.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measurement")]
pub struct CommonArgs {
    /// Strategies separated by commas; core, or all
    #[arg(short, long, default_value = "core", value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    #[command(flatten)]
    pub load: LoadArgs,
    /// The strategy that the others are compared with
    #[arg(short, long, default_value = "mutex", value_name = "NAME")]
    pub baseline: String,
    /// Stop after this many blocks
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1u64, 1_000_000))]
    pub rounds: Option<u64>,
    /// Stop after the block in which this much time is up [default: 30s; 10m with --precision; none with --rounds]
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub budget: Option<u64>,
    /// Stop after the block in which every interval, and the null control's reach, is within this
    #[arg(long, value_name = "SHARE", value_parser = units::share, allow_hyphen_values = true)]
    pub precision: Option<Share>,
    /// Length of a trial; a replay ends with the pass over the trace in which it is up
    #[arg(long, default_value = "20ms", value_name = "TIME", value_parser = units::trial_ns, allow_hyphen_values = true)]
    pub trial: u64,
    /// No latencies beside throughput, as always in a crossover: all the time goes to the pass that ratios are taken of
    #[arg(long)]
    pub no_latency: bool,
    /// How long a trial's process may take beyond twice the trial's length before it counts as hung
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub patience: u64,
    /// Difference still called the same
    #[arg(long, default_value = "1%", value_name = "SHARE", value_parser = units::share, allow_hyphen_values = true)]
    pub threshold: Share,
    /// Seed of the scripts and of the order of trials
    #[arg(long, default_value_t = 1, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, u64::MAX))]
    pub seed: u64,
    /// auto: one thread per CPU, in turn; none; or a list of CPUs
    #[arg(long, default_value = "auto", value_name = "auto|none|LIST", value_parser = units::pinning, allow_hyphen_values = true)]
    pub pin: units::Pinning,
    /// Result directory; must not exist [default: results/DATE-TIME-HOST-WHAT]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Add blocks to this result directory, which must be of the same parameters
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub resume: Option<PathBuf>,
    /// Refuse to measure on a host that `headlock doctor` calls bad
    #[arg(long)]
    pub strict: bool,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// Print Markdown tables, to paste into a review
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// No progress bar, no notes
    #[arg(short, long)]
    pub quiet: bool,
    /// Play the baseline once more with a known slow-down, under the name `injected`: a self-test of the tool
    #[arg(long, hide = true, value_name = "SHARE", value_parser = units::share, allow_hyphen_values = true)]
    pub inject: Option<Share>,
}
