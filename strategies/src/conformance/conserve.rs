//! Many threads arm, cancel and run one list, and every firing is accounted for.
//!
//! Each timer has one owner, which plays rounds on it: it arms the timer once or more, ends the round by cancelling,
//! freeing or running, and then waits until no callback of that round can be under way. After that the number of firings
//! is settled, and it must lie within what the round's answers allow. All threads also run the list, at the time of one
//! shared clock that only advances, so that most timers are fired by somebody else.
//!
//! A callback may come for a timer that its owner has freed meanwhile. It changes none of those, and a new timer that has the name of
//! one whose round is not settled is put aside until it is: firings are told apart by name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::trial::{Found, Probe, Trial, abort, right};
use crate::{Freshness, Nanos, TimerId};

/// What is known of one timer. Its owner writes all but the firings, between rounds; callbacks read it.
#[derive(Default)]
struct Ward {
    /// Firings in this round.
    fires: AtomicU64,
    /// The latest time of a run that fired it in this round.
    latest: AtomicI64,
    /// The earliest deadline of this round.
    not_before: AtomicI64,
    /// How often callbacks are still to arm it again, at its earliest deadline.
    again: AtomicU64,
}

/// What the threads share.
struct Yard {
    clock: AtomicI64,
    wards: Mutex<HashMap<TimerId, Arc<Ward>>>,
    /// A thread's runs, begun and ended: odd while one is under way.
    runs: Vec<AtomicU64>,
}

/// One thread's part.
struct Warden<'y, 'p> {
    me: usize,
    yard: &'y Yard,
    trial: &'y Trial,
    list: &'y mut Probe<'p>,
    rng: Xoshiro256PlusPlus,
    /// Timers that wait until their name is no other's.
    aside: Vec<TimerId>,
}

impl Warden<'_, '_> {
    fn now(&self) -> i64 {
        self.yard.clock.load(Ordering::SeqCst)
    }

    /// Lets time pass and runs the list.
    fn run(&mut self) {
        let yard = self.yard;
        let now = yard.clock.fetch_add(self.rng.random_range(0..20), Ordering::SeqCst);
        yard.runs[self.me].fetch_add(1, Ordering::SeqCst);
        self.list.run(Nanos(now), |list, timer| {
            let ward = yard.wards.lock().get(&timer).cloned();
            let Some(ward) = ward else {
                abort("a run fired a timer that was freed before the run began".to_owned().into());
            };
            let not_before = ward.not_before.load(Ordering::SeqCst);
            if not_before > now {
                abort(
                    format!("a run at {now} ns fired a timer early: its deadline is {not_before} ns or later").into(),
                );
            }
            ward.fires.fetch_add(1, Ordering::SeqCst);
            ward.latest.fetch_max(now, Ordering::SeqCst);
            if ward.again.load(Ordering::SeqCst) > 0 {
                ward.again.fetch_sub(1, Ordering::SeqCst);
                let _ = list.modify(timer, Nanos(not_before));
            }
        });
        yard.runs[self.me].fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until no callback is under way that takes part in a chain of `again` re-armings.
    ///
    /// One pass waits for every run that had begun before it; the thread's own never has. A timer that a callback armed
    /// again may be taken by a run that begins behind the pass's back, so each re-arming asks for one pass more.
    fn settle(&self, again: u64) {
        for runs in (0..=again).flat_map(|_| &self.yard.runs) {
            let seen = runs.load(Ordering::SeqCst);
            while seen % 2 == 1 && runs.load(Ordering::SeqCst) == seen && !self.trial.is_over() {
                thread::yield_now();
            }
        }
    }

    /// Arms a timer `deadlines.len()` times and ends the round; what the firings must come to.
    fn play(&mut self, timer: TimerId, deadlines: &[i64], again: u64, end: End) -> Found<Account> {
        for (turn, &deadline) in deadlines.iter().enumerate() {
            if turn % 2 == 0 {
                let _ = self.list.modify(timer, Nanos(deadline));
            } else {
                let _ = self.list.anticipate(timer, Nanos(deadline));
            }
            if self.rng.random_bool(0.3) {
                self.run();
            }
        }
        let armings = deadlines.len() as u64;
        // What was armed last for certain; an anticipate may have changed nothing.
        let last = deadlines.last().copied().filter(|_| armings % 2 == 1).unwrap_or(i64::MIN);
        let fired = Account { least: 1 + again, most: armings + again, not_before: last };
        // A timer that is still active has not fired for the last time.
        let cancelled = Account { least: 0, most: armings + again - 1, not_before: i64::MIN };
        match end {
            End::Cancel if self.list.cancel(timer) => Ok(cancelled),
            End::Cancel => Ok(fired),
            End::Free => {
                self.list.free(timer);
                Ok(Account { least: 0, ..fired })
            }
            End::Run => {
                let latest = deadlines.iter().copied().max().unwrap_or_default();
                self.yard.clock.fetch_max(latest, Ordering::SeqCst);
                self.run();
                self.settle(again);
                if self.list.cancel(timer) {
                    // Only a list whose reads may be late may take a due timer for one that is not, and leave it.
                    let late = self.trial.subject.strategy.freshness != Freshness::Linearizable;
                    right("whether a run left a timer that was due", true, late)?;
                    return Ok(cancelled);
                }
                Ok(fired)
            }
        }
    }

    /// Plays a round on a timer and settles its account.
    fn round(&mut self, timer: TimerId, ward: &Ward, deadlines: &[i64], again: u64, end: End) -> Found {
        ward.fires.store(0, Ordering::SeqCst);
        ward.latest.store(i64::MIN, Ordering::SeqCst);
        ward.again.store(again, Ordering::SeqCst);
        ward.not_before.store(deadlines.iter().copied().min().unwrap_or_default(), Ordering::SeqCst);
        let Account { least, most, not_before } = self.play(timer, deadlines, again, end)?;
        self.settle(again);
        let fires = ward.fires.load(Ordering::SeqCst);
        let latest = ward.latest.load(Ordering::SeqCst);
        let balanced = (least..=most).contains(&fires) && (least == 0 || latest >= not_before);
        if self.trial.is_over() || balanced {
            return Ok(1);
        }
        let end = match end {
            End::Cancel => "cancelled",
            End::Free => "freed",
            End::Run => "left to a run",
        };
        let what = format!(
            "a timer, armed at {} ns, armed {again} times more by its callback, then {end}, fired {fires} times, \
             last in a run at {latest} ns; right is {least} to {most} times, last at {not_before} ns or later",
            deadlines.iter().map(i64::to_string).collect::<Vec<_>>().join(", then ")
        );
        Err(what.into())
    }

    /// A timer, and what is known of it. No other whose firings are still to be counted has its name.
    fn create(&mut self) -> Found<(TimerId, Arc<Ward>)> {
        loop {
            // One for each thread whose round is not settled.
            if self.aside.len() > self.yard.runs.len() {
                return Err("create answered the names of timers that are there; right is a name of its own"
                    .to_owned()
                    .into());
            }
            let free = |timer: &TimerId| !self.yard.wards.lock().contains_key(timer);
            let timer = match self.aside.iter().position(free) {
                Some(place) => self.aside.swap_remove(place),
                None => self.list.create(),
            };
            match self.yard.wards.lock().entry(timer) {
                Entry::Occupied(_) => self.aside.push(timer),
                Entry::Vacant(vacant) => {
                    let ward = Arc::clone(vacant.insert(Arc::default()));
                    return Ok((timer, ward));
                }
            }
        }
    }

    fn forget(&mut self, timer: TimerId) {
        self.yard.wards.lock().remove(&timer);
    }
}

/// What the firings of a settled round come to.
struct Account {
    least: u64,
    most: u64,
    /// If it fired at all, the last run that fired it was not before this.
    not_before: i64,
}

/// How a round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Cancel,
    Free,
    /// Only for rounds whose deadlines may all come to pass.
    Run,
}

