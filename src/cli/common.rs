//! What all measuring commands share.

use std::path::PathBuf;

use clap::Args;

use super::config::Typed;
use super::load::LoadArgs;
use super::units::{self, Share};
use crate::harness::{Isolation, pin};
use crate::record::{Common, DEFAULT_BASELINE, Neighbour};

/// The most blocks of one invocation.
const MAX_BLOCKS: u64 = 1_000_000;

/// The flags of `run`, `replay` and `crossover`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Measurement")]
pub struct CommonArgs {
    /// Strategies separated by commas; core, or all
    #[arg(short, long, default_value = "core", value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    #[command(flatten)]
    pub load: LoadArgs,
    /// The strategy that the others are compared with
    #[arg(short, long, default_value = DEFAULT_BASELINE, value_name = "NAME")]
    pub baseline: String,
    /// Stop after this many blocks
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1, MAX_BLOCKS))]
    pub blocks: Option<u64>,
    /// Stop after the block in which this much time is up [default: 30s; 10m with --precision; none with --blocks]
    #[arg(long, value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub budget: Option<u64>,
    /// Stop once half the width of every interval is at most this
    #[arg(long, value_name = "SHARE", value_parser = units::share, allow_hyphen_values = true)]
    pub precision: Option<Share>,
    /// How long each strategy is measured in a block and pass; a replay plays its trace to the end
    #[arg(long, default_value = "5ms", value_name = "TIME", value_parser = units::trial_ns, allow_hyphen_values = true)]
    pub trial: u64,
    /// Leave out the latency pass, so that all time goes to the throughput pass; a crossover has no other
    #[arg(long)]
    pub no_latency: bool,
    /// slices: all strategies take turns in one process per block and point; process: each trial has its own process, as a check
    #[arg(long, default_value = "slices", value_name = "WHAT", value_parser = units::isolation)]
    pub isolation: Isolation,
    /// A block's process counts as hung after twice the time that it measures and this
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = units::duration_ns, allow_hyphen_values = true)]
    pub patience: u64,
    /// Largest difference that is called the same
    #[arg(long, default_value = "1%", value_name = "SHARE", value_parser = units::share, allow_hyphen_values = true)]
    pub threshold: Share,
    /// Seed of the scripts and of the order of trials
    #[arg(long, default_value_t = 1, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, u64::MAX))]
    pub seed: u64,
    /// auto: one thread per CPU, in turn; none; or a list of CPUs, like 0,2 or 0-3
    #[arg(long, default_value = "auto", value_name = "auto|none|LIST", value_parser = units::pinning, allow_hyphen_values = true)]
    pub pin: units::Pinning,
    /// busy: a loop beside the run, and only blocks count whose core it shared; idle: only those count that had their cores to themselves
    #[arg(long, value_name = "WHAT", value_parser = units::neighbour)]
    pub neighbour: Option<Neighbour>,
    /// Directory of programs relinked in other orders (`just layouts`); each block plays one of them, drawn at random
    #[arg(long, value_name = "DIR")]
    pub layouts: Option<PathBuf>,
    /// Result directory; must not exist [default: results/DATE-TIME-HOST-WHAT]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Run again what this run.json says; flags that are typed take precedence
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
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
    /// Slow down only operations that take longer than this: a longer tail
    #[arg(long, hide = true, value_name = "TIME", value_parser = units::duration_ns, default_value = "0s", requires = "inject")]
    pub inject_beyond: u64,
}

impl CommonArgs {
    /// Takes from a `run.json` what was not typed.
    ///
    /// # Errors
    /// If what it says cannot be; the message begins with the field's name.
    pub fn fill(&mut self, told: &Common, typed: &Typed) -> Result<(), String> {
        let optional = |share: Option<f64>| share.map(units::part).transpose();
        let blocks = told.blocks.map(|blocks| units::within(1, MAX_BLOCKS, blocks)).transpose();
        typed.or("strategies", &mut self.strategies, "strategies", Ok(told.strategies.clone()))?;
        if !typed.has("libraries") {
            self.load = LoadArgs::told(&told.behind_door);
        }
        typed.or("baseline", &mut self.baseline, "baseline", Ok(told.baseline.clone()))?;
        typed.or("blocks", &mut self.blocks, "blocks", blocks)?;
        typed.or("budget", &mut self.budget, "budget_ns", Ok(told.budget_ns))?;
        typed.or("precision", &mut self.precision, "precision", optional(told.precision))?;
        typed.or("trial", &mut self.trial, "trial_ns", units::trial_length(told.trial_ns))?;
        typed.or("no_latency", &mut self.no_latency, "deciding_only", Ok(told.deciding_only))?;
        typed.or("isolation", &mut self.isolation, "isolation", Ok(told.isolation))?;
        typed.or("patience", &mut self.patience, "patience_ns", Ok(told.patience_ns))?;
        typed.or("threshold", &mut self.threshold, "threshold", units::part(told.threshold))?;
        typed.or("seed", &mut self.seed, "seed", Ok(told.seed))?;
        typed.or("pin", &mut self.pin, "cpus", pinning(&told.cpus))?;
        typed.or("neighbour", &mut self.neighbour, "neighbour", Ok(told.neighbour))?;
        // What a file names is not started: it may be a stranger's.
        if !typed.has("layouts") && !told.layouts.is_empty() {
            return Err(format!(
                "layouts: blocks drew from {} programs; name their directory by --layouts",
                told.layouts.len()
            ));
        }
        typed.or("inject", &mut self.inject, "inject", optional(told.inject))?;
        typed.or("inject_beyond", &mut self.inject_beyond, "inject_beyond_ns", Ok(told.inject_beyond_ns))
    }
}

/// The processors that a run was bound to, if they can be had here.
fn pinning(cpus: &[usize]) -> Result<units::Pinning, String> {
    let allowed = pin::allowed_cpus();
    match cpus.iter().find(|cpu| !allowed.contains(cpu)) {
        Some(cpu) => Err(format!("{cpu}; this process may use the CPUs {allowed:?}, --pin chooses among them")),
        None if cpus.is_empty() => Ok(units::Pinning::None),
        None => Ok(units::Pinning::Cpus(cpus.to_vec())),
    }
}
