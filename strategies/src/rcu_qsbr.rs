//! **Idea.** As `rcu-epoch-validated`, but readers do nothing to protect what they read: each thread says between operations that
//! it holds no node, and a freed one waits until all have said so.
//!
//! **Orderings.** The head's as in `rcu-epoch-validated`; the announcements' in `reclaim/qsbr.rs`.
//!
//! **Progress.** Lock-free, as `rcu-epoch-validated`.
//!
//! **Freshness.** Notified, as `rcu-epoch-validated`.
//!
//! **Trade-offs.** The cheapest read of a node there is, paid for by a discipline that the whole program must keep: a thread that
//! stops announcing, be it asleep or in a long callback of `run`, holds back all memory that is freed, without bound.
//! Announcing costs a load when nothing was freed, a store when something was.
//!
//! **Reference.** P. McKenney and J. Slingwine, "Read-copy update: using execution history to solve concurrency problems", PDCS
//! 1998; liburcu's qsbr flavour.

use crate::list::{Head, HeadList, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Qsbr;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list whose readers announce quiescent states and pay nothing else.
pub type RcuQsbr = HeadList<RcuQsbrHead>;

/// The published pointer is all there is, and the reclaimer has it.
pub struct RcuQsbrHead;

impl Head for RcuQsbrHead {
    const STRATEGY: Strategy = Strategy {
        name: "rcu-qsbr",
        summary: "as rcu-epoch-validated; readers pay nothing and announce quiescent states",
        built_on: "std",
        reader: ReaderCost::None,
        progress: Progress::LockFree,
        freshness: Freshness::Notified,
        writer: "two stores when the head changes; free waits for all threads to announce",
        reference: "McKenney and Slingwine, PDCS 1998",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Qsbr;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (RcuQsbrHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.read_validated()
    }
}
