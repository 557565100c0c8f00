//! **Idea.** As `mutex`, on a reader-writer lock: polls take it beside each other, changes for themselves.
//!
//! **Orderings.** The lock's.
//!
//! **Progress.** Blocking: a reader waits for a writer that holds the lock, and for one that waits for it, lest writers starve.
//!
//! **Freshness.** Linearizable, at the moment the lock is held.
//!
//! **Trade-offs.** Readers do not wait for each other, but each adds itself to the lock's word and takes itself off again, two
//! atomic read-modify-writes on a line that all of them want. For a critical section of a few nanoseconds that is all there is
//! to win or lose.
//!
//! `run` looks with the shared lock first and takes the exclusive one only for a timer that is due; a call that has fired one
//! looks again under the exclusive lock, without the detour.
//!
//! **Reference.** P.-J. Courtois, F. Heymans and D. Parnas, "Concurrent control with readers and writers", CACM 1971;
//! `parking_lot::RwLock`.

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLotRw;
use crate::reclaim::Immediate;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list whose reads take a shared lock.
pub type RwLock = HeadList<RwLockHead>;

/// Nothing is shown to readers: they look for themselves, under the lock.
pub struct RwLockHead;

impl Head for RwLockHead {
    const STRATEGY: Strategy = Strategy {
        name: "rwlock",
        summary: "as mutex, on a reader-writer lock that polls share",
        built_on: "parking_lot",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "waits for all readers that are inside",
        reference: "Courtois, Heymans and Parnas, 1971",
    };
    type Lock = ParkingLotRw;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (RwLockHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        list.read_shared(&mut reader.shared, |(), list| list.head_in_place())
    }

    #[inline]
    fn worth_locking(list: &HeadList<Self>, reader: &mut Reader<'_, Self>, now: Nanos, fired: usize) -> bool {
        fired > 0 || Self::deadline(list, reader).is_some_and(|deadline| deadline <= now)
    }
}
