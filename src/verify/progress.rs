//! *progress*: no call hangs. All threads play every operation on a few timers that they share, close to the moments at which
//! lists are known to hang: the empty list, a timer due exactly now, an inactive timer, a callback that changes the list.
//!
//! The watchdog of the conformance suite looks on and names the operation and the threads.

use std::sync::atomic::{AtomicI64, Ordering as Memory};

use headlock_strategies::conformance::Guarantee;
use headlock_strategies::conformance::subject::Subject;
use headlock_strategies::conformance::trial::{Found, Probe, Trial, watched};
use headlock_strategies::{Nanos, TimerId};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::budget::Budget;
use super::{CheckJob, CheckReport};

/// Timers that all threads change.
const SHARED: usize = 3;
/// Operations of each thread in a pass.
const OPERATIONS: u64 = 4_000;

/// Plays passes until the time is up or an operation does not come back.
pub fn check(subject: Subject, job: &CheckJob) -> CheckReport {
    let mut report = CheckReport::default();
    let mut budget = Budget::start(job.length);
    while report.findings.is_empty()
        && let Some(pass) = budget.next_pass()
    {
        report.take(job.check, watched(subject, "comes_back", Guarantee::Progress, &job.effort(pass), comes_back));
    }
    CheckReport { elapsed_ns: budget.elapsed_ns(), ..report }
}

fn comes_back(trial: &Trial) -> Found {
    let list = trial.list();
    let timers = trial.with_handle(&list, |list| [(); SHARED].map(|()| list.create()));
    let clock = AtomicI64::new(0);
    trial.threads(trial.effort.threads.max(2), |index| {
        trial.with_handle(&list, |list| {
            let rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed.wrapping_add(index as u64));
            let mut player = Player { rng, clock: &clock, timers };
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
                list.free(own);
            }
            _ => _ = self.clock.fetch_add(1, Memory::Relaxed),
        }
        list.quiescent();
    }

    fn run(&mut self, list: &mut Probe<'_>, now: i64) {
        let rng = &mut self.rng;
        list.run(Nanos(now), |list, timer| match rng.random_range(0..4) {
            0 => _ = list.cancel(timer),
            // Later than now, or two threads could keep each other's runs going for ever.
            1 => _ = list.modify(timer, Nanos(now + 2)),
            2 => _ = list.deadline(),
            _ => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use headlock_strategies::oracle::Oracle;
    use headlock_strategies::{
        Config, Counts, Freshness, Progress, ReaderCost, Rearm, Strategy, TimerHandle, TimerList,
    };

    use super::*;
    use crate::record::{Check, Failure};
    use crate::verify::Length;

    /// A list that panics in one operation: in a callback if the number is 10 or more.
    struct PanicsIn<const OPERATION: u8>(Oracle);

    struct Hand<'l, const OPERATION: u8> {
        inner: <Oracle as TimerList>::Handle<'l>,
        in_callback: bool,
        /// The timer that it created last.
        own: Option<TimerId>,
    }

    impl<const OPERATION: u8> TimerList for PanicsIn<OPERATION> {
        const STRATEGY: Strategy = Strategy {
            name: "panics-in",
            summary: "panics in one operation",
            built_on: "the oracle",
            reader: ReaderCost::Lock,
            progress: Progress::Blocking,
            freshness: Freshness::Linearizable,
            writer: "nothing that matters",
            reference: "broken on purpose",
        };
        type Handle<'l> = Hand<'l, OPERATION>;

        fn new(config: &Config) -> Self {
            PanicsIn(Oracle::new(config))
        }
        fn handle(&self) -> Hand<'_, OPERATION> {
            Hand { inner: self.0.handle(), in_callback: false, own: None }
        }
        fn counts(&self) -> Counts {
            self.0.counts()
        }
    }

    impl<const OPERATION: u8> Hand<'_, OPERATION> {
        fn enter(&self, operation: u8) {
            assert_ne!(operation + if self.in_callback { 10 } else { 0 }, OPERATION, "as it was made to");
        }
    }

    impl<const OPERATION: u8> TimerHandle for Hand<'_, OPERATION> {
        fn create(&mut self) -> TimerId {
            *self.own.insert(self.inner.create())
        }
        fn free(&mut self, timer: TimerId) {
            self.enter(1);
            self.inner.free(timer);
        }
        fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
            self.enter(if self.own == Some(timer) { 9 } else { 2 });
            self.inner.modify(timer, expire)
        }
        fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
            self.enter(3);
            self.inner.anticipate(timer, expire)
        }
        fn cancel(&mut self, timer: TimerId) -> bool {
            self.enter(4);
            self.inner.cancel(timer)
        }
        fn deadline(&mut self) -> Option<Nanos> {
            self.enter(5);
            self.inner.deadline()
        }
        fn expired(&mut self, now: Nanos) -> bool {
            self.enter(6);
            self.inner.expired(now)
        }
        fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Self, TimerId)) -> usize {
            self.enter(7);
            let mut due = Vec::new();
            self.inner.run(now, |_, timer| due.push(timer));
            for &timer in &due {
                self.in_callback = true;
                fire(self, timer);
                self.in_callback = false;
            }
            due.len()
        }
        fn quiescent(&mut self) {
            self.enter(8);
            self.inner.quiescent();
        }
    }

    /// How `progress` ends on a list that panics in this operation.
    fn failure<const OPERATION: u8>() -> Option<Failure> {
        let job = CheckJob {
            strategy: "panics-in".to_owned(),
            check: Check::Progress,
            length: Length::Passes(1),
            threads: 2,
            timers: 1,
            seed: 1,
            patience_ns: Duration::from_secs(60).as_nanos() as u64,
        };
        check(Subject::of::<PanicsIn<OPERATION>>(), &job).findings.first().map(|finding| finding.failure)
    }

    #[test]
    fn every_operation_is_played_outside_callbacks_and_those_that_a_list_may_hang_in_inside_them() {
        assert_eq!(failure::<0>(), None);
        let met = [
            failure::<1>(),
            failure::<2>(),
            failure::<3>(),
            failure::<4>(),
            failure::<5>(),
            failure::<6>(),
            failure::<7>(),
            failure::<8>(),
            failure::<9>(),
            failure::<12>(),
            failure::<14>(),
            failure::<15>(),
        ];
        assert_eq!(met, [Some(Failure::Panicked); 12]);
    }
}
