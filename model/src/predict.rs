//! `scripts/model predict`: time per operation on a machine that a file describes.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use headlock::cli::{ThreadCounts, WorkloadFields, named_workload, thread_counts};
use headlock::workload::Workload;

use crate::description::{Description, End};
use crate::plan::Actions;
use crate::results::Asked;
use crate::trace::Recorded;
use crate::vm::Played;
use crate::{anatomy, library, plan, results, table, vm};

/// The strategies that a prediction shows if no others are named.
const DEFAULT: &str = "mutex,mutex-peek,rcu-epoch,rcu-membarrier,seqlock,atomic-deadline";
/// The most threads that are played if no numbers are given.
const MOST: usize = 64;

/// What to play, on which machine.
#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// Machine description: a TOML file, or the name of one that ships
    #[arg(short, long, value_name = "FILE")]
    pub machine: String,
    /// Workloads: presets, TOML files or traces (CSV), separated by commas; where roles are given, pollers make up the number of
    /// threads, and a trace has its own
    #[arg(
        short,
        long = "workload",
        default_value = "hot",
        value_delimiter = ',',
        value_name = "NAME|FILE"
    )]
    pub workloads: Vec<String>,
    #[command(flatten)]
    pub fields: WorkloadFields,
    /// Strategies, separated by commas, or all
    #[arg(short, long, default_value = DEFAULT, value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    #[arg(long, value_name = "FILE.c", help = library::HELP)]
    pub load: Vec<PathBuf>,
    /// What ratios are taken to
    #[arg(short, long, default_value = "mutex", value_name = "NAME")]
    pub baseline: String,
    /// Seed of the scripts and of how long a core keeps a line
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write a result directory; headlock report makes a page of it, scripts/plot its pictures
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print CSV and no table
    #[arg(long)]
    pub csv: bool,
}

/// `predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scripts/model predict --machine graviton3 --threads 1,2,4,8,16,32,64
  scripts/model predict --machine mine.toml -w hot,pollers --threads 2,16,64 --strategies all --out results/model
  scripts/model predict --machine epyc-7742-2s -w hot --mix deadline=95,modify=5 --head-share 0.2 --threads 1:128:16
  scripts/model predict --machine graviton3 -w traces/boot.csv.zst --load examples/c/qemu-2013.c --baseline qemu-2013

Each figure is followed by its range: the description's assumed costs at their lowest and at their highest.")]
pub struct Args {
    #[command(flatten)]
    pub wanted: Wanted,
    /// Numbers of threads, like 1,2,4 or 1:64:8 [default: powers of two up to 64 or the machine's processors]
    #[arg(short, long, value_name = "LIST", value_parser = thread_counts)]
    pub threads: Option<ThreadCounts>,
}

/// What was typed, read.
pub struct Read {
    /// The machine.
    pub machine: Description,
    /// The workloads and traces.
    pub workloads: Vec<Actions>,
    /// Strategies, the baseline among them.
    pub strategies: Vec<&'static str>,
    /// What ratios are taken to.
    pub baseline: &'static str,
}

impl Wanted {
    /// Reads what it names.
    pub fn read(&self) -> Result<Read> {
        let machine = Description::load(&self.machine)?;
        let workloads = self.workloads.iter().map(|name| {
            if Recorded::is_one(name) {
                return Ok(Actions::Recorded(Recorded::load(name.as_ref())?));
            }
            let workload = self.fields.over(load_workload(name)?);
            let workload = workload.map_err(|failure| anyhow::anyhow!("{}", failure.message()))?;
            plan::check(&workload)?;
            Ok(Actions::Drawn(workload))
        });
        let workloads: Vec<Actions> = workloads.collect::<Result<_>>()?;
        for (number, workload) in workloads.iter().enumerate() {
            let twice = workloads[..number].iter().any(|other| other.name() == workload.name());
            ensure!(!twice, "--workload: {} is named twice", workload.name());
        }
        library::load(&self.load)?;
        let mut strategies = anatomy::strategies(&self.strategies)?;
        let baseline = anatomy::strategy(&self.baseline)?;
        if !strategies.contains(&baseline) {
            strategies.insert(0, baseline);
        }
        Ok(Read { machine, workloads, strategies, baseline })
    }

    /// Writes the result directory, if one is wanted.
    pub fn write(&self, read: &Read, started: jiff::Timestamp, points: &[Point]) -> Result<()> {
        let Some(dir) = &self.out else { return Ok(()) };
        let asked = Asked {
            machine: &read.machine,
            workloads: &read.workloads,
            strategies: &read.strategies,
            baseline: read.baseline,
            seed: self.seed,
            started,
        };
        results::write(dir, &asked, points)
    }

