//! The contract: what a timer list does, and what a strategy declares about itself.

use std::fmt;

/// A point in time, or a distance between two, in nanoseconds on the list's clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Nanos(pub i64);

impl Nanos {
    /// The start of the list's clock. Deadlines before it are clamped to it.
    pub const ZERO: Nanos = Nanos(0);
    /// The latest representable time, which programs use for "never".
    pub const MAX: Nanos = Nanos(i64::MAX);
}

impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ns", self.0)
    }
}

/// Names one timer of one list, from [`TimerHandle::create`] to [`TimerHandle::free`].
///
/// The number inside belongs to the list that made it. No list gives the same name out twice, and the name of a freed timer is that of a
/// timer that is not there: any operation on it does nothing, to another timer or at all, also where two threads free one timer at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(u64);

impl TimerId {
    /// Makes a name from a list's own number.
    pub const fn from_raw(raw: u64) -> Self {
        TimerId(raw)
    }

    /// The list's own number.
    pub const fn into_raw(self) -> u64 {
        self.0
    }
}

/// Whether a change made its timer the head of the list, so that the caller must notify the sleeping poller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a rearm that nobody acts on is a poller that oversleeps"]
pub enum Rearm {
    /// The timer is not the head, or nothing changed.
    No,
    /// The timer has become the head: notify the poller.
    Yes,
}

impl Rearm {
    /// `Yes` exactly when `head`.
    pub const fn when(head: bool) -> Self {
        if head { Rearm::Yes } else { Rearm::No }
    }

    /// Whether the poller must be notified.
    pub const fn is_yes(self) -> bool {
        matches!(self, Rearm::Yes)
    }
}

/// What the harness tells a list when it makes one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    /// Turns of an empty spin loop to add inside each writer's critical section (the workload's `hold`).
    pub hold_spins: u32,
    /// How to measure grace periods; `None` where nobody wants to know.
    pub grace: Option<GraceProbe>,
}

/// What a list tells the harness of a node's way from retired to reclaimed.
///
/// A list reads no clock. It asks for a stamp when it retires a node, keeps it with the node, and hands it back when the
/// node's memory is released, on whichever thread that happens. A list whose nodes go at once leaves it alone.
#[derive(Clone, Copy, Debug)]
pub struct GraceProbe {
    /// Answers a stamp, called by the thread that retires a node.
    pub stamp: fn() -> u64,
    /// Takes the stamp back, called by the thread that releases the node.
    pub reclaimed: fn(u64),
}

/// How often the writers' mutex (or a lock that readers take) was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LockCounts {
    /// Acquisitions, contended ones included.
    pub acquisitions: u64,
    /// Acquisitions that found the lock taken.
    pub contended: u64,
    /// Nanoseconds spent waiting in contended acquisitions.
    pub wait_ns: u64,
}

impl std::ops::AddAssign for LockCounts {
    fn add_assign(&mut self, other: LockCounts) {
        self.acquisitions += other.acquisitions;
        self.contended += other.contended;
        self.wait_ns += other.wait_ns;
    }
}

/// What a list counted since it was made. Complete once every handle is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The lock's own counts.
    pub lock: LockCounts,
    /// Reads that had to start over because the head moved under them.
    pub retries: u64,
    /// Nodes handed to the reclaimer by `free`.
    pub retired: u64,
    /// Retired nodes whose memory has been released.
    pub reclaimed: u64,
    /// The most nodes that were retired and not yet reclaimed at any one moment.
    pub peak_unreclaimed: u64,
}

impl std::ops::AddAssign for Counts {
    /// Adds another list's counts; the sum of two peaks bounds the peak of the sum.
    fn add_assign(&mut self, other: Counts) {
        self.lock += other.lock;
        self.retries += other.retries;
        self.retired += other.retired;
        self.reclaimed += other.reclaimed;
        self.peak_unreclaimed += other.peak_unreclaimed;
    }
}

impl LockCounts {
    /// What these come to if they are a part of something that is so many times as large.
    #[must_use]
    pub fn times(self, share: f64) -> LockCounts {
        let of_all = |count: u64| (count as f64 * share).round() as u64;
        LockCounts {
            acquisitions: of_all(self.acquisitions),
            contended: of_all(self.contended),
            wait_ns: of_all(self.wait_ns),
        }
    }

    /// What was counted since an earlier reading.
    #[must_use]
    pub fn since(self, earlier: LockCounts) -> LockCounts {
        LockCounts {
            acquisitions: self.acquisitions - earlier.acquisitions,
            contended: self.contended - earlier.contended,
            wait_ns: self.wait_ns - earlier.wait_ns,
        }
    }
}

impl Counts {
    /// What was counted since an earlier reading of the same list. The peak is the later one.
    #[must_use]
    pub fn since(self, earlier: Counts) -> Counts {
        Counts {
            lock: self.lock.since(earlier.lock),
            retries: self.retries - earlier.retries,
            retired: self.retired - earlier.retired,
            reclaimed: self.reclaimed - earlier.reclaimed,
            peak_unreclaimed: self.peak_unreclaimed,
        }
    }
}

