//! Userspace RCU whose readers pay compiler fences only: the thread that reclaims makes the readers' processors execute the
//! real ones, with membarrier(2). The *memb* flavour of liburcu, over the numbered periods of [`super::grace`].
//!
//! What one thread's word does:
//!
//! | state | entered by | the word holds |
//! |---|---|---|
//! | outside | registration; leaving a section | [`ABSENT`] |
//! | inside | entering a section: one store, then a light fence | the period that was current, loaded with acquire |
//!
//! **Why no reader holds a node of a batch that has passed.** The reader stores its word, executes a *light* fence and loads the
//! head. The reclaimer has unlinked the nodes, executes a *heavy* fence and loads the word. The two fences are ordered as
//! if both were sequentially consistent, so one of two things is true:
//! - the reader's light fence comes first: then the reclaimer sees the word of that section or a later one. If it is of a
//!   period that has ended, the batch waits; if it is of a later one, the reader sees the nodes unlinked; if the reader has
//!   left, its last look at the node came before the word that says so;
//! - the reclaimer's heavy fence comes first: then the reader's load sees the nodes unlinked and finds none of them.
//!
//! A word that is read again later needs no second heavy fence: a reader that was outside at the first look, and enters then,
//! is in the second case.
//!
//! The light fence is a compiler fence and the heavy one membarrier(2), private and expedited: the kernel executes a full fence
//! on each processor that runs a thread of this process, and a thread that runs nowhere has executed one when it was
//! switched out. The Rust memory model does not know of it. Where the kernel does not offer it both fences are real ones,
//! and [`fences`] says so. So are they under loom, which explores the protocol but cannot explore the system call.
//!
//! Reference: M. Desnoyers, P. McKenney, A. Stern, M. Dagenais and J. Walpole, "User-level implementations of read-copy
//! update", IEEE TPDS 2012; membarrier(2).

use std::fmt;
use std::ptr;
use std::sync::{Arc, OnceLock};

use super::grace::{ABSENT, BATCH, Bags, Periods, ReaderWord};
use super::{HeadPointer, HeadView, Published, ReadSide, Reclaim, RetiredNode};
use crate::Nanos;
use crate::sync::{Ordering, fence, yield_now};

/// How the readers and the reclaimers of `rcu-membarrier` are ordered in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fences {
    /// Compiler fences in readers, membarrier(2) in reclaimers.
    Asymmetric,
    /// Full fences in both, because this system offers no private expedited membarrier(2).
    Symmetric,
}

impl fmt::Display for Fences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fences::Asymmetric => "membarrier(2): readers pay compiler fences only",
            Fences::Symmetric => {
                "no private expedited membarrier(2), which Linux has since 4.14: readers of rcu-membarrier pay a full fence"
            }
        })
    }
}

/// Which fences this process uses. Registers it for private expedited membarrier(2) when called first.
pub fn fences() -> Fences {
    static FENCES: OnceLock<Fences> = OnceLock::new();
    *FENCES.get_or_init(|| {
        if system::register() {
            Fences::Asymmetric
        } else {
            Fences::Symmetric
        }
    })
}

#[cfg(all(target_os = "linux", not(loom)))]
mod system {
    use rustix::thread::{MembarrierCommand, membarrier, membarrier_query};

    /// Whether the process may from now on call [`barrier`].
    pub(super) fn register() -> bool {
        membarrier_query().contains_command(MembarrierCommand::PrivateExpedited)
            && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok()
    }

    /// Executes a full fence on all processors that run this process.
    pub(super) fn barrier() {
        membarrier(MembarrierCommand::PrivateExpedited).expect("a registered process may call it");
    }
}

#[cfg(not(all(target_os = "linux", not(loom))))]
mod system {
    pub(super) fn register() -> bool {
        false
    }
    pub(super) fn barrier() {}
}

impl Fences {
    /// The reader's fence, between the store of its word and the load of the head. Its counterpart is [`heavy`](Self::heavy);
    /// see the module for both outcomes.
    #[inline]
    pub(super) fn light(self) {
        match self {
            Fences::Asymmetric => std::sync::atomic::compiler_fence(Ordering::SeqCst),
            Fences::Symmetric => fence(Ordering::SeqCst),
        }
    }

    /// The reclaimer's fence, between the unlinking of the nodes and the loads of the words. Its counterpart is
    /// [`light`](Self::light).
    pub(super) fn heavy(self) {
        match self {
            Fences::Asymmetric => system::barrier(),
            Fences::Symmetric => fence(Ordering::SeqCst),
        }
    }
}

/// Nodes that one thread may have retired before it waits for readers: 256 KiB.
pub(super) const LIMIT: usize = 16 * BATCH;

/// The published head under userspace RCU of the *memb* flavour.
#[repr(C)]
pub struct Membarrier {
    published: Published,
    periods: Periods,
    fences: Fences,
}

/// A thread that is registered with a list's grace periods.
pub struct MembarrierReader<'a> {
    owner: &'a Membarrier,
    word: Arc<ReaderWord>,
    fences: Fences,
    bags: Bags,
}

impl Reclaim for Membarrier {
    type Local<'a> = MembarrierReader<'a>;

    fn new() -> Self {
        Membarrier {
            published: Published::new(),
            periods: Periods::new(),
            fences: fences(),
        }
    }

    fn local(&self) -> MembarrierReader<'_> {
        MembarrierReader {
            owner: self,
            word: self.periods.register(ABSENT),
            fences: self.fences,
            bags: Bags::default(),
        }
    }

    #[inline]
    fn publish(&self, head: HeadPointer) {
        self.published.publish(head);
    }

    /// Waits only when the thread has `LIMIT` nodes outstanding, which takes a reader that has lost its processor inside a
    /// section for as long as it takes to free so many. Without that wait memory would not be bounded.
    fn retire(&self, local: &mut MembarrierReader<'_>, node: RetiredNode) {
        assert!(ptr::eq(self, local.owner), "a node is retired where its readers are registered");
        self.periods.retire(&mut local.bags, node, || self.fences.heavy());
        while local.bags.len() >= LIMIT && !self.periods.turn(&mut local.bags, || self.fences.heavy()) {
            yield_now();
        }
    }
}

impl Drop for MembarrierReader<'_> {
    fn drop(&mut self) {
        self.owner.periods.unregister(&self.word, &mut self.bags, || self.owner.fences.heavy());
    }
}

impl ReadSide for MembarrierReader<'_> {
    type Section<'s>
        = MembarrierSection<'s>
    where
        Self: 's;

    #[inline]
    fn enter(&mut self) -> MembarrierSection<'_> {
        // Release: a reclaimer that sees this section's period knows that earlier sections are over.
        self.word.store(self.owner.periods.now(), Ordering::Release);
        self.fences.light();
        MembarrierSection { published: &self.owner.published, word: &self.word }
    }
}

/// A read-side critical section.
pub struct MembarrierSection<'s> {
    published: &'s Published,
    word: &'s ReaderWord,
}

impl HeadView for MembarrierSection<'_> {
    #[inline]
    fn read(&mut self) -> Option<Nanos> {
        // SAFETY: a node is retired only after another head was published in its place, to the periods that this thread is
        // registered with (`retire` checks that). The thread is inside a section, so by the module's argument the node that
        // is published now is in no batch that passes before the section is dropped.
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

impl Drop for MembarrierSection<'_> {
    /// Release: what was read in the section came before. Pairs with the acquire in `Periods::has_passed`.
    #[inline]
    fn drop(&mut self) {
        self.word.store(ABSENT, Ordering::Release);
    }
}
