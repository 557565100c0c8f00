//! **Idea.** Look, without the lock, whether there is any timer at all; only then lock and read. What QEMU took instead of the
//! RCU patch.
//!
//! **Orderings.** The emptiness flag is stored with release under the lock and loaded with acquire. It guards no other data:
//! a reader that sees it set takes the lock and looks again.
//!
//! **Progress.** Wait-free on an empty list, blocking on any other.
//!
//! **Freshness.** Linearizable: the flag flips once per change, under the lock, and is itself the answer on an empty list.
//!
//! **Trade-offs.** Costs a load and saves the lock where lists are empty, as most of QEMU's are. On a list that holds a
//! timer it is the mutex with one more cache line to read.
//!
//! **Reference.** QEMU commit "aio / timers: check for active timers before taking the lock" (2016); `timerlist_has_timers`.

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::sync::{AtomicBool, Ordering};
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that takes the lock only when it is not empty.
pub type MutexPeek = HeadList<MutexPeekHead>;

/// Whether there is any active timer.
pub struct MutexPeekHead {
    /// Written under the lock at each change of the head; read by anyone.
    active: AtomicBool,
}

impl MutexPeekHead {
    #[inline]
    fn is_empty(&self) -> bool {
        !self.active.load(Ordering::Acquire)
    }
}

impl Head for MutexPeekHead {
    const STRATEGY: Strategy = Strategy {
        name: "mutex-peek",
        summary: "lock-free emptiness check, then as mutex",
        built_on: "parking_lot",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "one store when the head changes",
        reference: "QEMU since 2016, util/qemu-timer.c",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        let head = MutexPeekHead {
            active: AtomicBool::new(false),
        };
        (head, ())
    }
    fn local(&self) {}

    #[inline]
    fn publish(&self, (): &mut (), (): &mut (), list: ListView<'_>) {
        self.active.store(list.head().is_some(), Ordering::Release);
    }

    #[inline(always)]
    fn deadline(list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        if list.head.is_empty() {
            return None;
        }
        list.read_locked(&mut reader.locks, |(), list| list.head_in_place())
    }

    /// As in QEMU, the check stands before the loop: a call that has fired a timer takes the lock again in any case.
    #[inline]
    fn worth_locking(list: &HeadList<Self>, _reader: &mut Reader<'_, Self>, _now: Nanos, fired: usize) -> bool {
        fired > 0 || !list.head.is_empty()
    }
}
