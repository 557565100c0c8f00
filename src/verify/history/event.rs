//! What a thread did and what it was told, with a place in time: the material of a history.
//!
//! A ticket is taken before each operation and after it, from one counter, so that of two operations of which one ended before the
//! other began everybody agrees which that was. Taking one is a locked instruction, which is more of a fence than a list may
//! have: what depends on a missing fence is for `fresh` and `reclaim` to see.

use std::sync::atomic::{AtomicU64, Ordering as Memory};

use headlock_strategies::conformance::trial::Probe;
use headlock_strategies::{Nanos, TimerId};

/// An operation that takes effect at one moment, and its answer. A run is as many as it fires timers, and one more that finds nothing
/// due.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A timer was made, under this name.
    Create(TimerId),
    /// It was freed.
    Free(TimerId),
    /// `modify` or `anticipate`.
    Arm {
        /// Of which timer.
        timer: TimerId,
        /// To which deadline.
        to: Nanos,
        /// Only forward, as `anticipate` does.
        only_sooner: bool,
        /// Whether the answer was a rearm.
        rearm: bool,
    },
    /// `cancel`, and whether it answered that the timer was active.
    Cancel(TimerId, bool),
    /// `deadline` and its answer.
    Deadline(Option<Nanos>),
    /// `expired`: at which time, and its answer.
    Expired(Nanos, bool),
    /// A run at this time unlinked a timer and called it back.
    Fire(TimerId, Nanos),
    /// A run at this time returned.
    RunEnd {
        /// The run's time.
        now: Nanos,
        /// The ticket that the run began with.
        began: u64,
    },
}

impl Op {
    /// Whether it may change which timer is the head.
    pub fn changes(&self) -> bool {
        matches!(self, Op::Free(_) | Op::Arm { .. } | Op::Cancel(_, true) | Op::Fire(..))
    }

    /// Whether its caller was told to notify the poller.
    pub fn rearms(&self) -> bool {
        matches!(self, Op::Arm { rearm: true, .. })
    }
}

/// One operation of one thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The thread.
    pub thread: usize,
    /// The timer in whose callback it was done.
    pub within: Option<TimerId>,
    /// The ticket taken before it.
    pub began: u64,
    /// The ticket taken after it.
    pub ended: u64,
    /// What it was.
    pub op: Op,
}

/// One thread's operations on a list, each written down.
pub struct Scribe<'s> {
    thread: usize,
    tickets: &'s AtomicU64,
    within: Option<TimerId>,
    /// What was done since they were last taken.
    pub events: Vec<Event>,
}

impl<'s> Scribe<'s> {
    /// Of this thread.
    pub fn new(thread: usize, tickets: &'s AtomicU64) -> Self {
        Scribe { thread, tickets, within: None, events: Vec::new() }
    }

    fn ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Memory::SeqCst)
    }

    fn note(&mut self, began: u64, ended: u64, op: Op) {
        self.events.push(Event { thread: self.thread, within: self.within, began, ended, op });
    }

    fn during<R>(&mut self, act: impl FnOnce() -> R, op: impl FnOnce(&R) -> Op) -> R {
        let began = self.ticket();
        let answer = act();
        let ended = self.ticket();
        self.note(began, ended, op(&answer));
        answer
    }

    /// `create`.
    pub fn create(&mut self, list: &mut Probe<'_>) -> TimerId {
        self.during(|| list.create(), |&timer| Op::Create(timer))
    }

    /// `free`.
    pub fn free(&mut self, list: &mut Probe<'_>, timer: TimerId) {
        self.during(|| list.free(timer), |()| Op::Free(timer));
    }

    /// `modify`, or `anticipate` if it is to be only sooner.
    pub fn arm(&mut self, list: &mut Probe<'_>, timer: TimerId, to: Nanos, only_sooner: bool) {
        let _ = self.during(
            || match only_sooner {
                true => list.anticipate(timer, to),
                false => list.modify(timer, to),
            },
            |rearm| Op::Arm { timer, to, only_sooner, rearm: rearm.is_yes() },
        );
    }

    /// `cancel`.
    pub fn cancel(&mut self, list: &mut Probe<'_>, timer: TimerId) {
        self.during(|| list.cancel(timer), |&was_active| Op::Cancel(timer, was_active));
    }

    /// `deadline`.
    pub fn deadline(&mut self, list: &mut Probe<'_>) -> Option<Nanos> {
        self.during(|| list.deadline(), |&answer| Op::Deadline(answer))
    }

    /// `expired`.
    pub fn expired(&mut self, list: &mut Probe<'_>, now: Nanos) {
        self.during(|| list.expired(now), |&due| Op::Expired(now, due));
    }

    /// `run`, with what its callbacks do. Answers how many fired by the list's count and by the callbacks'.
    pub fn run(
        &mut self,
        list: &mut Probe<'_>,
        now: Nanos,
        mut fire: impl FnMut(&mut Self, &mut Probe<'_>, TimerId),
    ) -> (usize, usize) {
        let began = self.ticket();
        let mut last = began;
        let mut fired = 0;
        let counted = list.run(now, |list, timer| {
            let called = self.ticket();
            self.note(last, called, Op::Fire(timer, now));
            fired += 1;
            self.within = Some(timer);
            fire(self, list, timer);
            self.within = None;
            last = self.ticket();
        });
        let ended = self.ticket();
        self.note(last, ended, Op::RunEnd { now, began });
        (counted, fired)
    }
}
