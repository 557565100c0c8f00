//! What `run` and `replay` share: from a validated plan to result files and the answer.

mod limits;
mod recording;
mod resume;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use serde_json::{Value, json};

use super::answer::{answer, answer_json};
use super::args::CommonArgs;
use super::failure::{Failure, usage};
use super::paint::Paint;
use super::table::{self, ReplayFacts};
use super::units::Pinning;
use crate::export::markdown;
use crate::harness::child::ChildError;
use crate::harness::clock::spins_per_ns;
use crate::harness::{Load, Observer, Plan, Played, engine, pin};
use crate::record::{BehindDoor, Point, Ratio};
use crate::registry::Registry;
use crate::stats::{fewest_blocks, latency_rows, precision, ratios, summarize};
pub use limits::{Limits, Reached};
pub use recording::{Recording, Setup};

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

/// What a command wants measured.
pub struct Request<'a> {
    /// What goes into the result directory's name.
    pub what: String,
    /// The flags.
    pub common: &'a CommonArgs,
    /// The plan.
    pub plan: Plan,
    /// Every parameter, enough to run it again.
    pub parameters: Value,
    /// What is known of each point's trace, in the order of the points.
    pub replay: Vec<ReplayFacts>,
}

/// The registered names that a list of names, `core` and `all` stands for; the baseline is always among them, and the floor behind
/// the door where anything stands there.
pub fn strategies(registry: &Registry, asked: &[String], baseline: &str) -> Result<Vec<String>, Failure> {
    let mut chosen = chosen(registry, asked)?;
    match registry.get(baseline) {
        None => return unknown(registry, "--baseline", baseline),
        Some(baseline) => chosen.push(baseline.strategy.name),
    }
    chosen.extend(registry.floor_behind());
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
    })?;
    request.plan.first_block = recording.next_block;
    request.plan.spins_per_ns = recording.spins_per_ns().unwrap_or(request.plan.spins_per_ns);
    let plan = request.plan.clone();
    let mut session = Session {
        limits: Limits::new(request.common),
        precision: None,
        fewest_blocks: 0,
        recording,
        request,
    };
    session.rewrite()?;
    let ended = engine::run(&plan, &mut session, stop);
    let failure = session.recording.close(ended);
    let written = session.rewrite();
    Ok((session, failure.or(written.err())))
}

/// What the common flags say of a plan to play these strategies at these points.
///
/// # Errors
/// If the processors to pin to cannot be had.
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
        inject: common.inject.map(|share| share.0),
        spins_per_ns: spins_per_ns(),
        first_block: 0,
        deciding_only: common.no_latency,
    })
}

/// Every parameter, enough to run it again: a command's own, and those that all share.
pub fn parameters(common: &CommonArgs, plan: &Plan, mut own: Value) -> Value {
    let shared = json!({
        "strategies": plan.strategies,
        "behind_door": plan.behind.iter().map(BehindDoor::from).collect::<Vec<_>>(),
        "baseline": plan.baseline,
        "trial_ns": plan.trial_ns,
        "deciding_only": plan.deciding_only,
        "rounds": common.rounds,
        "budget_ns": common.budget,
        "precision": common.precision.map(|share| share.0),
        "inject": common.inject.map(|share| share.0),
        "threshold": common.threshold.0,
        "seed": plan.seed,
        "cpus": plan.cpus,
    });
    if let (Value::Object(own), Value::Object(shared)) = (&mut own, shared) {
        own.extend(shared);
    }
    own
}

/// The command line as it was typed.
pub fn typed() -> Vec<String> {
    std::env::args().collect()
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
}

impl Session<'_> {
    /// Every strategy against the baseline, so far.
    pub fn ratios(&self) -> Vec<Ratio> {
        let common = self.request.common;
        ratios(&self.recording.trials, &common.baseline, common.threshold.0)
    }

    fn rewrite(&mut self) -> Result<(), Failure> {
        let ratios = self.ratios();
        let points: Vec<Point> = self.request.plan.points.iter().map(|(point, _)| point.clone()).collect();
        self.precision = precision(&ratios, &points);
        self.fewest_blocks = fewest_blocks(&ratios);
        self.recording.rewrite(&ratios)
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
        let summaries = summarize(&recording.trials);
        let latency = latency_rows(&recording.latencies, &recording.trials);
        let ratios = self.ratios();
        if common.json {
            return answer_json(&json!({
                "directory": recording.path(),
                "run": recording.record(),
                "summaries": summaries,
                "ratios": ratios,
                "latency": latency,
                "replay": self.request.replay,
            }));
        }
        if common.markdown {
            return answer(&(markdown(&summaries, &ratios, &latency) + &recording.host_lines()));
        }
        let figures = table::Figures {
            summaries: &summaries,
            latency: &latency,
            ratios: &ratios,
            trials: &recording.trials,
            baseline: &common.baseline,
            strategies: &self.request.plan.strategies,
            paint: Paint::for_stdout(),
        };
        let mut text = String::new();
        for (number, (point, _)) in self.request.plan.points.iter().enumerate() {
            text += &figures.point(point, self.request.replay.get(number), &self.request.plan.cpus);
            text += "\n";
        }
        text += &recording.host_lines();
        text += &format!("Results: {}", recording.path().display());
        answer(&text)
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

    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Failure> {
        self.rewrite()?;
        let reached = self.reached(block + 1, 0.0);
        if !self.limits.met(reached) {
            return Ok(ControlFlow::Continue(()));
        }
        if let Some(wanted) = self.limits.missed(reached) {
            let so_far = self.precision.map_or("none yet".to_owned(), |width| format!("{:.1} %", width * 100.0));
            let wanted = wanted * 100.0;
            self.recording.note(&format!(
                "--precision {wanted}%: not reached, {so_far}; --resume with a longer --budget goes on"
            ));
        }
        Ok(ControlFlow::Break(()))
    }
}
