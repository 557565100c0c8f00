//! `headlock study`: plays the parts of a built-in study, and says what came of each claim.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::{Args, Parser, Subcommand};
use jiff::{Timestamp, ZonedDateTime};

use super::answer::{Form, complain, present};
use super::crossover::{self, CrossoverArgs};
use super::declared::declarations;
use super::failure::{Failure, usage};
use super::load::LoadArgs;
use super::replay::{self, ReplayArgs};
use super::report::{self, ReportArgs};
use super::run::{self, RunArgs};
use super::session;
use super::units;
use super::verify::{self, VerifyArgs};
use crate::answers::{self, StudyMaterial};
use crate::export::{
    ReadError, copy_model, create_beside, create_study, directory_name, read_model, read_results, read_study_results,
    write_study,
};
use crate::harness::clock::Moment;
use crate::harness::{host, pin};
use crate::reading::MODEL;
use crate::record::{Pilot, RunState, SCHEMA_VERSION, StudyPart, StudyRecord};
use crate::registry::Registry;
use crate::study::share::{self, Need, PILOT_BLOCKS};
use crate::study::traces::{self, Known};
use crate::study::{claims, qemu_rfc};

/// `headlock study`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock study qemu-rfc --budget 5m      the RFC of 2013: QEMU's timers under RCU
  headlock study qemu-rfc --budget 20m --out results/rfc
  headlock study qemu-rfc --load qemu-2013.so --load qemu-rfc.so     in C, too
  headlock study qemu-rfc --model MODEL    with a model's counts and predictions

The parts of a study are ordinary commands. Their result directories lie in the study's, and study.json names them. A short \
pilot of each point decides how the time is shared out; no verdict rests on it. Traces are played in strict order, shortest \
first, as many as fit the budget. The busiest is also played at its own pace, cut short if need be.")]
pub struct StudyArgs {
    /// The study: qemu-rfc
    #[arg(value_name = "NAME", value_parser = [crate::study::qemu_rfc::NAME])]
    pub name: String,
    /// Time for the whole study; parts that it is too short for are named
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = units::budget_ns, allow_hyphen_values = true)]
    pub budget: u64,
    /// The directory of the recorded traces
    #[arg(long, value_name = "DIR", default_value = "traces")]
    pub traces: PathBuf,
    #[command(flatten)]
    pub load: LoadArgs,
    /// Directory of a model's results: anatomy.csv, and directories that scripts/model predict wrote
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// The study's directory; must not exist [default: results/DATE-TIME-HOST-study-NAME]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// Print the page as Markdown and nothing else
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// No progress bar, no notes
    #[arg(short, long)]
    pub quiet: bool,
}

/// Kept back for reading all results and answering.
const ANSWER: f64 = 0.01;
/// Share of the budget for all pilots together.
const PILOTS: f64 = 0.1;

