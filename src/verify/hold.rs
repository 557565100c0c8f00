//! *hold*: does the list do with `Config::hold_spins` and its counts what `run` takes them for?
//!
//! The workload's hold must be spent, and inside the critical section: two threads that hold cannot do so at the same time. A list is
//! blamed where their processor time together is well above the time that has passed, which is no question of how fast or
//! busy the machine is, and where less time has passed than one thread's holds take, which a lock whose waiters spin would not
//! bring about. A busy machine may hide a fault, and accuses nobody. A list that counts no lock acquisitions is asked for
//! neither: it may have no critical section. One that counts acquisitions counts those that found the lock taken, too.
//!
//! Where two threads never run at the same time, contention tells: who holds the lock nearly always is found holding it.
//!
//! What the handles say of lock acquisitions must come to what the list says, and to the changes that each thread made.

use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::thread;

use headlock_strategies::conformance::subject::{List, Subject};
use headlock_strategies::conformance::trial::{Found, Probe, Trial, right, watched};
use headlock_strategies::conformance::{Effort, Guarantee};
use headlock_strategies::{Config, LockCounts, Nanos, TimerId, spin};
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};

use super::budget::Budget;
use super::{CheckJob, CheckReport};
use crate::harness::clock::Moment;

/// How long a hold is to last, ns: long against an operation and the start of a thread.
const HOLD_NS: u64 = 400_000;
/// Changes whose holds are timed together.
const CHANGES: u32 = 8;
/// Times of which the best counts.
const TIMES: u32 = 6;
/// Times in a row that a hold must seem to be missing before the list is blamed.
const CONFIRMED: u32 = 3;

/// Runs of each thread.
const RUNS: u64 = 30;
/// Changes that one thread makes alone.
const ALONE: u64 = 50;

/// Plays passes until the time is up or something does not square.
pub fn check(subject: Subject, job: &CheckJob) -> CheckReport {
    let mut report = CheckReport::default();
    let mut budget = Budget::start(job.length, job.seed);
    while report.findings.is_empty()
        && let Some(pass) = budget.next_pass()
    {
        let effort = Effort { around: Effort::default().around, ..job.effort(pass) };
        let goes_on =
            report.take(job.check, watched(subject, "counts_square", Guarantee::Hold, &effort, counts_square));
        if goes_on {
            report.take(job.check, watched(subject, "held_inside", Guarantee::Hold, &effort, held_inside));
        }
    }
    CheckReport { elapsed_ns: budget.elapsed_ns(), ..report }
}

/// Modifies of thread `index`: no two alike.
fn changes_of(index: usize) -> u64 {
    40 + 37 * index as u64
}

fn modify(list: &mut Probe<'_>, timer: TimerId, times: u64) {
    for time in 0..times {
        let _ = list.modify(timer, Nanos(10 + time as i64));
    }
}

fn counts_square(trial: &Trial) -> Found {
    let list = trial.list();
    // What one change costs, as a handle tells it.
    let each = trial.with_handle(&list, |list| {
        let timer = list.create();
        let before = list.lock_counts().acquisitions;
        modify(list, timer, ALONE);
        (list.lock_counts().acquisitions - before) / ALONE
    });
    if each == 0 {
        return Ok(ALONE);
    }
    uncounted(trial, each)?;
    let threads = trial.effort.threads.max(5);
    let before = list.counts().lock;
    let told: Mutex<Vec<(usize, LockCounts)>> = Mutex::default();
    // All handles are there before anybody changes anything and until all have told: those that share something share it then.
    let [there, done] = [(); 2].map(|()| AtomicUsize::new(0));
    trial.threads(threads, |index| {
        trial.with_handle(&list, |list| {
            let before = list.lock_counts();
            let timer = list.create();
            meet(trial, &there, threads);
            modify(list, timer, changes_of(index));
            for _ in 0..RUNS {
                let _ = list.modify(timer, Nanos(10));
                list.fired(Nanos(i64::MAX));
            }
            meet(trial, &done, threads);
            let counts = list.lock_counts().since(before);
            told.lock().push((index, counts));
        });
        Ok(changes_of(index))
    })?;
    let by_list = list.counts().lock.since(before);
    let mut by_handles = LockCounts::default();
    let mut told = told.into_inner();
    told.sort_by_key(|&(index, _)| index);
    for &(index, counts) in &told {
        by_handles += counts;
        let least = each * changes_of(index);
        right(
            format_args!(
                "whether thread {index}'s handle counted at least the {least} acquisitions of its {} changes; it counted {}",
                changes_of(index),
                counts.acquisitions
            ),
            counts.acquisitions >= least,
            true,
        )?;
        right(
            format_args!(
                "whether of thread {index}'s {} acquisitions no more were contended: {}",
                counts.acquisitions, counts.contended
            ),
            counts.contended <= counts.acquisitions,
            true,
        )?;
    }
    // The making and the drop of a handle may take a lock that no handle can tell of.
    let unseen = 2 * threads as u64;
    let squares = |by_list: u64, by_handles: u64| (by_handles..=by_handles + unseen).contains(&by_list);
    right(
        format_args!(
            "whether the list's lock counts come to those of its {threads} handles, with {unseen} more at most for their making and their \
             drop; the list counts {} acquisitions, {} of them contended, the handles {} and {}",
            by_list.acquisitions, by_list.contended, by_handles.acquisitions, by_handles.contended
        ),
        squares(by_list.acquisitions, by_handles.acquisitions) && squares(by_list.contended, by_handles.contended),
        true,
    )?;
    Ok(threads as u64)
}

