//! **Idea.** A reader notes the head's node in its hazard pointer, checks that it is still the head, and reads the deadline in
//! place; whoever frees a timer leaves alone what is noted. The read is validated as in `rcu-epoch-validated`.
//!
//! **Orderings.** The crate's: a sequentially consistent fence between the note and the second load of the pointer, and one
//! between the retiring and the look at the notes. The head's as in `rcu-epoch-validated`.
//!
//! **Progress.** Lock-free: a reader starts over only because the head moved.
//!
//! **Freshness.** Notified, as `rcu-epoch-validated`.
//!
//! **Trade-offs.** Of all reclaimers the one with the tightest bound on garbage: a stalled reader holds back one node. Each read
//! pays a fence. haphazard has no asymmetric one yet, and asks the system's clock at each retirement.
//!
//! **Reference.** M. Michael, "Hazard pointers: safe memory reclamation for lock-free objects", IEEE TPDS 2004; folly's
//! implementation, which `haphazard` follows.

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLot;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy, reclaim};

/// The list whose readers note the node that they look at.
pub type Hazard = HeadList<HazardHead>;

/// The published pointer is all there is, and the reclaimer has it.
pub struct HazardHead;

impl Head for HazardHead {
    const STRATEGY: Strategy = Strategy {
        name: "hazard",
        summary: "hazard pointer on the head's node, read in place, validated",
        built_on: "haphazard",
        reader: ReaderCost::Fence,
        progress: Progress::LockFree,
        freshness: Freshness::Notified,
        writer: "two stores when the head changes; free scans the readers' hazard pointers now and then",
        reference: "Michael, IEEE TPDS 2004",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = reclaim::Hazard;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (HazardHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.read_validated()
    }
}
