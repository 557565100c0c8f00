//! What is typed after `headlock crossover`.

use clap::Args;

use super::range;
use crate::cli::common::CommonArgs;
use crate::cli::config::{self, Typed};
use crate::cli::failure::Failure;
use crate::cli::units;
use crate::cli::workload_fields::{self, WorkloadFields};
use crate::record;
use crate::workload::{MAX_THREADS, Vary, Workload};

/// The fewest values of the first grid.
const MIN_GRID: usize = 2;
/// The most.
const MAX_GRID: usize = 17;

/// `headlock crossover`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock crossover --vary mods                       up to which share of changes?
  headlock crossover --vary hold --from 100ns --to 10us -s rcu-epoch,seqlock
  headlock crossover --vary mods,timers -s rcu-epoch   a map of two
  headlock crossover --vary mods --threads 1 --neighbour busy

The search ends when every crossing is known within --precision (default 5%).")]
pub struct CrossoverArgs {
    /// What to vary: mods (share of changes), threads, timers, rate (open load), think or hold; or two of them, for a map
    #[arg(long, value_name = "WHAT[,WHAT]", required_unless_present = "config", value_delimiter = ',', value_parser = range::vary)]
    pub vary: Vec<Vary>,
    /// Lowest value, like 1%, 4, 100k or 200ns; two for a map
    #[arg(long, value_name = "VALUE", value_delimiter = ',', allow_hyphen_values = true)]
    pub from: Vec<String>,
    /// Highest value
    #[arg(long, value_name = "VALUE", value_delimiter = ',', allow_hyphen_values = true)]
    pub to: Vec<String>,
    /// Number of values that are measured first; for a map, of each of the two [default: 9, 5]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(MIN_GRID, MAX_GRID))]
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
    /// What a `run.json` says in place of what was not typed.
    #[arg(skip)]
    pub told: Option<Told>,
}

/// The part of a `run.json` that no flag can hold.
#[derive(Debug)]
pub struct Told {
    /// The ranges, in the order of what is varied.
    pub ranges: Vec<crate::workload::Range>,
    /// The workload, unless one was named.
    pub workload: Option<Workload>,
    /// Threads of a workload whose roles do not fix them.
    pub threads: usize,
}

impl CrossoverArgs {
    /// With what `--config` names in place of what was not typed.
    pub fn configured(mut self, typed: &Typed) -> Result<Self, Failure> {
        let Some(path) = self.common.config.clone() else {
            return Ok(self);
        };
        let told = config::read(&path)?;
        let record::Command::Crossover(crossover) = &told.command else {
            return config::of_another_command(&path, &told);
        };
        let workload = crossover.workload.clone().checked(&format!("--config {}", path.display()));
        let workload = workload.map_err(workload_fields::invalid)?;
        let grid = crossover.grid.map(|grid| units::within(MIN_GRID, MAX_GRID, grid)).transpose();
        let varied = crossover.vary.iter().map(|range| range.vary).collect();
        let threads = units::within(1, MAX_THREADS, crossover.threads);
        let ranges = crossover.vary.iter().try_for_each(|range| range::possible(*range).map(drop));
        let filled = ranges
            .map_err(|problem| format!("vary: {problem}"))
            .and_then(|()| threads.map(drop).map_err(|problem| format!("threads: {problem}")))
            .and_then(|()| typed.or("vary", &mut self.vary, "vary", Ok(varied)))
            .and_then(|()| typed.or("grid", &mut self.grid, "grid", grid))
            .and_then(|()| self.common.fill(&told.common, typed));
        filled.map_err(|problem| config::wrong(&path, &problem))?;
        self.told = Some(Told {
            ranges: crossover.vary.clone(),
            workload: (!typed.has("workload")).then_some(workload),
            threads: crossover.threads,
        });
        Ok(self)
    }
}
