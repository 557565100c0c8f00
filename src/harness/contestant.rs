//! What a block knows of a contestant: its lists, and one thread's way to play on them. One indirect call a slice, none an operation.

use std::sync::atomic::{AtomicBool, Ordering as Memory};

use headlock_strategies::{Counts, LockCounts, TimerList};

use super::clock::Moment;
use super::inject::Inject;
use super::latency::Recorder;
use super::{replay, synthetic};
use crate::record::Pass;

/// One contestant's lists in one pass. `P` is what a thread plays: a script, or a trace thread's rows.
pub trait Contestant<P>: Send + Sync {
    /// The calling thread's player, which is the thread of that number. Taken before the start, since handles are registered.
    fn player<'a>(&'a self, number: usize, part: &'a P) -> Box<dyn Player + 'a>;

    /// What the lists have counted, but for what handles have counted themselves.
    fn counts(&self) -> Counts;

    /// How many timers are active, by running them all out.
    fn active(&self) -> u64;
}

/// One thread at work for one contestant.
pub trait Player {
    /// Untimed, before the threads meet: brings the list into the state in which every slice begins, whatever the last one left.
    fn settle(&mut self);

    /// Plays a slice.
    fn slice(&mut self, slice: &Slice<'_>) -> Played;

    /// Turns the counting of lock acquisitions on or off. Returns whether the lists support it.
    fn count_locks(&mut self, counting: bool) -> bool;

    /// Lock acquisitions that the thread's handles counted.
    fn lock_counts(&self) -> LockCounts;

    /// What the thread's handles counted by themselves.
    fn local_counts(&self) -> Counts;

    /// Untimed, at the end of a trace: the lists as they were at its start. Of one thread, while no other plays.
    fn restart(&mut self);

    /// Hands the recorded latencies over.
    fn take_recorder(&mut self) -> Recorder;
}

/// A turn of one contestant, the same for all threads.
pub struct Slice<'a> {
    /// The first step or row.
    pub from: usize,
    /// The one after the last, which is reached only if time is not up before; `usize::MAX` for a slice that ends by time alone.
    pub to: usize,
    /// When time is up, ns after the start.
    pub limit_ns: u64,
    /// Raised by the first thread at whose batch time is up, or that has come to the end. The others stop at their next batch, so no
    /// thread works alone for longer than a batch of another's takes.
    pub over: &'a AtomicBool,
    /// Whether latencies are kept.
    pub recorded: bool,
    /// To be added to a reading of the clock, wrapping, to get the time that the list's own slices have taken: a node that waits
    /// for its list's next turn does not age meanwhile. In ticks of the clock.
    pub shift: u64,
}

impl Slice<'_> {
    /// Whether some thread has come to the end.
    #[inline(always)]
    pub fn is_over(&self) -> bool {
        self.over.load(Memory::Relaxed)
    }

    /// Tells the others.
    pub fn end(&self) {
        self.over.store(true, Memory::Relaxed);
    }
}

/// What one thread did in a slice.
#[derive(Clone, Copy, Debug)]
pub struct Played {
    /// When it began.
    pub start: Moment,
    /// When it ended.
    pub end: Moment,
    /// Operations.
    pub ops: u64,
    /// Timers fired.
    pub fired: u64,
    /// Changes that made their timer the head.
    pub rearms: u64,
    /// Sum of service times, ns, where operations are timed.
    pub service_ns: u64,
    /// How far behind its schedule an open load ended, ns.
    pub behind_ns: u64,
    /// For how long the thread was kept from going on after a pause between operations, as far as it knows, ns.
    pub kept_ns: u64,
}

/// How to make contestants of one type of list.
#[derive(Clone, Copy)]
pub struct Maker {
    /// Plays scripts.
    pub(super) synthetic: fn(&synthetic::Stage, Pass, Inject) -> Box<dyn Contestant<synthetic::Seat>>,
    /// Plays a trace.
    pub(super) replay: fn(&replay::Stage, Pass, Inject) -> Box<dyn Contestant<replay::Seat>>,
}

impl Maker {
    /// That of a type of list.
    pub fn of<L: TimerList>() -> Self {
        Maker {
            synthetic: synthetic::contestant::<L>,
            replay: replay::contestant::<L>,
        }
    }
}
