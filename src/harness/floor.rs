//! The floor: every operation does nothing, so what is left is the harness's own cost. Every block runs it.

use headlock_strategies::{
    Config, Counts, Freshness, Nanos, Progress, ReaderCost, Rearm, Strategy, TimerHandle, TimerId, TimerList,
};

use crate::record::FLOOR;

/// A list that does nothing.
pub struct FloorList;

/// A handle that does nothing.
pub struct FloorHandle {
    next: u64,
}

impl TimerList for FloorList {
    const STRATEGY: Strategy = Strategy {
        name: FLOOR,
        summary: "does nothing: the harness's own cost",
        built_on: "nothing",
        reader: ReaderCost::None,
        progress: Progress::WaitFree,
        freshness: Freshness::Racy,
        writer: "nothing",
        reference: "Linux, refscale's zero-cost baseline",
    };
    type Handle<'a> = FloorHandle;

    fn new(_config: &Config) -> Self {
        FloorList
    }
    fn handle(&self) -> FloorHandle {
        FloorHandle { next: 0 }
    }
    fn counts(&self) -> Counts {
        Counts::default()
    }
}

impl TimerHandle for FloorHandle {
    /// So that the floor has all that the harness does.
    fn count_locks(&mut self, _counting: bool) -> bool {
        true
    }
    #[inline(always)]
    fn create(&mut self) -> TimerId {
        self.next += 1;
        TimerId::from_raw(self.next)
    }
    #[inline(always)]
    fn free(&mut self, _timer: TimerId) {}
    #[inline(always)]
    fn modify(&mut self, _timer: TimerId, _expire: Nanos) -> Rearm {
        Rearm::No
    }
    #[inline(always)]
    fn anticipate(&mut self, _timer: TimerId, _expire: Nanos) -> Rearm {
        Rearm::No
    }
    #[inline(always)]
    fn cancel(&mut self, _timer: TimerId) -> bool {
        false
    }
    #[inline(always)]
    fn deadline(&mut self) -> Option<Nanos> {
        None
    }
    #[inline(always)]
    fn run(&mut self, _now: Nanos, _fire: impl FnMut(&mut Self, TimerId)) -> usize {
        0
    }
}