/// A list of timers sorted by deadline, whose head many threads poll and a few change.
///
/// The semantics are those of QEMU's timer list; `docs/STRATEGY.md` walks through them and [`crate::oracle::Oracle`] is
/// the slow, obvious implementation that every list must be indistinguishable from on one thread.
pub trait TimerList: Send + Sync + Sized + 'static {
    /// The strategy's name and what it declares about itself.
    const STRATEGY: Strategy;

    /// One thread's way to the list: an epoch participant, a hazard pointer, a read handle.
    type Handle<'a>: TimerHandle
    where
        Self: 'a;

    /// What this list declares: [`STRATEGY`](Self::STRATEGY), but for a type that stands for whatever was loaded when the program
    /// ran.
    fn strategy() -> Strategy {
        Self::STRATEGY
    }

    /// An empty list.
    fn new(config: &Config) -> Self;

    /// Takes a handle; once per thread, outside any timed section.
    fn handle(&self) -> Self::Handle<'_>;

    /// What was counted so far, but for what the handles that are still held have counted themselves.
    fn counts(&self) -> Counts;
}

/// The operations on a timer list, through one thread's handle.
pub trait TimerHandle {
    /// Creates an inactive timer (`timer_new`).
    fn create(&mut self) -> TimerId;

    /// Cancels the timer and gives its memory back once no reader can hold it (`timer_free`).
    fn free(&mut self, timer: TimerId);

    /// Cancels the timer, clamps the deadline to zero or later, and inserts it behind every timer of the same deadline
    /// (`timer_mod_ns`). Answers [`Rearm::Yes`] exactly when the timer became the head.
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm;

    /// As [`modify`](Self::modify), but only if the timer is inactive or `expire` is sooner than its deadline
    /// (`timer_mod_anticipate_ns`).
    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm;

    /// Removes the timer; answers whether it was active (`timer_del`). Never rearms: the sleeper wakes once too early.
    fn cancel(&mut self, timer: TimerId) -> bool;

    /// The head's deadline, or `None` for an empty list.
    ///
    /// A list that reads nodes in place may answer a time before zero for a timer that is being unlinked: already due.
    fn deadline(&mut self) -> Option<Nanos>;

    /// Whether the head is due: its deadline is `now` or earlier.
    fn expired(&mut self, now: Nanos) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// While the head is due at `now`, unlinks it and calls `fire` with no lock held; answers how many fired.
    ///
    /// `fire` may modify, cancel or free any timer through the handle it is given. A timer that it arms at or before
    /// `now` fires again in the same call.
    fn run(&mut self, now: Nanos, fire: impl FnMut(&mut Self, TimerId)) -> usize;

    /// Announces that this thread holds no reference into the list; called between operations, for quiescent-state
    /// reclamation.
    fn quiescent(&mut self) {}

    /// Every acquisition of the list's locks through this handle, those that the list counts inside its locks included: who
    /// takes them and who waits, thread by thread. Zero for a list that cannot tell.
    fn lock_counts(&self) -> LockCounts {
        LockCounts::default()
    }

    /// Counts acquisitions through this handle from now on, or leaves it: counting costs something, and whoever measures time may
    /// not want it. Whether the list does as told, which only one whose `lock_counts` tells may say; one that cannot leave it
    /// counts always. A new handle counts.
    fn count_locks(&mut self, _counting: bool) -> bool {
        false
    }

    /// What this handle counted by itself and the list does not know until the handle is dropped.
    fn local_counts(&self) -> Counts {
        Counts::default()
    }
}

/// What a read of the head costs the reader by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderCost {
    /// Plain loads only.
    None,
    /// A full memory fence or a store that needs one.
    Fence,
    /// An atomic read-modify-write on memory that other threads touch.
    Rmw,
    /// A lock, held for the read.
    Lock,
    /// Compiler fences; the writer makes the readers' processors execute the real ones.
    Asymmetric,
}

/// What a reader is promised about finishing, in the usual terms (Herlihy and Shavit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A stalled thread can stop it.
    Blocking,
    /// It finishes if it runs alone for long enough.
    ObstructionFree,
    /// Somebody always finishes.
    LockFree,
    /// It finishes in a bounded number of its own steps.
    WaitFree,
}

/// How true an answer to `deadline` and `expired` is while others change the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It was the truth at some moment during the call.
    Linearizable,
    /// It may be stale, but whenever it is later than the truth, a rearm is on its way to the poller.
    Notified,
    /// Neither: a poller can oversleep.
    Racy,
}

macro_rules! display_words {
    ($type:ty { $($variant:ident => $word:literal),* $(,)? }) => {
        impl $type {
            /// The word that tables and files use.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

display_words!(ReaderCost { None => "none", Fence => "fence", Rmw => "RMW", Lock => "lock", Asymmetric => "asymmetric" });
display_words!(Progress {
    Blocking => "blocking",
    ObstructionFree => "obstruction-free",
    LockFree => "lock-free",
    WaitFree => "wait-free",
});
display_words!(Freshness { Linearizable => "linearizable", Notified => "notified", Racy => "racy" });

/// What a strategy declares about itself. `headlock list`, the README's table and `headlock verify` read it from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// Its name on the command line and in every result file.
    pub name: &'static str,
    /// One line: how the head is guarded and read.
    pub summary: &'static str,
    /// The crate or mechanism it is built on.
    pub built_on: &'static str,
    /// What a read costs the reader.
    pub reader: ReaderCost,
    /// What a reader is promised about finishing.
    pub progress: Progress,
    /// How true a reader's answer is.
    pub freshness: Freshness,
    /// What a writer pays on top of the lock and the list.
    pub writer: &'static str,
    /// Where the idea comes from.
    pub reference: &'static str,
}
