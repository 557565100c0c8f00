//! Yardsticks that are no timer lists: the bare calls of a library around one load, with nothing behind them. What a strategy
//! built on that library costs beyond them is headlock's own doing. They poll and do nothing else, so `verify` has no use for them.

use std::sync::atomic::Ordering;

use crossbeam_epoch::{Atomic, Collector, LocalHandle};
use crossbeam_utils::CachePadded;
use headlock::strategies::{
    Config, Counts, Freshness, Nanos, Progress, ReaderCost, Rearm, Strategy, TimerHandle, TimerId, TimerList,
};

/// What a yardstick polls, and how.
pub trait Bare: Send + Sync + 'static {
    const STRATEGY: Strategy;
    /// What a thread holds besides.
    type Local;

    fn new() -> Self;
    fn local(&self) -> Self::Local;
    fn poll(&self, local: &Self::Local) -> Option<Nanos>;
}

/// Lock, read, unlock.
pub struct ParkingLot(CachePadded<parking_lot::Mutex<i64>>);

impl Bare for ParkingLot {
    const STRATEGY: Strategy = yardstick("bare-parking-lot", "lock, read a word, unlock", "parking_lot", ReaderCost::Lock);
    type Local = ();

    fn new() -> Self {
        ParkingLot(CachePadded::new(parking_lot::Mutex::new(1)))
    }
    fn local(&self) {}
    #[inline(always)]
    fn poll(&self, (): &()) -> Option<Nanos> {
        Some(Nanos(*self.0.lock()))
    }
}

/// Pin, load, unpin.
pub struct Epoch {
    collector: Collector,
    head: CachePadded<Atomic<i64>>,
}

impl Bare for Epoch {
    const STRATEGY: Strategy = yardstick("bare-epoch", "pin, load a pointer, unpin", "crossbeam-epoch", ReaderCost::Fence);
    type Local = LocalHandle;

    fn new() -> Self {
        Epoch { collector: Collector::new(), head: CachePadded::new(Atomic::null()) }
    }
    fn local(&self) -> LocalHandle {
        self.collector.register()
    }
    #[inline(always)]
    fn poll(&self, participant: &LocalHandle) -> Option<Nanos> {
        let guard = participant.pin();
        let head = self.head.load(Ordering::Acquire, &guard);
        (!head.is_null()).then_some(Nanos::ZERO)
    }
}

const fn yardstick(name: &'static str, summary: &'static str, built_on: &'static str, reader: ReaderCost) -> Strategy {
    Strategy {
        name,
        summary,
        built_on,
        reader,
        progress: Progress::Blocking,
        freshness: Freshness::Racy,
        writer: "nothing: there is no list",
        reference: "benches/bare.rs",
    }
}

/// A yardstick in place of a list.
pub struct BareList<B>(B);

/// A thread's way to it.
pub struct BareHandle<'a, B: Bare> {
    list: &'a B,
    local: B::Local,
    created: u64,
}

impl<B: Bare> TimerList for BareList<B> {
    const STRATEGY: Strategy = B::STRATEGY;
    type Handle<'a> = BareHandle<'a, B>;

    fn new(_config: &Config) -> Self {
        BareList(B::new())
    }
    fn handle(&self) -> BareHandle<'_, B> {
        BareHandle { list: &self.0, local: self.0.local(), created: 0 }
    }
    fn counts(&self) -> Counts {
        Counts::default()
    }
}

impl<B: Bare> TimerHandle for BareHandle<'_, B> {
    fn create(&mut self) -> TimerId {
        self.created += 1;
        TimerId::from_raw(self.created)
    }
    fn free(&mut self, _timer: TimerId) {}
    fn modify(&mut self, _timer: TimerId, _expire: Nanos) -> Rearm {
        Rearm::No
    }
    fn anticipate(&mut self, _timer: TimerId, _expire: Nanos) -> Rearm {
        Rearm::No
    }
    fn cancel(&mut self, _timer: TimerId) -> bool {
        false
    }
    #[inline(always)]
    fn deadline(&mut self) -> Option<Nanos> {
        self.list.poll(&self.local)
    }
    fn run(&mut self, _now: Nanos, _fire: impl FnMut(&mut Self, TimerId)) -> usize {
        0
    }
}
