//! Quiescent-state-based reclamation: readers do nothing at all, and say between operations that they hold no node. The *qsbr*
//! flavour of liburcu, over the numbered periods of [`super::grace`].
//!
//! What one thread's word does:
//!
//! | state | entered by | the word holds |
//! |---|---|---|
//! | seen in period n | registration; `quiescent`; retiring a batch | n, loaded from the current period with acquire, stored with release |
//! | off | the handle is dropped | nothing any more: it is taken off the list of words |
//!
//! **Why no reader holds a node of a batch that has passed.** The batch was closed in period n, after its nodes were unlinked,
//! and each word has since shown a period after n. Each thread thus held no node at a moment after the batch was closed, and
//! as it loaded the period's number with acquire, it has loaded the head since with the nodes unlinked. No fence is needed:
//! a thread answers what the reclaimer wrote, and nobody has to see a store before a load.
//!
//! **A thread that stops announcing** (because it sleeps, is stuck in a callback of `run`, or never calls `quiescent`) holds back
//! every node that any thread has freed since it was last seen, without bound, until it announces or drops its handle.
//! `free` does not wait for it: it might be the one that the thread is waiting for. `peak_unreclaimed` shows it.
//!
//! Reference: P. McKenney and J. Slingwine, "Read-copy update: using execution history to solve concurrency problems", PDCS
//! 1998; T. Hart, P. McKenney, A. Demke Brown and J. Walpole, "Performance of memory reclamation for lockless
//! synchronization", JPDC 2007; Desnoyers et al., 2012.

use std::ptr;
use std::sync::Arc;

use super::grace::{Bags, Periods, ReaderWord};
use super::{HeadPointer, HeadView, Published, ReadSide, Reclaim, RetiredNode};
use crate::Nanos;
use crate::sync::Ordering;

/// The published head under userspace RCU of the *qsbr* flavour.
#[repr(C)]
pub struct Qsbr {
    published: Published,
    periods: Periods,
}

/// A thread that is registered with a list's grace periods, and that announces when it is quiescent.
pub struct QsbrReader<'a> {
    owner: &'a Qsbr,
    word: Arc<ReaderWord>,
    /// What the word holds, so that announcing twice in a period writes nothing.
    seen: u64,
    bags: Bags,
}

impl QsbrReader<'_> {
    /// Announces a quiescent state. No section can be open: it would borrow the reader.
    #[inline]
    fn announce(&mut self) {
        let now = self.owner.periods.now();
        if now != self.seen {
            self.seen = now;
            // Release: what was read so far came before. Pairs with the acquire in `Periods::has_passed`.
            self.word.store(now, Ordering::Release);
        }
    }
}

impl Reclaim for Qsbr {
    type Local<'a> = QsbrReader<'a>;

    fn new() -> Self {
        Qsbr { published: Published::new(), periods: Periods::new() }
    }

    fn local(&self) -> QsbrReader<'_> {
        let seen = self.periods.now();
        QsbrReader {
            owner: self,
            word: self.periods.register(seen),
            seen,
            bags: Bags::default(),
        }
    }

    #[inline]
    fn publish(&self, head: HeadPointer) {
        self.published.publish(head);
    }

    /// A thread that retires a node holds none, so that counts as an announcement too.
    fn retire(&self, local: &mut QsbrReader<'_>, node: RetiredNode) {
        assert!(ptr::eq(self, local.owner), "a node is retired where its readers are registered");
        local.announce();
        let QsbrReader { word, seen, bags, .. } = local;
        self.periods.retire(bags, node, || {
            *seen = self.periods.now();
            word.store(*seen, Ordering::Release);
        });
    }

    #[inline]
    fn quiescent(local: &mut QsbrReader<'_>) {
        local.announce();
    }
}

impl Drop for QsbrReader<'_> {
    fn drop(&mut self) {
        self.owner.periods.unregister(&self.word, &mut self.bags, || ());
    }
}

impl ReadSide for QsbrReader<'_> {
    type Section<'s>
        = QsbrSection<'s>
    where
        Self: 's;

    #[inline]
    fn enter(&mut self) -> QsbrSection<'_> {
        QsbrSection(&self.owner.published)
    }
}

/// A read-side critical section: the time between two announcements, which it keeps from being made.
pub struct QsbrSection<'s>(&'s Published);

impl HeadView for QsbrSection<'_> {
    #[inline]
    fn read(&mut self) -> Option<Nanos> {
        // SAFETY: a node is retired only after another head was published in its place, to the periods that this thread is
        // registered with (`retire` checks that). The section borrows the reader, so the thread announces nothing while it
        // lasts, and a batch with the node that is published now does not pass.
        #[allow(unsafe_code)]
        unsafe {
            self.0.read()
        }
    }

    #[inline]
    fn moves(&self) -> u64 {
        self.0.moves()
    }
}