    /// Refuses a result directory that is there already, before anything is played.
    pub fn check_out(&self) -> Result<()> {
        match &self.out {
            Some(dir) => {
                ensure!(!dir.exists(), "--out: {} exists; results are never overwritten", dir.display());
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// One strategy at one point: what came of it from each end of the description's ranges, in the order of [`End::ALL`].
pub struct Point {
    /// The workload's name.
    pub workload: String,
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
    let started = jiff::Timestamp::now();
    let wanted = &args.wanted;
    wanted.check_out()?;
    let read = wanted.read()?;
    let Read { machine, workloads, strategies, .. } = &read;
    let threads = args
        .threads
        .as_ref()
        .map_or_else(|| powers_of_two(machine.processors().min(MOST)), |it| it.0.clone());
    let mut jobs = Vec::new();
    let mut left_out = String::new();
    for workload in workloads {
        let threads = match workload {
            Actions::Drawn(_) => threads.clone(),
            Actions::Recorded(trace) => vec![trace.threads()],
        };
        for threads in threads {
            match workload.check_threads(threads) {
                Ok(()) => jobs.extend(strategies.iter().map(|&strategy| (workload, strategy, threads))),
                Err(why) => left_out += &format!("left out: {threads} threads: {why}\n"),
            }
        }
    }
    let points = points(machine, &jobs, wanted.seed)?;
    wanted.write(&read, started, &points)?;
    if wanted.csv {
        return operations_csv(&points);
    }
    let error = match &machine.error {
        Some(error) => format!("{:.0} %", error.time * 100.0),
        None => "?".to_owned(),
    };
    let mut text = format!("model, not measured: {} ({})\n", machine.name, machine.summary);
    text += "ns per operation, by threads, ± the description's error; in brackets with costs lowest and highest\n\n";
    for workload in workloads {
        text += &format!(
            "workload {} (model)\n\n{}\n",
            workload.name(),
            of_workload(&points, workload, strategies, &error)
        );
    }
    Ok(text + &left_out + &footer(machine)?)
}

/// 1, 2, 4, … and the number itself.
pub fn powers_of_two(most: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|n| *n < most).collect();
    numbers.push(most);
    numbers
}

/// What stands below every table: the error, and what is assumed.
pub fn footer(machine: &Description) -> Result<String> {
    let assumed = machine.assumed();
    let assumed = if assumed.is_empty() {
        "none".to_owned()
    } else {
        assumed.join(", ")
    };
    Ok(format!("error: {}\nassumed: {assumed}\n", machine.recorded()?.error_in_words()))
}

fn of_workload(points: &[Point], workload: &Actions, strategies: &[&'static str], error: &str) -> String {
    let of: Vec<&Point> = points.iter().filter(|point| point.workload == workload.name()).collect();
    let mut threads: Vec<usize> = of.iter().map(|point| point.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    let header: Vec<String> = threads.iter().map(usize::to_string).collect();
    let header: Vec<&str> = std::iter::once("strategy").chain(header.iter().map(String::as_str)).collect();
    let rows = strategies.iter().map(|strategy| {
        let cells = threads.iter().map(|threads| {
            let point = of.iter().find(|point| point.strategy == *strategy && point.threads == *threads);
            point.map_or(String::new(), |point| {
                let (ns, low, high) = point.range(Played::ns_per_op);
                format!("{} ± {error} [{}, {}]", table::ns(ns), table::ns(low), table::ns(high))
            })
        });
        std::iter::once((*strategy).to_owned()).chain(cells).collect()
    });
    table::plain(&header, 1, rows)
}

fn operations_csv(points: &[Point]) -> Result<String> {
    let rows: Vec<Vec<String>> = results::predicted(points)
        .into_iter()
        .map(|it| {
            let figures = [it.ns, it.ns_low, it.ns_high].map(|ns| ns.to_string());
            let [ns, low, high] = figures;
            vec![
                it.workload,
                it.strategy,
                it.threads.to_string(),
                it.op,
                ns,
                low,
                high,
                "model".to_owned(),
            ]
        })
        .collect();
    table::csv(
        &[
            "workload", "strategy", "threads", "op", "ns", "ns_low", "ns_high", "kind",
        ],
        &rows,
    )
}

/// Plays each strategy on its workload with its number of threads, with costs low, stated and high.
pub fn points(machine: &Description, jobs: &[(&Actions, &'static str, usize)], seed: u64) -> Result<Vec<Point>> {
    ensure!(!jobs.is_empty(), "nothing to play: no number of threads fits the workload");
    // Drawn once for all strategies and costs.
    let mut drawn: Vec<(&Actions, usize)> = jobs.iter().map(|&(actions, _, threads)| (actions, threads)).collect();
    drawn.dedup_by_key(|(actions, threads)| (actions.name(), *threads));
    let bodies = vm::for_each(&drawn, |(actions, threads)| actions.body(machine, *threads, seed))?;
    let plays: Vec<_> = jobs.iter().flat_map(|job| End::ALL.map(|end| (*job, end))).collect();
    let played = vm::for_each(&plays, |&((actions, strategy, threads), end)| {
        let is_it = |(drawn, of): &(&Actions, usize)| (drawn.name(), *of) == (actions.name(), threads);
        let body = &bodies[drawn.iter().position(is_it).expect("one is drawn for each job")];
        let head = actions.head(machine, end, strategy, threads, seed)?;
        vm::play(strategy, &[&head, body]).with_context(|| format!("{strategy}, {threads} threads"))
    })?;
    let mut played = played.into_iter();
    let points = jobs.iter().map(|&(workload, strategy, threads)| Point {
        workload: workload.name().to_owned(),
        strategy,
        threads,
        played: std::array::from_fn(|_| played.next().expect("one answer for each play")),
    });
    Ok(points.collect())
}

/// A workload by the name of a preset, or from a file.
pub fn load_workload(name: &str) -> Result<Workload> {
    named_workload(name).map_err(|failure| anyhow::anyhow!("{}", failure.message()))
}
