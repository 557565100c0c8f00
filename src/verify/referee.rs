//! Carries out every check of every strategy, each in a fresh process, so that one that hangs, crashes or panics is reported
//! as that strategy's failure and the others go on.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use headlock_strategies::Strategy;
use headlock_strategies::conformance::line::doing_at_the_end;

use super::{CheckJob, CheckReport, Length};
use crate::harness::Behind;
use crate::harness::child::{self, ChildError};
use crate::harness::clock::Moment;
use crate::record::{Check, CheckOutcome, CheckRow, CheckVerdict, Failure, Finding, Grade};

/// The hidden subcommand that carries out one check.
pub const SUBCOMMAND: &str = "check-process";

/// How long a check process may take beyond its time and its own watchdog's patience: one whole pass of a slow list on a busy
/// machine. It is there for what that watchdog cannot see, such as a panic that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to check.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The strategies, in the order of the tables.
    pub strategies: Vec<Strategy>,
    /// What stands behind the C interface, by slot.
    pub behind: Vec<Behind>,
    /// The checks.
    pub checks: Vec<Check>,
    /// Of all checks of all strategies together if it is a time, of each if it is passes.
    pub length: Length,
    /// Threads of a concurrent check, 2 or more.
    pub threads: usize,
    /// Timers in the longest list.
    pub timers: u32,
    /// Seeds every random choice.
    pub seed: u64,
    /// An operation counts as hung after two such periods without progress, ns.
    pub patience_ns: u64,
}

/// Is told what happens. Errors of its own end the work.
pub trait Observer {
    /// What the observer itself can fail with.
    type Error;

    /// A check is about to start: its number, of how many.
    fn starting(&mut self, _number: usize, _of: usize, _strategy: &str, _check: Check) {}

    /// A check has ended, with what was found. It was given so much time, ns, or passes instead.
    fn checked(&mut self, row: CheckRow, findings: Vec<Finding>, given_ns: Option<u64>) -> Result<(), Self::Error>;
}

/// How the work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything was checked.
    Complete,
    /// The user stopped it.
    Interrupted,
    /// No process could be started.
    Failed(String),
}

/// Carries out the plan.
///
/// # Errors
/// Those of the observer.
pub fn run<O: Observer>(plan: &Plan, observer: &mut O, stop: &AtomicBool) -> Result<Ending, O::Error> {
    let checks = in_order(&plan.checks);
    let all = plan.strategies.len() * checks.len();
    let began = Moment::now();
    let even = plan.length.part(1, plan.strategies.len() as u64);
    for (number, strategy) in plan.strategies.iter().enumerate() {
        let of_strategy = Moment::now();
        let length = plan.length.less(began.elapsed_ns()).part(1, (plan.strategies.len() - number) as u64);
        for (done, &check) in checks.iter().enumerate() {
            observer.starting(number * checks.len() + done, all, strategy.name, check);
            let job = plan.job(strategy, check, share(even, length.less(of_strategy.elapsed_ns()), &checks, done));
            let began = Moment::now();
            let report = match child::ask_at_work::<CheckReport>(SUBCOMMAND, &job, plan.limit(&job), stop) {
                Ok(report) => report,
                Err((ChildError::Interrupted, _)) => return Ok(Ending::Interrupted),
                Err((ChildError::Spawn(reason), _)) => return Ok(Ending::Failed(reason)),
                Err((reason, words)) => died(&job, reason, &words, began.elapsed_ns()),
            };
            let given_ns = match job.length {
                Length::Time(ns) => Some(ns),
                Length::Passes(_) => None,
            };
            observer.checked(row(strategy, check, &report), report.findings, given_ns)?;
        }
    }
    Ok(Ending::Complete)
}

/// A check's share of the time that is left to its strategy, of the checks in their order. However much others took, it is half of what the
/// check gets where all strategies and checks take what they are given: `even` is a strategy's time then.
fn share(even: Length, left: Length, checks: &[Check], done: usize) -> Length {
    let weights = |checks: &[Check]| checks.iter().copied().map(weight).sum::<u64>();
    let own = weight(checks[done]);
    left.part(own, weights(&checks[done..])).at_least(even.part(own, 2 * weights(checks)))
}

impl Length {
    /// The longer of two times; passes stay.
    fn at_least(self, floor: Self) -> Self {
        match (self, floor) {
            (Length::Time(ns), Length::Time(floor)) => Length::Time(ns.max(floor)),
            _ => self,
        }
    }

    /// What is left of a time after so much of it, ns; passes stay.
    fn less(self, ns: u64) -> Self {
        match self {
            Length::Time(whole) => Length::Time(whole.saturating_sub(ns)),
            Length::Passes(passes) => Length::Passes(passes),
        }
    }

