//! Grace periods, as `rcu-membarrier` and `rcu-qsbr` share them: numbered periods, one word per thread that says in which
//! period it was last seen, and batches of retired nodes that wait until all threads have been seen later.
//!
//! | word | who writes it, when | meaning |
//! |---|---|---|
//! | `Periods::now` | whoever closes a batch, by one | the number of the current period, from 1 on; 2^64 are never used up |
//! | `ReaderWord` | its own thread only, see the reclaimer | [`ABSENT`]: holds no node; n: may hold nodes that were published in period n or later, and none that was unlinked before it began |
//!
//! A batch is closed in three steps: its nodes are unlinked already; `now` goes from n to n + 1; every word is looked at. The
//! batch has passed once each word was [`ABSENT`] or greater than n.
//! - A word greater than n: its thread loaded `now` with acquire after the batch was closed with release, so its later loads of
//!   the head see the nodes unlinked. What it did in earlier periods came before its store of the word, with release, which
//!   the reclaimer loaded with acquire.
//! - [`ABSENT`]: what the thread did came before that store, likewise. That it does not come back with an old head in
//!   hand is for the reclaimer that uses that value to see to.
//!
//! Nobody waits for a grace period under the list's lock. Each thread collects what it frees and closes a batch when
//! [`BATCH`] nodes have come together; if an earlier batch of its own has not passed yet, it goes on collecting.

use std::mem;
use std::sync::Arc;

use crossbeam_utils::CachePadded;

use super::RetiredNode;
use crate::sync::{AtomicU64, Mutex, Ordering};

/// The word of a thread that holds no node.
pub(super) const ABSENT: u64 = 0;

/// Nodes to a batch: 16 KiB. One membarrier(2), of 1 to 13 µs on two processors, is then at most 50 ns a node.
#[cfg(not(loom))]
pub(super) const BATCH: usize = 256;
#[cfg(loom)]
pub(super) const BATCH: usize = 1;

/// One thread's word, on lines of its own.
pub(super) type ReaderWord = CachePadded<AtomicU64>;

/// The periods of one list.
#[repr(C)]
pub(super) struct Periods {
    /// First, to share a line with the head that is published beside it: a reader that is cold misses once.
    now: AtomicU64,
    readers: CachePadded<Mutex<Vec<Arc<ReaderWord>>>>,
    /// What threads had not seen reclaimed when they left.
    orphans: Mutex<Vec<RetiredNode>>,
}

/// What one thread has retired.
#[derive(Default)]
pub(super) struct Bags {
    /// Collected since the last batch was closed.
    open: Vec<RetiredNode>,
    /// The batch that was closed last; empty once it has been reclaimed.
    closed: Vec<RetiredNode>,
    /// The period that `closed` was closed in.
    closed_in: u64,
}

impl Bags {
    /// How many nodes the thread has retired and not reclaimed.
    pub(super) fn len(&self) -> usize {
        self.open.len() + self.closed.len()
    }
}

impl Periods {
    /// The first period.
    pub(super) fn new() -> Self {
        Periods {
            now: AtomicU64::new(1),
            readers: CachePadded::new(Mutex::new(Vec::new())),
            orphans: Mutex::new(Vec::new()),
        }
    }

    /// The current period's number.
    #[inline]
    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::Acquire)
    }

    /// Registers a thread whose word is `seen`.
    ///
    /// A batch whose check missed the thread was checked under the same mutex before, so the thread sees its nodes unlinked.
    pub(super) fn register(&self, seen: u64) -> Arc<ReaderWord> {
        let word = Arc::new(CachePadded::new(AtomicU64::new(seen)));
        self.readers.lock().push(Arc::clone(&word));
        word
    }

    /// Takes a thread off, which holds no node any more. What it has retired is left for others to reclaim, or for the list's
    /// end.
    ///
    /// A batch whose check no longer meets the thread is checked under the same mutex, after all that the thread did.
    pub(super) fn unregister(&self, word: &Arc<ReaderWord>, bags: &mut Bags, heavy: impl FnOnce()) {
        self.readers.lock().retain(|other| !Arc::ptr_eq(other, word));
        if bags.len() == 0 {
            return;
        }
        let mut left = self.take_orphans();
        left.append(&mut bags.closed);
        left.append(&mut bags.open);
        if left.len() >= BATCH {
            let period = self.close(heavy);
            if self.has_passed(period) {
                return;
            }
        }
        self.orphans.lock().append(&mut left);
    }

    /// Takes over a node; now and then closes a batch, and reclaims one that has passed.
    ///
    /// `heavy` is what the reclaimer needs between closing a batch and looking at the words.
    pub(super) fn retire(&self, bags: &mut Bags, node: RetiredNode, heavy: impl FnOnce()) {
        bags.open.push(node);
        if bags.open.len().is_multiple_of(BATCH) {
            self.turn(bags, heavy);
        }
    }

    /// Reclaims the closed batch if it has passed, and then closes what is open; answers whether nothing is left.
    pub(super) fn turn(&self, bags: &mut Bags, heavy: impl FnOnce()) -> bool {
        if !bags.closed.is_empty() {
            if !self.has_passed(bags.closed_in) {
                return false;
            }
            bags.closed.clear();
        }
        mem::swap(&mut bags.open, &mut bags.closed);
        bags.closed.append(&mut self.take_orphans());
        bags.closed_in = self.close(heavy);
        let passed = self.has_passed(bags.closed_in);
        if passed {
            bags.closed.clear();
        }
        passed
    }

    fn take_orphans(&self) -> Vec<RetiredNode> {
        mem::take(&mut *self.orphans.lock())
    }

    /// Ends the current period and answers its number.
    ///
    /// Release pairs with the acquire in [`now`](Self::now). Readers that load the number of a later period see this one
    /// too, since the numbers are a release sequence of read-modify-writes.
    fn close(&self, heavy: impl FnOnce()) -> u64 {
        let period = self.now.fetch_add(1, Ordering::Release);
        heavy();
        period
    }

    /// Whether every thread is absent or has been seen since the period ended.
    fn has_passed(&self, period: u64) -> bool {
        let readers = self.readers.lock();
        readers.iter().all(|word| {
            let seen = word.load(Ordering::Acquire);
            seen == ABSENT || seen > period
        })
    }
}
