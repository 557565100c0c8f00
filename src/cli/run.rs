//! `headlock run`: synthetic workloads under each strategy.

use clap::Args;

use super::common::CommonArgs;
use super::config::{self, Typed};
use super::declared::declarations;
use super::failure::{Failure, usage};
use super::session::{self, Request, RunsArgs};
use super::units;
use super::workload_fields::{self, WorkloadFields};
use crate::harness::{Load, pin};
use crate::record::{self, Point};
use crate::registry::Registry;
use crate::workload::Workload;

/// `headlock run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock run -w pollers --threads 2
  headlock run -w hot --mix deadline=90,modify=10 --timers 1000 --head-share 0.5
  headlock run -w mine.toml --strategies mutex,seqlock --blocks 40
  headlock run -w hot --threads 1 --neighbour busy       beside a busy loop
  headlock run --runs 6 --gap 10m --out results/hour     six runs, ten minutes apart
  headlock run --config results/mine/run.json --seed 2")]
pub struct RunArgs {
    /// Workloads: presets or TOML files, separated by commas [default: hot,paced]
    #[arg(short, long = "workload", value_name = "NAME|FILE", value_delimiter = ',')]
    pub workloads: Vec<String>,
    /// Thread counts, like 1,2,4 or 1:8:2 [default: 1 and the number of CPUs]
    #[arg(long, value_name = "LIST", value_parser = units::thread_counts, allow_hyphen_values = true)]
    pub threads: Option<units::ThreadCounts>,
    #[command(flatten)]
    pub fields: WorkloadFields,
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(flatten)]
    pub runs: RunsArgs,
    /// What a `run.json` says in place of what was not typed.
    #[arg(skip)]
    told: Option<record::Run>,
}

/// The workloads of a run that names none: one hot, one paced like the traces.
const DEFAULT_WORKLOADS: [&str; 2] = ["hot", "paced"];

impl RunArgs {
    /// With what `--config` names in place of what was not typed.
    pub fn configured(mut self, typed: &Typed) -> Result<Self, Failure> {
        let Some(path) = self.common.config.clone() else {
            return Ok(self);
        };
        let told = config::read(&path)?;
        let record::Command::Run(run) = &told.command else {
            return config::of_another_command(&path, &told);
        };
        for workload in &run.workloads {
            workload
                .clone()
                .checked(&format!("--config {}", path.display()))
                .map_err(workload_fields::invalid)?;
        }
        self.common.fill(&told.common, typed).map_err(|problem| config::wrong(&path, &problem))?;
        self.runs.fill(&told.common);
        self.told = Some(run.clone());
        Ok(self)
    }
}

/// Checks everything and measures.
pub fn run(registry: &Registry, args: &RunArgs) -> Result<(), Failure> {
    session::measure(request(registry, args)?)
}

/// What was typed, validated.
pub fn request<'a>(registry: &Registry, args: &'a RunArgs) -> Result<Request<'a>, Failure> {
    let common = &args.common;
    let runs = args.runs.clone().of_set(common)?;
    let workloads = workloads(args)?;
    let shared = shared_thread_counts(args);
    let mut points = Vec::new();
    for workload in &workloads {
        for threads in thread_counts(args, workload, &shared)? {
            workload.check(threads).map_err(workload_fields::invalid)?;
            let point = Point { workload: workload.name.clone(), threads };
            let load = Load::Synthetic { workload: Box::new(workload.clone()), threads };
            match points.iter().any(|(known, _)| *known == point) {
                true => return usage(format!("--threads {threads} comes up twice for workload {}", workload.name)),
                false => points.push((point, load)),
            }
        }
    }
    if points.is_empty() {
        return usage("--threads: no thread count is named; expected one or more, like 1,2");
    }
    let plan =
        session::plan(registry, common, session::strategies(registry, &common.strategies, &common.baseline)?, points)?;
    let names: Vec<&str> = workloads.iter().map(|workload| workload.name.as_str()).collect();
    let all_fixed = workloads.iter().all(|workload| workload.fixed_threads().is_some());
    Ok(Request {
        what: format!("run-{}", names.join("-")),
        common,
        parameters: session::parameters(
            common,
            &runs,
            &plan,
            record::Command::Run(record::Run {
                threads: if all_fixed { Vec::new() } else { shared },
                workloads,
            }),
        ),
        plan,
        declarations: declarations(registry),
        runs,
    })
}

/// The workloads named, each with the fields given in place of its own.
fn workloads(args: &RunArgs) -> Result<Vec<Workload>, Failure> {
    let base: Vec<Workload> = match &args.told {
        Some(told) if args.workloads.is_empty() => told.workloads.clone(),
        _ if args.workloads.is_empty() => {
            DEFAULT_WORKLOADS.iter().map(|name| workload_fields::named(name)).collect::<Result<_, _>>()?
        }
        _ => args.workloads.iter().map(|name| workload_fields::named(name)).collect::<Result<_, _>>()?,
    };
    base.into_iter().map(|workload| args.fields.over(workload)).collect()
}

/// The thread counts of the workloads that do not fix theirs: as typed, as in the `run.json`, or 1 and the number of CPUs.
fn shared_thread_counts(args: &RunArgs) -> Vec<usize> {
    match (&args.threads, &args.told) {
        (Some(typed), _) => typed.0.clone(),
        (None, Some(told)) if !told.threads.is_empty() => told.threads.clone(),
        (None, _) => {
            let cpus = pin::allowed_cpus().len().max(1);
            if cpus == 1 { vec![1] } else { vec![1, cpus] }
        }
    }
}

/// The thread counts to measure a workload with.
fn thread_counts(args: &RunArgs, workload: &Workload, shared: &[usize]) -> Result<Vec<usize>, Failure> {
    match (&args.threads, workload.fixed_threads()) {
        (Some(threads), Some(fixed)) if threads.0 != [fixed] => usage(format!(
            "--threads: the roles of workload {} come to {fixed}; leave the flag out or change the roles",
            workload.name
        )),
        (_, Some(fixed)) => Ok(vec![fixed]),
        (_, None) => Ok(shared.to_vec()),
    }
}