    /// A part of a time; passes stay.
    fn part(self, of: u64, whole: u64) -> Self {
        match self {
            Length::Time(ns) => Length::Time((u128::from(ns) * u128::from(of) / u128::from(whole.max(1))) as u64),
            Length::Passes(passes) => Length::Passes(passes),
        }
    }
}

/// Those that take little and much the same first: what they take beyond their share comes off the share of the others, down to half of it,
/// for which the time that is left is as good as any.
fn in_order(checks: &[Check]) -> Vec<Check> {
    let mut checks = checks.to_vec();
    checks.sort_by_key(|&check| weight(check));
    checks
}

impl Plan {
    fn job(&self, strategy: &Strategy, check: Check, length: Length) -> CheckJob {
        CheckJob {
            strategy: strategy.name.to_owned(),
            behind: self.behind.clone(),
            check,
            length,
            threads: self.threads,
            timers: self.timers,
            seed: self.seed,
            patience_ns: self.patience_ns,
        }
    }

    fn limit(&self, job: &CheckJob) -> Duration {
        let own = match job.length {
            Length::Time(ns) => Duration::from_nanos(ns),
            Length::Passes(passes) => Duration::from_secs(passes),
        };
        own * 2 + Duration::from_nanos(self.patience_ns) * 4 + PATIENCE
    }
}

/// A check's share of the time: what depends on how threads meet needs more of it than what one thread can show.
fn weight(check: Check) -> u64 {
    match check {
        Check::Model | Check::Reenter | Check::Progress | Check::Hold => 1,
        Check::Conserve => 2,
        Check::Reclaim => 3,
        Check::Fresh => 4,
        Check::History => 5,
    }
}

/// Where whoever wrote a list in C finds out more.
const INSTRUMENTED: &str = "docs/STRATEGY.md, When a list is broken, has AddressSanitizer show where: headlock verify with the list \
                            compiled by cc -g -fsanitize=address";

/// The report of a check whose process gave none; `words` say what it was at.
fn died(job: &CheckJob, reason: ChildError, words: &[u64], elapsed_ns: u64) -> CheckReport {
    let mut events = Vec::new();
    let doing = doing_at_the_end(words);
    if !doing.is_empty() {
        events.push(format!("when it ended: {doing}"));
    }
    let of_library = job.behind.iter().any(|it| it.declaration.name == job.strategy && it.library.is_some());
    let is_sanitized = matches!(reason, ChildError::Sanitized(..));
    if of_library && !is_sanitized && !matches!(reason, ChildError::Hung(_)) {
        events.push(INSTRUMENTED.to_owned());
    }
    let failure = match &reason {
        ChildError::Hung(_) => Failure::Hung,
        _ => Failure::Crashed,
    };
    let finding = Finding {
        strategy: job.strategy.clone(),
        check: job.check,
        rule: "process".to_owned(),
        failure,
        allowed: false,
        what: match reason {
            ChildError::Sanitized(what, report) => {
                events.splice(0..0, report);
                what
            }
            reason => reason.to_string(),
        },
        events,
    };
    CheckReport {
        tried: 1,
        broken: 1,
        elapsed_ns,
        findings: vec![finding],
        ..CheckReport::default()
    }
}

fn row(strategy: &Strategy, check: Check, report: &CheckReport) -> CheckRow {
    CheckRow {
        strategy: strategy.name.to_owned(),
        check,
        tried: report.tried,
        broken: report.broken,
        declared: match check {
            Check::Fresh | Check::History => strategy.freshness.word(),
            Check::Progress => strategy.progress.word(),
            _ => "always",
        }
        .to_owned(),
        seconds: report.elapsed_ns as f64 / 1e9,
        verdict: verdict(report),
        outcomes: outcomes(report),
        figures: report.figures,
    }
}

/// What was met: in the check's own words, or what was kept and what was broken.
fn outcomes(report: &CheckReport) -> Vec<CheckOutcome> {
    if !report.outcomes.is_empty() {
        return report.outcomes.clone();
    }
    vec![
        CheckOutcome::new("kept", report.tried.saturating_sub(report.broken), Grade::Acceptable),
        CheckOutcome::new("broken", report.broken, Grade::Forbidden),
    ]
}

