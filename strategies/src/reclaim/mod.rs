//! Who may still look at a node, and when its memory may go: all the unsafe code of this crate.
//!
//! A [`Reclaim`] owns the published pointer to the head node and everything that was retired. [`crate::list::HeadList`]
//! publishes through it and retires through it, always; a strategy reads through it. So a strategy file cannot get the
//! protocol wrong: it never holds a pointer.

mod epoch;
mod immediate;
mod ledger;
pub(crate) mod node;
pub(crate) mod table;

pub use epoch::Epoch;
pub use immediate::Immediate;
pub(crate) use ledger::{Ledger, Retired};
pub(crate) use node::Node;
pub use node::POISON;

/// A published head and the means to read it without the lock.
pub trait Reclaim: Send + Sync + Sized + 'static {
    /// What a thread needs to take part.
    type Local<'a>
    where
        Self: 'a;

    /// An empty head, nothing retired.
    #[doc(hidden)]
    fn new() -> Self;

    /// Registers a thread.
    #[doc(hidden)]
    fn local(&self) -> Self::Local<'_>;

    /// Publishes the head node. Only under the list's lock.
    #[doc(hidden)]
    fn publish(&self, head: HeadPointer);

    /// Takes over a node that is unlinked and no longer published.
    #[doc(hidden)]
    fn retire(&self, local: &mut Self::Local<'_>, node: RetiredNode);

    /// Announces that the thread holds no reference.
    #[doc(hidden)]
    fn quiescent(&self, _local: &mut Self::Local<'_>) {}
}

/// The head node as writers publish it, null for an empty list; opaque to strategies.
#[derive(Clone, Copy)]
pub struct HeadPointer(pub(crate) *mut Node);

// SAFETY: an address by itself; following it is unsafe where it is done, and argued there.
#[allow(unsafe_code)]
unsafe impl Send for HeadPointer {}

/// A node on its way to be reclaimed, opaque to strategies.
pub struct RetiredNode(#[allow(dead_code, reason = "its drop is what it is for")] pub(crate) Retired);

/// A look at the published head from inside a read-side critical section.
pub trait HeadView {
    /// Loads the head and protects it: `None` for an empty list, else the deadline that the node shows, in place.
    fn read(&mut self) -> Option<crate::Nanos>;

    /// Whether the head that was read last is still the head.
    fn unmoved(&mut self) -> bool;
}
