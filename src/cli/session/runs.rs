//! `--runs N --gap T`: a set of runs of one plan, apart from each other. Each is an ordinary result directory of the set's.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering as Memory};
use std::time::Duration;

use clap::Args;
use jiff::ZonedDateTime;

use super::super::answer::{Form, present};
use super::super::common::CommonArgs;
use super::super::failure::{Failure, usage};
use super::super::progress::Progress;
use super::super::units;
use super::{Request, record, resume, typed};
use crate::answers;
use crate::export::{create_beside, create_set, directory_name, is_set, read_blocks, read_results, read_run};
use crate::harness::clock::Moment;
use crate::harness::host;
use crate::reading::{Runs, run_name};
use crate::record::{BlockRow, Common, RunState};

/// The most runs of a set.
const MAX_RUNS: u64 = 1_000;

/// How many runs, and how far apart.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Measurement")]
pub struct RunsArgs {
    /// Repeat the run N times, each to its limits, and count each as one, so that intervals hold for more than a run's minutes
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(2, MAX_RUNS))]
    pub runs: Option<u64>,
    /// Time between two runs, from end to start [default: none]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = units::duration_ns)]
    pub gap: Option<u64>,
}

impl RunsArgs {
    /// With what is told of a run in place of what was not typed.
    pub fn fill(&mut self, told: &Common) {
        self.runs = self.runs.or(told.runs);
        self.gap = self.gap.or(told.gap_ns);
    }

    /// With what a set is told that is taken up again in place of what was not typed.
    ///
    /// # Errors
    /// If there is a gap and nothing to lie between.
    pub fn of_set(mut self, common: &CommonArgs) -> Result<Self, Failure> {
        if let Some(dir) = common.resume.as_ref().filter(|dir| is_set(dir)) {
            let first = read_run(&dir.join(run_name(1))).map_err(|error| Failure::Error(error.to_string()))?;
            self.fill(&first.parameters.common);
        }
        match (self.runs, self.gap) {
            (None, Some(_)) => usage("--gap: there is only one run; add --runs N"),
            _ => Ok(self),
        }
    }
}

/// Plays the set, or what is missing of one, and answers.
pub fn measure(request: &Request<'_>, count: u64, stop: &AtomicBool) -> Result<(), Failure> {
    let mut set = Set::open(request)?;
    let mut failures = Vec::new();
    while set.next <= count {
        if let Some(interrupted) = (set.played > 0).then(|| pause(request, set.next, count, stop)).flatten() {
            failures.push(interrupted);
            break;
        }
        let common = set.common_of_next(request.common)?;
        let one = Request {
            what: request.what.clone(),
            common: &common,
            plan: request.plan.clone(),
            parameters: request.parameters.clone(),
            declarations: Vec::new(),
            runs: request.runs.clone(),
        };
        let (session, failure) = record(one, stop, typed())?;
        set.runs.0.push(session.recording.results(session.ratios()));
        let interrupted = matches!(failure, Some(Failure::Interrupted(_)));
        failures.extend(failure);
        if interrupted {
            break;
        }
        set.next += 1;
        set.played += 1;
    }
    let common = request.common;
    if set.played == 0 && failures.is_empty() {
        return usage(format!(
            "--resume {}: all of its {count} runs are there; ask for more by --runs",
            set.dir.display()
        ));
    }
    let document = answers::runs(&set.dir.display().to_string(), &set.runs);
    present(&document, Form::of(common.json, common.markdown))?;
    Failure::all(failures).map_or(Ok(()), Err)
}

/// A set under way.
struct Set {
    dir: PathBuf,
    /// What its runs came to so far.
    runs: Runs,
    /// The number of the next run, from 1; it may have begun.
    next: u64,
    /// Runs of this invocation.
    played: u64,
}

impl Set {
    /// Creates the directory, or takes up what was cut off.
    fn open(request: &Request<'_>) -> Result<Self, Failure> {
        let common = request.common;
        let Some(dir) = &common.resume else {
            let name = directory_name(&ZonedDateTime::now(), &host::facts().hostname, &request.what);
            let dir = match &common.out {
                Some(path) => create_set(path),
                None => create_beside(&Path::new("results").join(name), create_set),
            };
            let dir = dir.map_err(|error| Failure::Error(format!("--out: {error}")))?;
            return Ok(Set { dir, runs: Runs::default(), next: 1, played: 0 });
        };
        if !is_set(dir) {
            return usage(format!(
                "--resume {}: is no set of runs, as it holds no {}; leave --runs out",
                dir.display(),
                run_name(1)
            ));
        }
        let mut set = Set { dir: dir.clone(), runs: Runs::default(), next: 1, played: 0 };
        while set.next_path().join("run.json").is_file() {
            let path = set.next_path();
            let run =
                read_results(&path, &path.display().to_string()).map_err(|error| Failure::Error(error.to_string()))?;
            resume::alike(dir, &run.run, &request.parameters, &host::facts())?;
            // One that failed was played to its end, without whom it had to do without.
            if matches!(run.run.state, RunState::Running | RunState::Interrupted) {
                break;
            }
            set.runs.0.push(run);
            set.next += 1;
        }
        Ok(set)
    }

    fn next_path(&self) -> PathBuf {
        self.dir.join(run_name(self.next))
    }

    /// The flags of the next run: its directory, and what is left of its limits if it was cut off.
    fn common_of_next(&self, common: &CommonArgs) -> Result<CommonArgs, Failure> {
        let path = self.next_path();
        let mut common = CommonArgs { out: None, resume: None, ..common.clone() };
        if !path.exists() {
            common.out = Some(path);
            return Ok(common);
        }
        let blocks = read_blocks(&path).map(|rows| rows.rows).unwrap_or_default();
        common.blocks = common.blocks.map(|wanted| wanted.saturating_sub(whole_blocks(&blocks)).max(1));
        let ended_ns = blocks.iter().map(|row| row.ended_ms).max().unwrap_or(0) * 1_000_000;
        common.budget = common.budget.map(|budget| budget.saturating_sub(ended_ns).max(1));
        common.resume = Some(path);
        Ok(common)
    }
}

/// How many blocks a run has that was cut off.
fn whole_blocks(blocks: &[BlockRow]) -> u64 {
    blocks.iter().map(|row| row.block as u64 + 1).max().unwrap_or(0)
}

/// Waits between two runs, unless the user wants to stop.
fn pause(request: &Request<'_>, next: u64, count: u64, stop: &AtomicBool) -> Option<Failure> {
    /// Often enough for a user who wants to stop.
    const LOOK: Duration = Duration::from_millis(100);
    let gap_ns = request.runs.gap.unwrap_or(0);
    let progress = Progress::new(request.common.quiet || request.common.json, 100);
    let began = Moment::now();
    loop {
        let waited_ns = began.elapsed_ns();
        if stop.load(Memory::Acquire) {
            return Some(Failure::Interrupted(format!(
                "interrupted between two runs; {} of {count} are there, and --resume continues",
                next - 1
            )));
        }
        let Some(left_ns) = gap_ns.checked_sub(waited_ns).filter(|left_ns| *left_ns > 0) else {
            progress.finish();
            return None;
        };
        progress.set(
            waited_ns.saturating_mul(100) / gap_ns,
            format!("run {next} of {count} starts in {} s", left_ns.div_ceil(1_000_000_000)),
        );
        std::thread::sleep(LOOK.min(Duration::from_nanos(left_ns)));
    }
}
