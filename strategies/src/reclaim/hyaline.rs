//! Hyaline on seize: a reader enters, a batch of retired nodes is handed to every reader that is inside, and the last of them to
//! leave releases it.

use std::ptr::{self, NonNull};

use seize::{Collector, Guard, LocalGuard};

use super::published::deadline_of;
use super::{HeadPointer, HeadView, Node, Published, ReadSide, Reclaim, RetiredNode};
use crate::Nanos;
use crate::sync::Ordering;

/// The published head under a collector of its own.
#[repr(C)]
pub struct Hyaline {
    published: Published,
    collector: Collector,
}

/// A thread's way to the collector, which knows threads by their thread-local number.
pub struct HyalineReader<'a>(&'a Hyaline);

impl Reclaim for Hyaline {
    type Local<'a> = HyalineReader<'a>;

    fn new() -> Self {
        Hyaline { published: Published::new(), collector: Collector::new() }
    }

    fn local(&self) -> HyalineReader<'_> {
        HyalineReader(self)
    }

    #[inline]
    fn publish(&self, head: HeadPointer) {
        self.published.publish(head);
    }

    fn retire(&self, local: &mut HyalineReader<'_>, node: RetiredNode) {
        assert!(ptr::eq(self, local.0), "a node is retired where its readers are registered");
        // SAFETY: the node is no longer published, so nobody who enters later finds it; its owner gives it to `reclaim`.
        #[allow(unsafe_code)]
        unsafe {
            self.collector.retire(node.into_raw(), reclaim);
        }
    }
}

/// Releases a retired node.
///
/// # Safety
/// `node` comes from [`RetiredNode::into_raw`], and this is called once for it.
#[allow(unsafe_code)]
unsafe fn reclaim(node: *mut Node, _collector: &Collector) {
    if let Some(node) = NonNull::new(node) {
        // SAFETY: the caller's promise.
        drop(unsafe { RetiredNode::from_raw(node) });
    }
}

impl ReadSide for HyalineReader<'_> {
    type Section<'s>
        = HyalineSection<'s>
    where
        Self: 's;

    #[inline]
    fn enter(&mut self) -> HyalineSection<'_> {
        HyalineSection {
            published: &self.0.published,
            guard: self.0.collector.enter(),
        }
    }
}

/// A guard that is inside.
pub struct HyalineSection<'s> {
    published: &'s Published,
    guard: LocalGuard<'s>,
}

impl HeadView for HyalineSection<'_> {
    #[inline]
    fn read(&mut self) -> Option<Nanos> {
        let head = self.guard.protect(self.published.word(), Ordering::Acquire);
        // SAFETY: a node is retired only after another head was published in its place, to the collector that the guard is
        // inside of (`retire` checks that), so the node stays until the guard leaves.
        #[allow(unsafe_code)]
        unsafe {
            deadline_of(head)
        }
    }

    #[inline]
    fn moves(&self) -> u64 {
        self.published.moves()
    }
}
