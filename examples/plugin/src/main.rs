//! A timer list of one's own, in headlock's whole command line. docs/STRATEGY.md walks through it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::{collections::VecDeque, process::ExitCode};

use headlock::strategies::{lock::*, mutex_std::MutexStd, *};

/// The active timers and their deadlines under the standard library's mutex, the head first.
struct MutexQueue {
    queue: CountedMutex<Std, VecDeque<(Nanos, TimerId)>>,
    created: AtomicU64,
    hold_spins: u32,
}

impl MutexQueue {
    fn change(&self) -> CountedGuard<'_, Std, VecDeque<(Nanos, TimerId)>> {
        let queue = self.queue.lock();
        spin(self.hold_spins);
        queue
    }

    fn arm(&self, timer: TimerId, expire: Nanos, wanted: impl Fn(Nanos, Nanos) -> bool) -> Rearm {
        let expire = expire.max(Nanos::ZERO);
        let mut queue = self.change();
        let present = queue.iter().find(|&&(_, other)| other == timer);
        if present.is_some_and(|&(present, _)| !wanted(expire, present)) {
            return Rearm::No;
        }
        queue.retain(|&(_, other)| other != timer);
        let place = queue.partition_point(|&(other, _)| other <= expire);
        queue.insert(place, (expire, timer));
        Rearm::when(place == 0)
    }
}

impl TimerList for MutexQueue {
    const STRATEGY: Strategy = Strategy {
        name: "mutex-queue",
        summary: "a sorted queue under the standard library's mutex",
        writer: "a walk over the active timers",
        ..MutexStd::STRATEGY
    };
    type Handle<'a> = &'a MutexQueue;

    fn new(config: &Config) -> Self {
        let queue = CountedMutex::new(VecDeque::new());
        let created = AtomicU64::new(0);
        MutexQueue { queue, created, hold_spins: config.hold_spins }
    }
    fn handle(&self) -> &MutexQueue {
        self
    }
    fn counts(&self) -> Counts {
        Counts { lock: self.queue.counts(), ..Counts::default() }
    }
}

impl TimerHandle for &MutexQueue {
    fn create(&mut self) -> TimerId {
        TimerId::from_raw(self.created.fetch_add(1, Ordering::Relaxed))
    }
    fn free(&mut self, timer: TimerId) {
        self.cancel(timer);
    }
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.arm(timer, expire, |_, _| true)
    }
    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.arm(timer, expire, |expire, present| expire < present)
    }
    fn cancel(&mut self, timer: TimerId) -> bool {
        let mut queue = self.change();
        let place = queue.iter().position(|&(_, other)| other == timer);
        place.and_then(|place| queue.remove(place)).is_some()
    }
    fn deadline(&mut self) -> Option<Nanos> {
        self.queue.lock().front().map(|first| first.0)
    }
    fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Self, TimerId)) -> usize {
        let list = *self;
        let due = std::iter::from_fn(|| list.change().pop_front_if(|first| first.0 <= now));
        due.map(|(_, timer)| fire(self, timer)).count()
    }
}

fn main() -> ExitCode {
    headlock::cli::main(headlock::Registry::builtin().with::<MutexQueue>())
}

headlock::strategies::conformance!(conformance, MutexQueue);
