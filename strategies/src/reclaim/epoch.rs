//! Epoch-based reclamation on crossbeam-epoch: a reader pins the current epoch, and a retired node is released once every
//! thread that was pinned when it was unlinked has unpinned.

use std::ptr;

use crossbeam_epoch::{Collector, Guard, LocalHandle};

use super::{HeadPointer, HeadView, Node, Reclaim, RetiredNode};
use crate::Nanos;
use crate::sync::{AtomicPtr, Ordering};

/// The published head under an epoch collector of its own, so that one list's garbage never waits for another's readers.
pub struct Epoch {
    /// Written under the list's lock; read by anyone who is pinned.
    head: AtomicPtr<Node>,
    collector: Collector,
}

impl Epoch {
    /// Pins the thread for the length of `read`: a read-side critical section.
    #[inline]
    pub fn pinned<R>(&self, local: &LocalHandle, read: impl FnOnce(&mut EpochView<'_>) -> R) -> R {
        let guard = local.pin();
        read(&mut EpochView { head: &self.head, seen: ptr::null_mut(), _guard: &guard })
    }
}

impl Reclaim for Epoch {
    type Local<'a> = LocalHandle;

    fn new() -> Self {
        Epoch {
            head: AtomicPtr::new(ptr::null_mut()),
            collector: Collector::new(),
        }
    }

    fn local(&self) -> LocalHandle {
        self.collector.register()
    }

    #[inline]
    fn publish(&self, head: HeadPointer) {
        // Release pairs with the acquire in `EpochView::read`: whoever sees the pointer sees the node's deadline.
        self.head.store(head.0, Ordering::Release);
    }

    fn retire(&self, local: &mut LocalHandle, node: RetiredNode) {
        local.pin().defer(move || drop(node));
    }
}

/// The head as a pinned reader sees it.
pub struct EpochView<'a> {
    head: &'a AtomicPtr<Node>,
    seen: *mut Node,
    _guard: &'a Guard,
}

impl HeadView for EpochView<'_> {
    #[inline]
    fn read(&mut self) -> Option<Nanos> {
        // Acquire pairs with the release in `Epoch::publish`.
        self.seen = self.head.load(Ordering::Acquire);
        // SAFETY: the pointer is null or was published, and a published node is retired only after another head was
        // published in its place. The collector that it is retired to is the one this thread is pinned in, so its memory
        // stays until the guard that this view borrows is dropped.
        #[allow(unsafe_code)]
        let node = unsafe { self.seen.as_ref() };
        node.map(Node::expire)
    }

    #[inline]
    fn unmoved(&mut self) -> bool {
        // Relaxed is enough: the deadline was read with acquire, so this load is not older than the write it saw.
        self.head.load(Ordering::Relaxed) == self.seen
    }
}
