//! `headlock verify`: does each strategy keep what it declares?

mod document;

use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use jiff::Timestamp;

use super::answer::{Form, complain, present};
use super::failure::{Failure, usage};
use super::load::LoadArgs;
use super::progress::Progress;
use super::verified::{Outcome, Stamps};
use super::{session, units};
use crate::document::Block;
use crate::export::CheckDir;
use crate::harness::pin;
use crate::record::{BehindDoor, Check, CheckRow, Checked, Finding};
use crate::registry::Registry;
use crate::verify::Length;
use crate::verify::referee::{self, Ending, Observer, Plan};

/// `headlock verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock verify                                 every strategy, every check
  headlock verify -s rcu-epoch --checks fresh     the race of the RFC, with its events
  headlock verify --seconds 600                   torture

Exit status: 5 if a strategy breaks what it declares.")]
pub struct VerifyArgs {
    /// Strategies separated by commas; core, or all
    #[arg(short, long, default_value = "all", value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    #[command(flatten)]
    pub load: LoadArgs,
    /// Checks separated by commas: model, fresh, history, conserve, reclaim, reenter, progress, hold; or all
    #[arg(long, default_value = "all", value_delimiter = ',', value_name = "LIST")]
    pub checks: Vec<String>,
    /// Time for all checks together; each makes at least one whole pass
    #[arg(long, default_value_t = 51, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1u64, 1_000_000))]
    pub seconds: u64,
    /// Number of passes of each check, however long they take
    #[arg(long, value_name = "N", conflicts_with = "seconds", allow_hyphen_values = true, value_parser = units::whole(1u64, 1_000_000))]
    pub passes: Option<u64>,
    /// Threads of a concurrent check, from 2 [default: one more than there are CPUs]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(2u16, 256))]
    pub threads: Option<u16>,
    /// Timers in the longest list
    #[arg(long, default_value_t = 5_000, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(1u32, 1_000_000))]
    pub timers: u32,
    /// Seed of every random choice
    #[arg(long, default_value_t = 1, value_name = "N", allow_hyphen_values = true, value_parser = units::whole(0, u64::MAX))]
    pub seed: u64,
    /// An operation counts as hung after two such periods without progress
    #[arg(long, default_value = "10s", value_name = "TIME", allow_hyphen_values = true, value_parser = units::duration_ns)]
    pub patience: u64,
    /// Result directory, for verify.csv and violations.txt; must not exist
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    pub json: bool,
    /// Print Markdown tables
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// No progress bar, no notes
    #[arg(short, long)]
    pub quiet: bool,
}

/// Checks what was typed, then the strategies, and answers.
pub fn verify(registry: &Registry, args: &VerifyArgs) -> Result<(), Failure> {
    let stop = session::on_signal()?;
    let (verification, failure) = check(registry, args, &stop)?;
    verification.answer(args)?;
    failure.map_or(Ok(()), Err)
}

/// Checks and writes as it goes. What ended it other than well, or a strategy that is broken, comes second.
pub fn check(
    registry: &Registry,
    args: &VerifyArgs,
    stop: &AtomicBool,
) -> Result<(Verification, Option<Failure>), Failure> {
    let plan = plan(registry, args)?;
    let dir = args.out.as_deref().map(create).transpose()?;
    let progress = Progress::new(args.quiet || args.json, 100);
    let mut verification = Verification {
        plan: plan.clone(),
        dir,
        progress,
        rows: Vec::new(),
        given: Vec::new(),
        findings: Vec::new(),
    };
    let ended = referee::run(&plan, &mut verification, stop);
    verification.progress.finish();
    let rows = &verification.rows;
    let whole = plan.strategies.len() * plan.checks.len();
    let failure = match ended {
        Err(failure) => Some(failure),
        Ok(Ending::Failed(reason)) => Some(Failure::Error(format!("cannot run a check: {reason}"))),
        Ok(Ending::Interrupted) => {
            Some(Failure::Interrupted(format!("interrupted; {} of {whole} checks were carried out", rows.len())))
        }
        Ok(Ending::Complete) => match broken(&plan, rows) {
            broken if broken.is_empty() => None,
            broken => Some(Failure::Broken(format!("breaks what it declares: {}", broken.join(", ")))),
        },
    };
    let behind: Vec<BehindDoor> = plan.behind.iter().map(Into::into).collect();
    let kept = Stamps::here().and_then(|stamps| match stamps {
        Some(stamps) => stamps.keep(&outcomes(rows, &verification.given), &behind),
        None => Ok(()),
    });
    if let Err(why) = kept {
        complain(&format!("what this came to is not written down: {why}"));
    }
    Ok((verification, failure))
}

