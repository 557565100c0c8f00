//! A result directory under way: what has been measured, what is written, and how it ends.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{Timestamp, ZonedDateTime};

use super::super::common::CommonArgs;
use super::super::doctor::{refuse_if_bad, warnings};
use super::super::failure::Failure;
use super::super::progress::Progress;
use super::super::verified;
use super::resume::{self, Earlier};
use crate::document::words::{self, counted};
use crate::export::{ResultDir, Snapshot, create_beside, directory_name};
use crate::harness::child::ChildError;
use crate::harness::clock::Moment;
use crate::harness::doctor::{Depth, Finding, Severity, examine, findings};
use crate::harness::neighbour::{BusyNeighbour, NeighbourError, cpu_for_neighbour};
use crate::harness::{Ending, Played, Probed, host, state};
use crate::reading::{Counting, Results, as_asked, points_without_figures};
use crate::record::{
    ALL, BlockRow, BlockState, Conditions, LatencyHistogram, LeftOut, Neighbour, OperationRow, Parameters, Pass, Point,
    Processes, Ratio, RunRecord, RunState, SCHEMA_VERSION, ThreadRow, Trial, Verified, set_states,
};
use crate::stats::{Latencies, Measured, latency_rows};

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
    /// Threads at the largest point.
    pub threads: usize,
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
    /// What counts of all that, where not every block does.
    counting: Option<Counting>,
    /// Their latencies.
    pub latencies: Latencies,
    /// Those of a block of which it is not known yet whether it counts.
    undecided: Vec<(usize, LatencyHistogram)>,
    /// Keeps a processor busy beside the run.
    neighbour: Option<BusyNeighbour>,
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
        let Setup { what, common, parameters, command, spins_per_ns, threads } = setup;
        let host = host::facts();
        let conditions = Conditions { spins_per_ns: Some(spins_per_ns), ..examine(Depth::Quick) };
        let findings = findings(&host, &conditions);
        if common.strict {
            refuse_if_bad(&findings, "--strict: ")?;
        }
        let (neighbour, doubt) = match common.neighbour {
            Some(Neighbour::Busy) => {
                busy_neighbour(&parameters.common.cpus, threads, &conditions).map(|(it, doubt)| (Some(it), doubt))?
            }
            Some(Neighbour::Idle) | None => (None, None),
        };
        let started = ZonedDateTime::now();
        let (verified, wrong_stamp) = verified::passes(&parameters.common);
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
            verified,
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
        let mut recording = Recording {
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
            counting: None,
            latencies: earlier.latencies,
            undecided: Vec::new(),
            neighbour,
            failed: Vec::new(),
            bad: findings.iter().filter(|it| it.severity() == Severity::Bad).map(Finding::to_string).collect(),
        };
        for note in earlier.note.into_iter().chain(wrong_stamp).chain(doubt) {
            recording.note(&note);
        }
        recording.sort_blocks()?;
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
                match self.counts_all() {
                    true => self.add(latency)?,
                    false => self.undecided.push((played.trial.block, latency)),
                }
            }
        }
        self.trials.push(played.trial);
        Ok(())
    }

    fn add(&mut self, latency: LatencyHistogram) -> Result<(), Failure> {
        self.latencies.add(latency).map_err(|error| Failure::Error(error.to_string()))
    }

    /// Whether every block counts, whatever the machine was like.
    fn counts_all(&self) -> bool {
        self.record.parameters.common.neighbour.is_none()
    }

    /// Remembers what the probes of a process read.
    pub fn probed(&mut self, probed: Probed<'_>) {
        let Probed { block, point, contestant, layout, state } = probed;
        let ended_ms = self.began.elapsed_ns() / 1_000_000;
        let layout = layout.and_then(|number| self.record.parameters.common.layouts.get(number));
        self.blocks.push(BlockRow {
            layout: layout.map_or(String::new(), |layout| layout.name.clone()),
            ..BlockRow::new(&point.workload, block, contestant.unwrap_or(ALL), ended_ms, state)
        });
    }

    /// Decides of a block that is over whether it counts, if that depends on anything.
    pub fn block_ended(&mut self) -> Result<(), Failure> {
        if self.counts_all() { Ok(()) } else { self.sort_blocks() }
    }

    /// Sorts all blocks anew, by what the run has seen of the host's cores so far.
    pub fn sort_blocks(&mut self) -> Result<(), Failure> {
        let calibration: Vec<f64> = self.record.conditions.cores.iter().map(|core| core.widest).collect();
        let mut probed: Vec<BlockState> = self.blocks.iter().map(BlockRow::probed).collect();
        state::sort(&mut probed, &calibration);
        let neighbour = self.record.parameters.common.neighbour;
        for (row, probed) in self.blocks.iter_mut().zip(probed) {
            row.state = probed.word;
            row.counted = neighbour.is_none_or(|neighbour| neighbour.counts(row.threads, row.state));
        }
        set_states(&mut self.trials, &self.blocks);
        if self.counts_all() {
            return Ok(());
        }
        let processes = Processes::of(&self.blocks);
        let counts = |block, it: &LatencyHistogram| processes.counts(&it.workload, it.threads, block, &it.strategy);
        let decided = std::mem::take(&mut self.undecided);
        let counted: Vec<LatencyHistogram> =
            decided.into_iter().filter(|(block, it)| counts(*block, it)).map(|(_, it)| it).collect();
        self.counting = Some(Counting::of(&processes, &self.trials, &self.threads, &self.operations));
        counted.into_iter().try_for_each(|latency| self.add(latency))
    }

    /// How many blocks were in the state that was asked for, if one was.
    pub fn as_asked(&self) -> Option<String> {
        Some(as_asked(self.record.parameters.common.neighbour?, &self.blocks))
    }

    /// The trials that count.
    pub fn counted(&self) -> &[Trial] {
        self.counting.as_ref().map_or(&self.trials, |counting| &counting.trials)
    }

    /// What has been measured so far, block by block.
    pub fn measured(&self) -> Measured<'_> {
        let (trials, threads, operations) = match &self.counting {
            Some(counting) => (&counting.trials, &counting.threads, &counting.operations),
            None => (&self.trials, &self.threads, &self.operations),
        };
        Measured { trials, threads, operations, ..Measured::default() }
    }

    /// Remembers that a process crashed which contestants shared, and that none of them does so alone.
    pub fn crashed_together(&mut self, at_work: Option<&str>, point: &Point, reason: &ChildError) {
        let who = at_work.map_or(String::new(), |name| format!(" while {name} played"));
        let warning = format!(
            "a process of {} crashed{who} beside others; alone none of them crashes, so the block is played again: {reason}",
            words::at(point)
        );
        self.note(&warning);
        self.record.warnings.push(warning);
    }

    /// Remembers a strategy that failed.
    pub fn leave_out(&mut self, strategy: &str, point: &Point, reason: &ChildError) {
        let Point { workload, threads } = point;
        let warning = format!("{strategy} failed on {} and is left out: {reason}", words::at(point));
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
        self.neighbour = None;
        self.failed.extend(refused(&self.trials, self.record.host.logical_cpus));
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
                "interrupted; {} so far in {}",
                counted(self.trials.len(), "trial"),
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
        let none_counts = self.counted().is_empty() && !self.trials.is_empty();
        if let (Some(said), Some(neighbour), true) =
            (self.as_asked(), self.record.parameters.common.neighbour, none_counts)
        {
            let remedy = match neighbour {
                Neighbour::Busy => {
                    "this machine did not put the neighbour beside the run: choose CPUs of one core with --pin"
                }
                Neighbour::Idle => "measure when the machine is quieter",
            };
            return Some(Failure::NoFigure(format!("{said} No figure is left; {remedy}, or leave the flag out")));
        }
        let without: Vec<String> = points_without_figures(&self.record, self.counted(), points)
            .into_iter()
            .map(|(Point { workload, threads }, missing)| format!("{workload}/{threads}: {missing}"))
            .collect();
        (!without.is_empty()).then(|| Failure::NoFigure(format!("no figure at all on {}", without.join("; on "))))
    }

    /// What has been measured, as if read from the directory. `ratios` are those of these trials.
    pub fn results(&self, ratios: Vec<Ratio>) -> Results {
        Results {
            name: self.path().display().to_string(),
            run: self.record.clone(),
            trials: self.measured().trials.to_vec(),
            threads: self.measured().threads.to_vec(),
            operations: self.measured().operations.to_vec(),
            predicted: Vec::new(),
            blocks: self.blocks.clone(),
            latency: Some(latency_rows(&self.latencies, &self.trials)),
            filed_ratios: Some(ratios),
            checks: Vec::new(),
            crossings: Vec::new(),
            crossover_points: Vec::new(),
            map: Vec::new(),
            pictures: Vec::new(),
            notes: self.as_asked().into_iter().collect(),
        }
    }

    /// What is bad about the host, and which blocks count: a sentence each.
    pub fn caveats(&self) -> Vec<String> {
        self.unfit().into_iter().chain(self.as_asked()).collect()
    }

    /// What is bad about the host, a sentence each.
    pub fn unfit(&self) -> Vec<String> {
        self.bad.iter().map(|bad| format!("Not a host to measure on: {bad}.")).collect()
    }
}

