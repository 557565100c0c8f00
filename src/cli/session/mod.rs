//! What `run` and `replay` share: from a validated plan to result files and the answer.

mod limits;
mod resume;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use jiff::{Timestamp, ZonedDateTime};
use serde_json::{Value, json};

use super::answer::{answer, answer_json};
use super::args::CommonArgs;
use super::doctor::{refuse_if_bad, warnings};
use super::failure::{Failure, usage};
use super::paint::Paint;
use super::progress::Progress;
use super::table::{self, ReplayFacts};
use super::units::Pinning;
use crate::export::{ResultDir, Snapshot, directory_name, markdown};
use crate::harness::child::ChildError;
use crate::harness::clock::Moment;
use crate::harness::doctor::{Depth, Finding, Severity, examine, findings};
use crate::harness::{BELOW_FLOOR, Ending, Observer, Plan, Played, engine, host, pin};
use crate::record::{Conditions, Pass, Point, RunRecord, RunState, SCHEMA_VERSION, Trial};
use crate::registry::Registry;
use crate::stats::{Latencies, fewest_blocks, latency_rows, precision, ratios, summarize};
use limits::{Limits, Reached};
use resume::Earlier;

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

/// The registered names that a list of names, `core` and `all` stands for; the baseline is always among them.
pub fn strategies(registry: &Registry, asked: &[String], baseline: &str) -> Result<Vec<String>, Failure> {
    let mut chosen = chosen(registry, asked)?;
    match registry.get(baseline) {
        None => return unknown(registry, "--baseline", baseline),
        Some(baseline) => chosen.push(baseline.strategy.name),
    }
    let names = registry.entries().iter().map(|entry| entry.strategy.name);
    Ok(names.filter(|name| chosen.contains(name)).map(str::to_owned).collect())
}

/// The registered names that a list of names, `core` and `all` stands for.
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
pub fn measure(mut request: Request<'_>) -> Result<(), Failure> {
    let common = request.common;
    let host = host::facts();
    let conditions = Conditions {
        spins_per_ns: Some(request.plan.spins_per_ns),
        ..examine(Depth::Quick)
    };
    let findings = findings(&host, &conditions);
    if common.strict {
        refuse_if_bad(&findings)?;
    }
    let started = ZonedDateTime::now();
    // Before anything is written, so that whatever is interrupted says so.
    let stop = on_signal()?;
    let record = RunRecord {
        schema_version: SCHEMA_VERSION,
        headlock_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: std::env::args().collect(),
        parameters: request.parameters.clone(),
        host,
        conditions,
        warnings: warnings(&findings),
        started: started.timestamp(),
        resumed: Vec::new(),
        ended: None,
        state: RunState::Running,
        message: None,
    };
    let earlier = match &common.resume {
        Some(path) => resume::take_up(path, &record)?,
        None => {
            let name = directory_name(&started, &record.host.hostname, &request.what);
            let path = common.out.clone().unwrap_or_else(|| PathBuf::from("results").join(name));
            let dir = ResultDir::create(&path).map_err(|error| Failure::Error(format!("--out: {error}")))?;
            Earlier {
                dir,
                record: record.clone(),
                trials: Vec::new(),
                latencies: Latencies::default(),
                note: None,
            }
        }
    };
    request.plan.first_block = earlier.next_block();
    // So that think and hold times are the same number of turns in all blocks of a result.
    request.plan.spins_per_ns = earlier.record.conditions.spins_per_ns.unwrap_or(request.plan.spins_per_ns);
    let mut session = Session {
        progress: Progress::new(common.quiet || common.json, 100),
        limits: Limits::new(common),
        precision: None,
        fewest_blocks: 0,
        began: Moment::now(),
        record: if common.resume.is_some() {
            taken_up(earlier.record, record)
        } else {
            record
        },
        dir: earlier.dir,
        trials: earlier.trials,
        latencies: earlier.latencies,
        failed: Vec::new(),
        bad: findings.iter().filter(|it| it.severity() == Severity::Bad).map(Finding::to_string).collect(),
        request: &request,
    };
    if let Some(note) = earlier.note {
        session.note(&note);
    }
    session.rewrite()?;
    let ended = engine::run(&request.plan, &mut session, &stop);
    session.progress.finish();
    session.conclude(ended)
}

/// The record of an earlier run under way again.
fn taken_up(earlier: RunRecord, now: RunRecord) -> RunRecord {
    let mut warnings = earlier.warnings;
    warnings.extend(now.warnings.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
    let mut resumed = earlier.resumed;
    resumed.push(now.started);
    RunRecord {
        warnings,
        resumed,
        ended: None,
        state: RunState::Running,
        message: None,
        ..earlier
    }
}

/// A flag that Ctrl-C and SIGTERM raise.
pub(super) fn on_signal() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || raised.store(true, Memory::Release))
        .map_err(|error| Failure::Error(format!("cannot listen for signals: {error}")))?;
    Ok(stop)
}

/// A measurement under way.
struct Session<'a> {
    request: &'a Request<'a>,
    record: RunRecord,
    dir: ResultDir,
    trials: Vec<Trial>,
    latencies: Latencies,
    /// What became of strategies that are left out.
    failed: Vec<String>,
    /// What is bad about this host, to be said beside the figures.
    bad: Vec<String>,
    progress: Progress,
    limits: Limits,
    /// The widest interval after the last whole block.
    precision: Option<f64>,
    /// The fewest blocks that any interval rests on.
    fewest_blocks: usize,
    began: Moment,
}