/// Plays `rounds` rounds on each thread, of the kind that `draw` draws: deadlines, armings by the callback, and the end.
fn played(trial: &Trial, draw: impl Fn(&mut Xoshiro256PlusPlus, i64) -> (Vec<i64>, u64, End) + Sync) -> Found {
    let list = trial.list();
    let threads = trial.effort.threads;
    let yard = Yard {
        clock: AtomicI64::new(0),
        wards: Mutex::default(),
        runs: (0..threads).map(|_| AtomicU64::new(0)).collect(),
    };
    let tried = trial.threads(threads, |me| {
        trial.with_handle(&list, |list| {
            let rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed + me as u64);
            let mut warden = Warden { me, yard: &yard, trial, list, rng, aside: Vec::new() };
            let (mut timer, mut ward) = warden.create()?;
            for _ in 0..trial.effort.rounds {
                if trial.is_over() {
                    break;
                }
                let now = warden.now();
                let (deadlines, again, end) = draw(&mut warden.rng, now);
                warden.round(timer, &ward, &deadlines, again, end)?;
                if end == End::Free {
                    warden.forget(timer);
                    (timer, ward) = warden.create()?;
                }
                warden.list.quiescent();
            }
            Ok(trial.effort.rounds)
        })
    })?;
    right("deadline once every round has ended", trial.deadline(&list), None)?;
    Ok(tried)
}

pub(super) fn exactly_once(trial: &Trial) -> Found {
    played(trial, |rng, now| {
        let soon = now + rng.random_range(0..40);
        match rng.random_range(0..8) {
            0 => (vec![i64::MAX], 0, End::Cancel),
            1 => (vec![soon], 0, End::Free),
            2 | 3 => (vec![soon], 0, End::Cancel),
            4 => (vec![soon], rng.random_range(1..4), End::Run),
            _ => (vec![soon], 0, End::Run),
        }
    })
}

pub(super) fn changed_under_runs(trial: &Trial) -> Found {
    played(trial, |rng, now| {
        let deadlines: Vec<i64> = (0..rng.random_range(2..5)).map(|_| now + rng.random_range(0..40)).collect();
        match rng.random_range(0..4) {
            0 => ([deadlines, vec![i64::MAX]].concat(), 0, End::Cancel),
            1 => (deadlines, 0, End::Cancel),
            2 => (deadlines, 0, End::Free),
            // The last one is so late that no run that is under way will fire it.
            _ => ([deadlines, vec![now + 1_000]].concat(), 0, End::Run),
        }
    })
}
