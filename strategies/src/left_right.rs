//! **Idea.** Two copies of what readers see. The writer changes the one that nobody reads, flips the pointer, and waits, before it
//! changes the other one, until the readers that were there have left.
//!
//! **Orderings.** The crate's: a reader raises its own counter, executes a sequentially consistent fence and loads the pointer;
//! the writer swaps the pointer, executes such a fence and looks at the counters.
//!
//! **Progress.** Wait-free for readers. A writer waits for readers: for one that lost its processor inside a read, for as long
//! as that takes, and while it waits it holds the lock.
//!
//! **Freshness.** Linearizable: one flip at the end of each change, one copy for the whole answer.
//!
//! **Trade-offs.** Readers never start over, nothing is allocated and nothing is garbage. Each read is two atomic additions on a
//! line of the thread's own. With many readers the writer looks through all their counters at each change.
//!
//! What `retired` counts are the timers' nodes, as everywhere. Readers see none of those, so a freed one goes at once.
//!
//! **Reference.** P. Ramalhete and A. Correia, "Left-Right: a concurrency control technique with wait-free population oblivious
//! reads", 2013; J. Gjengset's `left-right` crate.

use left_right::{Absorb, ReadHandle, ReadHandleFactory, WriteHandle};

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that shows its head in two copies.
pub type LeftRight = HeadList<LeftRightHead>;

/// Makes read handles.
pub struct LeftRightHead {
    readers: ReadHandleFactory<Shown>,
}

/// One copy of what readers see. The operation that changes it is its new value.
#[derive(Clone, Copy)]
pub struct Shown(Option<Nanos>);

impl Absorb<Shown> for Shown {
    fn absorb_first(&mut self, new: &mut Shown, _other: &Shown) {
        *self = *new;
    }
    fn sync_with(&mut self, first: &Shown) {
        *self = *first;
    }
}

impl Head for LeftRightHead {
    const STRATEGY: Strategy = Strategy {
        name: "left-right",
        summary: "two copies: readers use one while the writer changes the other, then flips",
        built_on: "left-right",
        reader: ReaderCost::Rmw,
        progress: Progress::WaitFree,
        freshness: Freshness::Linearizable,
        writer: "a flip when the head changes, and a wait for readers of the previous one",
        reference: "Ramalhete and Correia, 2013",
    };
    type Lock = ParkingLot;
    /// The mutex is never locked: it makes the handle shareable, as the lock's state has to be, at no cost.
    #[allow(clippy::disallowed_types, reason = "never locked")]
    type Writer = std::sync::Mutex<WriteHandle<Shown, Shown>>;
    type Reclaim = Immediate;
    type Local<'a> = ReadHandle<Shown>;

    fn new() -> (Self, Self::Writer) {
        let (writer, reader) = left_right::new_from_empty(Shown(None));
        let head = LeftRightHead { readers: reader.factory() };
        (head, writer.into())
    }
    fn local(&self) -> ReadHandle<Shown> {
        self.readers.handle()
    }

    #[inline]
    fn publish(&self, writer: &mut Self::Writer, _local: &mut ReadHandle<Shown>, list: ListView<'_>) {
        let writer = writer.get_mut().expect("a mutex that is never locked is never poisoned");
        writer.append(Shown(list.head()));
        writer.publish();
    }

    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        let shown = reader.local.enter().expect("the writer lives as long as the list");
        shown.0
    }
}
