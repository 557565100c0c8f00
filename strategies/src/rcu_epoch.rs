//! **Idea.** The RFC to the letter: a reader enters a read-side critical section, loads the pointer to the head node, reads the
//! node's deadline in place, and leaves. `run` checks that way first and takes the mutex only when the head looks due; then it
//! looks at the head again under the mutex ("recheck"). Freeing a timer waits for a grace period; nothing else does.
//!
//! **Orderings.** The pointer is published with release and loaded with acquire (RCU's publish and dereference). The deadline
//! is an atomic word of the node, written under the lock. Nothing ties the two loads together, which is the race below.
//!
//! **Progress.** Wait-free for readers, but for the collector's own work that a pin may take on now and then.
//!
//! **Freshness.** Racy. The reader loads the head A. A writer modifies A to a later time: it unlinks A, B is the head, and A
//! gets its new deadline behind B. The reader now reads A's deadline, which is later than B's. The modified timer is not the
//! head, so nobody is notified, and the poller sleeps past B.
//!
//! **Trade-offs.** A pin is a store and a fence on a line of the thread's own: cheaper than a lock, and polls do not disturb
//! each other. Freed nodes wait for every pinned thread, so one that stalls inside a read holds all garbage back.
//!
//! **Reference.** P. Bonzini, "[RFC 4/3] qemu-timer: use RCU to preserve the timers during lockless lookup", qemu-devel,
//! 29 August 2013. K. Fraser, "Practical lock-freedom", 2004, for epochs.

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Epoch;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list of the RFC.
pub type RcuEpoch = HeadList<RcuEpochHead>;

/// The published pointer is all there is, and the reclaimer has it.
pub struct RcuEpochHead;

impl Head for RcuEpochHead {
    const STRATEGY: Strategy = Strategy {
        name: "rcu-epoch",
        summary: "the RFC: pin, load the head, read its deadline in place; recheck under the mutex",
        built_on: "crossbeam-epoch",
        reader: ReaderCost::Fence,
        progress: Progress::WaitFree,
        freshness: Freshness::Racy,
        writer: "one pointer store when the head changes; free defers to a grace period",
        reference: "qemu-devel, RFC 4/3, 29 August 2013",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Epoch;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (RcuEpochHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.read()
    }
}
