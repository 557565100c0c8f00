//! `headlock study`: plays the parts of a built-in study, and says what came of each claim.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::{Args, Parser, Subcommand};
use jiff::{Timestamp, ZonedDateTime};
use serde_json::json;

use super::answer::{answer, answer_json, complain};
use super::crossover::{self, CrossoverArgs};
use super::failure::{Failure, usage};
use super::load::LoadArgs;
use super::replay::{self, ReplayArgs};
use super::report::{self, ReportArgs};
use super::run::{self, RunArgs};
use super::session;
use super::units;
use super::verify::{self, VerifyArgs};
use crate::export::{create_beside, create_study, directory_name, read_study_results, write_loads, write_study};
use crate::harness::host;
use crate::record::{Claim, RunState, SCHEMA_VERSION, StudyRecord};
use crate::registry::Registry;
use crate::study::traces::{self, Known};
use crate::study::{claims, loads, qemu_rfc};

/// `headlock study`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock study qemu-rfc --budget 5m                     the RFC of 2013 that would have QEMU read its timers under RCU
  headlock study qemu-rfc --budget 20m --out results/rfc

Its parts are ordinary commands with ordinary result directories, all in one; study.json names them. The traces that fit the
budget are played in strict order, shortest first; the busiest is cut if need be to be played at its own pace.")]
pub struct StudyArgs {
    /// The study: qemu-rfc
    #[arg(value_name = "NAME", value_parser = [crate::study::qemu_rfc::NAME])]
    pub name: String,
    /// Time for all of it; parts end with the block in which theirs is up
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = units::budget_ns, allow_hyphen_values = true)]
    pub budget: u64,
    /// The directory of the recorded traces
    #[arg(long, value_name = "DIR", default_value = "traces")]
    pub traces: PathBuf,
    #[command(flatten)]
    pub load: LoadArgs,
    /// The study's directory; must not exist [default: results/DATE-TIME-HOST-study-NAME]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// No progress bar, no notes
    #[arg(short, long)]
    pub quiet: bool,
}

/// Plays all parts, each into a directory of its own, and answers.
pub fn study(registry: &Registry, args: &StudyArgs) -> Result<(), Failure> {
    for (flag, path) in [
        ("--out", args.out.as_deref()),
        ("--traces", Some(args.traces.as_path())),
    ] {
        if let Some(path) = path.filter(|path| path.to_str().is_none()) {
            // Its parts are commands, written down in study.json.
            return usage(format!("{flag} {}: a study's directories have names in UTF-8", path.display()));
        }
    }
    let known = traces::in_dir(&args.traces).map_err(|error| Failure::Error(format!("--traces {error}")))?;
    for note in known.iter().flat_map(|trace| &trace.notes) {
        complain(note);
    }
    let started = ZonedDateTime::now();
    let host = host::facts();
    let name = directory_name(&started, &host.hostname, &format!("study-{}", qemu_rfc::NAME));
    // Before anything is written, so that whatever is interrupted says so.
    let stop = session::on_signal()?;
    let create = |dir: &Path| create_study(dir).map(|()| dir.to_owned());
    let created = match &args.out {
        Some(dir) => create(dir),
        None => create_beside(&Path::new("results").join(name), create),
    };
    let dir = created.map_err(|error| Failure::Error(format!("--out: {error}")))?;
    let strict = qemu_rfc::strict(&known, args.budget);
    let paced = paced(&known, args.budget, &dir)?;
    let mut parts = qemu_rfc::parts(&dir, args.budget, &strict, &paced, args.quiet || args.json);
    for part in parts.iter_mut().filter(|part| !part.command.is_empty()) {
        part.command.extend(args.load.as_words());
    }
    let mut facts: Vec<Known> = strict.clone();
    if facts.iter().all(|trace| trace.facts.name != paced.facts.name) {
        facts.push(paced);
    }
    let mut study = Study {
        record: StudyRecord {
            schema_version: SCHEMA_VERSION,
            study: args.name.clone(),
            headlock_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: session::typed(),
            budget_ns: args.budget,
            host,
            parts,
            traces: facts.iter().map(|trace| trace.facts.clone()).collect(),
            left_out: known.iter().skip(strict.len()).map(|trace| trace.facts.name.clone()).collect(),
            started: started.timestamp(),
            ended: None,
            state: RunState::Running,
        },
        dir,
        strict,
        quiet: args.quiet || args.json,
    };
    let failure = study.play(registry, &stop)?;
    let claims = claims(&read_study_results(&study.dir).map_err(|error| Failure::Error(error.to_string()))?);
    study.answer(args, &claims)?;
    // An interrupted study has a page of as much as was measured, if anything was.
    let page = match args.json {
        true => Ok(()),
        false => report::report(registry, &ReportArgs { dir: study.dir, out: None, json: false, markdown: false }),
    };
    failure.map_or(page, Err)
}

