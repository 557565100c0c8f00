//! `scripts/model predict`: time per operation on a machine that a file describes.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use headlock::workload::{PRESETS, Workload};

use crate::description::{Description, End};
use crate::vm::Played;
use crate::{anatomy, plan, results, table, vm};

/// The strategies that a prediction shows if no others are named.
const DEFAULT: &str = "mutex,mutex-peek,rcu-epoch,rcu-membarrier,seqlock,atomic-deadline";

/// `predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scripts/model predict --machine graviton3 --threads 1,2,4,8,16,32,64
  scripts/model predict --machine mine.toml -w pollers --threads 2,16,64 --strategies all --out results/model

Each figure is followed by its range: the description's assumed costs at their lowest and at their highest.")]
pub struct Args {
    /// Machine description: a TOML file, or the name of one that ships
    #[arg(short, long, value_name = "FILE")]
    pub machine: String,
    /// Workload: a preset or a TOML file; where it gives roles, pollers make up the number of threads
    #[arg(short, long, default_value = "hot", value_name = "NAME|FILE")]
    pub workload: String,
    /// Numbers of threads, separated by commas
    #[arg(
        short,
        long,
        default_value = "1,2,4,8,16,32,64",
        value_delimiter = ',',
        value_name = "LIST"
    )]
    pub threads: Vec<usize>,
    /// Strategies, separated by commas, or all
    #[arg(short, long, default_value = DEFAULT, value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    /// What ratios are taken to
    #[arg(long, default_value = "mutex", value_name = "NAME")]
    pub baseline: String,
    /// Seed of the scripts and of how long a core keeps a line
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write a result directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print CSV and no table
    #[arg(long)]
    pub csv: bool,
}

/// One strategy at one number of threads: what came of it from each end of the description's ranges, in the order of [`End::ALL`].
pub struct Point {
    /// The strategy.
    pub strategy: &'static str,
    /// Threads.
    pub threads: usize,
    /// Fast, middle, slow.
    pub played: [Played; 3],
}

impl Point {
    /// A figure from the middle, with the least and the greatest of all three.
    pub fn range(&self, figure: impl Fn(&Played) -> f64) -> (f64, f64, f64) {
        let [fast, middle, slow] = &self.played;
        let (fast, middle, slow) = (figure(fast), figure(middle), figure(slow));
        (middle, fast.min(middle).min(slow), fast.max(middle).max(slow))
    }
}

/// Predicts, and answers what to print.
pub fn run(args: &Args) -> Result<String> {
    let machine = Description::load(&args.machine)?;
    let workload = load_workload(&args.workload)?;
    let mut strategies = anatomy::strategies(&args.strategies)?;
    let baseline = anatomy::strategies(std::slice::from_ref(&args.baseline))?[0];
    if !strategies.contains(&baseline) {
        strategies.insert(0, baseline);
    }
    let points = points(&machine, &workload, &strategies, &args.threads, args.seed)?;
    if let Some(dir) = &args.out {
        results::write(dir, &machine, &workload, baseline, args, &points)?;
    }
    if args.csv {
        return results::operations_csv(&workload, &points);
    }
    let header: Vec<String> = args.threads.iter().map(|threads| format!("{threads}")).collect();
    let header: Vec<&str> = std::iter::once("strategy").chain(header.iter().map(String::as_str)).collect();
    let rows = strategies.iter().map(|strategy| {
        let of = points.iter().filter(|point| point.strategy == *strategy);
        let cells = of.map(|point| {
            let (ns, low, high) = point.range(Played::ns_per_op);
            format!("{} [{}, {}]", table::ns(ns), table::ns(low), table::ns(high))
        });
        std::iter::once((*strategy).to_owned()).chain(cells).collect()
    });
    let assumed = machine.assumed();
    let assumed = if assumed.is_empty() {
        "none".to_owned()
    } else {
        assumed.join(", ")
    };
    Ok(format!(
        "model, not measured: {} ({}), workload {}\nns per operation, by threads; in brackets with assumed costs lowest and highest\n\n{}\n{}\nassumed: {assumed}\n",
        machine.name,
        machine.summary,
        workload.name,
        table::plain(&header, 1, rows),
        machine.error_line(),
    ))
}

/// Plays every strategy at every number of threads, with costs low, stated and high.
pub fn points(
    machine: &Description,
    workload: &Workload,
    strategies: &[&'static str],
    threads: &[usize],
    seed: u64,
) -> Result<Vec<Point>> {
    ensure!(!threads.is_empty(), "no number of threads");
    let mut jobs = Vec::new();
    for &strategy in strategies {
        for &threads in threads {
            for end in End::ALL {
                jobs.push((strategy, threads, end));
            }
        }
    }
    let played = vm::for_each(&jobs, |&(strategy, threads, end)| {
        let plan = plan::workload(machine, end, workload, strategy, threads, seed)?;
        let answer = vm::run(&["play"], &plan).with_context(|| format!("{strategy}, {threads} threads"))?;
        Played::parse(&answer)
    })?;
    let mut played = played.into_iter();
    let points = jobs.chunks(End::ALL.len()).map(|ends| Point {
        strategy: ends[0].0,
        threads: ends[0].1,
        played: std::array::from_fn(|_| played.next().expect("one answer for each job")),
    });
    Ok(points.collect())
}

/// A workload by the name of a preset, or from a file.
pub fn load_workload(name: &str) -> Result<Workload> {
    if PRESETS.iter().any(|(preset, _)| *preset == name) {
        return Ok(Workload::preset(name)?);
    }
    let presets = PRESETS.map(|(name, _)| name).join(", ");
    let text = std::fs::read_to_string(name)
        .with_context(|| format!("workload {name}: neither a file nor one of {presets}"))?;
    Ok(Workload::from_toml(&text, name)?)
}
