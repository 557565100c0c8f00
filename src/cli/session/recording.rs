//! A result directory under way: what has been measured, what is written, and how it ends.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ZonedDateTime};

use super::super::common::CommonArgs;
use super::super::doctor::{refuse_if_bad, warnings};
use super::super::failure::Failure;
use super::super::progress::Progress;
use super::resume::{self, Earlier};
use crate::export::{ResultDir, Snapshot, directory_name};
use crate::harness::child::ChildError;
use crate::harness::clock::Moment;
use crate::harness::doctor::{Depth, Finding, Severity, examine, findings};
use crate::harness::{Ending, Played, host};
use crate::record::{
    BELOW_FLOOR, Conditions, Parameters, Pass, Point, Ratio, RunRecord, RunState, SCHEMA_VERSION, Trial,
};
use crate::stats::{Latencies, latency_rows, points_without_figure};

/// What a recording is made of.
pub struct Setup<'a> {
    /// What goes into the result directory's name.
    pub what: &'a str,
    /// The flags.
    pub common: &'a CommonArgs,
    /// Every parameter, enough to run it again.
    pub parameters: &'a Parameters,
    /// The command line, program name first.
    pub command: Vec<String>,
    /// Turns of the busy-wait loop in a nanosecond, as measured now.
    pub spins_per_ns: f64,
}

/// The result directory and everything in it.
pub struct Recording {
    record: RunRecord,
    dir: ResultDir,
    /// Every trial so far, those of an earlier run that is taken up included.
    pub trials: Vec<Trial>,
    /// Their latencies.
    pub latencies: Latencies,
    /// What became of strategies that are left out.
    failed: Vec<String>,
    /// What is bad about this host, to be said beside the figures.
    bad: Vec<String>,
    /// The bar on the terminal.
    pub progress: Progress,
    quiet: bool,
    /// The number of the first block to be added.
    pub next_block: usize,
    /// When this invocation began.
    pub began: Moment,
}

impl Recording {
    /// Examines the host and creates the directory, or takes an earlier one up.
    pub fn open(setup: Setup<'_>) -> Result<Recording, Failure> {
        let Setup { what, common, parameters, command, spins_per_ns } = setup;
        let host = host::facts();
        let conditions = Conditions { spins_per_ns: Some(spins_per_ns), ..examine(Depth::Quick) };
        let findings = findings(&host, &conditions);
        if common.strict {
            refuse_if_bad(&findings, "--strict: ")?;
        }
        let started = ZonedDateTime::now();
        let record = RunRecord {
            schema_version: SCHEMA_VERSION,
            headlock_version: env!("CARGO_PKG_VERSION").to_owned(),
            command,
            parameters: parameters.clone(),
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
                let name = directory_name(&started, &record.host.hostname, what);
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
        let recording = Recording {
            next_block: earlier.next_block(),
            progress: Progress::new(common.quiet || common.json, 100),
            quiet: common.quiet,
            began: Moment::now(),
            record: match common.resume {
                Some(_) => taken_up(earlier.record, record),
                None => record,
            },
            dir: earlier.dir,
            trials: earlier.trials,
            latencies: earlier.latencies,
            failed: Vec::new(),
            bad: findings.iter().filter(|it| it.severity() == Severity::Bad).map(Finding::to_string).collect(),
        };
        if let Some(note) = earlier.note {
            recording.note(&note);
        }
        Ok(recording)
    }

    /// What `run.json` says.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Turns of the busy-wait loop in a nanosecond: the same number in all blocks of a result, so that think and hold times are.
    pub fn spins_per_ns(&self) -> Option<f64> {
        self.record.conditions.spins_per_ns
    }

    /// Brings every file up to date.
    pub fn rewrite(&mut self, ratios: &[Ratio]) -> Result<(), Failure> {
        self.dir
            .rewrite(&Snapshot {
                latency: &latency_rows(&self.latencies, &self.trials),
                histograms: &self.latencies,
                ratios,
                run: &self.record,
            })
            .map_err(|error| Failure::Error(error.to_string()))
    }

    /// A line for the user.
    pub fn note(&self, text: &str) {
        self.progress.note(self.quiet, text);
    }

    /// Keeps a trial that was played.
    pub fn keep(&mut self, played: Played) -> Result<(), Failure> {
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

    /// Remembers a strategy that failed.
    pub fn leave_out(&mut self, strategy: &str, point: &Point, reason: &ChildError) {
        let Point { workload, threads } = point;
        let warning = format!("{strategy} failed on {workload} with {threads} threads and is left out: {reason}");
        self.note(&warning);
        self.record.warnings.push(warning.clone());
        self.failed.push(warning);
    }

    /// Writes down how it ended, and tells why if that was not well; `points` are those that were to be measured. The files are
    /// for the caller to rewrite.
    pub fn close(&mut self, ended: Result<Ending, Failure>, points: &[Point]) -> Option<Failure> {
        self.progress.finish();
        self.failed.extend(self.refused());
        let failure = match ended {
            Ok(Ending::Complete) => {
                let failed = (!self.failed.is_empty()).then(|| Failure::Error(self.failed.join("; ")));
                Failure::all(failed.into_iter().chain(self.without_figure(points)))
            }
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
            // It was carried out as planned; what it could not find is no error.
            Some(Failure::NoFigure(_)) if self.failed.is_empty() => RunState::Complete,
            Some(Failure::Interrupted(_)) => RunState::Interrupted,
            Some(_) => RunState::Failed,
        };
        self.record.message = failure.as_ref().map(|failure| failure.message().to_owned());
        failure
    }

    /// The points at which nothing has any figure.
    fn without_figure(&self, points: &[Point]) -> Option<Failure> {
        let without = points_without_figure(&self.trials, points, &self.record.conditions.hiccups);
        let without: Vec<String> = without
            .into_iter()
            .map(|(Point { workload, threads }, missing)| format!("{workload}/{threads}: {missing}"))
            .collect();
        (!without.is_empty()).then(|| Failure::NoFigure(format!("no figure at all on {}", without.join("; on "))))
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

    /// What is bad about the host, a line each.
    pub fn host_lines(&self) -> String {
        self.bad.iter().map(|bad| format!("Not a host to measure on: {bad}.\n")).collect()
    }
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