/// The trace with most rows a second, or as much of its beginning as the budget lets every strategy play at its own pace.
fn paced(known: &[Known], budget_ns: u64, dir: &Path) -> Result<Known, Failure> {
    let Some(busiest) = known.iter().max_by(|a, b| a.rate().total_cmp(&b.rate())) else {
        return Err(Failure::Error("there is no trace to play".to_owned()));
    };
    let length_ns = qemu_rfc::paced_ns(budget_ns);
    match length_ns < busiest.facts.length_ns {
        true => traces::cut(busiest, length_ns, &qemu_rfc::traces_dir(dir)).map_err(Failure::Error),
        false => Ok(busiest.clone()),
    }
}

/// A study under way.
struct Study {
    record: StudyRecord,
    dir: PathBuf,
    strict: Vec<Known>,
    quiet: bool,
}

impl Study {
    /// Plays the parts in order. A part that fails is told and the others go on; the user's wish to stop ends all of them.
    fn play(&mut self, registry: &Registry, stop: &AtomicBool) -> Result<Option<Failure>, Failure> {
        let mut failed: Vec<Failure> = Vec::new();
        let mut interrupted = None;
        let parts = self.record.parts.len();
        for place in 0..parts {
            let part = self.record.parts[place].clone();
            self.record.parts[place].state = Some(RunState::Running);
            self.write()?;
            if !self.quiet {
                let what = part.command.get(1).map_or(String::new(), |command| format!(" (headlock {command})"));
                complain(&format!("part {} of {parts}: {}{what}", place + 1, part.role));
            }
            let played = match part.command.is_empty() {
                true => self.count_loads(&part.path),
                false => command(registry, &part.command, stop),
            };
            self.record.parts[place].state = Some(match &played {
                Ok(()) | Err(Failure::NoFigure(_)) => RunState::Complete,
                Err(Failure::Interrupted(_)) => RunState::Interrupted,
                Err(_) => RunState::Failed,
            });
            match played {
                Ok(()) => {}
                Err(failure @ Failure::Interrupted(_)) => {
                    interrupted = Some(failure);
                    break;
                }
                Err(failure) => failed.push(failure.of_part(&part.role)),
            }
        }
        let failure = interrupted.or_else(|| Failure::all(failed));
        self.record.ended = Some(Timestamp::now());
        self.record.state = match &failure {
            None | Some(Failure::NoFigure(_)) => RunState::Complete,
            Some(Failure::Interrupted(_)) => RunState::Interrupted,
            Some(_) => RunState::Failed,
        };
        self.write()?;
        Ok(failure)
    }

    fn write(&self) -> Result<(), Failure> {
        write_study(&self.dir, &self.record).map_err(|error| Failure::Error(error.to_string()))
    }

    /// The part that needs no process of its own, because it counts and times nothing.
    fn count_loads(&self, path: &str) -> Result<(), Failure> {
        let counts = loads::count(&self.strict).map_err(Failure::Error)?;
        write_loads(&self.dir.join(path), &counts).map_err(|error| Failure::Error(error.to_string()))
    }

    fn answer(&self, args: &StudyArgs, claims: &[Claim]) -> Result<(), Failure> {
        if args.json {
            return answer_json(
                &json!({ "directory": self.dir.to_string_lossy(), "study": self.record, "claims": claims }),
            );
        }
        let mut text = String::new();
        for claim in claims {
            text += &format!("{}\n  {}\n", claim.claim, claim.answer);
            for line in &claim.evidence {
                text += &format!("    {line}\n");
            }
            text += &format!("    From {}.\n\n", claim.files.join(", "));
        }
        text += &format!("Results: {}", self.dir.display());
        answer(&text)
    }
}

/// A part's command line.
#[derive(Parser)]
struct Words {
    #[command(subcommand)]
    part: Part,
}

/// The commands that a study is made of.
#[derive(Subcommand)]
enum Part {
    Run(Box<RunArgs>),
    Replay(Box<ReplayArgs>),
    Crossover(Box<CrossoverArgs>),
    Verify(VerifyArgs),
}

/// Carries out a part as the command that it is, but for the answer: the study's own is the one that counts.
fn command(registry: &Registry, words: &[String], stop: &AtomicBool) -> Result<(), Failure> {
    let words_read = Words::try_parse_from(words).map_err(|error| Failure::Error(error.to_string()))?;
    let failure = match words_read.part {
        Part::Run(args) => session::record(run::request(registry, &args)?, stop, words.to_vec())?.1,
        Part::Replay(args) => session::record(replay::request(registry, &args)?, stop, words.to_vec())?.1,
        Part::Crossover(args) => {
            let base = crossover::base(registry, &args)?;
            crossover::search(&args, base, stop, words.to_vec())?.failure
        }
        Part::Verify(args) => verify::check(registry, &args, stop)?.1,
    };
    failure.map_or(Ok(()), Err)
}
