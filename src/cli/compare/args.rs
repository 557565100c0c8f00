//! What is typed after `headlock compare`.

use clap::Args;

use super::{fail_if, side};
use crate::cli::units::{self, Share};

/// `headlock compare`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock compare results/before results/after              all that both measured
  headlock compare before after --threshold 2% --strict      a gate in CI
  headlock compare before after --fail-if 'locks>0%'         counts and tails, too
  headlock compare before:mutex@hot/2 before:seqlock@hot/2   two strategies of a run

Exit status: 0 done, 1 error or not comparable, 2 usage, 3 slower than the threshold or a --fail-if, 4 unclear or too few blocks \
(with --strict), 6 something of A has no figure to compare. Where several apply, the first of 3, 6, 4, 1.")]
pub struct CompareArgs {
    /// What to compare with: a result directory, a set of runs, or a point of one as DIR:STRATEGY@WORKLOAD/THREADS
    #[arg(value_name = "A", value_parser = side::target)]
    pub a: side::Target,
    /// What to compare
    #[arg(value_name = "B", value_parser = side::target)]
    pub b: side::Target,
    /// Largest difference that is called the same; a greater slow-down exits with 3
    #[arg(long, default_value = "5%", value_name = "SHARE", value_parser = units::share, allow_hyphen_values = true)]
    pub threshold: Share,
    /// Standard deviation of a ratio between single runs of one program, minutes apart, that intervals allow for; 0 for none [default: 2.5%
    /// with several threads, 0 with one]
    #[arg(long, value_name = "SHARE", value_parser = units::deviation, allow_hyphen_values = true)]
    pub between_runs: Option<f64>,
    /// Exit with 4 if it is undecided whether anything is slower than the threshold
    #[arg(long)]
    pub strict: bool,
    /// Exit with 3 if a figure grew by more than a share: time, locks, p50, p99, p999 or max; may be repeated
    #[arg(long, value_name = "FIGURE>SHARE", value_parser = fail_if::fail_if)]
    pub fail_if: Vec<fail_if::FailIf>,
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
