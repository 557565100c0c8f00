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
use headlock_strategies::conformance::words::told;
use headlock_strategies::conformance::{Check as Rule, Effort, Guarantee};
use headlock_strategies::reclaim::POISON;

use super::budget::Budget;
use super::memory::memory_bounded;
use super::{CROWD, CheckJob, CheckReport, rules};
use crate::harness::clock::Moment;
use crate::record::CheckFigures;

/// Nodes that may wait for good: batches, per-thread caches, the last two grace periods. The largest of the libraries'
/// thresholds is haphazard's, a thousand.
const BOUND: u64 = 4_096;
/// Frees by one thread afterwards, at least, within which nodes that are going to be reclaimed at all must have been.
const FREES_AFTERWARDS: u64 = 16_384;
/// For so long from the start of a trial callbacks rest by giving their processor up, ns: on a busy machine each rest costs a turn of the
/// scheduler, and the others are freed without one.
const RESTS_NS: u64 = 250_000_000;
/// Rounds of the conformance suite's rules in a pass.
const ROUNDS: u64 = 1_000;
/// The same by many threads, if they free as many timers as they may.
const ROUNDS_IN_CROWDS: u64 = 100;
/// The same if they free fewer: fewer by as much, and not fewer than these.
const LEAST_ROUNDS: u64 = 10;
/// Frees between two looks at the counts.
const BATCH: u64 = 256;

/// How many timers each of two writers frees while others poll, and so does a single one; where there are more, each frees less, since what
/// they free together is what matters.
#[derive(Clone, Copy, PartialEq)]
struct Frees {
    /// However long it takes.
    least: u64,
    /// As long as it takes no longer than `within_ns`.
    most: u64,
    within_ns: u64,
}

impl Frees {
    const NORMAL: Frees = Frees::exactly(24_576);
    /// Each is freed by a callback, which rests.
    const IN_CALLBACKS: Frees = Frees::exactly(8_192);
    /// Many threads poll and free. Where a free waits for all readers it takes a turn of the scheduler, 2 ms or more; elsewhere a few
    /// microseconds.
    const IN_CROWDS: Frees = Frees { least: 160, most: 4_096, within_ns: 250_000_000 };

    const fn exactly(frees: u64) -> Self {
        Frees { least: frees, most: frees, within_ns: 0 }
    }
}

/// What trials counted.
#[derive(Clone, Copy, Debug, Default)]
struct Churned {
    /// Answers that were held against poison.
    polls: u64,
    /// Timers freed beside polls, and those that would have been had there been time.
    beside: u64,
    asked: u64,
    /// Those of crowds.
    in_crowds: u64,
    frees: u64,
    peak: u64,
    left: u64,
}

