//! How long retired nodes wait for their memory to be released: the grace periods of a trial, in the latency pass.
//!
//! The list calls [`PROBE`] in the middle of operations that are being timed, so neither call reads a clock. A node's
//! stamp is the moment at which the operation that retired it began, which its thread has read anyway; a released node's
//! stamp is put aside, and its wait ends, as recorded, when the operation that released it does. Both errors are at most an
//! operation's own service time, and both make a wait longer, never shorter.
//!
//! Everything is the thread's own: the wait is recorded by whoever releases the node, which is seldom who retired it. Nodes
//! that are released after their thread has measured, or with the list, are in no histogram.

use std::cell::{Cell, RefCell};

use headlock_strategies::GraceProbe;

/// Stamps that may wait for the end of one operation before memory is allocated for more: several of any library's batches.
const AT_ONCE: usize = 1 << 14;

thread_local! {
    /// When the operation under way began, in the units of the thread's clock.
    static BEGUN: Cell<u64> = const { Cell::new(0) };
    /// Stamps of the nodes that it has released so far; without room in a thread that takes no part.
    static RELEASED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// What a list is given.
pub const PROBE: GraceProbe = GraceProbe { stamp, reclaimed };

fn stamp() -> u64 {
    BEGUN.get()
}

fn reclaimed(stamp: u64) {
    // A thread that ends may release nodes when this is gone already; it has measured long before.
    let _ = RELEASED.try_with(|released| {
        let mut released = released.borrow_mut();
        if released.capacity() > 0 {
            released.push(stamp);
        }
    });
}

/// Lets the calling thread take part; once, before it is timed.
pub fn take_part() {
    RELEASED.with_borrow_mut(|released| released.reserve(AT_ONCE));
}

/// An operation of the calling thread begins, at this reading of its clock.
#[inline]
pub fn begun(now: u64) {
    BEGUN.set(now);
}

/// It has ended: calls `each` with the stamp of each node that it has released.
#[inline]
pub fn ended(each: impl FnMut(u64)) {
    RELEASED.with_borrow_mut(|released| released.drain(..).for_each(each));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the operations since have released.
    fn released() -> Vec<u64> {
        let mut stamps = Vec::new();
        ended(|stamp| stamps.push(stamp));
        stamps
    }

    #[test]
    fn a_node_comes_back_with_the_moment_at_which_its_operation_began() {
        take_part();
        begun(7);
        let early = (PROBE.stamp)();
        begun(9);
        let late = (PROBE.stamp)();
        (PROBE.reclaimed)(late);
        (PROBE.reclaimed)(early);
        assert_eq!(released(), [9, 7]);
        assert!(released().is_empty());
    }

    #[test]
    fn a_thread_that_takes_no_part_keeps_nothing() {
        (PROBE.reclaimed)(7);
        assert!(released().is_empty());
    }
}