/// What keeps a processor busy that the run leaves free, and a word where nothing says that it shares a core with the run.
fn busy_neighbour(
    cpus: &[usize],
    threads: usize,
    conditions: &Conditions,
) -> Result<(BusyNeighbour, Option<String>), Failure> {
    let refused = |error: NeighbourError| Failure::Usage(error.to_string());
    let (cpu, beside) = cpu_for_neighbour(cpus, threads, conditions).map_err(refused)?;
    let doubt =
        format!("--neighbour busy: neither probes nor the kernel know of a core that CPU {cpu} shares with the run");
    Ok((BusyNeighbour::start(cpu).map_err(refused)?, (!beside).then_some(doubt)))
}

/// The record of an earlier run under way again.
fn taken_up(earlier: RunRecord, now: RunRecord) -> RunRecord {
    let mut warnings = earlier.warnings;
    warnings.extend(now.warnings.into_iter().filter(|warning| !warnings.contains(warning)).collect::<Vec<_>>());
    let mut resumed = earlier.resumed;
    resumed.push(now.started);
    // All blocks are of one result: a strategy counts as verified if it was before each of them, and as broken if it was before any.
    let both = |(name, now): (String, Option<Verified>)| {
        let earlier = earlier.verified.get(&name).and_then(Option::as_ref);
        let both = Verified::of_both(earlier, now.as_ref());
        (name, both)
    };
    let verified = now.verified.into_iter().map(both).collect();
    RunRecord {
        warnings,
        resumed,
        ended: None,
        state: RunState::Running,
        message: None,
        verified,
        ..earlier
    }
}