/// Plays all parts, each into a directory of its own, and answers.
pub fn study(registry: &Registry, args: &StudyArgs) -> Result<(), Failure> {
    let began = Moment::now();
    for (flag, path) in [
        ("--out", args.out.as_deref()),
        ("--traces", Some(args.traces.as_path())),
    ] {
        if let Some(path) = path.filter(|path| path.to_str().is_none()) {
            // Its parts are commands, written down in study.json.
            return usage(format!("{flag} {}: a study's directories have names in UTF-8", path.display()));
        }
    }
    if let Some(model) = &args.model {
        read_model(model).map_err(|error| {
            let is_unread = matches!(error, ReadError::Io { .. });
            let remedy = if is_unread {
                "; name a directory that scripts/model wrote"
            } else {
                ""
            };
            Failure::Error(format!("--model: {error}{remedy}"))
        })?;
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
    if let Some(model) = &args.model {
        copy_model(model, &dir.join(MODEL)).map_err(|error| Failure::Error(format!("--model: {error}")))?;
    }
    let strict = qemu_rfc::strict(&known, args.budget);
    let paced = paced(&known, args, &dir)?;
    let load: Vec<String> = args.load.as_words().collect();
    let parts = qemu_rfc::parts(&strict, &paced, &load, pin::allowed_cpus().len().max(1));
    let record = |part: &qemu_rfc::Part| StudyPart {
        role: part.role.to_owned(),
        path: part.path.clone(),
        command: Vec::new(),
        state: None,
        pilot: None,
    };
    let left_out = known.iter().skip(strict.len()).map(|trace| format!("{} in strict order", trace.facts.name));
    let mut facts: Vec<Known> = strict.clone();
    if facts.iter().all(|trace| trace.facts.name != paced.facts.name) {
        facts.push(paced);
    }
    let facts = facts
        .into_iter()
        .map(Known::sized)
        .collect::<Result<Vec<Known>, String>>()
        .map_err(Failure::Error)?;
    let mut study = Study {
        record: StudyRecord {
            schema_version: SCHEMA_VERSION,
            study: args.name.clone(),
            headlock_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: session::typed(),
            budget_ns: args.budget,
            host,
            parts: parts.iter().map(record).collect(),
            traces: facts.iter().map(|trace| trace.facts.clone()).collect(),
            left_out: left_out.collect(),
            started: started.timestamp(),
            ended: None,
            state: RunState::Running,
        },
        parts,
        dir,
        began,
        failed: Vec::new(),
        quiet: args.quiet || args.json || args.markdown,
    };
    let failure = study.play(registry, &stop)?;
    let answered = study.answer(registry, args);
    failure.map_or(answered, Err)
}

/// The trace with most rows a second, or as much of its beginning as the budget lets every strategy play at its own pace.
fn paced(known: &[Known], args: &StudyArgs, dir: &Path) -> Result<Known, Failure> {
    let Some(busiest) = known.iter().max_by(|a, b| a.rate().total_cmp(&b.rate())) else {
        return Err(Failure::Error("there is no trace to play".to_owned()));
    };
    let length_ns = qemu_rfc::paced_ns(args.budget, args.load.libraries.len());
    match length_ns < busiest.facts.length_ns {
        true => traces::cut(busiest, length_ns, &qemu_rfc::traces_dir(dir)).map_err(Failure::Error),
        false => Ok(busiest.clone()),
    }
}

/// A study under way.
struct Study {
    record: StudyRecord,
    /// What `record` has of each, before it was played.
    parts: Vec<qemu_rfc::Part>,
    dir: PathBuf,
    began: Moment,
    /// What ended other than well.
    failed: Vec<Failure>,
    quiet: bool,
}

/// The user's wish to stop.
struct Stopped(Failure);

/// A point whose pilot was played.
struct Piloted {
    place: usize,
    need: Need,
    /// What its command takes beside measuring, ns.
    around_ns: u64,
}

impl Study {
    /// Plays all parts. One that fails is told and the others go on; the user's wish to stop ends all of them.
    fn play(&mut self, registry: &Registry, stop: &AtomicBool) -> Result<Option<Failure>, Failure> {
        let interrupted = match self.play_parts(registry, stop)? {
            Ok(()) => None,
            Err(Stopped(failure)) => Some(failure),
        };
        let failure = interrupted.or_else(|| Failure::all(std::mem::take(&mut self.failed)));
        self.record.ended = Some(Timestamp::now());
        self.record.state = match &failure {
            None | Some(Failure::NoFigure(_)) => RunState::Complete,
            Some(Failure::Interrupted(_)) => RunState::Interrupted,
            Some(_) => RunState::Failed,
        };
        self.write()?;
        Ok(failure)
    }

    /// First the parts with a share of their own, then the pilots, then the points, those with the longest blocks first: so
    /// whatever takes longer than it was given, what follows makes up for it.
    fn play_parts(&mut self, registry: &Registry, stop: &AtomicBool) -> Result<Result<(), Stopped>, Failure> {
        for place in 0..self.parts.len() {
            if let Some(share) = self.parts[place].share {
                let time_ns = (self.record.budget_ns as f64 * share) as u64;
                if self.is_out_of_time(place) {
                    continue;
                }
                if let Err(stopped) = self.part(registry, place, time_ns, stop)? {
                    return Ok(Err(stopped));
                }
            }
        }
        let mut piloted = match self.pilots(registry, stop)? {
            Ok(piloted) => piloted,
            Err(stopped) => return Ok(Err(stopped)),
        };
        piloted.sort_by(|a, b| b.need.block_ns.total_cmp(&a.need.block_ns));
        let around: u64 = piloted.iter().map(|it| it.around_ns).sum();
        let needs: Vec<Need> = piloted.iter().map(|it| it.need).collect();
        let shares = share::shares(&needs, self.left_ns().saturating_sub(around) as f64);
        for (piloted, _) in piloted.iter().zip(&shares).filter(|(_, share)| share.is_none()) {
            self.record.left_out.push(format!("part {}", self.parts[piloted.place].path));
        }
        let mut planned: Vec<(Piloted, f64)> =
            piloted.into_iter().zip(shares).filter_map(|(it, share)| Some((it, share?))).collect();
        while !planned.is_empty() {
            let whole: f64 = planned.iter().map(|(_, share)| share).sum();
            let around: u64 = planned.iter().map(|(it, _)| it.around_ns).sum();
            let (Piloted { place, need, .. }, share) = planned.remove(0);
            let slot = share / whole * self.left_ns().saturating_sub(around) as f64;
            // The block in which its time is up ends half a block later, on average.
            let time_ns = (slot - need.block_ns / 2.0).max(need.block_ns) as u64;
            if let Some(pilot) = &mut self.record.parts[place].pilot {
                pilot.share_ns = time_ns;
            }
            if let Err(stopped) = self.part(registry, place, time_ns, stop)? {
                return Ok(Err(stopped));
            }
        }
        Ok(Ok(()))
    }

    /// The pilots, and what each says of its part. A part whose pilot came to nothing is left out.
    fn pilots(&mut self, registry: &Registry, stop: &AtomicBool) -> Result<Result<Vec<Piloted>, Stopped>, Failure> {
        let points: Vec<usize> = (0..self.parts.len()).filter(|place| self.parts[*place].share.is_none()).collect();
        let time_ns = (self.record.budget_ns as f64 * PILOTS / points.len().max(1) as f64) as u64;
        let mut piloted = Vec::new();
        for place in points {
            if self.is_out_of_time(place) {
                continue;
            }
            let part = &self.parts[place];
            let path = qemu_rfc::pilot_path(&part.path);
            let dir = self.dir.join(&path);
            let command = part.command(time_ns, Some(PILOT_BLOCKS), &dir, true);
            self.tell(&format!("pilot of {}", part.path));
            let began = Moment::now();
            match carry_out(registry, &command, stop) {
                Err(failure @ Failure::Interrupted(_)) => return Ok(Err(Stopped(failure))),
                Ok(()) | Err(Failure::NoFigure(_)) => {}
                Err(failure) => self.failed.push(failure.of_part(&path)),
            }
            let took_ns = began.elapsed_ns();
            let results = read_results(&dir, &path).ok();
            let Some((need, blocks)) = results.as_ref().and_then(Need::of).filter(|(_, blocks)| *blocks > 0) else {
                self.record.left_out.push(format!("part {}, whose pilot has no block", self.parts[place].path));
                continue;
            };
            let measured_ns = need.block_ns * blocks as f64;
            self.record.parts[place].pilot = Some(Pilot {
                path,
                command,
                blocks,
                spread: need.spread,
                block_ns: need.block_ns,
                share_ns: 0,
            });
            self.write()?;
            piloted.push(Piloted {
                place,
                need,
                around_ns: took_ns.saturating_sub(measured_ns as u64),
            });
        }
        Ok(Ok(piloted))
    }

    /// Plays one part for so long.
    fn part(
        &mut self,
        registry: &Registry,
        place: usize,
        time_ns: u64,
        stop: &AtomicBool,
    ) -> Result<Result<(), Stopped>, Failure> {
        let part = &self.parts[place];
        let command = part.command(time_ns, None, &self.dir.join(&part.path), self.quiet);
        self.tell(&format!("part {} (headlock {})", part.path, command[1]));
        self.record.parts[place].command.clone_from(&command);
        self.record.parts[place].state = Some(RunState::Running);
        self.write()?;
        let played = carry_out(registry, &command, stop);
        self.record.parts[place].state = Some(match &played {
            Ok(()) | Err(Failure::NoFigure(_)) => RunState::Complete,
            Err(Failure::Interrupted(_)) => RunState::Interrupted,
            Err(_) => RunState::Failed,
        });
        match played {
            Err(failure @ Failure::Interrupted(_)) => return Ok(Err(Stopped(failure))),
            Err(failure) => self.failed.push(failure.of_part(&self.parts[place].path)),
            Ok(()) => {}
        }
        Ok(Ok(()))
    }

    /// What is left of the budget for measuring, ns.
    fn left_ns(&self) -> u64 {
        let all = self.record.budget_ns as f64 * (1.0 - ANSWER);
        (all as u64).saturating_sub(self.began.elapsed_ns())
    }

    /// Whether there is no time for a part any more, which is then named.
    fn is_out_of_time(&mut self, place: usize) -> bool {
        let out = self.left_ns() == 0;
        if out {
            self.record.left_out.push(format!("part {}", self.parts[place].path));
        }
        out
    }

    fn tell(&self, line: &str) {
        if !self.quiet {
            complain(line);
        }
    }

    fn write(&self) -> Result<(), Failure> {
        write_study(&self.dir, &self.record).map_err(|error| Failure::Error(error.to_string()))
    }

    /// Answers, and for a person writes the page. An interrupted study is answered from as much as was measured, if anything was.
    fn answer(self, registry: &Registry, args: &StudyArgs) -> Result<(), Failure> {
        let form = Form::of(args.json, args.markdown);
        let results = read_study_results(&self.dir).map_err(|error| Failure::Error(error.to_string()))?;
        let directory = self.dir.display().to_string();
        let material = StudyMaterial {
            directory: &directory,
            results: &results,
            claims: &claims(&results),
            declarations: &declarations(registry),
        };
        present(&answers::study(&material, form != Form::Text), form)?;
        match form {
            Form::Text if !results.parts.is_empty() => {
                report::report(registry, &ReportArgs { dir: self.dir, out: None, json: false, markdown: false })
            }
            _ => Ok(()),
        }
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
fn carry_out(registry: &Registry, words: &[String], stop: &AtomicBool) -> Result<(), Failure> {
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
