//! What `run` and `replay` share: from a validated plan to result files and the answer.

mod limits;
mod recording;
mod resume;
mod runs;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use super::answer::{Form, present};
use super::common::CommonArgs;
use super::failure::{Failure, usage};
use super::layout_process::build;
use super::units::Pinning;
use crate::answers::{self, Material};
use crate::harness::child::ChildError;
use crate::harness::clock::{Moment, spins_per_ns};
use crate::harness::{Inject, Load, Observer, Plan, Played, Probed, engine, layouts, pin};
use crate::reading::Reading;
use crate::record::{self, Declaration, Parameters, Point, Ratio, is_floor};
use crate::registry::Registry;
use crate::stats::{fewest_blocks, precision};
pub use limits::{Limits, Reached};
pub use recording::{Recording, Setup};
pub use runs::RunsArgs;

/// Strategies that `core` stands for, as far as they are registered.
const CORE: [&str; 7] = [
    "mutex",
    "mutex-peek",
    "rcu-epoch",
    "rcu-membarrier",
    "arc-swap",
    "seqlock",
    "atomic-deadline",
];

/// What every single run has to say of its intervals.
const ONE_RUN: &str =
    "The intervals hold for this run's minutes; --runs N --gap T repeats it, with the run as the unit.";

/// What a command wants measured.
pub struct Request<'a> {
    /// What goes into the result directory's name.
    pub what: String,
    /// The flags.
    pub common: &'a CommonArgs,
    /// The plan.
    pub plan: Plan,
    /// Every parameter, enough to run it again.
    pub parameters: Parameters,
    /// What the program's strategies declare.
    pub declarations: Vec<Declaration>,
    /// How many runs, and how far apart.
    pub runs: RunsArgs,
}

/// The registered names that a list of names, `core` and `all` stands for; the baseline is always among them. A floor plays along by
/// itself and is none.
pub fn strategies(registry: &Registry, asked: &[String], baseline: &str) -> Result<Vec<String>, Failure> {
    let mut chosen = chosen(registry, asked)?;
    match registry.get(baseline).filter(|entry| !is_floor(entry.strategy.name)) {
        None => return unknown(registry, "--baseline", baseline),
        Some(baseline) => chosen.push(baseline.strategy.name),
    }
    chosen.retain(|name| !is_floor(name));
    let names = registry.entries().iter().map(|entry| entry.strategy.name);
    Ok(names.filter(|name| chosen.contains(name)).map(str::to_owned).collect())
}

/// The registered names that a list of names, `core` and `all` stands for. What was loaded is always among them.
pub fn chosen(registry: &Registry, asked: &[String]) -> Result<Vec<&'static str>, Failure> {
    let mut chosen: Vec<&str> = Vec::new();
    for name in asked {
        match name.as_str() {
            "all" => chosen.extend(registry.entries().iter().map(|entry| entry.strategy.name)),
            "core" => chosen.extend(CORE.iter().filter(|name| registry.get(name).is_some())),
            name => match registry.get(name) {
                Some(entry) => chosen.push(entry.strategy.name),
                None => return unknown(registry, "--strategies", name),
            },
        }
    }
    chosen.extend(registry.loaded());
    Ok(chosen)
}

fn unknown<T>(registry: &Registry, flag: &str, name: &str) -> Result<T, Failure> {
    let known: Vec<&str> = registry.entries().iter().map(|entry| entry.strategy.name).collect();
    usage(format!("{flag} {name}: no such strategy; there are {} (and core, all)", known.join(", ")))
}

/// The processors that `--pin` means.
pub fn cpus(pinning: &Pinning) -> Result<Vec<usize>, Failure> {
    let allowed = pin::allowed_cpus();
    match pinning {
        Pinning::Auto => Ok(allowed),
        Pinning::None => Ok(Vec::new()),
        Pinning::Cpus(cpus) => match cpus.iter().find(|cpu| !allowed.contains(cpu)) {
            Some(cpu) => usage(format!("--pin {cpu}: this process may use the CPUs {allowed:?}")),
            None => Ok(cpus.clone()),
        },
    }
}

