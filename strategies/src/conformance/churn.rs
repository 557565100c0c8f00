//! Timers that come and go under readers: what is freed is never read again, and what is retired is reclaimed. What each check
//! counts as tried are its polls, each judged.

use std::sync::atomic::{AtomicUsize, Ordering};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::trial::{Found, Probe, Trial, right};
use super::words::told;
use crate::reclaim::POISON;
use crate::{Counts, Nanos};

/// Deadlines that tell a made-up one apart: the lower half follows from the upper, so that even halves of two deadlines
/// put together do not pass.
fn marked(number: u32) -> Nanos {
    let number = number & 0x7fff_ffff;
    Nanos(i64::from(number) << 32 | i64::from(number.wrapping_mul(0x9e37_79b1)))
}

/// Holds a poll's answer against what may be there at all.
fn genuine(answer: Option<Nanos>) -> Found {
    match answer {
        Some(POISON) => Err("a poll read a node after it was reclaimed; its deadline is poison".to_owned().into()),
        Some(Nanos(raw)) if raw >= 0 && marked((raw >> 32) as u32) != Nanos(raw) => {
            let what = format!("a poll answered {raw} ({raw:#x}), which nobody armed; right is an armed deadline");
            Err(what.into())
        }
        _ => Ok(1),
    }
}

/// Timers that one thread of a churn keeps.
const KEPT: usize = 4;

/// Creates, arms, cancels and frees, `rounds` times.
fn churn(list: &mut Probe<'_>, rng: &mut Xoshiro256PlusPlus, rounds: u64, over: impl Fn() -> bool) {
    let mut timers: Vec<_> = (0..KEPT).map(|_| list.create()).collect();
    for _ in 0..rounds {
        if over() {
            break;
        }
        let timer = &mut timers[rng.random_range(0..KEPT)];
        let deadline = marked(rng.random());
        match rng.random_range(0..8) {
            0..=2 => {
                list.free(*timer);
                *timer = list.create();
                let _ = list.modify(*timer, deadline);
            }
            3..=5 => _ = list.modify(*timer, deadline),
            6 => _ = list.cancel(*timer),
            _ => _ = list.run(deadline, |_, _| ()),
        }
        list.quiescent();
    }
    for timer in timers {
        list.free(timer);
    }
}

/// Polls until `writers` is zero; how many polls.
fn poll(list: &mut Probe<'_>, writers: &AtomicUsize, over: impl Fn() -> bool) -> Found {
    let mut polls = 0;
    while writers.load(Ordering::Relaxed) > 0 && !over() {
        genuine(list.deadline())?;
        list.expired(Nanos(0));
        list.quiescent();
        polls += 1;
    }
    Ok(polls)
}

pub(super) fn freed_under_readers(trial: &Trial) -> Found {
    let list = trial.list();
    let threads = trial.effort.threads.max(2);
    let readers = threads / 2;
    let writing = AtomicUsize::new(threads - readers);
    let tried = trial.threads(threads, |index| {
        trial.with_handle(&list, |list| {
            if index < readers {
                return poll(list, &writing, || trial.is_over());
            }
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed + index as u64);
            churn(list, &mut rng, trial.effort.rounds * 4, || trial.is_over());
            writing.fetch_sub(1, Ordering::Relaxed);
            // What is judged is polls, and here it makes none.
            Ok(0)
        })
    })?;
    right("deadline once all timers are freed", trial.deadline(&list), None)?;
    Ok(tried)
}

pub(super) fn handles_come_and_go(trial: &Trial) -> Found {
    let list = trial.list();
    let handles = trial.effort.rounds / 10;
    let tried = trial.threads(trial.effort.threads, |index| {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed + index as u64);
        for _ in 0..handles {
            trial.with_handle(&list, |list| {
                churn(list, &mut rng, 8, || trial.is_over());
                genuine(list.deadline())
            })?;
        }
        Ok(handles)
    })?;
    right("deadline once all timers are freed", trial.deadline(&list), None)?;
    sound(list.counts(), u64::MAX)?;
    Ok(tried)
}

/// Holds the counts of reclamation against each other, and against the number of frees.
fn sound(counts: Counts, frees: u64) -> Found<Counts> {
    let order =
        counts.reclaimed <= counts.retired && counts.retired <= frees && counts.peak_unreclaimed <= counts.retired;
    right(
        format_args!("whether reclaimed <= retired <= {frees} frees and peak <= retired: {}", told(&counts)),
        order,
        true,
    )?;
    Ok(counts)
}

pub(super) fn garbage_bounded(trial: &Trial) -> Found {
    const FREES: u64 = 20_000;
    let list = trial.list();
    trial.with_handle(&list, |list| {
        for round in 0..FREES {
            let timer = list.armed(marked(round as u32).0);
            genuine(list.deadline())?;
            list.free(timer);
            list.quiescent();
        }
        Found::Ok(FREES)
    })?;
    let counts = sound(list.counts(), FREES)?;
    let few = counts.peak_unreclaimed <= FREES / 4;
    right(
        format_args!("whether at most a quarter of {FREES} freed timers waits to be reclaimed: {}", told(&counts)),
        few,
        true,
    )?;
    Ok(FREES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_armed_is_genuine() {
        let [a, b] = [7, 8].map(marked);
        for answer in [None, Some(a), Some(b), Some(marked(0)), Some(marked(u32::MAX))] {
            assert!(matches!(genuine(answer), Ok(1)), "{answer:?}");
        }
        let halves_of_two = Nanos(a.0 & !0xffff_ffff | b.0 & 0xffff_ffff);
        for answer in [halves_of_two, Nanos(a.0 + 1), POISON] {
            assert!(genuine(Some(answer)).is_err(), "{answer:?}");
        }
    }

    #[test]
    fn counts_that_contradict_each_other_are_not_sound() {
        let of =
            |retired, reclaimed, peak_unreclaimed| Counts { retired, reclaimed, peak_unreclaimed, ..Counts::default() };
        for right in [of(0, 0, 0), of(5, 5, 5), of(5, 3, 2)] {
            assert!(sound(right, 5).is_ok(), "{right:?}");
        }
        for wrong in [of(5, 6, 5), of(6, 5, 5), of(5, 5, 6)] {
            assert!(sound(wrong, 5).is_err(), "{wrong:?}");
        }
    }
}
