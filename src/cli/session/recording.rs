//! A result directory under way: what has been measured, what is written, and how it ends.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{Timestamp, ZonedDateTime};

use super::super::common::CommonArgs;
use super::super::doctor::{refuse_if_bad, warnings};
use super::super::failure::Failure;
use super::super::progress::Progress;
use super::resume::{self, Earlier};
use crate::export::{ResultDir, Snapshot, create_beside, directory_name};
use crate::harness::child::ChildError;
use crate::harness::clock::Moment;
use crate::harness::doctor::{Depth, Finding, Severity, examine, findings};
use crate::harness::{Ending, Played, host, state};
use crate::reading::Results;
use crate::record::{
    ALL, BlockRow, BlockState, Conditions, LatencyHistogram, LeftOut, OperationRow, Parameters, Pass, Point, Ratio,
    RunRecord, RunState, SCHEMA_VERSION, ThreadRow, Trial, set_states,
};
use crate::stats::{Latencies, Measured, latency_rows, points_without_figure};

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
    /// Their threads' parts.
    threads: Vec<ThreadRow>,
    /// Their operations' latencies, by block.
    operations: Vec<OperationRow>,
    /// What the probes read. The trials have their states.
    blocks: Vec<BlockRow>,
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
            left_out: Vec::new(),
        };
        let earlier = match &common.resume {
            Some(path) => resume::take_up(path, &record)?,
            None => {
                let name = directory_name(&started, &record.host.hostname, what);
                let dir = match &common.out {
                    Some(path) => ResultDir::create(path),
                    None => create_beside(&Path::new("results").join(name), ResultDir::create),
                };
                let dir = dir.map_err(|error| Failure::Error(format!("--out: {error}")))?;
                Earlier {
                    dir,
                    record: record.clone(),
                    trials: Vec::new(),
                    threads: Vec::new(),
                    operations: Vec::new(),
                    blocks: Vec::new(),
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
            threads: earlier.threads,
            operations: earlier.operations,
            blocks: earlier.blocks,
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
                blocks: &self.blocks,
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
        self.threads.extend(played.threads);
        if !played.trial.disturbed {
            let of_block = |latency: &LatencyHistogram| OperationRow::of(played.trial.block, latency);
            let operations: Vec<OperationRow> = played.latencies.iter().map(of_block).collect();
            self.dir.append_operations(&operations).map_err(error)?;
            self.operations.extend(operations);
            for latency in played.latencies {
                self.latencies.add(latency).map_err(|error| Failure::Error(error.to_string()))?;
            }
        }
        self.trials.push(played.trial);
        Ok(())
    }

    /// Remembers what the probes of a process read, that of one contestant or of all.
    pub fn probed(&mut self, block: usize, point: &Point, contestant: Option<&str>, state: &BlockState) {
        let ended_ms = self.began.elapsed_ns() / 1_000_000;
        self.blocks.push(BlockRow::new(&point.workload, block, contestant.unwrap_or(ALL), ended_ms, state));
    }

    /// Sorts all blocks anew, by what the run has seen of the host's cores so far.
    pub fn sort_blocks(&mut self) {
        let calibration: Vec<f64> = self.record.conditions.cores.iter().map(|core| core.widest).collect();
        let mut probed: Vec<BlockState> = self.blocks.iter().map(BlockRow::probed).collect();
        state::sort(&mut probed, &calibration);
        for (row, probed) in self.blocks.iter_mut().zip(probed) {
            row.state = probed.word;
        }
        set_states(&mut self.trials, &self.blocks);
    }

    /// What has been measured so far, block by block.
    pub fn measured(&self) -> Measured<'_> {
        Measured {
            trials: &self.trials,
            threads: &self.threads,
            operations: &self.operations,
            ..Measured::default()
        }
    }

    /// Remembers a strategy that failed.
    pub fn leave_out(&mut self, strategy: &str, point: &Point, reason: &ChildError) {
        let Point { workload, threads } = point;
        let warning = format!("{strategy} failed on {workload} with {threads} threads and is left out: {reason}");
        self.note(&warning);
        self.record.left_out.push(LeftOut {
            workload: workload.clone(),
            threads: *threads,
            strategy: strategy.to_owned(),
            reason: reason.to_string(),
        });
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
            Ok(Ending::Failed(reason)) => Some(Failure::Error(reason)),
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
            *refused += usize::from(trial.at_floor);
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

    /// What has been measured, as if read from the directory. `ratios` are those of these trials.
    pub fn results(&self, ratios: Vec<Ratio>) -> Results {
        Results {
            name: self.path().display().to_string(),
            run: self.record.clone(),
            trials: self.trials.clone(),
            threads: self.threads.clone(),
            operations: self.operations.clone(),
            predicted: Vec::new(),
            blocks: self.blocks.clone(),
            latency: Some(latency_rows(&self.latencies, &self.trials)),
            filed_ratios: Some(ratios),
            checks: Vec::new(),
            crossings: Vec::new(),
            crossover_points: Vec::new(),
            map: Vec::new(),
            pictures: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// What is bad about the host, a sentence each.
    pub fn unfit(&self) -> Vec<String> {
        self.bad.iter().map(|bad| format!("Not a host to measure on: {bad}.")).collect()
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
