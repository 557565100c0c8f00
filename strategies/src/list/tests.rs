//! What only this module can see of a list's end.

use std::sync::Arc;
use std::thread;

use super::{Head, HeadList};
use crate::conformance::Effort;
use crate::sync::{AtomicU64, Ordering};
use crate::{Counts, Nanos, TimerHandle, TimerId, TimerList};

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
