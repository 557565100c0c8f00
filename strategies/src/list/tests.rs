//! What only this module can see of a list's end, and of what a handle counts.

use std::sync::Arc;
use std::thread;

use super::{Head, HeadList};
use crate::conformance::Effort;
use crate::rwlock::RwLock;
use crate::sync::{AtomicU64, Ordering};
use crate::{Config, Counts, LockCounts, Nanos, TimerHandle, TimerId, TimerList};

impl<H: Head> HeadList<H> {
    /// As much as any list must stand, but for lists that are copied at every change.
    pub(crate) fn effort() -> Effort {
        let whole = Effort::default();
        let timers = if H::SHOWS_WHOLE_LIST {
            whole.timers / 20
        } else {
            whole.timers
        };
        Effort { timers, ..whole }
    }
}

/// Drops a list with garbage that still waits, from threads that are gone and from the one that drops it, and looks
/// whether every node was released.
pub(crate) fn everything_released<H: Head>(list: HeadList<H>) {
    const FREES: u64 = 1_000;
    let name = H::STRATEGY.name;
    let ledger = Arc::clone(&list.ledger);
    let churn = |list: &HeadList<H>| {
        let mut handle = list.handle();
        for round in 0..FREES {
            let timer = handle.create();
            let _ = handle.modify(timer, Nanos(round as i64));
            handle.deadline();
            handle.free(timer);
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| churn(&list));
        churn(&list);
        // Said, since ThreadSanitizer does not see the wait that ends a scope.
        other.join().expect("frees without a panic");
    });
    drop(list);
    let mut counts = Counts::default();
    ledger.report(&mut counts);
    assert_eq!((counts.retired, counts.reclaimed), (2 * FREES, 2 * FREES), "{name}: retired and reclaimed nodes");
    assert_eq!(Arc::strong_count(&ledger), 1, "{name}: nodes that still hold the ledger");
}

/// One thread makes timers, another arms and frees them, and their names go from one to the other through a relaxed word: only
/// the list itself orders the making of a node before its use. ThreadSanitizer sees it if it does not.
pub(crate) fn named_elsewhere<H: Head>(list: HeadList<H>) {
    const TIMERS: usize = 500;
    const NONE: u64 = u64::MAX;
    let name = AtomicU64::new(NONE);
    let mut handle = list.handle();
    // The table's first chunk, in which all names stand, is there for both. What orders its making is the standard library's.
    let first = handle.create();
    handle.free(first);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut handle = list.handle();
            for _ in 0..TIMERS {
                let timer = loop {
                    match name.load(Ordering::Relaxed) {
                        NONE => thread::yield_now(),
                        raw => break TimerId::from_raw(raw),
                    }
                };
                let _ = handle.modify(timer, Nanos(7));
                assert_eq!(handle.deadline(), Some(Nanos(7)));
                handle.free(timer);
                handle.quiescent();
                name.store(NONE, Ordering::Relaxed);
            }
        });
        for _ in 0..TIMERS {
            name.store(handle.create().into_raw(), Ordering::Relaxed);
            while name.load(Ordering::Relaxed) != NONE && !other.is_finished() {
                handle.quiescent();
                thread::yield_now();
            }
        }
        other.join().expect("each name is one of a timer");
    });
}

/// What a handle counted is the list's once the handle is dropped, and what it counts is what it is told to count.
#[test]
fn a_handles_counts_stay_with_the_list() {
    let list = RwLock::new(&Config::default());
    for _ in 0..2 {
        let mut handle = list.handle();
        let timer = handle.create();
        for counting in [false, true] {
            assert!(handle.count_locks(counting));
            handle.deadline();
            let _ = handle.modify(timer, Nanos(7));
        }
        handle.reader.retries = 3;
        let once = LockCounts { acquisitions: 1, ..LockCounts::default() };
        assert_eq!(handle.local_counts(), Counts { lock: once, retries: 3, ..Counts::default() });
        assert_eq!(handle.lock_counts().acquisitions, 2);
    }
    let counts = list.counts();
    assert_eq!((counts.lock.acquisitions, counts.retries), (4, 6));
}

/// Deadlines that fill the heap in this order without a swap, its branches as unlike as can be: a branch is all earlier than the one
/// before it, so that an entry that moves into the wrong branch fires out of turn.
const BRANCHES: [i64; 26] = [
    0, 100, 200, 300, 1, 110, 120, 130, 140, 210, 220, 230, 240, 310, 320, 330, 340, 2, 3, 4, 5, 111, 112, 113, 114,
    121,
];

/// What moves when a timer leaves its place, or gets another deadline, keeps the order.
#[test]
fn each_place_of_the_heap_can_be_left_or_moved() {
    let list = RwLock::new(&Config::default());
    let mut handle = list.handle();
    for place in 0..BRANCHES.len() {
        for to in [None].into_iter().chain(BRANCHES.map(|deadline| Some(deadline + 1_000 * (deadline % 2)))) {
            let timers = BRANCHES.map(|deadline| {
                let timer = handle.create();
                let _ = handle.modify(timer, Nanos(deadline));
                timer
            });
            let mut wanted: Vec<_> = BRANCHES.into_iter().zip(timers).collect();
            let (_, moved) = wanted.remove(place);
            match to {
                None => assert!(handle.cancel(moved)),
                Some(deadline) => {
                    let _ = handle.modify(moved, Nanos(deadline));
                    wanted.push((deadline, moved));
                }
            }
            wanted.sort_by_key(|&(deadline, _)| deadline);
            let mut fired = Vec::new();
            handle.run(Nanos::MAX, |_, timer| fired.push(timer));
            let wanted: Vec<_> = wanted.into_iter().map(|(_, timer)| timer).collect();
            assert_eq!(fired, wanted, "place {place} to {to:?}");
            for timer in timers {
                handle.free(timer);
            }
        }
    }
}