/// What came of each check that was carried out. One that was broken ended early: it counts for as long as it was given.
fn outcomes(rows: &[CheckRow], given: &[f64]) -> Vec<Outcome> {
    let date = Timestamp::now();
    let outcome = |(row, given): (&CheckRow, &f64)| {
        let passed = row.verdict.is_good();
        let seconds = if passed { row.seconds } else { row.seconds.max(*given) };
        Outcome {
            strategy: row.strategy.clone(),
            check: row.check,
            passed,
            checked: Checked { date, seconds },
        }
    };
    rows.iter().zip(given).map(outcome).collect()
}

fn create(path: &Path) -> Result<CheckDir, Failure> {
    CheckDir::create(path).map_err(|error| Failure::Error(format!("--out: {error}")))
}

/// The strategies that do not keep what they declare.
fn broken(plan: &Plan, rows: &[CheckRow]) -> Vec<&'static str> {
    let is_broken = |name: &str| rows.iter().any(|row| row.strategy == name && !row.verdict.is_good());
    plan.strategies.iter().map(|strategy| strategy.name).filter(|name| is_broken(name)).collect()
}

fn plan(registry: &Registry, args: &VerifyArgs) -> Result<Plan, Failure> {
    let chosen = session::chosen(registry, &args.strategies)?;
    let strategies = registry.entries().iter().map(|entry| entry.strategy);
    let cpus = pin::allowed_cpus().len();
    Ok(Plan {
        strategies: strategies.filter(|strategy| chosen.contains(&strategy.name)).collect(),
        behind: registry.behind().to_vec(),
        checks: checks(&args.checks)?,
        length: match args.passes {
            Some(passes) => Length::Passes(passes),
            None => Length::Time(args.seconds * 1_000_000_000),
        },
        threads: args.threads.map_or_else(|| (cpus + 1).max(3), usize::from),
        timers: args.timers,
        seed: args.seed,
        patience_ns: args.patience,
    })
}

fn checks(asked: &[String]) -> Result<Vec<Check>, Failure> {
    let known = || Check::ALL.map(Check::word).join(", ");
    if let Some(unknown) =
        asked.iter().find(|word| *word != "all" && Check::ALL.iter().all(|check| check.word() != *word))
    {
        return usage(format!("--checks {unknown}: no such check; there are {} (and all)", known()));
    }
    let is_asked = |check: &Check| asked.iter().any(|word| word == "all" || word == check.word());
    Ok(Check::ALL.into_iter().filter(is_asked).collect())
}

/// What was checked so far.
pub struct Verification {
    plan: Plan,
    dir: Option<CheckDir>,
    progress: Progress,
    rows: Vec<CheckRow>,
    /// The time that each of them was given, s; 0 where passes were counted.
    given: Vec<f64>,
    findings: Vec<Finding>,
}

impl Verification {
    fn answer(&self, args: &VerifyArgs) -> Result<(), Failure> {
        if self.rows.is_empty() && !args.json {
            return Ok(());
        }
        let mut document = document::document(&self.plan, &self.rows, &self.findings, &session::typed());
        let results = args.out.as_ref().map(|dir| Block::Text(format!("Results: {}", dir.display())));
        document.blocks.extend(results);
        present(&document, Form::of(args.json, args.markdown))
    }
}

impl Observer for Verification {
    type Error = Failure;

    fn starting(&mut self, number: usize, of: usize, strategy: &str, check: Check) {
        self.progress.set((number * 100 / of.max(1)) as u64, format!("{strategy}: {check}"));
    }

    fn checked(&mut self, row: CheckRow, findings: Vec<Finding>, given_ns: Option<u64>) -> Result<(), Failure> {
        self.rows.push(row);
        self.given.push(given_ns.map_or(0.0, |ns| ns as f64 / 1e9));
        self.findings.extend(findings);
        match &self.dir {
            Some(dir) => dir.rewrite(&self.rows, &self.findings).map_err(|error| Failure::Error(error.to_string())),
            None => Ok(()),
        }
    }
}