/// A handle that says that it does not count costs no count anywhere.
fn uncounted(trial: &Trial, each: u64) -> Found {
    let list = trial.list();
    let leaves_it = trial.with_handle(&list, |list| {
        let timer = list.create();
        let leaves_it = list.count_locks(false);
        let before = list.lock_counts();
        modify(list, timer, ALONE);
        match leaves_it {
            true => right(
                "lock acquisitions of a handle that was told not to count and said so",
                list.lock_counts(),
                before,
            )
            .map(|_| true),
            false => Found::Ok(false),
        }
    })?;
    // The list is asked once the handle is gone, which may add what it has counted as it goes.
    let counted = list.counts().lock.acquisitions;
    right(
        format_args!(
            "whether the list counts fewer than the {} acquisitions of changes whose handle was told not to count and said so; it \
             counts {counted}",
            each * ALONE
        ),
        !leaves_it || counted < each * ALONE,
        true,
    )
}

fn ns(act: impl FnOnce()) -> u64 {
    let began = Moment::now();
    act();
    began.elapsed_ns()
}

/// The calling thread's processor time, ns.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The shortest of many spins in processor time, ns.
fn shortest_spin(turns: u32) -> u64 {
    let spin = |_| {
        let began = cpu_ns();
        spin(turns);
        cpu_ns() - began
    };
    (0..TIMES).map(spin).min().unwrap_or(0)
}

fn held_inside(trial: &Trial) -> Found {
    let plain = trial.list();
    trial.with_handle(&plain, |list| list.armed(10));
    if plain.counts().lock.acquisitions == 0 {
        return Ok(1);
    }
    let sample = 10_000;
    let turns = (u64::from(sample) * HOLD_NS / shortest_spin(sample).max(1)).min(u64::from(u32::MAX)) as u32;
    let config = Config { hold_spins: turns, ..Config::default() };
    let list = trial.list_with(&config);
    confirmed(|| Ok(unspent(trial, &list, turns)))?;
    confirmed(|| overlapping(trial, &list))?;
    confirmed(|| uncontended(trial, &list, turns))
}

/// Blames the list if it seems guilty every time.
fn confirmed(mut seems_guilty: impl FnMut() -> Found<Option<String>>) -> Found {
    let mut last = String::new();
    for _ in 0..CONFIRMED {
        match seems_guilty()? {
            Some(what) => last = what,
            None => return Ok(1),
        }
    }
    Err(last.into())
}