/// The worst that was found.
fn verdict(report: &CheckReport) -> CheckVerdict {
    let any = |failure| report.findings.iter().any(|finding| finding.failure == failure && !finding.allowed);
    if any(Failure::Crashed) {
        CheckVerdict::Crashed
    } else if any(Failure::Hung) {
        CheckVerdict::Hung
    } else if any(Failure::Panicked) {
        CheckVerdict::Panicked
    } else if any(Failure::Wrong) {
        CheckVerdict::Broken
    } else if report.findings.iter().any(|finding| finding.allowed) {
        CheckVerdict::Racy
    } else {
        CheckVerdict::Kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(failure: Failure, allowed: bool) -> Finding {
        Finding {
            strategy: "x".to_owned(),
            check: Check::Fresh,
            rule: "r".to_owned(),
            failure,
            allowed,
            what: String::new(),
            events: Vec::new(),
        }
    }

    fn judged(findings: Vec<Finding>) -> CheckVerdict {
        verdict(&CheckReport { findings, ..CheckReport::default() })
    }

    #[test]
    fn the_verdict_is_the_worst_that_was_found() {
        let wrong = finding(Failure::Wrong, false);
        let racy = finding(Failure::Wrong, true);
        assert_eq!(judged(vec![]), CheckVerdict::Kept);
        assert_eq!(judged(vec![racy.clone()]), CheckVerdict::Racy);
        assert_eq!(judged(vec![racy, wrong.clone()]), CheckVerdict::Broken);
        assert_eq!(judged(vec![wrong.clone(), finding(Failure::Panicked, false)]), CheckVerdict::Panicked);
        assert_eq!(judged(vec![finding(Failure::Hung, false), wrong]), CheckVerdict::Hung);
        assert_eq!(judged(vec![finding(Failure::Crashed, false)]), CheckVerdict::Crashed);
    }

    #[test]
    fn the_time_is_shared_out_and_passes_are_not() {
        let checks = in_order(&Check::ALL);
        assert_eq!((checks[0], checks[checks.len() - 1]), (Check::Model, Check::History));
        let whole: u64 = checks.iter().copied().map(weight).sum();
        let even = whole * 1_000;
        // What each gets where one takes so much more than it was given.
        let shares = |of_strategy: u64, overruns: usize, by: u64| {
            let mut left = Length::Time(of_strategy);
            let shares = (0..checks.len()).map(|done| {
                let Length::Time(share) = share(Length::Time(even), left, &checks, done) else {
                    unreachable!()
                };
                left = left.less(share + if done == overruns { by } else { 0 });
                share
            });
            shares.collect::<Vec<_>>()
        };
        let due: Vec<u64> = checks.iter().map(|&check| weight(check) * 1_000).collect();
        let halves: Vec<u64> = due.iter().map(|share| share / 2).collect();
        assert_eq!(shares(even, 0, 0), due);
        // What one takes beyond its share is taken off the others, each by as much of it.
        let rest = whole - weight(checks[0]);
        let tenth = shares(even, 0, rest * 100);
        assert_eq!(tenth[1..], due[1..].iter().map(|share| share - share / 10).collect::<Vec<_>>());
        // However much it is, by a check or by strategies before this one, half of each share stays.
        assert_eq!(shares(even, 0, even * 20)[1..], halves[1..]);
        let reclaim = checks.iter().position(|&check| check == Check::Reclaim).unwrap();
        assert_eq!(shares(even, reclaim, even * 5)[reclaim + 1..], halves[reclaim + 1..]);
        assert_eq!(shares(0, 0, 0), halves);
        // What strategies before this one left over is shared out too.
        assert_eq!(shares(even * 2, 0, 0), due.iter().map(|share| share * 2).collect::<Vec<_>>());
        assert_eq!(share(Length::Passes(7), Length::Passes(7), &checks, 0), Length::Passes(7));
        assert_eq!(Length::Passes(7).less(9).part(1, 2), Length::Passes(7));
    }

    #[test]
    fn the_watchdog_within_a_check_speaks_before_the_one_without() {
        let strategy = <crate::harness::floor::FloorList as headlock_strategies::TimerList>::STRATEGY;
        let limit = |length| {
            let plan = Plan {
                strategies: vec![strategy],
                behind: Vec::new(),
                checks: vec![Check::Model],
                length,
                threads: 2,
                timers: 1,
                seed: 1,
                patience_ns: 3_000_000_000,
            };
            plan.limit(&plan.job(&strategy, Check::Model, length)) - PATIENCE
        };
        // Twice the time of its own, a second a pass; and twice what the inner watchdog waits, which is twice the patience.
        assert_eq!(limit(Length::Time(5_000_000_000)), Duration::from_secs(2 * 5 + 4 * 3));
        assert_eq!(limit(Length::Passes(7)), Duration::from_secs(2 * 7 + 4 * 3));
    }
}
