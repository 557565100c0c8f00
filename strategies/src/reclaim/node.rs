//! The node of a timer: allocated once, read in place by readers, poisoned before its memory is released.

use std::ptr::NonNull;
use std::sync::Arc;

use super::Ledger;
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
/// | `ledger`, `stamp` | whoever frees the timer, once, after the node is out of the table | whoever releases its memory |
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Node {
    expire: AtomicI64,
    /// Null until the node is retired; then a counted reference.
    #[allow(
        clippy::disallowed_types,
        reason = "one writer, and handed over with the node: loom need not explore it"
    )]
    ledger: std::sync::atomic::AtomicPtr<Ledger>,
    /// What the ledger gave the node when it was retired.
    #[allow(
        clippy::disallowed_types,
        reason = "one writer, and handed over with the node: loom need not explore it"
    )]
    stamp: std::sync::atomic::AtomicU64,
}

/// `HeadPointer::deadline_word` relies on it.
const _: () = assert!(std::mem::offset_of!(Node, expire) == 0);

impl Node {
    /// The deadline in place.
    ///
    /// Acquire, so that a reader that sees the deadline of a later modify also sees that the head moved in between. Pairs
    /// with the release in [`set_expire`](Self::set_expire). Free on x86.
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

// SAFETY: a node is a few atomic words; the owner may be sent to and dropped by any thread.
#[allow(unsafe_code)]
unsafe impl Send for OwnedNode {}

impl OwnedNode {
    /// Allocates an unlinked node.
    pub(crate) fn new() -> Self {
        let node = Box::new(Node {
            expire: AtomicI64::new(UNLINKED.0),
            ledger: Default::default(),
            stamp: Default::default(),
        });
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

    fn node(&self) -> &Node {
        // SAFETY: the pointer came from a leaked box, and its owner has not been dropped yet.
        #[allow(unsafe_code)]
        unsafe {
            self.0.as_ref()
        }
    }
}

impl Drop for OwnedNode {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        self.node().set_expire(POISON);
        let ledger = self.node().ledger.load(Ordering::Relaxed);
        if !ledger.is_null() {
            // SAFETY: `RetiredNode::new` put a counted reference there, and the node is dropped once.
            let ledger = unsafe { Arc::from_raw(ledger) };
            ledger.leave(self.node().stamp.load(Ordering::Relaxed));
        }
        // Under loom the memory stays, so that a reader that comes too late meets the poison and not the allocator.
        if !cfg!(loom) {
            // SAFETY: the pointer came from a leaked box and this is its only owner.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// A node on its way to be reclaimed, opaque to strategies. Dropping it is reclaiming it.
pub struct RetiredNode(OwnedNode);

impl RetiredNode {
    /// Enters a node as retired. The ledger's reference lies in the node, because the libraries that reclaim it hand back
    /// nothing but its address.
    pub(crate) fn new(node: OwnedNode, ledger: &Arc<Ledger>) -> Self {
        node.node().stamp.store(ledger.enter(), Ordering::Relaxed);
        node.node().ledger.store(Arc::into_raw(Arc::clone(ledger)).cast_mut(), Ordering::Relaxed);
        RetiredNode(node)
    }

    /// Gives up ownership for a pointer, to be taken back by [`from_raw`](Self::from_raw).
    pub(super) fn into_raw(self) -> *mut Node {
        self.0.into_raw()
    }

    /// Takes back what [`into_raw`](Self::into_raw) gave.
    ///
    /// # Safety
    /// As for [`OwnedNode::from_raw`].
    #[allow(unsafe_code)]
    pub(super) unsafe fn from_raw(pointer: NonNull<Node>) -> Self {
        // SAFETY: the caller's promise.
        RetiredNode(unsafe { OwnedNode::from_raw(pointer) })
    }
}
