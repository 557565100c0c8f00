//! The published head under liburcu, as `HeadList` uses it, and what happens to freed nodes.

use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use headlock::strategies::Nanos;
use headlock::strategies::reclaim::{HeadPointer, Reclaim, RetiredNode};

use crate::flavour::{EMPTY, Flavour};
use crate::registration::Registration;

/// Nodes that a thread collects before it hands them to call_rcu, as many as in `rcu-membarrier`.
const BATCH: usize = 256;
/// Nodes of one list that may be on their way to be released before a thread that frees more waits.
const LIMIT: usize = 16 * BATCH;
/// How long it sleeps between two looks. liburcu's thread takes up new work every 10 ms.
const LOOK: Duration = Duration::from_micros(100);
/// How often it looks at most, for 100 ms: a thread of the qsbr flavour may be in a callback, waiting for this one.
const LOOKS: usize = 1_000;

/// What readers look at; `struct published` of shim.c.
#[repr(C)]
pub struct Published {
    /// Written under the list's lock when the head changes.
    head: AtomicPtr<AtomicI64>,
    /// How often it was, written after it.
    moves: AtomicU64,
}

/// liburcu's `struct rcu_head`, whose two words it fills in itself.
#[repr(C)]
#[derive(Default)]
pub struct RcuHead([usize; 2]);

/// The published head under a flavour of liburcu.
pub struct Urcu<F> {
    published: Published,
    /// Nodes handed to call_rcu and not released. Written by whoever frees and by liburcu's thread.
    waiting: Arc<AtomicUsize>,
    flavour: PhantomData<F>,
}

/// A thread that is registered with the flavour.
pub struct UrcuReader<'a, F: Flavour> {
    owner: &'a Urcu<F>,
    open: Vec<RetiredNode>,
    _registration: Registration<F>,
}

impl<F: Flavour> UrcuReader<'_, F> {
    /// The deadline that the head's node shows, read again for as long as the head moves meanwhile.
    #[inline]
    pub fn read_validated(&mut self, retries: &mut u64) -> Option<Nanos> {
        // SAFETY: the registration is the thread's own. `retire` is called once another head is published, and gives the
        // node to call_rcu, whose grace period outlasts every section that began before; a node that was never retired is
        // released with the list, which this reader borrows.
        let reading = unsafe { (F::CALLS.poll)(&self.owner.published) };
        *retries += reading.retries;
        (reading.deadline != EMPTY).then_some(Nanos(reading.deadline))
    }

    fn announce(&mut self) {
        // SAFETY: the registration is the thread's own, and a section lasts for a poll only.
        unsafe { (F::CALLS.quiescent)() }
    }

    /// Gives what was collected to call_rcu.
    fn hand_over(&mut self) {
        let nodes = std::mem::take(&mut self.open);
        let waiting = Arc::clone(&self.owner.waiting);
        waiting.fetch_add(nodes.len(), Ordering::Relaxed);
        let batch = Box::into_raw(Box::new(Batch { head: RcuHead::default(), nodes, waiting }));
        // SAFETY: the registration is the thread's own, and the batch stays in its box until `release` takes it back.
        unsafe { (F::CALLS.defer)(batch.cast(), release) }
    }
}

impl<F: Flavour> Reclaim for Urcu<F> {
    type Local<'a> = UrcuReader<'a, F>;

    fn new() -> Self {
        Urcu {
            published: Published {
                head: AtomicPtr::new(ptr::null_mut()),
                moves: AtomicU64::new(0),
            },
            waiting: Arc::default(),
            flavour: PhantomData,
        }
    }

    fn local(&self) -> UrcuReader<'_, F> {
        UrcuReader {
            owner: self,
            open: Vec::new(),
            _registration: Registration::new(),
        }
    }

    /// As headlock's own: release pairs with the shim's acquire.
    #[inline]
    fn publish(&self, head: HeadPointer) {
        self.published.head.store(head.deadline_word(), Ordering::Release);
        let moves = self.published.moves.load(Ordering::Relaxed);
        self.published.moves.store(moves + 1, Ordering::Release);
    }

    fn retire(&self, local: &mut UrcuReader<'_, F>, node: RetiredNode) {
        assert!(ptr::eq(self, local.owner), "a node is retired where its readers are registered");
        local.open.push(node);
        if local.open.len() < BATCH {
            return;
        }
        local.hand_over();
        for _ in 0..LOOKS {
            if self.waiting.load(Ordering::Relaxed) < LIMIT {
                break;
            }
            local.announce();
            thread::sleep(LOOK);
        }
    }

    #[inline]
    fn quiescent(local: &mut UrcuReader<'_, F>) {
        local.announce();
    }
}

impl<F: Flavour> Drop for UrcuReader<'_, F> {
    fn drop(&mut self) {
        if !self.open.is_empty() {
            self.hand_over();
        }
    }
}

/// Nodes under way, in a box that liburcu knows by its first field.
#[repr(C)]
struct Batch {
    head: RcuHead,
    nodes: Vec<RetiredNode>,
    waiting: Arc<AtomicUsize>,
}

/// Releases a batch; called by liburcu's thread.
///
/// # Safety
/// `head` is the first field of a batch that `hand_over` gave away, and its grace period is over.
unsafe extern "C" fn release(head: *mut RcuHead) {
    // SAFETY: the caller's promise; the box is taken back once.
    let batch = unsafe { Box::from_raw(head.cast::<Batch>()) };
    batch.waiting.fetch_sub(batch.nodes.len(), Ordering::Relaxed);
}