/// Measures, writes as it goes, and answers.
pub fn measure(request: Request<'_>) -> Result<(), Failure> {
    // Before anything is written, so that whatever is interrupted says so.
    let stop = on_signal()?;
    if let Some(count) = request.runs.runs {
        return runs::measure(&request, count, &stop);
    }
    let (session, failure) = record(request, &stop, typed())?;
    session.answer()?;
    failure.map_or(Ok(()), Err)
}

/// Measures and writes as it goes. What ended it other than well comes second.
pub fn record<'a>(
    mut request: Request<'a>,
    stop: &AtomicBool,
    command: Vec<String>,
) -> Result<(Session<'a>, Option<Failure>), Failure> {
    let recording = Recording::open(Setup {
        what: &request.what,
        common: request.common,
        parameters: &request.parameters,
        command,
        spins_per_ns: request.plan.spins_per_ns,
        threads: request.plan.points.iter().map(|(point, _)| point.threads).max().unwrap_or(1),
    })?;
    request.plan.first_block = recording.next_block;
    request.plan.spins_per_ns = recording.spins_per_ns().unwrap_or(request.plan.spins_per_ns);
    let plan = request.plan.clone();
    let mut session = Session {
        limits: Limits::new(request.common),
        precision: None,
        fewest_blocks: 0,
        written: None,
        recording,
        request,
    };
    session.rewrite()?;
    let ended = engine::run(&plan, &mut session, stop);
    let points: Vec<Point> = plan.points.iter().map(|(point, _)| point.clone()).collect();
    let failure = session.recording.close(ended, &points);
    let written = session.rewrite();
    Ok((session, failure.or(written.err())))
}

/// What the common flags say of a plan to play these strategies at these points.
///
/// # Errors
/// If the processors to pin to cannot be had, or the programs of `--layouts` are not this one.
pub fn plan(
    registry: &Registry,
    common: &CommonArgs,
    strategies: Vec<String>,
    points: Vec<(Point, Load)>,
) -> Result<Plan, Failure> {
    Ok(Plan {
        strategies,
        behind: registry.behind().to_vec(),
        baseline: common.baseline.clone(),
        points,
        trial_ns: common.trial,
        expected_ns: 0,
        patience_ns: common.patience,
        seed: common.seed,
        cpus: cpus(&common.pin)?,
        inject: common.inject.map(|share| Inject { share: share.0, beyond_ns: common.inject_beyond }),
        spins_per_ns: spins_per_ns(),
        first_block: 0,
        deciding_only: common.no_latency,
        isolation: common.isolation,
        layouts: match &common.layouts {
            Some(dir) => layouts::of(dir, &build(registry))
                .map_err(|problem| Failure::Usage(format!("--layouts {}: {problem}", dir.display())))?,
            None => Vec::new(),
        },
    })
}

/// Every parameter, enough to run it again: a command's own, and those that all share.
pub fn parameters(common: &CommonArgs, runs: &RunsArgs, plan: &Plan, command: record::Command) -> Parameters {
    Parameters {
        command,
        common: record::Common {
            strategies: plan.strategies.clone(),
            behind_door: plan.behind.iter().map(Into::into).collect(),
            baseline: plan.baseline.clone(),
            trial_ns: plan.trial_ns,
            deciding_only: plan.deciding_only,
            isolation: plan.isolation,
            threshold: common.threshold.0,
            seed: plan.seed,
            cpus: plan.cpus.clone(),
            inject: plan.inject.map(|inject| inject.share),
            inject_beyond_ns: common.inject_beyond,
            blocks: common.blocks,
            budget_ns: common.budget,
            precision: common.precision.map(|share| share.0),
            patience_ns: plan.patience_ns,
            neighbour: common.neighbour,
            layouts: plan.layouts.iter().map(|file| file.layout.clone()).collect(),
            runs: runs.runs,
            gap_ns: runs.gap,
        },
    }
}

/// The command line as it was typed. What is not UTF-8 in it cannot be written down as it is.
pub fn typed() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// A flag that Ctrl-C and SIGTERM raise.
pub(super) fn on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || raised.store(true, Memory::Release))
        .map_err(|error| Failure::Error(format!("cannot listen for signals: {error}")))?;
    Ok(stop)
}

