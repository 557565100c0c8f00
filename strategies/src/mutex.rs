//! **Idea.** Lock, read the deadline of the head node, unlock. What QEMU did in 2013, and the default baseline.
//!
//! **Orderings.** The lock's.
//!
//! **Progress.** Blocking: a reader waits for whoever holds the lock, a writer or another reader.
//!
//! **Freshness.** Linearizable, at the moment the lock is held.
//!
//! **Trade-offs.** Simple and always right. Each poll takes the line of the lock away from every other thread, and a holder
//! that loses its processor stops all of them.
//!
//! **Reference.** `timerlist_deadline_ns` and `timerlist_expired` in QEMU 1.6, `qemu-timer.c`.

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list whose every read takes the lock.
pub type Mutex = HeadList<MutexHead>;

/// Nothing is shown to readers: they look for themselves, under the lock.
pub struct MutexHead;

impl Head for MutexHead {
    const STRATEGY: Strategy = Strategy {
        name: "mutex",
        summary: "lock, read the head node's deadline, unlock",
        built_on: "parking_lot",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "nothing more",
        reference: "QEMU 1.6, qemu-timer.c",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (MutexHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        list.read_locked(&mut reader.locks, |(), list| list.head_in_place())
    }

    /// A read is no cheaper than taking the lock to look for oneself.
    #[inline]
    fn worth_locking(_list: &HeadList<Self>, _reader: &mut Reader<'_, Self>, _now: Nanos, _fired: usize) -> bool {
        true
    }
}
