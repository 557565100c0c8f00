//! **Idea.** As `rcu-epoch-validated`, but readers pay no fence: a reader that is inside a read-side critical section says so
//! with a plain store, and whoever reclaims makes all processors execute the fence, with membarrier(2). QEMU's own RCU can do so.
//!
//! **Orderings.** The head's as in `rcu-epoch-validated`; the sections' in `reclaim/membarrier.rs`.
//!
//! **Progress.** Lock-free, as `rcu-epoch-validated`.
//!
//! **Freshness.** Notified, as `rcu-epoch-validated`.
//!
//! **Trade-offs.** Moves the cost of the fence from each read to one system call per batch of freed timers, which interrupts
//! every processor that runs this program. `free` makes it after the lock is released; nobody waits for a grace period,
//! unless a thread has 4,096 nodes outstanding because a reader has lost its processor inside a section.
//! `reclaim::fences` tells whether the kernel offers the call; where it does not, readers pay a full fence.
//!
//! **Reference.** M. Desnoyers et al., "User-level implementations of read-copy update", IEEE TPDS 2012; liburcu's memb flavour;
//! membarrier(2).

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Membarrier;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list whose readers pay compiler fences only.
pub type RcuMembarrier = HeadList<RcuMembarrierHead>;

/// The published pointer is all there is, and the reclaimer has it.
pub struct RcuMembarrierHead;

impl Head for RcuMembarrierHead {
    const STRATEGY: Strategy = Strategy {
        name: "rcu-membarrier",
        summary: "as rcu-epoch-validated; readers pay compiler fences, grace periods pay membarrier(2)",
        built_on: "rustix",
        reader: ReaderCost::Asymmetric,
        progress: Progress::LockFree,
        freshness: Freshness::Notified,
        writer: "two stores when the head changes; one free in 256 pays a membarrier(2)",
        reference: "Desnoyers et al., IEEE TPDS 2012",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Membarrier;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (RcuMembarrierHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.read_validated()
    }
}
