//! The node of a timer: allocated once, read in place by readers, poisoned before its memory is released.

use std::ptr::NonNull;

use crate::Nanos;
use crate::sync::{AtomicI64, Ordering};

/// What a node shows while it is not linked: already due, so that a reader that still holds it errs on the early side.
pub(crate) const UNLINKED: Nanos = Nanos(-1);

/// What a released node is overwritten with. No reader may ever see it; `headlock verify` looks for it.
pub const POISON: Nanos = Nanos(i64::MIN + 0xdead);

/// A timer's node, one cache line of its own.
///
/// | word | who writes it, when | who reads it |
/// |---|---|---|
/// | `expire` | a writer, under the list's lock: [`UNLINKED`] before the node is unlinked, the deadline before it is linked | the holder of the lock; readers, in place, if the strategy protects the node |
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Node {
    expire: AtomicI64,
}

impl Node {
    /// The deadline in place.
    ///
    /// Acquire, so that a reader that sees the deadline of a later modify also sees that the head moved in between: the
    /// pointer it loads next is not older. Pairs with the release in [`set_expire`](Self::set_expire). Free on x86.
    #[inline]
    pub(crate) fn expire(&self) -> Nanos {
        Nanos(self.expire.load(Ordering::Acquire))
    }

    /// Writes the deadline in place. Only under the list's lock.
    ///
    /// Release, see [`expire`](Self::expire).
    #[inline]
    pub(crate) fn set_expire(&self, expire: Nanos) {
        self.expire.store(expire.0, Ordering::Release);
    }
}

/// The only owner of a node. Dropping it poisons the node and releases its memory, so it must outlive every reader; to
/// see to that is what the reclaimers are for.
///
/// A raw pointer rather than a box, because readers hold references to the node while its owner is moved about.
pub(crate) struct OwnedNode(NonNull<Node>);

// SAFETY: a node is an atomic word; the owner may be sent to and dropped by any thread.
#[allow(unsafe_code)]
unsafe impl Send for OwnedNode {}

impl OwnedNode {
    /// Allocates an unlinked node.
    pub(crate) fn new() -> Self {
        let node = Box::new(Node { expire: AtomicI64::new(UNLINKED.0) });
        OwnedNode(NonNull::from(Box::leak(node)))
    }

    /// Gives up ownership for a pointer, to be taken back by [`from_raw`](Self::from_raw).
    pub(crate) fn into_raw(self) -> *mut Node {
        let pointer = self.0.as_ptr();
        std::mem::forget(self);
        pointer
    }

    /// Takes back what [`into_raw`](Self::into_raw) gave.
    ///
    /// # Safety
    /// `pointer` comes from `into_raw`, and nobody else takes it back.
    #[allow(unsafe_code)]
    pub(crate) unsafe fn from_raw(pointer: NonNull<Node>) -> Self {
        OwnedNode(pointer)
    }
}

impl Drop for OwnedNode {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the pointer came from a leaked box and this is its only owner.
        let node = unsafe { Box::from_raw(self.0.as_ptr()) };
        node.set_expire(POISON);
    }
}
