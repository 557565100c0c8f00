//! The head as writers publish it and as readers without the lock find it: a pointer to its node, and how often it moved.

use std::ptr;

use super::node::Node;
use crate::Nanos;
use crate::sync::{AtomicI64, AtomicPtr, AtomicU64, Ordering};

/// The head node as writers publish it, null for an empty list; opaque to strategies.
#[derive(Clone, Copy)]
pub struct HeadPointer(pub(super) *mut Node);

impl HeadPointer {
    /// An empty list's.
    pub(crate) const NULL: HeadPointer = HeadPointer(ptr::null_mut());

    /// The address of the word that shows the node's deadline in ns, null for an empty list: for a reclaimer outside this crate.
    ///
    /// To be loaded atomically, and only while the node is not reclaimed, which is for the reclaimer to see to.
    #[inline]
    pub fn deadline_word(self) -> *mut AtomicI64 {
        // A node starts with that word.
        self.0.cast()
    }
}

// SAFETY: an address by itself; following it is unsafe where it is done, and argued there.
#[allow(unsafe_code)]
unsafe impl Send for HeadPointer {}

// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for HeadPointer {}

/// The published head.
///
/// | word | who writes it, when | who reads it |
/// |---|---|---|
/// | `head` | a writer, under the list's lock, when the head changes: after the old head's node shows that it is unlinked, before that node's deadline is set again | readers, in a read-side critical section |
/// | `moves` | the same writer, after `head` | readers, before `head` and after the node |
///
/// Why a reader that finds `moves` unchanged has the head's deadline. Say it read `moves` = m, then the pointer that the j-th
/// move stored, then the node's deadline, then `moves` = m again.
/// - j is m or later, because `moves` = m is stored with release after the m-th pointer, and loaded with acquire.
/// - The node got the deadline that it had at move j before the pointer was stored with release, so the reader, who loaded
///   that with acquire, sees that deadline or a later one.
/// - A later one is either the mark of an unlinked node, which is early and not late, or was stored after move j + 1 and its
///   `moves`, with release. The reader loads deadlines with acquire, so it would then read `moves` >= j + 1 > m last.
///
/// So the deadline is the head's at the moment when the pointer was loaded, or early.
#[repr(C)]
pub(super) struct Published {
    head: AtomicPtr<Node>,
    moves: AtomicU64,
}

impl Published {
    /// An empty list's head.
    pub(super) fn new() -> Self {
        Published {
            head: AtomicPtr::new(ptr::null_mut()),
            moves: AtomicU64::new(0),
        }
    }

    /// Publishes a head. Only under the list's lock.
    #[inline]
    pub(super) fn publish(&self, head: HeadPointer) {
        self.head.store(head.0, Ordering::Release);
        // Relaxed is enough for the load: only the lock's holder writes it.
        let moves = self.moves.load(Ordering::Relaxed);
        self.moves.store(moves + 1, Ordering::Release);
    }

    /// The word that holds the pointer, for a library that loads it itself. To be loaded with acquire or stronger.
    #[inline]
    pub(super) fn word(&self) -> &AtomicPtr<Node> {
        &self.head
    }

    /// How often the head has moved.
    #[inline]
    pub(super) fn moves(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }

    /// The deadline that the published node shows.
    ///
    /// # Safety
    /// A node that is published when this is called or later stays allocated until it returns.
    #[inline]
    #[allow(unsafe_code)]
    pub(super) unsafe fn read(&self) -> Option<Nanos> {
        let head = self.head.load(Ordering::Acquire);
        // SAFETY: the pointer is null or was published, and then the caller sees to it that the node is still there.
        unsafe { deadline_of(head) }
    }
}

/// The deadline that a node shows.
///
/// # Safety
/// `node` is null or points at a node that stays allocated until this returns.
#[inline]
#[allow(unsafe_code)]
pub(super) unsafe fn deadline_of(node: *mut Node) -> Option<Nanos> {
    // SAFETY: the caller's promise.
    unsafe { node.as_ref() }.map(Node::expire)
}
