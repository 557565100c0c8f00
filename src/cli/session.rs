//! What `run` and `replay` share: from a validated plan to result files and the answer.

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
use super::progress::Progress;
use super::table::{self, ReplayFacts};
use super::units::Pinning;
use crate::export::{ResultDir, Snapshot, directory_name};
use crate::harness::child::ChildError;
use crate::harness::clock::Moment;
use crate::harness::doctor::{Depth, examine, findings};
use crate::harness::{Ending, Observer, Plan, Played, Registry, engine, host, pin};
use crate::record::{Conditions, Point, RunRecord, RunState, SCHEMA_VERSION, Trial};
use crate::stats::{Latencies, latency_rows, ratios, summarize};

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
/// The budget of a run that is given no other limit, ns.
const DEFAULT_BUDGET_NS: u64 = 30_000_000_000;

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
    let known: Vec<&str> = registry.entries().iter().map(|entry| entry.strategy.name).collect();
    let unknown = |flag: &str, name: &str| {
        usage(format!("{flag} {name}: no such strategy; there are {} (and core, all)", known.join(", ")))
    };
    let mut chosen: Vec<&str> = Vec::new();
    for name in asked {
        match name.as_str() {
            "all" => chosen.extend(&known),
            "core" => chosen.extend(CORE.iter().filter(|name| known.contains(name))),
            name if known.contains(&name) => chosen.push(name),
            name => return unknown("--strategies", name),
        }
    }
    if !known.contains(&baseline) {
        return unknown("--baseline", baseline);
    }
    chosen.push(baseline);
    Ok(known.iter().filter(|name| chosen.contains(name)).map(|&name| name.to_owned()).collect())
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
    let name = directory_name(&started, &host.hostname, &request.what);
    let path = common.out.clone().unwrap_or_else(|| PathBuf::from("results").join(name));
    let dir = ResultDir::create(&path).map_err(|error| Failure::Error(error.to_string()))?;
    let budget_ns = common.budget.or_else(|| common.rounds.is_none().then_some(DEFAULT_BUDGET_NS));
    let mut session = Session {
        record: RunRecord {
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
        },
        dir,
        trials: Vec::new(),
        latencies: Latencies::default(),
        failed: Vec::new(),
        progress: Progress::new(common.quiet || common.json, 100),
        began: Moment::now(),
        budget_ns,
        request: &request,
    };
    let stop = on_signal()?;
    session.rewrite()?;
    let ended = engine::run(&request.plan, &mut session, &stop);
    session.progress.finish();
    session.conclude(ended)
}

/// A flag that Ctrl-C and SIGTERM raise.
fn on_signal() -> Result<Arc<AtomicBool>, Failure> {
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
    progress: Progress,
    began: Moment,
    budget_ns: Option<u64>,
}

impl Session<'_> {
    fn rewrite(&mut self) -> Result<(), Failure> {
        let common = self.request.common;
        self.dir
            .rewrite(&Snapshot {
                latency: &latency_rows(&self.latencies, &self.trials),
                histograms: &self.latencies,
                ratios: &ratios(&self.trials, &common.baseline, common.threshold.0),
                run: &self.record,
            })
            .map_err(|error| Failure::Error(error.to_string()))
    }

    /// How much of the run is done, 0 to 100, by whichever limit is nearer.
    fn percent(&self, block: usize, number: usize, of: usize) -> u64 {
        let by_time = self.budget_ns.map_or(0.0, |budget| self.began.elapsed_ns() as f64 / budget as f64);
        let blocks = block as f64 + number as f64 / of as f64;
        let by_rounds = self.request.common.rounds.map_or(0.0, |rounds| blocks / rounds as f64);
        (by_time.max(by_rounds) * 100.0).min(100.0) as u64
    }

    /// Writes how it ended, and answers with what was measured.
    fn conclude(mut self, ended: Result<Ending, Failure>) -> Result<(), Failure> {
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
        let figures = table::Figures {
            summaries: &summaries,
            latency: &latency,
            ratios: &ratios,
            trials: &self.trials,
            baseline: &common.baseline,
            strategies: &self.request.plan.strategies,
        };
        let mut text = String::new();
        for (number, (point, _)) in self.request.plan.points.iter().enumerate() {
            text += &figures.point(point, self.request.replay.get(number), &self.request.plan.cpus);
            text += "\n";
        }
        text += &format!("Results: {}", self.dir.path().display());
        answer(&text)
    }
}

impl Observer for Session<'_> {
    type Error = Failure;

    fn starting(&mut self, block: usize, number: usize, of: usize, strategy: &str, point: &Point) {
        let what = format!("block {block}: {strategy} on {}, {} threads", point.workload, point.threads);
        self.progress.set(self.percent(block, number, of), what);
    }

    fn played(&mut self, played: Played) -> Result<(), Failure> {
        self.dir.append_trial(&played.trial).map_err(|error| Failure::Error(error.to_string()))?;
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
        self.progress.note(self.request.common.quiet, &format!("headlock: {warning}"));
        self.record.warnings.push(warning.clone());
        self.failed.push(warning);
        Ok(())
    }

    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Failure> {
        self.rewrite()?;
        let rounds_done = self.request.common.rounds.is_some_and(|rounds| block as u64 + 1 >= rounds);
        let time_up = self.budget_ns.is_some_and(|budget| self.began.elapsed_ns() >= budget);
        Ok(if rounds_done || time_up {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
