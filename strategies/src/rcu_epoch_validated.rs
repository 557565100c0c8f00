//! **Idea.** The RFC made right with two more loads: a reader of `rcu-epoch` also reads how often the head has moved, before and
//! after, and starts over if it moved meanwhile.
//!
//! **Orderings.** As `rcu-epoch`; the number of moves is stored with release after the pointer and loaded with acquire, as the
//! node's deadline is. `reclaim/published.rs` shows why nothing slips through. Reading the pointer again instead would not do:
//! the head may be unlinked, put off, and be the head again, by the second look, with a deadline that no longer is the one
//! that was read.
//!
//! **Progress.** Lock-free: a reader starts over only because a writer got something done.
//!
//! **Freshness.** Notified. An answer is the deadline of the node that was the head when the pointer was loaded, with two
//! exceptions, both a modify under way: a node that is being unlinked shows a time before zero, which is early; and between
//! its two steps the next timer in line is the head, which may be later than the timer that is about to be linked in front of
//! it, for which a rearm is on its way.
//!
//! **Trade-offs.** Costs a load before and a load after, from the line that the pointer is in. A busy writer makes readers
//! start over.
//!
//! **Reference.** The RFC, see `rcu-epoch`; validation by version as in H. T. Kung and J. Robinson, "On optimistic methods for
//! concurrency control", TODS 1981.

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Epoch;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list of the RFC, with its reads validated.
pub type RcuEpochValidated = HeadList<RcuEpochValidatedHead>;

/// The published pointer is all there is, and the reclaimer has it.
pub struct RcuEpochValidatedHead;

impl Head for RcuEpochValidatedHead {
    const STRATEGY: Strategy = Strategy {
        name: "rcu-epoch-validated",
        summary: "as rcu-epoch, then check that the head did not move, else retry",
        built_on: "crossbeam-epoch",
        reader: ReaderCost::Fence,
        progress: Progress::LockFree,
        freshness: Freshness::Notified,
        writer: "two stores when the head changes; free defers to a grace period",
        reference: "the RFC; Kung and Robinson, 1981",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Epoch;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (RcuEpochValidatedHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.read_validated()
    }
}
