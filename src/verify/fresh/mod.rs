//! *fresh*: is a poll's answer as true as the strategy declares?
//!
//! One thread makes all changes and records the truth after each; the others poll flat out. A poll is held against what was
//! true from its beginning to its end, see [`judge`]. Linearizable lists must have answered something that was. Notified ones
//! may be off as long as nobody oversleeps for it. Racy ones may do what they like; it is counted all the same.
//!
//! To meet a race, the writer's and the pollers' threads are placed in turn on processors of their own, wherever the scheduler
//! puts them, and on fewer processors than there are threads with the writer giving its own up now and then, so that each of
//! them is stopped at every point sooner or later. The strategy's code is what it is.

mod history;
mod judge;
mod sequence;
mod tally;
mod writer;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering as Memory};
use std::thread;

use headlock_strategies::conformance::subject::Subject;
use headlock_strategies::conformance::trial::{Found, Probe, Trial, watched};
use headlock_strategies::conformance::{self, Guarantee, Violation};
use headlock_strategies::{Freshness, Nanos, Progress, Strategy};
use parking_lot::Mutex;

use super::budget::Budget;
use super::{CheckJob, CheckReport};
use crate::harness::clock::Clock;
use crate::harness::pin;
use crate::record::{CheckFigures, CheckOutcome, Failure, Finding, Grade};
use crate::text::count;
use history::{EMPTY, History};
use judge::{Answer, Poll, Truth};
use sequence::Sequence;
use tally::Tally;
use writer::{SERIALS, Writer};

/// Changes in a pass.
const CHANGES: u64 = 20_000;
/// Polls of each poller in a pass at least, also where the writer has a processor to itself and is done before they begin.
const LEAST_POLLS: u64 = 1_000;
/// Polls per look with `expired` instead of `deadline`.
const EXPIRED_EVERY: u64 = 16;

/// The time that the `number`-th `expired` asks for, the head's deadline having last been `last`: that very moment, or one at which
/// the timer that followed it is due and none after that, so that a head that is read too late is seen to be.
fn asked(last: Nanos, number: u64) -> Nanos {
    if number.is_multiple_of(2) {
        last
    } else {
        Nanos(last.0.saturating_add(SERIALS / 2 * 3))
    }
}

/// Plays passes and counts what was not true.
pub fn check(subject: Subject, job: &CheckJob) -> CheckReport {
    let mut report = CheckReport::default();
    let mut sum = Tally::default();
    let mut first_late_ns = None;
    let mut budget = Budget::start(job.length, job.seed);
    let clock = Clock::new();
    let cpus = pin::allowed_cpus();
    while report.findings.is_empty()
        && let Some(pass) = budget.next_pass()
    {
        let scene = Scene::of_pass(pass, job, &cpus, &clock);
        match play(subject, job, pass, scene) {
            Ok(tally) => sum.add(tally),
            Err(violation) => {
                // What hangs or panics is found by the watchdog, under its own name.
                let rule = match violation.failure {
                    conformance::Failure::Wrong => "rearms",
                    _ => violation.check,
                };
                report.take_violation(job.check, Violation { check: rule, ..violation });
            }
        }
        if sum.late_without_rearm > 0 {
            first_late_ns.get_or_insert_with(|| budget.elapsed_ns());
        }
    }
    report.tried += sum.polls;
    report.broken += broken(subject.strategy.freshness, &sum) + sum.locked.min(sum.polls);
    report.outcomes = outcomes(subject.strategy.freshness, &sum);
    report.figures = CheckFigures {
        early: Some(sum.early),
        late_with_rearm: Some(sum.late_with_rearm),
        late_without_rearm: Some(sum.late_without_rearm),
        unjudged: Some(sum.unknown),
        changes: Some(sum.changes),
        ..CheckFigures::default()
    };
    report.findings.extend(findings(&subject.strategy, job, &sum, first_late_ns));
    report.findings.extend(blocked(&subject.strategy, job, &sum));
    CheckReport { elapsed_ns: budget.elapsed_ns(), ..report }
}

/// What the polls were told, and what a strategy of this freshness may tell them.
fn outcomes(declared: Freshness, tally: &Tally) -> Vec<CheckOutcome> {
    let untrue = tally.early + tally.late_with_rearm + tally.late_without_rearm + tally.unknown;
    let [stale, oversleeps] = grades(declared);
    vec![
        CheckOutcome::new("true", tally.polls - untrue, Grade::Acceptable),
        CheckOutcome::new("early", tally.early, stale),
        CheckOutcome::new("late, rearm", tally.late_with_rearm, stale),
        CheckOutcome::new("oversleeps", tally.late_without_rearm, oversleeps),
    ]
}