/// Strategies most of whose undisturbed trials at some point came out at the floor: no figure, and a reason to look at the code.
/// A floor that lost its processor is as slow as what does something, so that disturbed trials accuse nobody, and neither do those of
/// more threads than processors, which take each other's and whose disturbance nobody can judge.
fn refused(trials: &[Trial], cpus: Option<usize>) -> Vec<String> {
    let oversubscribed = |trial: &Trial| cpus.is_some_and(|cpus| trial.threads > cpus);
    let mut at: BTreeMap<(&str, usize, &str), (usize, usize)> = BTreeMap::new();
    for trial in trials
        .iter()
        .filter(|trial| trial.pass == Pass::Throughput && !trial.disturbed && !oversubscribed(trial))
    {
        let key = (trial.strategy.as_str(), trial.threads, trial.workload.as_str());
        let (refused, all) = at.entry(key).or_default();
        *refused += usize::from(trial.at_floor);
        *all += 1;
    }
    let refused = at.into_iter().filter(|(_, (refused, all))| refused * 2 > *all);
    refused
        .map(|((strategy, threads, workload), _)| {
            format!(
                "{strategy} on {} is refused: it cannot be told from doing nothing, so its work was optimised away or is too \
                 little for this workload",
                words::at(&Point { workload: workload.to_owned(), threads })
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::trial;

    #[test]
    fn most_of_the_undisturbed_trials_decide_who_is_refused() {
        let trials = |each: &[(bool, bool)]| -> Vec<Trial> {
            let trial = |(block, &(at_floor, disturbed))| Trial { at_floor, disturbed, ..trial("constant", block) };
            each.iter().enumerate().map(trial).collect()
        };
        let (at_floor, above) = ((true, false), (false, false));
        let (at_floor_disturbed, above_disturbed) = ((true, true), (false, true));
        assert!(refused(&trials(&[at_floor, above]), None).is_empty());
        assert!(refused(&trials(&[above, at_floor_disturbed, at_floor_disturbed]), None).is_empty());
        assert!(refused(&trials(&[at_floor_disturbed]), None).is_empty());
        let said = refused(&trials(&[at_floor, above_disturbed, above_disturbed]), None);
        assert!(said[0].starts_with("constant on hot with 1 thread is refused: "), "{said:?}");
        assert_eq!(refused(&trials(&[at_floor, above, at_floor]), None), said);
    }

    #[test]
    fn threads_that_take_each_others_processors_are_not_refused() {
        let trials = [Trial { at_floor: true, threads: 2, ..trial("seqlock", 0) }];
        assert_eq!([Some(1), Some(2), None].map(|cpus| refused(&trials, cpus).len()), [0, 1, 1]);
    }
}
