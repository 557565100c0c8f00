//! *reclaim*: a freed node is never read again, and what is retired is reclaimed once the readers have gone.
//!
//! The conformance suite's rules look for poison in the answers of polls. Added here: many threads free under many polls, all
//! handles go, and then one thread's ordinary work must bring the number of waiting nodes down to a bound that does not
//! depend on how many were freed. What is tried are polls.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering as Memory};
use std::thread;

use headlock_strategies::Nanos;
use headlock_strategies::conformance::subject::{List, Subject};
use headlock_strategies::conformance::trial::{Found, Trial, right, watched};
use headlock_strategies::conformance::{Check as Rule, Effort, Guarantee};
use headlock_strategies::reclaim::POISON;

use super::budget::Budget;
use super::memory::memory_bounded;
use super::{CROWD, CheckJob, CheckReport, rules};
use crate::record::CheckFigures;

/// Nodes that may wait for good: batches, per-thread caches, the last two grace periods. The largest of the libraries'
/// thresholds is haphazard's, a thousand.
const BOUND: u64 = 4_096;
/// Timers that the writers free in a pass at least, and each of two does.
const FREES: u64 = 24_576;
/// The same where each is freed by a callback that gives its processor up, which costs a turn of the scheduler on a busy machine.
const FREES_IN_CALLBACKS: u64 = 8_192;
/// The same where many threads poll and free: a free that waits for all readers takes a turn of the scheduler for each.
const FREES_IN_CROWDS: u64 = 4_096;
/// Frees by one thread afterwards, at least, within which nodes that are going to be reclaimed at all must have been.
const FREES_AFTERWARDS: u64 = 16_384;
/// Rounds of the conformance suite's rules in a pass.
const ROUNDS: u64 = 1_000;
/// The same by many threads.
const ROUNDS_IN_CROWDS: u64 = 100;
/// Frees between two looks at the counts.
const BATCH: u64 = 256;

/// What one pass counted.
#[derive(Clone, Copy, Debug, Default)]
struct Churned {
    /// Answers that were held against poison.
    polls: u64,
    frees: u64,
    peak: u64,
    left: u64,
}

/// The conformance suite's rules, and the bounds.
pub fn check(subject: Subject, job: &CheckJob, rules: &[Rule]) -> CheckReport {
    let mut report = CheckReport::default();
    let budget = Budget::start(job.length, job.seed);
    // Memory is looked at while the process is young, once.
    let bounded = watched(subject, "memory_bounded", Guarantee::Reclaim, &job.effort(0), memory_bounded);
    match report.take(job.check, bounded) {
        true => play(subject, job, rules, report, budget),
        false => CheckReport { elapsed_ns: budget.elapsed_ns(), ..report },
    }
}

/// Plays passes on top of what was found already, until something more is found.
fn play(subject: Subject, job: &CheckJob, rules: &[Rule], mut report: CheckReport, mut budget: Budget) -> CheckReport {
    let mut sum = Churned::default();
    let found = report.findings.len();
    'passes: while report.findings.len() == found
        && let Some(pass) = budget.next_pass()
    {
        let (churn, frees): (Churn, u64) = if pass % 2 == 0 {
            (churn, FREES)
        } else {
            (churn_in_callbacks, FREES_IN_CALLBACKS)
        };
        let crowd = in_crowd(job, pass).map(|effort| (effort, frees.min(FREES_IN_CROWDS)));
        for (effort, frees) in std::iter::once((effort(job, pass), frees)).chain(crowd) {
            if !rules::play(job, rules, &effort, &mut report) {
                break 'passes;
            }
            let bounded = move |trial: &Trial| waiting_nodes_bounded(trial, churn, frees);
            match watched(subject, "waiting_nodes_bounded", Guarantee::Reclaim, &effort, bounded) {
                Ok(churned) => {
                    sum.polls += churned.polls;
                    sum.frees += churned.frees;
                    sum.peak = sum.peak.max(churned.peak);
                    sum.left = sum.left.max(churned.left);
                }
                Err(violation) => {
                    report.take_violation(job.check, violation);
                    break 'passes;
                }
            }
        }
    }
    report.tried += sum.polls;
    report.figures = CheckFigures {
        frees: Some(sum.frees),
        peak_unreclaimed: Some(sum.peak),
        unreclaimed: Some(sum.left),
        ..CheckFigures::default()
    };
    CheckReport { elapsed_ns: budget.elapsed_ns(), ..report }
}

/// What a pass tries: mostly polls beside frees.
fn effort(job: &CheckJob, pass: u64) -> Effort {
    Effort { rounds: ROUNDS, threads: job.threads, ..job.effort(pass) }
}

/// What the first pass of four tries besides: the same by many threads, since a list that has room for a few readers has it in any pass.
fn in_crowd(job: &CheckJob, pass: u64) -> Option<Effort> {
    let threads = job.threads.max(CROWD);
    pass.is_multiple_of(4).then(|| Effort { rounds: ROUNDS_IN_CROWDS, threads, ..job.effort(pass) })
}

/// One thread's create, arm, poll and free, a batch of them, until the trial is over; how many, of each.
fn churn(trial: &Trial, list: &List, frees: u64) -> Found {
    trial.with_handle(list, |list| {
        for round in 0..frees {
            // Now the head, now behind others': what is freed under polls should have been the head.
            let timer = list.armed((round.wrapping_mul(0x9e37_79b9) & 0xffff) as i64);
            right("whether a poll read poison", list.deadline() == Some(POISON), false)?;
            list.free(timer);
            list.quiescent();
            if trial.is_over() {
                return Ok(round + 1);
            }
        }
        Ok(frees)
    })
}

