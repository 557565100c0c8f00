//! **Idea.** A reader enters and leaves; freed nodes are handed in batches to all readers that are inside, and the last one to
//! leave releases the batch. The read is in place and validated, as in `rcu-epoch-validated`.
//!
//! **Orderings.** The crate's: it uses membarrier(2) where it can, so that entering costs a store; leaving is an atomic exchange.
//! The head's as in `rcu-epoch-validated`.
//!
//! **Progress.** Lock-free, as `rcu-epoch-validated`.
//!
//! **Freshness.** Notified, as `rcu-epoch-validated`.
//!
//! **Trade-offs.** Reclaims sooner than epochs do, with no thread that has to look around for others; the readers do that work.
//! Each read finds its thread's slot through a thread-local variable. A stalled reader holds back all batches that were
//! retired since it entered.
//!
//! **Reference.** R. Nikolaev and B. Ravindran, "Snapshot-free, transparent, and robust memory reclamation for lock-free data
//! structures", PLDI 2021; the `seize` crate.

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLot;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy, reclaim};

/// The list whose readers enter and leave a Hyaline collector.
pub type Hyaline = HeadList<HyalineHead>;

/// The published pointer is all there is, and the reclaimer has it.
pub struct HyalineHead;

impl Head for HyalineHead {
    const STRATEGY: Strategy = Strategy {
        name: "hyaline",
        summary: "guard from seize, head's node read in place, validated",
        built_on: "seize",
        reader: ReaderCost::Rmw,
        progress: Progress::LockFree,
        freshness: Freshness::Notified,
        writer: "two stores when the head changes; one free in 32 hands a batch to the readers",
        reference: "Nikolaev and Ravindran, PLDI 2021",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = reclaim::Hyaline;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (HyalineHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.read_validated()
    }
}