/// What this freshness says of an answer that was not true but harmless, and of one that lets a poller oversleep.
pub fn grades(declared: Freshness) -> [Grade; 2] {
    match declared {
        Freshness::Linearizable => [Grade::Forbidden, Grade::Forbidden],
        Freshness::Notified => [Grade::Interesting, Grade::Forbidden],
        Freshness::Racy => [Grade::Interesting, Grade::Interesting],
    }
}

/// How many of the answers a strategy of this freshness may not give.
fn broken(declared: Freshness, tally: &Tally) -> u64 {
    match declared {
        Freshness::Linearizable => tally.early + tally.late_with_rearm + tally.late_without_rearm,
        Freshness::Notified => tally.late_without_rearm,
        Freshness::Racy => 0,
    }
}

/// One finding for each way of not being true that was met and matters: those that the strategy may not be guilty of, and
/// oversleeping in any case.
fn findings(strategy: &Strategy, job: &CheckJob, tally: &Tally, first_late_ns: Option<u64>) -> Vec<Finding> {
    let declared = strategy.freshness;
    let polls = count(tally.polls);
    let of_kind = |truth| match truth {
        Truth::LateWithoutRearm => {
            let first =
                first_late_ns.map_or(String::new(), |ns| format!(", the first within {:.2} s", ns as f64 / 1e9));
            let what = format!(
                "{} of {polls} polls, beside {} changes, answered later than the head with no rearm on its way{first}",
                count(tally.late_without_rearm),
                count(tally.changes)
            );
            (what, "never_oversleeps", declared == Freshness::Racy)
        }
        Truth::LateWithRearm => {
            let what = format!("{} of {polls} polls answered later than the head", count(tally.late_with_rearm));
            (what, "was_true", declared != Freshness::Linearizable)
        }
        _ => {
            let what = format!("{} of {polls} polls answered earlier than the head", count(tally.early));
            (what, "was_true", declared != Freshness::Linearizable)
        }
    };
    let mut found = Vec::new();
    for sequence in &tally.shortest {
        let (what, rule, allowed) = of_kind(sequence.truth);
        if allowed && sequence.truth != Truth::LateWithoutRearm {
            continue;
        }
        found.push(Finding {
            strategy: strategy.name.to_owned(),
            check: job.check,
            rule: rule.to_owned(),
            failure: Failure::Wrong,
            allowed,
            what: format!("{what}; {declared} is declared"),
            events: sequence.events.clone(),
        });
    }
    found
}

/// Polls that took a lock where they declare that no stalled thread stops them: whoever holds the lock does.
fn blocked(strategy: &Strategy, job: &CheckJob, tally: &Tally) -> Option<Finding> {
    (tally.locked > 0).then(|| Finding {
        strategy: strategy.name.to_owned(),
        check: job.check,
        rule: "takes_no_lock".to_owned(),
        failure: Failure::Wrong,
        allowed: false,
        what: format!(
            "{} polls took the list's lock {} times, so that whoever holds it stops them; {} is declared, and right is never",
            count(tally.polls),
            count(tally.locked),
            strategy.progress
        ),
        events: Vec::new(),
    })
}

/// How the threads of a pass are placed.
#[derive(Clone)]
struct Scene {
    /// Processors in turn, the writer's first; none leaves it to the scheduler.
    cpus: Vec<usize>,
    pollers: usize,
    /// Changes or polls after which a thread gives its processor up; 0 for never.
    yields_every: u64,
    timers: usize,
    /// How many handles the list gives out for each that polls: what is kept by a handle's number, modulo some power of two, is then
    /// in the place of another poller's.
    handles_apart: usize,
    clock: Clock,
}

impl Scene {
    fn of_pass(pass: u64, job: &CheckJob, cpus: &[usize], clock: &Clock) -> Self {
        let own = job.threads.clamp(2, cpus.len().max(2));
        let (cpus, pollers, yields_every) = match pass % 3 {
            // A processor for each thread: races of instructions.
            0 => (cpus.to_vec(), own - 1, 0),
            // Whatever the scheduler makes of it.
            1 => (Vec::new(), job.threads - 1, 0),
            // More threads than processors: races across preemptions.
            _ => (cpus.iter().take(2).copied().collect(), job.threads.max(cpus.len() + 1) - 1, 499),
        };
        Scene {
            cpus,
            pollers,
            yields_every,
            timers: [2, 1, 3][(pass / 3 % 3) as usize],
            handles_apart: if pass % 6 == 2 { 64 } else { 1 },
            clock: clock.clone(),
        }
    }

    /// The processor that a thread is placed on.
    fn cpu_of(&self, thread: usize) -> Option<usize> {
        // While one of those that pass for each other is stopped, another must poll and the writer go on.
        let place = if self.handles_apart > 1 { thread.min(1) } else { thread };
        self.cpus.iter().copied().cycle().nth(place)
    }

