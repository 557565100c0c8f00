//! **Idea.** The head's deadline in one atomic word: the least that a reader can possibly pay, and the rival that any reviewer
//! will name.
//!
//! **Orderings.** Stored with release under the lock, loaded with acquire. The word is the whole answer, so there is nothing
//! else to order; acquire costs nothing on x86 and keeps a caller's later reads behind the poll.
//!
//! **Progress.** Wait-free: one load.
//!
//! **Freshness.** Linearizable: one store at the end of each change, one load.
//!
//! **Trade-offs.** Shows the deadline and nothing else of the head. The word shares no line with the lock, so a poll never
//! disturbs a writer but by taking the word's line.
//!
//! **Reference.** Folklore; the same step as QEMU's emptiness check, taken to the deadline itself.

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::sync::{AtomicI64, Ordering};
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that shows its head's deadline in one word.
pub type AtomicDeadline = HeadList<AtomicDeadlineHead>;

/// Stands for an empty list; no deadline is negative.
const EMPTY: i64 = -1;

/// The word.
pub struct AtomicDeadlineHead {
    /// Written under the lock at each change of the head; read by anyone.
    deadline: AtomicI64,
}

impl Head for AtomicDeadlineHead {
    const STRATEGY: Strategy = Strategy {
        name: "atomic-deadline",
        summary: "the head's deadline in one atomic word",
        built_on: "std",
        reader: ReaderCost::None,
        progress: Progress::WaitFree,
        freshness: Freshness::Linearizable,
        writer: "one store when the head changes",
        reference: "folklore",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        let head = AtomicDeadlineHead {
            deadline: AtomicI64::new(EMPTY),
        };
        (head, ())
    }
    fn local(&self) {}

    #[inline]
    fn publish(&self, (): &mut (), (): &mut (), list: ListView<'_>) {
        let deadline = list.head().map_or(EMPTY, |deadline| deadline.0);
        self.deadline.store(deadline, Ordering::Release);
    }

    #[inline(always)]
    fn deadline(list: &HeadList<Self>, _reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        let deadline = list.head.deadline.load(Ordering::Acquire);
        (deadline != EMPTY).then_some(Nanos(deadline))
    }
}
