//! What was true when: the writer's record of every change, which pollers read without a lock.
//!
//! One thread makes all changes, so the truth is one sequence: state 0 is the empty list, state `k` what holds after the k-th
//! change. `version` is `2k` between changes and `2k + 1` while change `k + 1` is under way, until its caller has been told
//! whether to notify the sleeper. The last [`LEN`] changes are kept.
//!
//! **Orderings**, those of a seqlock (Boehm, MSPC 2012). The writer stores an odd version, a release fence, the list's change,
//! the record, and the even version with release. A poller loads the version with acquire, polls, an acquire fence, and loads
//! the version again.
//! - The poll saw anything of a change: its fence pairs with the writer's, so the second load sees that change's odd version or
//!   a later one.
//! - The first load saw a change's even version: acquire pairs with its release, so the poll sees that change.
//!
//! No read-modify-write and no full fence, so that nothing here makes up for a fence that the list lacks.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering as Memory, fence};

use crossbeam_utils::CachePadded;
use headlock_strategies::Nanos;

/// Changes that are kept: more than a writer makes while a poller waits for its turn on a processor.
pub const LEN: u64 = 1 << 15;

/// The truth of an empty list, later than any deadline that the writer arms.
pub const EMPTY: Nanos = Nanos::MAX;

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `modify`.
    Modify,
    /// `anticipate`.
    Anticipate,
    /// `cancel`.
    Cancel,
    /// `free`.
    Free,
    /// A run unlinked the timer.
    Fire,
    /// A run found nothing more that is due.
    RunEnd,
}

impl Kind {
    const ALL: [Kind; 6] = [
        Kind::Modify,
        Kind::Anticipate,
        Kind::Cancel,
        Kind::Free,
        Kind::Fire,
        Kind::RunEnd,
    ];
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it did.
    pub kind: Kind,
    /// To which timer, by number.
    pub timer: u16,
    /// The timer's deadline before; [`EMPTY`] if it was inactive.
    pub from: Nanos,
    /// The timer's deadline after.
    pub to: Nanos,
    /// The head's deadline after.
    pub truth: Nanos,
    /// Whether the list told the caller to notify the sleeper.
    pub rearm: bool,
    /// When it began, in the clock's units.
    pub began: u64,
    /// When its caller was told.
    pub ended: u64,
}

/// A [`Change`] in words of memory. Written by the writer alone, while the version is odd.
#[derive(Default)]
struct Entry {
    /// The kind, the timer and whether it rearmed.
    what: AtomicU64,
    from: AtomicI64,
    to: AtomicI64,
    truth: AtomicI64,
    began: AtomicU64,
    ended: AtomicU64,
}

/// The record.
pub struct History {
    version: CachePadded<AtomicU64>,
    entries: Vec<Entry>,
}

impl History {
    /// Nothing has changed yet: the list is empty.
    pub fn new() -> Self {
        let entries: Vec<Entry> = (0..LEN).map(|_| Entry::default()).collect();
        entries[0].truth.store(EMPTY.0, Memory::Relaxed);
        History { version: CachePadded::new(AtomicU64::new(0)), entries }
    }

    /// The version before a poll, or later.
    #[inline]
    pub fn version(&self) -> u64 {
        self.version.load(Memory::Acquire)
    }

    /// The version after a poll.
    #[inline]
    pub fn version_after(&self) -> u64 {
        fence(Memory::Acquire);
        self.version.load(Memory::Acquire)
    }

    /// The head's deadline in state `k`. Only a value that [`holds`](Self::holds) confirms afterwards counts.
    #[inline]
    pub fn truth(&self, k: u64) -> Nanos {
        Nanos(self.entry(k).truth.load(Memory::Relaxed))
    }

    /// Whether change `k` rearmed. As for [`truth`](Self::truth).
    pub fn rearmed(&self, k: u64) -> bool {
        self.entry(k).what.load(Memory::Relaxed) & 1 == 1
    }

    /// Change `k`. As for [`truth`](Self::truth).
    pub fn change(&self, k: u64) -> Change {
        let entry = self.entry(k);
        let what = entry.what.load(Memory::Relaxed);
        Change {
            kind: Kind::ALL[(what >> 1 & 0xff) as usize % Kind::ALL.len()],
            timer: (what >> 16) as u16,
            from: Nanos(entry.from.load(Memory::Relaxed)),
            to: Nanos(entry.to.load(Memory::Relaxed)),
            truth: Nanos(entry.truth.load(Memory::Relaxed)),
            rearm: what & 1 == 1,
            began: entry.began.load(Memory::Relaxed),
            ended: entry.ended.load(Memory::Relaxed),
        }
    }

    /// Whether what was read of states `k` and later is theirs still.
    #[inline]
    pub fn holds(&self, k: u64) -> bool {
        fence(Memory::Acquire);
        // Change k + LEN overwrites it, and has begun at version 2 (k + LEN) - 1.
        self.version.load(Memory::Relaxed) < 2 * (k + LEN) - 1
    }

    /// Called by the writer before a change. Only one thread may write.
    #[inline]
    pub fn begin(&self) {
        let version = self.version.load(Memory::Relaxed);
        self.version.store(version + 1, Memory::Relaxed);
        fence(Memory::Release);
    }

    /// Called by the writer once its caller knows whether to notify.
    #[inline]
    pub fn end(&self, change: Change) {
        let version = self.version.load(Memory::Relaxed) + 1;
        let entry = self.entry(version / 2);
        let what = u64::from(change.rearm) | (change.kind as u64) << 1 | u64::from(change.timer) << 16;
        entry.what.store(what, Memory::Relaxed);
        entry.from.store(change.from.0, Memory::Relaxed);
        entry.to.store(change.to.0, Memory::Relaxed);
        entry.truth.store(change.truth.0, Memory::Relaxed);
        entry.began.store(change.began, Memory::Relaxed);
        entry.ended.store(change.ended, Memory::Relaxed);
        self.version.store(version, Memory::Release);
    }

    #[inline]
    fn entry(&self, k: u64) -> &Entry {
        &self.entries[(k % LEN) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_comes_back_as_it_was_recorded() {
        let history = History::new();
        assert_eq!((history.version(), history.truth(0)), (0, EMPTY));
        let changes: Vec<Change> = (1_u16..)
            .zip(Kind::ALL)
            .map(|(number, kind)| Change {
                kind,
                timer: 1_000 + number,
                from: Nanos(-i64::from(number)),
                to: Nanos(i64::from(number) << 40),
                truth: Nanos(i64::from(number) << 41),
                rearm: number % 2 == 0,
                began: u64::MAX - u64::from(number),
                ended: u64::from(number),
            })
            .collect();
        for (number, &change) in (1..).zip(&changes) {
            history.begin();
            assert_eq!(history.version(), 2 * number - 1);
            history.end(change);
            assert_eq!((history.version(), history.version_after()), (2 * number, 2 * number));
        }
        for (number, &change) in (1..).zip(&changes) {
            assert_eq!(history.change(number), change);
            assert_eq!((history.truth(number), history.rearmed(number)), (change.truth, change.rearm));
        }
    }

    #[test]
    fn a_record_holds_until_the_change_that_overwrites_it_begins() {
        let history = History::new();
        let change = Change {
            kind: Kind::RunEnd,
            timer: 0,
            from: EMPTY,
            to: EMPTY,
            truth: EMPTY,
            rearm: false,
            began: 0,
            ended: 0,
        };
        for _ in 0..LEN {
            history.begin();
            history.end(change);
        }
        assert!(!history.holds(0) && history.holds(1));
        history.begin();
        assert!(!history.holds(1) && history.holds(2));
    }
}
