//! *history*: does some order of the operations explain everything that several threads were told?
//!
//! Threads play short rounds on one list: two to four of them, or as many as asked for, arm, anticipate, cancel, create, free, poll and
//! run at once, their callbacks change the list, and a round ends in silence. Then an order is looked for in which every
//! answer is right: whether each change rearmed, what a cancel found, what fired in which order, what was left. See
//! [`explain`] for what an order may be under each freshness.
//!
//! Before that, two of them play duels, see [`duel`].

mod barrier;
mod duel;
mod event;
mod explain;
mod player;
mod round;
mod tell;

use headlock_strategies::Config;
use headlock_strategies::conformance::subject::Subject;
use headlock_strategies::conformance::trial::{Trial, watched};
use headlock_strategies::conformance::{self, Guarantee, Violation};

use super::budget::Budget;
use super::fresh::grades;
use super::{CheckJob, CheckReport};
use crate::harness::pin;
use crate::record::{CheckOutcome, Grade};
use player::Tally;

/// Rounds of a pass, all on one list.
const ROUNDS: u64 = 160;

/// Plays passes until the time is up or something has no explanation. `inert` as for [`duel::play`].
pub fn check(subject: Subject, job: &CheckJob, inert: bool) -> CheckReport {
    let mut report = CheckReport::default();
    let mut sum = Tally::default();
    let mut budget = Budget::start(job.length, job.seed);
    let cpus = pin::allowed_cpus();
    while report.findings.is_empty()
        && let Some(pass) = budget.next_pass()
    {
        let (scene, effort) = (Scene::of_pass(pass, job, &cpus), job.effort(pass));
        let duelists = scene.clone();
        let mut played = watched(subject, "settled", Guarantee::History, &effort, move |trial: &Trial| {
            let mut both = Tally::default();
            for hold_spins in [0, duel::HOLD_SPINS] {
                both.add(duel::play(trial, inert, hold_spins, |thread| duelists.place_apart(thread))?);
            }
            Ok(both)
        });
        if let Ok(tally) = played {
            sum.add(tally);
            played = watched(subject, "explained", Guarantee::History, &effort, move |trial: &Trial| {
                let config = Config { hold_spins: scene.hold_spins, ..Config::default() };
                player::play(trial, &trial.list_with(&config), scene.threads, ROUNDS, |thread| scene.place(thread))
            });
        }
        match played {
            Ok(tally) => sum.add(tally),
            Err(violation) => {
                let rule = match violation.failure {
                    conformance::Failure::Wrong => violation.check,
                    _ => "comes_back",
                };
                report.take_violation(job.check, Violation { check: rule, ..violation });
            }
        }
    }
    report.tried += sum.operations;
    report.outcomes = outcomes(&subject, &sum, report.broken);
    CheckReport { elapsed_ns: budget.elapsed_ns(), ..report }
}

/// What explains the rounds, and what the strategy's freshness says of that.
fn outcomes(subject: &Subject, tally: &Tally, broken: u64) -> Vec<CheckOutcome> {
    let [stale, oversleeps] = grades(subject.strategy.freshness);
    vec![
        CheckOutcome::new("true", tally.linearizable, Grade::Acceptable),
        CheckOutcome::new("early or late", tally.notified, stale),
        CheckOutcome::new("oversleeps", tally.racy, oversleeps),
        CheckOutcome::new("no order", broken, Grade::Forbidden),
    ]
}

/// How many threads play a pass, and where.
#[derive(Clone)]
struct Scene {
    threads: usize,
    /// For how long the lock is held, as in duels.
    hold_spins: u32,
    /// Processors in turn; none leaves it to the scheduler.
    cpus: Vec<usize>,
}

impl Scene {
    fn of_pass(pass: u64, job: &CheckJob, cpus: &[usize]) -> Self {
        let threads = match pass % 4 {
            0 => 3,
            1 => 2,
            // More than lists have room for beside each other, where a reader may be taken for another.
            2 => job.threads.max(6),
            _ => 4,
        };
        // Threads that have a processor each meet within instructions; those that share one are stopped anywhere.
        let cpus = match pass % 3 {
            0 => cpus.to_vec(),
            1 => Vec::new(),
            _ => cpus.iter().take(1).copied().collect(),
        };
        Scene {
            threads,
            hold_spins: if pass % 2 == 1 { duel::HOLD_SPINS } else { 0 },
            cpus,
        }
    }

    /// As [`place`](Self::place), but for threads that share a processor: two that wait for each other at every step get nothing done there.
    fn place_apart(&self, thread: usize) {
        if self.cpus.len() != 1 {
            self.place(thread);
        }
    }

    /// Places the calling thread. A processor that has gone meanwhile leaves it where the scheduler wants it.
    fn place(&self, thread: usize) {
        if let Some(cpu) = self.cpus.iter().copied().cycle().nth(thread) {
            let _ = pin::pin_current(cpu);
        }
    }
}