impl Churned {
    /// How many of so many rounds are to be played: where frees take long, so do the other changes. Of a normal pass nothing is left out.
    fn rounds_of(&self, rounds: u64) -> u64 {
        (rounds * self.beside / self.asked).max(LEAST_ROUNDS)
    }
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
    let all_kept = |effort: &Effort, report: &mut CheckReport| {
        rules::play(job, rules, effort, report) && report.findings.len() == found
    };
    'passes: while report.findings.len() == found
        && let Some(pass) = budget.next_pass()
    {
        let (churn, frees): (Churn, Frees) = if pass % 2 == 0 {
            (churn, Frees::NORMAL)
        } else {
            (churn_in_callbacks, Frees::IN_CALLBACKS)
        };
        let crowd = in_crowd(job, pass).map(|effort| (effort, Frees::IN_CROWDS));
        for (effort, frees) in std::iter::once((effort(job, pass), frees)).chain(crowd) {
            let is_crowd = frees == Frees::IN_CROWDS;
            // In a crowd they come afterwards, when it is known how long frees take there.
            if !is_crowd && !all_kept(&effort, &mut report) {
                break 'passes;
            }
            let bounded = move |trial: &Trial| waiting_nodes_bounded(trial, churn, frees);
            let churned = watched(subject, "waiting_nodes_bounded", Guarantee::Reclaim, &effort, bounded);
            let rounds = churned.map(|churned| {
                sum.polls += churned.polls;
                sum.frees += churned.frees;
                sum.in_crowds += if is_crowd { churned.beside } else { 0 };
                sum.peak = sum.peak.max(churned.peak);
                sum.left = sum.left.max(churned.left);
                churned.rounds_of(effort.rounds)
            });
            let scaled = Effort { rounds: *rounds.as_ref().unwrap_or(&effort.rounds), ..effort };
            let may_go_on = report.take(job.check, rounds.map(|_| 0)) && report.findings.len() == found;
            if !may_go_on || (is_crowd && !all_kept(&scaled, &mut report)) {
                break 'passes;
            }
        }
    }
    report.tried += sum.polls;
    report.figures = CheckFigures {
        frees: Some(sum.frees),
        frees_in_crowds: Some(sum.in_crowds),
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

/// One thread's create, arm, poll and free until so many are enough; how many, of each.
fn churn(trial: &Trial, list: &List, _began: Moment, enough: &dyn Fn(u64) -> bool) -> Found {
    trial.with_handle(list, |list| {
        let mut round = 0;
        while !enough(round) {
            // Now the head, now behind others': what is freed under polls should have been the head.
            let timer = list.armed((round.wrapping_mul(0x9e37_79b9) & 0xffff) as i64);
            right("whether a poll read poison", list.deadline() == Some(POISON), false)?;
            list.free(timer);
            list.quiescent();
            round += 1;
        }
        Ok(round)
    })
}

/// The same, with every timer freed by the callback that it fires, on whichever thread. While one callback rests, another's run goes on.
fn churn_in_callbacks(trial: &Trial, list: &List, began: Moment, enough: &dyn Fn(u64) -> bool) -> Found {
    trial.with_handle(list, |list| {
        let mut round = 0;
        while !enough(round) {
            list.armed(0);
            right("whether a poll read poison", list.deadline() == Some(POISON), false)?;
            list.run(Nanos::ZERO, |list, timer| {
                if rests(began) {
                    thread::yield_now();
                }
                list.free(timer);
            });
            list.quiescent();
            round += 1;
        }
        Ok(round)
    })
}

/// Whether callbacks of a trial that began then still rest.
fn rests(began: Moment) -> bool {
    began.elapsed_ns() < RESTS_NS
}

/// Works on a list in a trial that began then, until so many freed timers are enough; answers how many were freed, which is how many polls it
/// made.
type Churn = fn(&Trial, &List, Moment, &dyn Fn(u64) -> bool) -> Found;

fn waiting_nodes_bounded(trial: &Trial, churn: Churn, wanted: Frees) -> Found<Churned> {
    let list = trial.list();
    let threads = trial.effort.threads.max(2);
    let pollers = threads / 2;
    let writers = threads - pollers;
    let each = |of_two: u64| of_two * 2 / (writers as u64).max(2);
    let (least, most) = (each(wanted.least), each(wanted.most));
    let began = Moment::now();
    let enough = |freed| trial.is_over() || freed >= most || (freed >= least && began.elapsed_ns() >= wanted.within_ns);
    let writing = AtomicUsize::new(writers);
    let freed = AtomicU64::new(0);
    let mut polls = trial.threads(threads, |index| {
        if index >= pollers {
            let polls = churn(trial, &list, began, &enough);
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
    let beside = freed.into_inner();
    let mut frees = beside;
    let peak = list.counts().peak_unreclaimed;
    let waiting = || list.counts().retired.saturating_sub(list.counts().reclaimed);
    // As much work again as there was, if that was much, is more than any scheme needs that is going to reclaim at all.
    let limit = frees + frees.max(FREES_AFTERWARDS);
    while waiting() > BOUND && frees < limit {
        let again = churn(trial, &list, began, &|freed| freed >= BATCH || trial.is_over())?;
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
            frees - beside
        ),
        left <= BOUND,
        true,
    )?;
    right(
        format_args!("whether at most the {frees} freed timers were retired, and no more reclaimed: {}", told(&counts)),
        counts.retired <= frees && counts.reclaimed <= counts.retired,
        true,
    )?;
    Ok(Churned {
        polls,
        beside,
        asked: most * writers as u64,
        in_crowds: 0,
        frees,
        peak,
        left,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        // One of two threads writes, then half of many, who may have less time than they need.
        let [frees, in_crowds] = [report.figures.frees, report.figures.frees_in_crowds].map(Option::unwrap);
        assert_eq!(frees - in_crowds, Frees::NORMAL.most);
        let of_two = Frees::IN_CROWDS;
        assert!((of_two.least * 2..=of_two.most * 2).contains(&in_crowds), "{in_crowds}");
        // One by the writer before each free, and those that frees waited for, which writers may have in common.
        assert!(report.tried >= frees + WAITING_FREES, "{report:?}");
        assert_eq!([0, 1, 2, 3, 4].map(|pass| effort(&job, pass).threads), [2; 5]);
        let crowds = [0, 1, 2, 3, 4].map(|pass| in_crowd(&job, pass).map(|effort| effort.threads));
        assert_eq!(crowds, [Some(CROWD), None, None, None, Some(CROWD)]);
    }

    #[test]
    fn callbacks_rest_for_a_while_and_all_timers_are_freed_nevertheless() {
        let began = Moment::now();
        thread::sleep(Duration::from_nanos(RESTS_NS));
        assert!(!rests(began) && rests(Moment::now().plus_ns(RESTS_NS)));
        let frees = Frees::exactly(20);
        let bounded = move |trial: &Trial| waiting_nodes_bounded(trial, churn_in_callbacks, frees);
        let (subject, effort) = (Subject::of::<Hooked<WaitsForPolls>>(), Effort { threads: 4, ..Effort::default() });
        let churned = watched(subject, "waiting_nodes_bounded", Guarantee::Reclaim, &effort, bounded).unwrap();
        assert_eq!((churned.beside, churned.frees), (40, 40));
    }

    #[test]
    fn a_crowd_frees_the_least_without_time_and_the_most_with_time() {
        let effort = Effort { threads: CROWD, ..Effort::default() };
        for (within_ns, of_two) in [(0, 10), (u64::MAX, 40)] {
            let bounded =
                move |trial: &Trial| waiting_nodes_bounded(trial, churn, Frees { least: 10, most: 40, within_ns });
            let subject = Subject::of::<Hooked<WaitsForPolls>>();
            let churned = watched(subject, "waiting_nodes_bounded", Guarantee::Reclaim, &effort, bounded).unwrap();
            assert_eq!((churned.beside, churned.asked), (of_two * 2, 40 * 2));
            assert_eq!(churned.rounds_of(100), of_two * 100 / 40);
        }
        let few = Churned { beside: 1, asked: 80, ..Churned::default() };
        assert_eq!(few.rounds_of(100), LEAST_ROUNDS);
    }
}