impl Session<'_> {
    fn rewrite(&mut self) -> Result<(), Failure> {
        let common = self.request.common;
        let ratios = ratios(&self.trials, &common.baseline, common.threshold.0);
        let points: Vec<Point> = self.request.plan.points.iter().map(|(point, _)| point.clone()).collect();
        self.precision = precision(&ratios, &points);
        self.fewest_blocks = fewest_blocks(&ratios);
        self.dir
            .rewrite(&Snapshot {
                latency: &latency_rows(&self.latencies, &self.trials),
                histograms: &self.latencies,
                ratios: &ratios,
                run: &self.record,
            })
            .map_err(|error| Failure::Error(error.to_string()))
    }

    /// How far the run is, with a fraction of the block under way.
    fn reached(&self, next_block: usize, fraction: f64) -> Reached {
        Reached {
            blocks: (next_block - self.request.plan.first_block) as f64 + fraction,
            fewest_blocks: self.fewest_blocks,
            elapsed_ns: self.began.elapsed_ns(),
            precision: self.precision,
        }
    }

    fn note(&self, text: &str) {
        self.progress.note(self.request.common.quiet, text);
    }

    /// Writes how it ended, and answers with what was measured.
    fn conclude(mut self, ended: Result<Ending, Failure>) -> Result<(), Failure> {
        let refused = self.refused();
        self.failed.extend(refused);
        let failure = match ended {
            Ok(Ending::Complete) if self.failed.is_empty() => None,
            Ok(Ending::Complete) => Some(Failure::Error(self.failed.join("; "))),
            Ok(Ending::NothingLeft) => {
                Some(Failure::Error(format!("no strategy is left to measure: {}", self.failed.join("; "))))
            }
            Ok(Ending::Interrupted) => Some(Failure::Interrupted(format!(
                "interrupted; the {} trials so far are in {}",
                self.trials.len(),
                self.dir.path().display()
            ))),
            Err(failure) => Some(failure),
        };
        self.record.ended = Some(Timestamp::now());
        self.record.state = match &failure {
            None => RunState::Complete,
            Some(Failure::Interrupted(_)) => RunState::Interrupted,
            Some(_) => RunState::Failed,
        };
        self.record.message = failure.as_ref().and_then(Failure::message).map(str::to_owned);
        let written = self.rewrite();
        if !self.trials.is_empty() {
            self.answer()?;
        }
        match failure {
            Some(failure) => Err(failure),
            None => written,
        }
    }

    /// Strategies most of whose trials at some point came out at the floor: no figure, and a reason to look at the code.
    fn refused(&self) -> Vec<String> {
        let mut at: BTreeMap<(&str, usize, &str), (usize, usize)> = BTreeMap::new();
        for trial in self.trials.iter().filter(|trial| trial.pass == Pass::Throughput) {
            let key = (trial.strategy.as_str(), trial.threads, trial.workload.as_str());
            let (refused, all) = at.entry(key).or_default();
            *refused += usize::from(trial.disturbance.starts_with(BELOW_FLOOR));
            *all += 1;
        }
        let refused = at.into_iter().filter(|(_, (refused, all))| refused * 2 > *all);
        refused
            .map(|((strategy, threads, workload), _)| {
                format!(
                    "{strategy} on {workload} with {threads} threads is refused: it cannot be told from doing nothing, so \
                     its work was optimised away or is too little for this workload"
                )
            })
            .collect()
    }

    fn host_lines(&self) -> String {
        self.bad.iter().map(|bad| format!("Not a host to measure on: {bad}.\n")).collect()
    }

    fn answer(&self) -> Result<(), Failure> {
        let common = self.request.common;
        let summaries = summarize(&self.trials);
        let latency = latency_rows(&self.latencies, &self.trials);
        let ratios = ratios(&self.trials, &common.baseline, common.threshold.0);
        if common.json {
            return answer_json(&json!({
                "directory": self.dir.path(),
                "run": self.record,
                "summaries": summaries,
                "ratios": ratios,
                "latency": latency,
                "replay": self.request.replay,
            }));
        }
        if common.markdown {
            return answer(&(markdown(&summaries, &ratios, &latency) + &self.host_lines()));
        }
        let figures = table::Figures {
            summaries: &summaries,
            latency: &latency,
            ratios: &ratios,
            trials: &self.trials,
            baseline: &common.baseline,
            strategies: &self.request.plan.strategies,
            paint: Paint::for_stdout(),
        };
        let mut text = String::new();
        for (number, (point, _)) in self.request.plan.points.iter().enumerate() {
            text += &figures.point(point, self.request.replay.get(number), &self.request.plan.cpus);
            text += "\n";
        }
        text += &self.host_lines();
        text += &format!("Results: {}", self.dir.path().display());
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
        self.progress.set(self.limits.percent(reached), what);
    }

    fn played(&mut self, played: Played) -> Result<(), Failure> {
        let error = |error: crate::export::WriteError| Failure::Error(error.to_string());
        self.dir.append_trial(&played.trial).map_err(error)?;
        self.dir.append_threads(&played.threads).map_err(error)?;
        if !played.trial.disturbed {
            for latency in played.latencies {
                self.latencies.add(latency).map_err(|error| Failure::Error(error.to_string()))?;
            }
        }
        self.trials.push(played.trial);
        Ok(())
    }

    fn failed(&mut self, strategy: &str, point: &Point, reason: &ChildError) -> Result<(), Failure> {
        let Point { workload, threads } = point;
        let warning = format!("{strategy} failed on {workload} with {threads} threads and is left out: {reason}");
        self.note(&warning);
        self.record.warnings.push(warning.clone());
        self.failed.push(warning);
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
            self.note(&format!(
                "--precision {wanted}%: not reached, {so_far}; --resume with a longer --budget goes on"
            ));
        }
        Ok(ControlFlow::Break(()))
    }
}
