//! **Idea.** An immutable record of the head behind a reference-counted pointer. A writer makes a new record at each change
//! and swaps the pointer; a reader borrows whichever record it finds there and looks at its leisure.
//!
//! **Orderings.** The crate's: its swap and its load are sequentially consistent where its proof needs it, and a record that a
//! reader borrows is fully built. We add none.
//!
//! **Progress.** Wait-free for readers after a thread's first read, says the crate, up to eight borrowed records a thread; we
//! hold one.
//!
//! **Freshness.** Linearizable: one swap at the end of each change, one record for the whole answer.
//!
//! **Trade-offs.** A record may be of any size and be kept for as long as one likes. A read notes its borrow in a slot of the
//! thread's own with an atomic exchange, and takes it back with another: no two readers share a line, but neither is free. A
//! writer allocates a record, looks through the slots of all threads, and frees the old record unless somebody still has it,
//! all while it holds the lock.
//!
//! What `retired` counts are the timers' nodes, as everywhere. Readers see none of those, so a freed one goes at once.
//!
//! **Reference.** M. Vaner, the `arc-swap` crate, since 2018; its module `docs::internals`.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that shows an immutable record of its head.
pub type ArcSwap = HeadList<ArcSwapHead>;

/// The pointer to the record.
pub struct ArcSwapHead {
    /// Swapped under the lock at each change of the head; borrowed by anyone.
    record: ArcSwapOption<Record>,
}

/// What readers see of the head. Never changed once it is made.
pub struct Record {
    deadline: Nanos,
}

impl Head for ArcSwapHead {
    const STRATEGY: Strategy = Strategy {
        name: "arc-swap",
        summary: "borrow an immutable record of the head",
        built_on: "arc-swap",
        reader: ReaderCost::Rmw,
        progress: Progress::WaitFree,
        freshness: Freshness::Linearizable,
        writer: "an allocation, a swap and a walk over all readers' slots when the head changes",
        reference: "M. Vaner, arc-swap, 2018",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Immediate;
    /// The record that was replaced last, until the lock is given back.
    type Local<'a> = Option<Arc<Record>>;

    fn new() -> (Self, ()) {
        let head = ArcSwapHead {
            record: ArcSwapOption::empty(),
        };
        (head, ())
    }
    fn local(&self) -> Option<Arc<Record>> {
        None
    }

    #[inline]
    fn publish(&self, (): &mut (), replaced: &mut Option<Arc<Record>>, list: ListView<'_>) {
        let record = list.head().map(|deadline| Arc::new(Record { deadline }));
        *replaced = self.record.swap(record);
    }

    #[inline]
    fn unlocked(&self, replaced: &mut Option<Arc<Record>>) {
        *replaced = None;
    }

    #[inline(always)]
    fn deadline(list: &HeadList<Self>, _reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        let record = list.head.record.load();
        record.as_ref().map(|record| record.deadline)
    }
}
