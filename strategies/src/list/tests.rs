//! What only this module can see of a list's end.

use std::sync::Arc;
use std::thread;

use super::{Head, HeadList};
use crate::conformance::Effort;
use crate::{Counts, Nanos, TimerHandle, TimerList};

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
