//! `headlock crossover`: from which value on does a strategy beat the baseline?

mod args;
mod drive;
mod map;
mod range;

use super::answer::{Form, present};
use super::failure::{Failure, usage};
use super::session::{self, RunsArgs};
use super::workload_fields;
use crate::answers;
use crate::document::Document;
use crate::harness::{INJECTED, Load, Plan, pin};
use crate::record::{self, Parameters, Point};
use crate::registry::Registry;
use crate::workload::{Range, Vary, Workload};

pub use args::CrossoverArgs;
pub use drive::{Search, search};

/// Checks everything and searches, or measures a map.
pub fn crossover(registry: &Registry, args: &CrossoverArgs) -> Result<(), Failure> {
    let base = base(registry, args)?;
    match base.ranges[..] {
        [_] => {
            let stop = session::on_signal()?;
            let search = search(args, base, &stop, session::typed())?;
            if !search.recording.trials.is_empty() {
                present(&document(&args.common.baseline, &search), Form::of(args.common.json, args.common.markdown))?;
            }
            search.failure.map_or(Ok(()), Err)
        }
        _ => map::measure(args, base),
    }
}

/// The answer of a search that is over.
pub fn document(baseline: &str, search: &Search) -> Document {
    let (rows, points) = search.findings();
    let recording = &search.recording;
    answers::search(&answers::Search {
        baseline,
        range: search.range,
        of: &search.of,
        rows: &rows,
        points: &points,
        biased: search.sweep.biased(recording.counted()),
        cut_short: search.cut_short,
        caveats: recording.caveats(),
        directory: recording.path(),
        run: recording.record(),
    })
}

/// What is varied of what, and how it is played.
pub struct Base {
    /// What is varied, from where to where.
    pub ranges: Vec<Range>,
    workload: Workload,
    threads: usize,
    /// The plan, as yet without points.
    plan: Plan,
    /// The strategies that are compared with the baseline.
    compared: Vec<String>,
}

/// What was typed, validated.
pub fn base(registry: &Registry, args: &CrossoverArgs) -> Result<Base, Failure> {
    let common = &args.common;
    let cpus = pin::allowed_cpus().len().max(1);
    let ranges = range::ranges(args, cpus)?;
    let workload = match args.told.as_ref().and_then(|told| told.workload.clone()) {
        Some(told) => told,
        None => workload_fields::named(&args.workload)?,
    };
    let workload = args.fields.over(workload)?;
    let threads = match (args.threads, workload.fixed_threads()) {
        (Some(asked), Some(fixed)) if asked != fixed => {
            return usage(format!(
                "--threads: the roles of workload {} come to {fixed}; leave the flag out or change the roles",
                workload.name
            ));
        }
        (_, Some(fixed)) => fixed,
        (Some(_), None) if ranges.iter().any(|range| range.vary == Vary::Threads) => {
            return usage("--threads: --vary threads varies them; use --from and --to");
        }
        (asked, None) => asked.or(args.told.as_ref().map(|told| told.threads)).unwrap_or(cpus),
    };
    let strategies = session::strategies(registry, &common.strategies, &common.baseline)?;
    let injected = common.inject.map(|_| INJECTED.to_owned());
    let compared: Vec<String> =
        strategies.iter().filter(|name| **name != common.baseline).cloned().chain(injected).collect();
    if compared.is_empty() {
        return usage(format!(
            "--strategies: only the baseline, {}, is named; name another strategy to compare with it",
            common.baseline
        ));
    }
    let plan = Plan {
        deciding_only: true,
        ..session::plan(registry, common, strategies, Vec::new())?
    };
    Ok(Base { ranges, workload, threads, plan, compared })
}

impl Base {
    /// The point with these values of what is varied.
    fn point(&self, values: &[f64]) -> Result<(Point, Load), Failure> {
        let (mut workload, mut threads) = (self.workload.clone(), self.threads);
        for (range, value) in self.ranges.iter().zip(values) {
            let origin = format!("--vary {} at {value}{}", range.vary, range.vary.unit());
            let applied = range.vary.apply(&workload, threads, *value, &origin);
            (workload, threads) = applied.map_err(|error| Failure::Usage(error.to_string()))?;
        }
        let point = Point { workload: workload.name.clone(), threads };
        Ok((point, Load::Synthetic { workload: Box::new(workload), threads }))
    }

    /// Every parameter, enough to run it again.
    fn parameters(&self, args: &CrossoverArgs) -> Parameters {
        let own = record::Crossover {
            vary: self.ranges.clone(),
            workload: self.workload.clone(),
            threads: self.threads,
            grid: args.grid,
        };
        session::parameters(&args.common, &RunsArgs::default(), &self.plan, record::Command::Crossover(Box::new(own)))
    }

    /// The threads, where they do not vary.
    fn threads_words(&self) -> String {
        match (self.ranges.iter().any(|range| range.vary == Vary::Threads), self.threads) {
            (true, _) => String::new(),
            (false, 1) => ", 1 thread".to_owned(),
            (false, threads) => format!(", {threads} threads"),
        }
    }

    /// What goes into the result directory's name.
    fn what(&self) -> String {
        let words: Vec<&str> = self.ranges.iter().map(|range| range.vary.word()).collect();
        format!("crossover-{}-{}", self.workload.name, words.join("-"))
    }
}