    /// Places the calling thread. A processor that has gone meanwhile leaves it where the scheduler wants it, which is as
    /// good a place as any for a check.
    fn place(&self, thread: usize) {
        if let Some(cpu) = self.cpu_of(thread) {
            let _ = pin::pin_current(cpu);
        }
    }

    /// Whether a thread gives its processor up after change or poll `number`.
    #[inline]
    fn rests_after(&self, number: u64) -> bool {
        self.yields_every > 0 && number.is_multiple_of(self.yields_every)
    }

    /// Gives the processor up if it is time to.
    #[inline]
    fn rest(&self, number: u64) {
        if self.rests_after(number) {
            thread::yield_now();
        }
    }
}

/// What the threads of a pass share besides the list.
struct Shared<'s> {
    trial: &'s Trial,
    scene: &'s Scene,
    history: History,
    /// Pollers that are about to begin.
    ready: AtomicUsize,
    /// Set by the writer after its last change.
    done: AtomicBool,
    sum: Mutex<Tally>,
}

fn play(subject: Subject, job: &CheckJob, pass: u64, scene: Scene) -> Result<Tally, Violation> {
    watched(subject, "comes_back", Guarantee::Fresh, &job.effort(pass), move |trial: &Trial| -> Found<Tally> {
        let list = trial.list();
        let shared = Shared {
            trial,
            scene: &scene,
            history: History::new(),
            ready: AtomicUsize::new(0),
            done: AtomicBool::new(false),
            sum: Mutex::default(),
        };
        let taking = Mutex::new(());
        trial.threads(1 + scene.pollers, |thread| {
            scene.place(thread);
            let turn = taking.lock();
            if thread > 0 {
                (1..scene.handles_apart).for_each(|_| trial.with_handle(&list, |_| ()));
            }
            trial.with_handle(&list, |list| {
                drop(turn);
                match thread {
                    0 => shared.write(list),
                    poller => {
                        shared.poll(list, poller);
                        Ok(1)
                    }
                }
            })
        })?;
        let tally = shared.sum.into_inner();
        Ok(Tally { changes: CHANGES, ..tally })
    })
}

impl Shared<'_> {
    fn write(&self, list: &mut Probe<'_>) -> Found {
        let seed = self.trial.effort.seed;
        let mut writer = Writer::new(list, &self.history, self.scene.clock.clone(), self.scene.timers, seed);
        while self.ready.load(Memory::Acquire) < self.scene.pollers && !self.trial.is_over() {
            thread::yield_now();
        }
        for number in 0..CHANGES {
            if self.trial.is_over() {
                break;
            }
            writer.change(number);
            if let Some(what) = writer.forgotten() {
                self.done.store(true, Memory::Release);
                return Err(what.into());
            }
            self.scene.rest(number);
        }
        self.done.store(true, Memory::Release);
        Ok(CHANGES)
    }

    fn poll(&self, list: &mut Probe<'_>, poller: usize) {
        let mut tally = Tally::default();
        let mut last = EMPTY;
        let mut polls = 0;
        let locks = list.lock_counts();
        self.ready.fetch_add(1, Memory::Release);
        while (!self.done.load(Memory::Acquire) || polls < LEAST_POLLS) && !self.trial.is_over() {
            let began = self.scene.clock.raw();
            let before = self.history.version();
            let answer = if polls % EXPIRED_EVERY == EXPIRED_EVERY - 1 && last != EMPTY {
                let at = asked(last, polls / EXPIRED_EVERY);
                Answer::Expired(at, list.expired(at))
            } else {
                last = list.deadline().unwrap_or(EMPTY);
                Answer::Deadline(last)
            };
            let poll = Poll { before, after: self.history.version_after(), answer };
            let ended = self.scene.clock.raw();
            let truth = poll.judge(&self.history, || {
                thread::yield_now();
                !self.trial.is_over()
            });
            if truth != Truth::True {
                self.look_into(&poll, truth, (began, ended), poller, &mut tally);
            }
            tally.count(truth);
            polls += 1;
            list.quiescent();
            self.scene.rest(polls);
        }
        if self.trial.subject.strategy.progress != Progress::Blocking {
            tally.locked = list.lock_counts().since(locks).acquisitions;
        }
        self.sum.lock().add(tally);
    }

    /// Keeps what led to an untrue answer if nothing shorter is known.
    #[cold]
    fn look_into(&self, poll: &Poll, truth: Truth, (began, ended): (u64, u64), poller: usize, tally: &mut Tally) {
        let clock = &self.scene.clock;
        if truth == Truth::Unknown
            || !tally.is_news(truth, Sequence::length(poll, (began, ended), &self.history, clock))
        {
            return;
        }
        if let Some(sequence) = Sequence::of(poll, truth, (began, ended), poller, &self.history, clock) {
            tally.keep(sequence);
        }
    }
}

#[cfg(test)]
mod tests;
