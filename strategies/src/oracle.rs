//! The slow, obvious list: what every other list must be indistinguishable from on one thread.
//!
//! One `Vec`, kept in the order in which the timers fire, behind one mutex. Nothing here is clever on purpose, so that a
//! reader can hold it against the semantics of [`TimerHandle`] line by line.
#![allow(clippy::disallowed_types, reason = "no strategy: it is compared with on one thread")]

use std::sync::{Mutex, MutexGuard};

use crate::{
    Config, Counts, Freshness, LockCounts, Nanos, Progress, ReaderCost, Rearm, Strategy, TimerHandle, TimerId,
    TimerList,
};

/// The sequential model of a timer list. Any number of threads may use it, one at a time.
pub struct Oracle(Mutex<State>);

/// All that a timer list is.
#[derive(Default)]
struct State {
    /// The active timers with their deadlines, the next to fire first.
    active: Vec<(Nanos, TimerId)>,
    /// The timers that were created and not yet freed, active or not.
    alive: Vec<TimerId>,
    created: u64,
    freed: u64,
    acquisitions: u64,
}

impl State {
    fn position(&self, timer: TimerId) -> Option<usize> {
        self.active.iter().position(|&(_, active)| active == timer)
    }

    fn unlink(&mut self, timer: TimerId) -> bool {
        let position = self.position(timer);
        if let Some(position) = position {
            self.active.remove(position);
        }
        position.is_some()
    }

    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        if !self.alive.contains(&timer) {
            return Rearm::No;
        }
        self.unlink(timer);
        // Behind every timer that is due no later: equal deadlines fire first-in first-out.
        let position = self.active.iter().take_while(|&&(deadline, _)| deadline <= expire).count();
        self.active.insert(position, (expire, timer));
        Rearm::when(position == 0)
    }

    fn pop_due(&mut self, now: Nanos) -> Option<TimerId> {
        let &(deadline, timer) = self.active.first()?;
        if deadline > now {
            return None;
        }
        self.active.remove(0);
        Some(timer)
    }
}

impl Oracle {
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().expect("nothing panics while holding it");
        state.acquisitions += 1;
        state
    }
}

impl TimerList for Oracle {
    const STRATEGY: Strategy = Strategy {
        name: "oracle",
        summary: "a sorted Vec behind one mutex: the semantics, not a competitor",
        built_on: "std",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "O(n) to insert and remove",
        reference: "QEMU, util/qemu-timer.c, for the semantics",
    };
    type Handle<'a> = &'a Oracle;

    fn new(_config: &Config) -> Self {
        Oracle(Mutex::default())
    }

    fn handle(&self) -> &Oracle {
        self
    }

    fn counts(&self) -> Counts {
        let state = self.0.lock().expect("nothing panics while holding it");
        Counts {
            lock: LockCounts { acquisitions: state.acquisitions, ..LockCounts::default() },
            retired: state.freed,
            reclaimed: state.freed,
            peak_unreclaimed: state.freed.min(1),
            ..Counts::default()
        }
    }
}

impl TimerHandle for &Oracle {
    fn create(&mut self) -> TimerId {
        // Not counted: the built-in lists take no list lock to create either.
        let mut state = self.0.lock().expect("nothing panics while holding it");
        let timer = TimerId::from_raw(state.created);
        state.created += 1;
        state.alive.push(timer);
        timer
    }

    fn free(&mut self, timer: TimerId) {
        let mut state = self.lock();
        state.unlink(timer);
        if let Some(position) = state.alive.iter().position(|&alive| alive == timer) {
            state.alive.swap_remove(position);
            state.freed += 1;
        }
    }

    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.lock().modify(timer, expire.max(Nanos::ZERO))
    }

    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        let expire = expire.max(Nanos::ZERO);
        let mut state = self.lock();
        match state.position(timer) {
            Some(position) if state.active[position].0 <= expire => Rearm::No,
            _ => state.modify(timer, expire),
        }
    }

    fn cancel(&mut self, timer: TimerId) -> bool {
        self.lock().unlink(timer)
    }

    fn deadline(&mut self) -> Option<Nanos> {
        self.lock().active.first().map(|&(deadline, _)| deadline)
    }

    fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Self, TimerId)) -> usize {
        let mut fired = 0;
        loop {
            // The guard is dropped at the end of this statement, so the callback runs with no lock held.
            let Some(timer) = self.lock().pop_due(now) else {
                return fired;
            };
            fire(self, timer);
            fired += 1;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_freed_is_counted_once_and_at_once() {
        let list = Oracle::new(&Config::default());
        let mut handle = list.handle();
        let timers = [(); 2].map(|()| handle.create());
        for timer in [timers[0], timers[0], timers[1]] {
            handle.free(timer);
        }
        let lock = LockCounts { acquisitions: 3, ..LockCounts::default() };
        let counts = Counts {
            lock,
            retired: 2,
            reclaimed: 2,
            peak_unreclaimed: 1,
            ..Counts::default()
        };
        assert_eq!(list.counts(), counts);
    }
}
