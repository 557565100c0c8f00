//! **Idea.** RCU as the textbook has it: what readers see is never changed but replaced. Each change of the head publishes a new
//! immutable record, and the old one waits for a grace period.
//!
//! **Orderings.** The record is swapped in with release and loaded with acquire, under a pinned epoch.
//!
//! **Progress.** Wait-free for readers, but for the collector's own work that a pin may take on now and then.
//!
//! **Freshness.** Linearizable: one swap at the end of each change, one record for the whole answer.
//!
//! **Trade-offs.** The race of `rcu-epoch` cannot happen, and a record may say more than a deadline. A writer pays for it with an
//! allocation, a pin and a deferred release at each change of the head, not only when a timer is freed.
//!
//! What `retired` counts are the timers' nodes, as everywhere. Readers see none of those, so a freed one goes at once; the
//! records are not counted.
//!
//! **Reference.** P. McKenney, "Exploiting deferred destruction: an analysis of read-copy-update techniques in operating system
//! kernels", 2004; crossbeam-epoch.

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::{CellReader, EpochCell, Immediate};
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that shows an immutable record of its head under an epoch.
pub type RcuEpochCopy = HeadList<RcuEpochCopyHead>;

/// The cell with the record.
pub struct RcuEpochCopyHead {
    /// Replaced under the lock at each change of the head; read by anyone who is pinned.
    record: EpochCell<Record>,
}

/// What readers see of the head. Never changed once it is made.
pub struct Record {
    deadline: Nanos,
}

impl Head for RcuEpochCopyHead {
    const STRATEGY: Strategy = Strategy {
        name: "rcu-epoch-copy",
        summary: "pin, read an immutable record that is replaced at each change of the head",
        built_on: "crossbeam-epoch",
        reader: ReaderCost::Fence,
        progress: Progress::WaitFree,
        freshness: Freshness::Linearizable,
        writer: "an allocation, a pin and a deferred release when the head changes",
        reference: "McKenney, 2004",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = CellReader<'a, Record>;

    fn new() -> (Self, ()) {
        let head = RcuEpochCopyHead { record: EpochCell::new() };
        (head, ())
    }
    fn local(&self) -> CellReader<'_, Record> {
        self.record.reader()
    }

    #[inline]
    fn publish(&self, (): &mut (), local: &mut CellReader<'_, Record>, list: ListView<'_>) {
        local.replace(list.head().map(|deadline| Record { deadline }));
    }

    #[inline]
    fn unlocked(&self, local: &mut CellReader<'_, Record>) {
        local.retire();
    }

    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.local.read(|record| record.map(|record| record.deadline))
    }
}
