//! `headlock verify`: does each strategy keep what it declares?

use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::answer::{answer, answer_json};
use super::args::VerifyArgs;
use super::failure::{Failure, usage};
use super::paint::Paint;
use super::progress::Progress;
use super::{session, verify_table};
use crate::export::CheckDir;
use crate::harness::{host, pin};
use crate::record::{Check, CheckRow, Finding};
use crate::registry::Registry;
use crate::verify::Length;
use crate::verify::referee::{self, Ending, Observer, Plan};

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
    Ok((verification, failure))
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
    findings: Vec<Finding>,
}

impl Verification {
    fn answer(&self, args: &VerifyArgs) -> Result<(), Failure> {
        if args.json {
            return answer_json(&json!({
                "command": std::env::args().collect::<Vec<_>>(),
                "host": host::facts(),
                "threads": self.plan.threads,
                "seed": self.plan.seed,
                "checks": self.rows,
                "findings": self.findings,
            }));
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut text = verify_table::text(&self.plan, &self.rows, &self.findings, Paint::for_stdout());
        if let Some(dir) = &args.out {
            text += &format!("\n\nResults: {}", dir.display());
        }
        answer(&text)
    }
}

impl Observer for Verification {
    type Error = Failure;

    fn starting(&mut self, number: usize, of: usize, strategy: &str, check: Check) {
        self.progress.set((number * 100 / of.max(1)) as u64, format!("{strategy}: {check}"));
    }

    fn checked(&mut self, row: CheckRow, findings: Vec<Finding>) -> Result<(), Failure> {
        self.rows.push(row);
        self.findings.extend(findings);
        match &self.dir {
            Some(dir) => dir.rewrite(&self.rows, &self.findings).map_err(|error| Failure::Error(error.to_string())),
            None => Ok(()),
        }
    }
}
