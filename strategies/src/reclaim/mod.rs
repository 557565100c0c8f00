//! Who may still look at a node, and when its memory may go: all the unsafe code of this crate.
//!
//! A [`Reclaim`] owns the published pointer to the head node and everything that was retired. [`crate::list::HeadList`]
//! publishes through it and retires through it, always; a strategy reads through its thread's [`ReadSide`]. So a strategy
//! file cannot get the protocol wrong: it never holds a pointer, and a read always goes to the list that the thread's
//! registration belongs to, whatever a strategy does with it.

mod epoch;
mod epoch_cell;
mod grace;
mod hazard;
#[cfg(not(loom))]
mod hyaline;
mod immediate;
mod ledger;
mod membarrier;
pub(crate) mod node;
mod published;
mod qsbr;
pub(crate) mod table;
#[cfg(all(test, not(loom)))]
mod tests;

pub use epoch::Epoch;
pub use epoch_cell::{CellReader, EpochCell};
pub use hazard::Hazard;
#[cfg(not(loom))]
pub use hyaline::Hyaline;
pub use immediate::Immediate;
pub(crate) use ledger::Ledger;
pub use membarrier::{Fences, Membarrier, fences};
pub(crate) use node::Node;
pub use node::{POISON, RetiredNode};
pub use published::HeadPointer;
use published::Published;
pub use qsbr::Qsbr;

use crate::Nanos;
use crate::sync::spin_loop;

/// A published head and the means to read it without the lock.
///
/// For [`crate::list::HeadList`] to call. A reclaimer outside this crate finds the word to read in
/// [`HeadPointer::deadline_word`], and reclaims a node by dropping it.
pub trait Reclaim: Send + Sync + Sized + 'static {
    /// Whether a retired node may have to wait for readers. If not, there is no grace period to measure.
    const DEFERS: bool = true;

    /// What a thread needs to take part. It refers to the reclaimer that it is registered with.
    type Local<'a>
    where
        Self: 'a;

    /// An empty head, nothing retired.
    fn new() -> Self;

    /// Registers a thread; dropping what it returns takes it off again.
    fn local(&self) -> Self::Local<'_>;

    /// Publishes the head node. Only under the list's lock.
    fn publish(&self, head: HeadPointer);

    /// Takes over a node that is unlinked and no longer published. Called without the list's lock: what it costs, no other
    /// thread waits for.
    ///
    /// # Panics
    /// If `local` is registered with another reclaimer, whose readers are not the ones to wait for.
    fn retire(&self, local: &mut Self::Local<'_>, node: RetiredNode);

    /// Announces that the thread holds no reference.
    fn quiescent(_local: &mut Self::Local<'_>) {}
}

/// A thread's registration with a reclaimer whose readers may hold the head node without the lock.
pub trait ReadSide {
    /// A read-side critical section; ends when it is dropped.
    type Section<'s>: HeadView
    where
        Self: 's;

    /// Enters a read-side critical section.
    fn enter(&mut self) -> Self::Section<'_>;
}

/// A look at the published head from inside a read-side critical section.
pub trait HeadView {
    /// Loads the head and protects it: `None` for an empty list, else the deadline that the node shows, in place.
    ///
    /// The node may have been unlinked and linked again elsewhere between the two loads.
    fn read(&mut self) -> Option<Nanos>;

    /// How often the head has moved.
    fn moves(&self) -> u64;

    /// Reads the head, and again for as long as it moves meanwhile; adds how often to `retries`.
    ///
    /// What is compared is the number of moves, not the pointer. A head that was unlinked, put off, and became the head
    /// again after one more change would pass the latter, with a deadline that was never the head's.
    #[inline]
    fn read_validated(&mut self, retries: &mut u64) -> Option<Nanos> {
        loop {
            let before = self.moves();
            let deadline = self.read();
            if self.moves() == before {
                return deadline;
            }
            *retries += 1;
            spin_loop();
        }
    }
}
