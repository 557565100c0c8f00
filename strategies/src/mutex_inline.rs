//! **Idea.** As `mutex`, but the head's deadline stands beside the lock, in the cache line that the reader has just taken to lock
//! it. Tells what the lock costs from what the second cache line costs.
//!
//! **Orderings.** The lock's.
//!
//! **Progress.** Blocking, as `mutex`.
//!
//! **Freshness.** Linearizable, at the moment the lock is held.
//!
//! **Trade-offs.** A reader touches one line instead of two, so a cold poll costs one cache miss, not two. A writer keeps a copy
//! of the deadline, in a line that it holds already.
//!
//! **Reference.** Common practice; U. Drepper, "What every programmer should know about memory", 2007, section 6.2.1.

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that keeps its head's deadline beside the lock.
pub type MutexInline = HeadList<MutexInlineHead>;

/// Nothing is shown to readers outside the lock.
pub struct MutexInlineHead;

impl Head for MutexInlineHead {
    const STRATEGY: Strategy = Strategy {
        name: "mutex-inline",
        summary: "as mutex, the head's deadline beside the lock: one cache line, not two",
        built_on: "parking_lot",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "one store when the head changes",
        reference: "common practice",
    };
    type Lock = ParkingLot;
    /// The head's deadline.
    type Writer = Option<Nanos>;
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, Option<Nanos>) {
        (MutexInlineHead, None)
    }
    fn local(&self) {}

    #[inline]
    fn publish(&self, deadline: &mut Option<Nanos>, (): &mut (), list: ListView<'_>) {
        *deadline = list.head();
    }

    #[inline(always)]
    fn deadline(list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        list.read_locked(&mut reader.locks, |&deadline, _| deadline)
    }

    /// A read is no cheaper than taking the lock to look for oneself.
    #[inline]
    fn worth_locking(_list: &HeadList<Self>, _reader: &mut Reader<'_, Self>, _now: Nanos, _fired: usize) -> bool {
        true
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::mem::size_of;

    use crossbeam_utils::CachePadded;

    use super::*;
    use crate::lock::OwnCounts;
    use crate::{Config, LockCounts, TimerList};

    /// The lock stands at the start of a padded block, a word of it; then the counters; then the deadline.
    #[test]
    fn lock_counters_and_deadline_share_a_cache_line() {
        let list = MutexInline::new(&Config::default());
        let deadline = list.read_locked(&mut OwnCounts::default(), |deadline, _| std::ptr::from_ref(deadline).addr());
        let offset = deadline % align_of::<CachePadded<u8>>();
        assert_eq!(offset, size_of::<usize>() + size_of::<LockCounts>());
        assert!(offset + size_of::<Option<Nanos>>() <= 64);
    }
}
