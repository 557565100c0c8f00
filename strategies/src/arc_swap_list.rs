//! **Idea.** As `arc-swap`, but the immutable snapshot is of the whole list: what one gets from putting a collection behind an
//! `ArcSwap`, as its documentation invites one to.
//!
//! **Orderings.** The crate's, as in `arc-swap`.
//!
//! **Progress.** Wait-free for readers, as `arc-swap`.
//!
//! **Freshness.** Linearizable: one swap at the end of each change, one snapshot for the whole answer.
//!
//! **Trade-offs.** A reader may look at every timer for as long as it likes. A writer copies all of them at each change, under the
//! lock, whether or not the head is touched: 8 bytes a timer, which is nothing at ten timers and hopeless at a million.
//!
//! What `retired` counts are the timers' nodes, as everywhere. Readers see none of those, so a freed one goes at once; the
//! snapshots are not counted.
//!
//! **Reference.** M. Vaner, the `arc-swap` crate, its module `docs::patterns`.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that shows an immutable snapshot of all its timers.
pub type ArcSwapList = HeadList<ArcSwapListHead>;

/// The pointer to the snapshot.
pub struct ArcSwapListHead {
    /// Swapped under the lock at each change of the list; borrowed by anyone. The head comes first.
    snapshot: ArcSwap<Vec<Nanos>>,
}

impl Head for ArcSwapListHead {
    const STRATEGY: Strategy = Strategy {
        name: "arc-swap-list",
        summary: "borrow an immutable snapshot of the whole list, copied at each change",
        built_on: "arc-swap",
        reader: ReaderCost::Rmw,
        progress: Progress::WaitFree,
        freshness: Freshness::Linearizable,
        writer: "a copy of the whole list at every change",
        reference: "M. Vaner, arc-swap, 2018",
    };
    const SHOWS_WHOLE_LIST: bool = true;
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Immediate;
    /// The snapshot that was replaced last, until the lock is given back.
    type Local<'a> = Option<Arc<Vec<Nanos>>>;

    fn new() -> (Self, ()) {
        let head = ArcSwapListHead {
            snapshot: ArcSwap::from_pointee(Vec::new()),
        };
        (head, ())
    }
    fn local(&self) -> Option<Arc<Vec<Nanos>>> {
        None
    }

    #[inline]
    fn publish(&self, (): &mut (), replaced: &mut Option<Arc<Vec<Nanos>>>, list: ListView<'_>) {
        *replaced = Some(self.snapshot.swap(Arc::new(list.deadlines().collect())));
    }

    #[inline]
    fn unlocked(&self, replaced: &mut Option<Arc<Vec<Nanos>>>) {
        *replaced = None;
    }

    #[inline(always)]
    fn deadline(list: &HeadList<Self>, _reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        list.head.snapshot.load().first().copied()
    }
}
