//! A list that does everything right and whose names are good from create to free only, as bare addresses are: a freed timer that is named is
//! a panic. It shows that the checks keep the caller's promises of include/headlock.h.

use std::collections::{HashMap, VecDeque};
use std::thread;

use headlock_strategies::oracle::Oracle;
use headlock_strategies::{
    Config, Counts, Freshness, Nanos, Progress, ReaderCost, Rearm, Strategy, TimerHandle, TimerId, TimerList,
};
use parking_lot::Mutex;

/// Callbacks before which others get the processor: each may cost a turn of the scheduler.
const YIELDS: u64 = 1_000;

/// The list. A freed timer's name is given out again once `WAITS` more have been freed: at 0 by the very next create.
pub struct Bare<const WAITS: usize> {
    inner: Oracle,
    names: Mutex<Names>,
}

/// Names, and the timers of the oracle behind them.
#[derive(Default)]
struct Names {
    made: u64,
    called: u64,
    alive: HashMap<u64, TimerId>,
    freed: VecDeque<u64>,
    /// Of every timer that there ever was: a callback may come late.
    of: HashMap<TimerId, u64>,
}

impl<const WAITS: usize> TimerList for Bare<WAITS> {
    const STRATEGY: Strategy = Strategy {
        name: "bare",
        summary: "a freed timer that is named is a panic",
        built_on: "the oracle",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "nothing that matters",
        reference: "a test",
    };
    type Handle<'l> = Hand<'l, WAITS>;

    fn new(config: &Config) -> Self {
        Bare { inner: Oracle::new(config), names: Mutex::default() }
    }
    fn handle(&self) -> Hand<'_, WAITS> {
        Hand { names: &self.names, inner: self.inner.handle() }
    }
    /// Nothing: the oracle holds its lock for no longer than it must, whatever it is told.
    fn counts(&self) -> Counts {
        Counts::default()
    }
}

/// A handle to it.
pub struct Hand<'l, const WAITS: usize> {
    names: &'l Mutex<Names>,
    inner: <Oracle as TimerList>::Handle<'l>,
}

impl<const WAITS: usize> Hand<'_, WAITS> {
    fn of(&self, timer: TimerId, operation: &str) -> TimerId {
        let alive = self.names.lock().alive.get(&timer.into_raw()).copied();
        alive.unwrap_or_else(|| panic!("{operation} of a timer that was freed"))
    }
}

impl<const WAITS: usize> TimerHandle for Hand<'_, WAITS> {
    fn create(&mut self) -> TimerId {
        let timer = self.inner.create();
        let mut names = self.names.lock();
        let again = if names.freed.len() > WAITS {
            names.freed.pop_front()
        } else {
            None
        };
        let name = again.unwrap_or_else(|| {
            names.made += 1;
            names.made
        });
        names.alive.insert(name, timer);
        names.of.insert(timer, name);
        TimerId::from_raw(name)
    }
    fn free(&mut self, timer: TimerId) {
        let name = timer.into_raw();
        let timer = self.of(timer, "free");
        self.inner.free(timer);
        let mut names = self.names.lock();
        names.alive.remove(&name);
        names.freed.push_back(name);
    }
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        let timer = self.of(timer, "modify");
        self.inner.modify(timer, expire)
    }
    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        let timer = self.of(timer, "anticipate");
        self.inner.anticipate(timer, expire)
    }
    fn cancel(&mut self, timer: TimerId) -> bool {
        let timer = self.of(timer, "cancel");
        self.inner.cancel(timer)
    }
    fn deadline(&mut self) -> Option<Nanos> {
        self.inner.deadline()
    }
    fn expired(&mut self, now: Nanos) -> bool {
        self.inner.expired(now)
    }
    /// Others get the processor between the moment at which a timer is unlinked and its callback, for a while.
    fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Self, TimerId)) -> usize {
        let names = self.names;
        self.inner.run(now, |inner, timer| {
            let (name, called) = {
                let mut names = names.lock();
                names.called += 1;
                (names.of[&timer], names.called)
            };
            if called < YIELDS {
                thread::yield_now();
            }
            let mut hand = Hand { names, inner: *inner };
            fire(&mut hand, TimerId::from_raw(name));
        })
    }
    fn quiescent(&mut self) {
        self.inner.quiescent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Check;
    use crate::verify::{CheckJob, Length, behind_door, check};
    use headlock_strategies::conformance::subject::Subject;

    #[test]
    fn no_check_names_a_freed_timer_of_a_list_whose_names_may_be_addresses() {
        for subject in [Subject::of::<Bare<1_000>>(), Subject::of::<Bare<0>>()] {
            // tests/door.rs has all checks, of a list in C. The oracle is slow.
            for (of, passes) in [
                (Check::Progress, 3),
                (Check::Reenter, 1),
                (Check::Conserve, 1),
                (Check::History, 1),
            ] {
                let job = CheckJob {
                    strategy: "bare".to_owned(),
                    check: of,
                    length: Length::Passes(passes),
                    threads: 3,
                    timers: 300,
                    seed: 1,
                    behind: Vec::new(),
                    patience_ns: 60_000_000_000,
                };
                assert_eq!(check(subject, behind_door, &job).findings, [], "{of}");
            }
        }
    }
}