/// A measurement under way, or over.
pub struct Session<'a> {
    /// What was asked for.
    pub request: Request<'a>,
    /// What came of it.
    pub recording: Recording,
    limits: Limits,
    /// The widest interval after the last whole block.
    precision: Option<f64>,
    /// The fewest blocks that any interval rests on.
    fewest_blocks: usize,
    /// When all files were last brought up to date, and how long that took, ns.
    written: Option<(Moment, u64)>,
}

impl Session<'_> {
    /// Every strategy against the baseline, so far.
    pub fn ratios(&self) -> Vec<Ratio> {
        Reading::new(self.recording.record(), self.recording.measured(), &[]).ratios
    }

    fn rewrite(&mut self) -> Result<(), Failure> {
        let began = Moment::now();
        self.recording.sort_blocks()?;
        let ratios = self.ratios();
        let points: Vec<Point> = self.request.plan.points.iter().map(|(point, _)| point.clone()).collect();
        self.precision = precision(&ratios, &points);
        self.fewest_blocks = fewest_blocks(&ratios);
        self.recording.rewrite(&ratios)?;
        self.written = Some((Moment::now(), began.elapsed_ns()));
        Ok(())
    }

    /// Whether it is time to bring all files up to date: that is to take a hundredth of the time at most.
    fn is_time_to_rewrite(&self) -> bool {
        const SHARE: u64 = 100;
        self.written.is_none_or(|(at, took_ns)| at.elapsed_ns() >= took_ns.saturating_mul(SHARE))
    }

    /// How far the run is, with a fraction of the block under way.
    fn reached(&self, next_block: usize, fraction: f64) -> Reached {
        Reached {
            blocks: (next_block - self.request.plan.first_block) as f64 + fraction,
            fewest_blocks: self.fewest_blocks,
            elapsed_ns: self.recording.began.elapsed_ns(),
            precision: self.precision,
        }
    }

    /// Prints what was measured, if anything was.
    pub fn answer(&self) -> Result<(), Failure> {
        let recording = &self.recording;
        if recording.trials.is_empty() {
            return Ok(());
        }
        let common = self.request.common;
        let results = recording.results(self.ratios());
        let directory = recording.path().display().to_string();
        let material = Material {
            directory: &directory,
            results: &results,
            declarations: &self.request.declarations,
        };
        let mut document = answers::run(&material, common.json || common.markdown);
        document.notices.extend(recording.unfit());
        document.notices.push(ONE_RUN.to_owned());
        present(&document, Form::of(common.json, common.markdown))
    }
}

impl Observer for Session<'_> {
    type Error = Failure;

    fn starting(&mut self, block: usize, number: usize, of: usize, strategy: &str, point: &Point) {
        let reached = self.reached(block, number as f64 / of as f64);
        let width = self.precision.map_or(String::new(), |width| format!("\u{b1}{:.1} %, ", width * 100.0));
        let left = self.limits.left_ns(reached);
        let left = left.map_or(String::new(), |ns| format!("{} s left, ", ns.div_ceil(1_000_000_000)));
        let what = format!("{width}{left}block {block}: {strategy} on {}/{}", point.workload, point.threads);
        self.recording.progress.set(self.limits.percent(reached), what);
    }

    fn played(&mut self, played: Played) -> Result<(), Failure> {
        self.recording.keep(played)
    }

    fn failed(&mut self, strategy: &str, point: &Point, reason: &ChildError) -> Result<(), Failure> {
        self.recording.leave_out(strategy, point, reason);
        Ok(())
    }

    fn probed(&mut self, probed: Probed<'_>) {
        self.recording.probed(probed);
    }

    fn crashed_together(&mut self, at_work: Option<&str>, point: &Point, reason: &ChildError) {
        self.recording.crashed_together(at_work, point, reason);
    }

    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Failure> {
        self.recording.block_ended()?;
        if self.is_time_to_rewrite() {
            self.rewrite()?;
        }
        let reached = self.reached(block + 1, 0.0);
        if !self.limits.met(reached) {
            return Ok(ControlFlow::Continue(()));
        }
        if let Some(wanted) = self.limits.missed(reached) {
            let so_far = self.precision.map_or("none yet".to_owned(), |width| format!("{:.1} %", width * 100.0));
            let wanted = wanted * 100.0;
            self.recording.note(&format!(
                "--precision {wanted}%: not reached, {so_far}; --resume with a longer --budget continues"
            ));
        }
        Ok(ControlFlow::Break(()))
    }
}