/// An operation that takes next to nothing of the hold, if there is one.
fn unspent(trial: &Trial, list: &List, turns: u32) -> Option<String> {
    let before = shortest_spin(turns);
    let times = trial.with_handle(list, |list| {
        // Behind a head that stays: a critical section is one wherever it is at work.
        let head = list.armed(1);
        let timer = list.create();
        let modify = ns(|| _ = list.modify(timer, Nanos(50)));
        let anticipate = ns(|| _ = list.anticipate(timer, Nanos(40)));
        let cancel = ns(|| _ = list.cancel(timer));
        let run = ns(|| _ = list.fired(Nanos(1)));
        list.free(head);
        let _ = list.modify(timer, Nanos(50));
        let free = ns(|| list.free(timer));
        [
            ("modify", modify),
            ("anticipate", anticipate),
            ("cancel", cancel),
            ("run", run),
            ("free", free),
        ]
    });
    let hold = before.min(shortest_spin(turns));
    let (name, took) = times.into_iter().find(|&(_, took)| took < hold / 8)?;
    Some(format!(
        "with a hold that lasts {hold} ns outside of the list, {name} took {took} ns, three times; right is the hold within each \
         critical section of a writer"
    ))
}

/// Whether two threads' holds lie beside each other.
fn overlapping(trial: &Trial, list: &List) -> Found<Option<String>> {
    let alone_ns = (0..TIMES).map(|_| changes(trial, list, 1).map(|(_, cpu_ns)| cpu_ns));
    let alone_ns = alone_ns.collect::<Found<Vec<u64>>>()?.into_iter().min().unwrap_or(0);
    for _ in 0..TIMES {
        let (passed_ns, cpu_ns) = changes(trial, list, 2)?;
        if cpu_ns / 3 * 2 > passed_ns && passed_ns < alone_ns / 10 * 6 {
            return Ok(Some(format!(
                "{CHANGES} changes, each with a hold, took one thread {alone_ns} ns of processor time at least, and two threads that \
                 shared them {cpu_ns} ns within {passed_ns} ns, three times; right is that one at a time is in the critical section"
            )));
        }
    }
    Ok(None)
}

/// Whether two threads that hold the lock nearly all the time never find it taken. One that loses its processor does so while it
/// holds, so it makes no difference how many processors there are.
fn uncontended(trial: &Trial, list: &List, turns: u32) -> Found<Option<String>> {
    const EACH: u64 = 100;
    let before = list.counts().lock.contended;
    let there = AtomicUsize::new(0);
    trial.threads(2, |index| {
        trial.with_handle(list, |list| {
            let timer = list.create();
            meet(trial, &there, 2);
            // Half a hold apart, so that holds outside of the lock do not end in step.
            spin(turns / 2 * index as u32);
            modify(list, timer, EACH);
        });
        Ok(EACH)
    })?;
    let is_contended = list.counts().lock.contended > before;
    Ok((!is_contended).then(|| {
        format!(
            "two threads made {EACH} changes each, with a hold in every one, and the list counts no acquisition that found the lock taken, \
             three times; right is that one waits while the other holds, and is counted"
        )
    }))
}

/// Waits until so many threads have come.
fn meet(trial: &Trial, arrived: &AtomicUsize, threads: usize) {
    arrived.fetch_add(1, Memory::SeqCst);
    while arrived.load(Memory::SeqCst) < threads && !trial.is_over() {
        thread::yield_now();
    }
}

/// How long so many threads take for all changes, and their processor time together, ns.
fn changes(trial: &Trial, list: &List, threads: u64) -> Found<(u64, u64)> {
    let began = Moment::now();
    let cpu_ns = trial.threads(threads as usize, |_| {
        Ok(trial.with_handle(list, |list| {
            let timer = list.create();
            let began = cpu_ns();
            modify(list, timer, u64::from(CHANGES) / threads);
            cpu_ns() - began
        }))
    })?;
    Ok((began.elapsed_ns(), cpu_ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Check;
    use crate::verify::Length;
    use headlock_strategies::mutex::Mutex as MutexList;
    use headlock_strategies::rwlock::RwLock;

    #[test]
    fn lists_that_hold_the_lock_while_they_spin_are_not_blamed() {
        for subject in [Subject::of::<MutexList>(), Subject::of::<RwLock>()] {
            let job = CheckJob {
                strategy: "x".to_owned(),
                check: Check::Hold,
                length: Length::Passes(1),
                threads: 3,
                timers: 1,
                seed: 1,
                behind: Vec::new(),
                patience_ns: 20_000_000_000,
            };
            assert_eq!(check(subject, &job).findings, []);
        }
    }
}
