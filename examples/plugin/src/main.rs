//! A timer list of one's own, in headlock's whole command line. docs/STRATEGY.md walks through it.

use std::collections::{HashSet, VecDeque};
use std::process::ExitCode;

use headlock::strategies::{lock::*, mutex_std::MutexStd, *};

/// The timers that were not freed, and the active ones with their deadlines, the head first.
#[derive(Default)]
struct Timers {
    created: u64,
    alive: HashSet<TimerId>,
    queue: VecDeque<(Nanos, TimerId)>,
}

/// All of that under the standard library's mutex.
struct MutexQueue {
    timers: CountedMutex<Std, Timers>,
    hold_spins: u32,
}

impl MutexQueue {
    fn change(&self) -> CountedGuard<'_, Std, Timers> {
        let timers = self.timers.lock();
        spin(self.hold_spins);
        timers
    }

    fn arm(&self, timer: TimerId, expire: Nanos, wanted: impl Fn(Nanos, Nanos) -> bool) -> Rearm {
        let expire = expire.max(Nanos::ZERO);
        let Timers { alive, queue, .. } = &mut *self.change();
        let present = queue.iter().find(|&&(_, other)| other == timer);
        if !alive.contains(&timer) || present.is_some_and(|&(present, _)| !wanted(expire, present)) {
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
        let timers = CountedMutex::new(Timers::default());
        MutexQueue { timers, hold_spins: config.hold_spins }
    }
    fn handle(&self) -> &MutexQueue {
        self
    }
    fn counts(&self) -> Counts {
        Counts { lock: self.timers.counts(), ..Counts::default() }
    }
}

impl TimerHandle for &MutexQueue {
    fn create(&mut self) -> TimerId {
        let mut timers = self.timers.lock();
        timers.created += 1;
        let timer = TimerId::from_raw(timers.created);
        timers.alive.insert(timer);
        timer
    }
    fn free(&mut self, timer: TimerId) {
        let mut timers = self.change();
        timers.queue.retain(|&(_, other)| other != timer);
        timers.alive.remove(&timer);
    }
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.arm(timer, expire, |_, _| true)
    }
    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.arm(timer, expire, |expire, present| expire < present)
    }
    fn cancel(&mut self, timer: TimerId) -> bool {
        let mut timers = self.change();
        let place = timers.queue.iter().position(|&(_, other)| other == timer);
        place.and_then(|place| timers.queue.remove(place)).is_some()
    }
    fn deadline(&mut self) -> Option<Nanos> {
        self.timers.lock().queue.front().map(|first| first.0)
    }
    fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Self, TimerId)) -> usize {
        let list = *self;
        let due = std::iter::from_fn(|| list.change().queue.pop_front_if(|first| first.0 <= now));
        due.map(|(_, timer)| fire(self, timer)).count()
    }
}

fn main() -> ExitCode {
    headlock::cli::main(headlock::Registry::builtin().with::<MutexQueue>())
}

headlock::strategies::conformance!(conformance, MutexQueue);
