//! *progress*: no call hangs. All threads play every operation on a few timers that they share, close to the moments at which
//! lists are known to hang: the empty list, a timer due exactly now, an inactive timer, a callback that changes the list.
//!
//! A callback may come for a timer that another thread has freed since the run unlinked it. Where the name of a freed timer may be
//! anything, a bare address for one, it is then nobody's to use, so a callback changes only a timer that is shared, which nobody frees, or
//! one that was left to callbacks, which belongs to whoever takes it.
//!
//! The watchdog of the conformance suite looks on and names the operation and the threads.

use std::sync::atomic::{AtomicI64, Ordering as Memory};

use headlock_strategies::conformance::Guarantee;
use headlock_strategies::conformance::subject::Subject;
use headlock_strategies::conformance::trial::{Found, Probe, Trial, watched};
use headlock_strategies::{Nanos, TimerId};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::budget::Budget;
use super::{CheckJob, CheckReport};

/// Timers that all threads change.
const SHARED: usize = 3;
/// Operations of each thread in a pass.
const OPERATIONS: u64 = 4_000;

/// Timers that wait to be taken by callbacks at most; one more, and the oldest is freed.
const LEFT: usize = 4;

/// Plays passes until the time is up or an operation does not come back. `inert` says that the name of a freed timer may be used, and
/// does nothing.
pub fn check(subject: Subject, job: &CheckJob, inert: bool) -> CheckReport {
    let mut report = CheckReport::default();
    let mut budget = Budget::start(job.length, job.seed);
    while report.findings.is_empty()
        && let Some(pass) = budget.next_pass()
    {
        let body = move |trial: &Trial| comes_back(trial, inert);
        report.take(job.check, watched(subject, "comes_back", Guarantee::Progress, &job.effort(pass), body));
    }
    CheckReport { elapsed_ns: budget.elapsed_ns(), ..report }
}

fn comes_back(trial: &Trial, inert: bool) -> Found {
    let list = trial.list();
    let timers = trial.with_handle(&list, |list| [(); SHARED].map(|()| list.create()));
    let (clock, left) = (AtomicI64::new(0), Mutex::default());
    trial.threads(trial.effort.threads.max(2), |index| {
        trial.with_handle(&list, |list| {
            let rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed.wrapping_add(index as u64));
            let mut player = Player { rng, clock: &clock, timers, left: &left, inert };
            for _ in 0..OPERATIONS {
                if trial.is_over() {
                    break;
                }
                player.play(list);
            }
            Ok(OPERATIONS)
        })
    })
}

/// One thread's part.
struct Player<'c> {
    rng: Xoshiro256PlusPlus,
    /// Advances slowly, so that many timers share a deadline and are due exactly now.
    clock: &'c AtomicI64,
    timers: [TimerId; SHARED],
    /// Timers left to callbacks, the oldest first. Whoever takes one out is the only one to name it from then on, and frees it.
    left: &'c Mutex<Vec<TimerId>>,
    /// Whether the name of a freed timer may be used.
    inert: bool,
}

