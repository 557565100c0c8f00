//! Epoch-based reclamation on crossbeam-epoch: a reader pins the current epoch, and a retired node is released once every
//! thread that was pinned when it was unlinked has unpinned.

use std::ptr;

use crossbeam_epoch::{Collector, Guard, LocalHandle};

use super::{HeadPointer, HeadView, Published, ReadSide, Reclaim, RetiredNode};
use crate::Nanos;

/// The published head under an epoch collector of its own, so that one list's garbage never waits for another's readers.
#[repr(C)]
pub struct Epoch {
    published: Published,
    collector: Collector,
}

/// A participant of a list's epochs.
pub struct EpochReader<'a> {
    epoch: &'a Epoch,
    participant: LocalHandle,
}

impl Reclaim for Epoch {
    type Local<'a> = EpochReader<'a>;

    fn new() -> Self {
        Epoch { published: Published::new(), collector: Collector::new() }
    }

    fn local(&self) -> EpochReader<'_> {
        EpochReader { epoch: self, participant: self.collector.register() }
    }

    #[inline]
    fn publish(&self, head: HeadPointer) {
        self.published.publish(head);
    }

    fn retire(&self, local: &mut EpochReader<'_>, node: RetiredNode) {
        assert!(ptr::eq(self, local.epoch), "a node is retired where its readers are registered");
        local.participant.pin().defer(move || drop(node));
    }
}

impl ReadSide for EpochReader<'_> {
    type Section<'s>
        = Pinned<'s>
    where
        Self: 's;

    #[inline]
    fn enter(&mut self) -> Pinned<'_> {
        Pinned {
            published: &self.epoch.published,
            _guard: self.participant.pin(),
        }
    }
}

/// A pinned epoch.
pub struct Pinned<'s> {
    published: &'s Published,
    _guard: Guard,
}

impl HeadView for Pinned<'_> {
    #[inline]
    fn read(&mut self) -> Option<Nanos> {
        // SAFETY: a node is retired only after another head was published in its place, to the collector that this thread
        // is pinned in (`retire` checks that), so a node that is published now stays until the guard is dropped.
        #[allow(unsafe_code)]
        unsafe {
            self.published.read()
        }
    }

    #[inline]
    fn moves(&self) -> u64 {
        self.published.moves()
    }
}