/// The same, with every timer freed by the callback that it fires, on whichever thread. While one callback rests, another's run goes on.
fn churn_in_callbacks(trial: &Trial, list: &List, frees: u64) -> Found {
    trial.with_handle(list, |list| {
        for round in 0..frees {
            list.armed(0);
            right("whether a poll read poison", list.deadline() == Some(POISON), false)?;
            list.run(Nanos::ZERO, |list, timer| {
                thread::yield_now();
                list.free(timer);
            });
            list.quiescent();
            if trial.is_over() {
                return Ok(round + 1);
            }
        }
        Ok(frees)
    })
}

/// Works on a list until so many timers are freed or the trial is over; answers how many were freed, which is how many polls it made.
type Churn = fn(&Trial, &List, u64) -> Found;

fn waiting_nodes_bounded(trial: &Trial, churn: Churn, frees: u64) -> Found<Churned> {
    let list = trial.list();
    let threads = trial.effort.threads.max(2);
    let pollers = threads / 2;
    let writers = threads - pollers;
    // Where there are many, each frees less: what they free together is what matters.
    let each = frees * 2 / (writers as u64).max(2);
    let writing = AtomicUsize::new(writers);
    let freed = AtomicU64::new(0);
    let mut polls = trial.threads(threads, |index| {
        if index >= pollers {
            let polls = churn(trial, &list, each);
            freed.fetch_add(*polls.as_ref().unwrap_or(&0), Memory::Relaxed);
            writing.fetch_sub(1, Memory::Release);
            return polls;
        }
        trial.with_handle(&list, |list| {
            let mut polls = 0;
            while writing.load(Memory::Acquire) > 0 && !trial.is_over() {
                right("whether a poll read poison", list.deadline() == Some(POISON), false)?;
                list.expired(Nanos::ZERO);
                list.quiescent();
                polls += 1;
            }
            Ok(polls)
        })
    })?;
    let freed_beside = freed.into_inner();
    let mut frees = freed_beside;
    let peak = list.counts().peak_unreclaimed;
    let waiting = || list.counts().retired.saturating_sub(list.counts().reclaimed);
    // As much work again as there was, if that was much, is more than any scheme needs that is going to reclaim at all.
    let most = frees + frees.max(FREES_AFTERWARDS);
    while waiting() > BOUND && frees < most {
        let again = churn(trial, &list, BATCH)?;
        polls += again;
        frees += again;
    }
    let counts = list.counts();
    let left = waiting();
    right(
        format_args!(
            "whether at most {BOUND} of {} retired nodes still wait once all readers have gone and {} more timers came \
             and went; {left} do",
            counts.retired,
            frees - freed_beside
        ),
        left <= BOUND,
        true,
    )?;
    right(
        format_args!("whether at most the {frees} freed timers were retired, and no more reclaimed, in {counts:?}"),
        counts.retired <= frees && counts.reclaimed <= counts.retired,
        true,
    )?;
    Ok(Churned { polls, frees, peak, left })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Check;
    use crate::verify::Length;
    use crate::verify::hooked::{Call, Hook, Hooked};

    /// Frees of a handle that wait for a poll.
    const WAITING_FREES: u64 = 50;

    /// A free waits for another thread's poll, for a while.
    #[derive(Default)]
    struct WaitsForPolls {
        /// By handles that have created no timer.
        polls: AtomicU64,
    }

    /// What a handle has created and freed.
    #[derive(Default)]
    struct Done {
        created: u64,
        freed: u64,
    }

    impl Hook for WaitsForPolls {
        type Local = Done;

        fn before(&self, done: &mut Done, call: Call, _in_callback: bool) {
            match call {
                Call::Create => done.created += 1,
                Call::Free => {
                    done.freed += 1;
                    let polls = self.polls.load(Memory::Relaxed);
                    while done.freed <= WAITING_FREES && self.polls.load(Memory::Relaxed) == polls {
                        thread::yield_now();
                    }
                }
                Call::Deadline if done.created == 0 => _ = self.polls.fetch_add(1, Memory::Relaxed),
                _ => {}
            }
        }
    }

    #[test]
    fn readers_poll_for_as_long_as_timers_are_freed_and_every_poll_counts() {
        let job = CheckJob {
            strategy: "hooked".to_owned(),
            check: Check::Reclaim,
            length: Length::Passes(1),
            threads: 2,
            timers: 1,
            seed: 1,
            behind: Vec::new(),
            patience_ns: 20_000_000_000,
        };
        let (report, budget) = (CheckReport::default(), Budget::start(job.length, job.seed));
        let report = play(Subject::of::<Hooked<WaitsForPolls>>(), &job, &[], report, budget);
        assert_eq!(report.findings, []);
        // One of two threads writes, then half of many.
        let writers = CROWD as u64 / 2;
        let frees = FREES + writers * (FREES_IN_CROWDS * 2 / writers);
        assert_eq!(report.figures.frees, Some(frees));
        // One by the writer before each free, and those that frees waited for, which writers may have in common.
        assert!(report.tried >= frees + WAITING_FREES, "{report:?}");
        assert_eq!([0, 1, 2, 3, 4].map(|pass| effort(&job, pass).threads), [2; 5]);
        let crowds = [0, 1, 2, 3, 4].map(|pass| in_crowd(&job, pass).map(|effort| effort.threads));
        assert_eq!(crowds, [Some(CROWD), None, None, None, Some(CROWD)]);
    }
}