impl Player<'_> {
    fn play(&mut self, list: &mut Probe<'_>) {
        let timer = self.timers[self.rng.random_range(0..SHARED)];
        let now = self.clock.load(Memory::Relaxed);
        let soon = Nanos(now + self.rng.random_range(-1..3));
        match self.rng.random_range(0..16) {
            0..=2 => _ = list.modify(timer, soon),
            3 => _ = list.anticipate(timer, soon),
            4..=5 => _ = list.cancel(timer),
            6..=8 => _ = list.deadline(),
            9..=10 => _ = list.expired(soon),
            11..=13 => self.run(list, now),
            14 => {
                let own = list.armed(soon.0);
                match self.rng.random_bool(0.5) {
                    true => list.free(own),
                    false => self.leave(list, own),
                }
            }
            _ => _ = self.clock.fetch_add(1, Memory::Relaxed),
        }
        list.quiescent();
    }

    /// Leaves a timer to whichever callback comes for it, or to whoever finds that too many were left.
    fn leave(&self, list: &mut Probe<'_>, timer: TimerId) {
        let too_many = {
            let mut left = self.left.lock();
            left.push(timer);
            (left.len() > LEFT).then(|| left.remove(0))
        };
        if let Some(oldest) = too_many {
            list.free(oldest);
        }
    }

    fn run(&mut self, list: &mut Probe<'_>, now: i64) {
        let Player { rng, timers, left, inert, .. } = self;
        list.run(Nanos(now), |list, timer| {
            let is_shared = timers.contains(&timer);
            let taken = !is_shared && {
                let mut left = left.lock();
                let place = left.iter().position(|&other| other == timer);
                place.map(|place| left.remove(place)).is_some()
            };
            let may_change = is_shared || taken || *inert;
            match rng.random_range(0..4) {
                0 if may_change => _ = list.cancel(timer),
                // Later than now, or two threads could keep each other's runs going for ever.
                1 if may_change => _ = list.modify(timer, Nanos(now + 2)),
                2 => _ = list.deadline(),
                _ => {}
            }
            if taken {
                list.free(timer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Check, Failure};
    use crate::verify::Length;
    use crate::verify::hooked::{Call, Hook, Hooked};

    /// A modify of the timer that the thread has just created. All other timers are shared.
    const MODIFY_OWN: u8 = Call::Quiescent as u8 + 1;

    /// Panics in one call, by number, outside callbacks or in them.
    #[derive(Default)]
    struct PanicsIn<const CALL: u8, const IN_CALLBACK: bool>;

    impl<const CALL: u8, const IN_CALLBACK: bool> Hook for PanicsIn<CALL, IN_CALLBACK> {
        /// The call before.
        type Local = Option<Call>;

        fn before(&self, last: &mut Option<Call>, call: Call, in_callback: bool) {
            let is_own = call == Call::Modify && *last == Some(Call::Create);
            let number = if is_own { MODIFY_OWN } else { call as u8 };
            assert_ne!((number, in_callback), (CALL, IN_CALLBACK), "as it was made to");
            *last = Some(call);
        }
    }

    /// Whether `progress` meets the panic.
    fn meets<const CALL: u8, const IN_CALLBACK: bool>() -> bool {
        let job = CheckJob {
            strategy: "hooked".to_owned(),
            check: Check::Progress,
            length: Length::Passes(1),
            threads: 2,
            timers: 1,
            seed: 1,
            behind: Vec::new(),
            patience_ns: 60_000_000_000,
        };
        let report = check(Subject::of::<Hooked<PanicsIn<CALL, IN_CALLBACK>>>(), &job, true);
        report.findings.iter().any(|finding| finding.failure == Failure::Panicked)
    }

    #[test]
    fn every_operation_is_played_outside_callbacks_and_those_that_a_list_may_hang_in_inside_them() {
        assert!(!meets::<{ u8::MAX }, false>());
        assert!(meets::<{ Call::Free as u8 }, false>());
        assert!(meets::<{ Call::Modify as u8 }, false>());
        assert!(meets::<MODIFY_OWN, false>());
        assert!(meets::<{ Call::Anticipate as u8 }, false>());
        assert!(meets::<{ Call::Cancel as u8 }, false>());
        assert!(meets::<{ Call::Deadline as u8 }, false>());
        assert!(meets::<{ Call::Expired as u8 }, false>());
        assert!(meets::<{ Call::Run as u8 }, false>());
        assert!(meets::<{ Call::Quiescent as u8 }, false>());
        assert!(meets::<{ Call::Cancel as u8 }, true>());
        assert!(meets::<{ Call::Modify as u8 }, true>());
        assert!(meets::<{ Call::Deadline as u8 }, true>());
        assert!(meets::<{ Call::Free as u8 }, true>());
    }
}
