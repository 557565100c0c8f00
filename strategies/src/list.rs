//! The timer list that all built-in strategies share: same nodes, same heap, same writers' mutex. A strategy is a [`Head`]:
//! how the head is shown to readers, and how they look at it.

#[cfg(all(test, not(loom)))]
pub(crate) mod tests;

use std::sync::Arc;

use crossbeam_utils::CachePadded;

use crate::heap::Heap;
use crate::lock::{CountedGuard, CountedMutex, LockKind, OwnCounts, SharedLockKind};
use crate::reclaim::node::UNLINKED;
use crate::reclaim::table::Table;
use crate::reclaim::{HeadPointer, HeadView, Ledger, Node, ReadSide, Reclaim, RetiredNode};
use crate::{Config, Counts, LockCounts, Nanos, Rearm, Strategy, TimerHandle, TimerId, TimerList};

/// One way to guard the head of the list: all that a strategy file has to say.
pub trait Head: Send + Sync + Sized + 'static {
    /// The name and what it declares.
    const STRATEGY: Strategy;

    /// Whether [`publish`](Self::publish) shows more than the head, so that it must be called for every change.
    const SHOWS_WHOLE_LIST: bool = false;

    /// The writers' mutex.
    type Lock: LockKind;
    /// State that belongs to the lock's holder.
    type Writer: Send + Sync;
    /// How readers may hold nodes without the lock.
    type Reclaim: Reclaim;
    /// One thread's state.
    type Local<'a>;

    /// The shared state and the writers' state for an empty list.
    fn new() -> (Self, Self::Writer);

    /// Registers a thread.
    fn local(&self) -> Self::Local<'_>;

    /// Shows readers the head after a change. Called once at the end of each operation that touched the head, under the
    /// lock. A list whose readers follow the head's node has nothing to add to what the reclaimer publishes.
    #[inline(always)]
    fn publish(&self, _writer: &mut Self::Writer, _local: &mut Self::Local<'_>, _list: ListView<'_>) {}

    /// Called once the lock that a change was [published](Self::publish) under is given back, to let go of what was replaced. No
    /// reclaimer works under the lock: who waits for it would pay for another's garbage.
    #[inline(always)]
    fn unlocked(&self, _local: &mut Self::Local<'_>) {}

    /// Reads the head's deadline.
    fn deadline(list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos>;

    /// Whether `run` should take the lock, asked before each time it does. `fired` counts the timers that this call has
    /// fired already.
    ///
    /// As given, the RFC's way: only if the head, read as any reader does, looks due. What it says is checked again under
    /// the lock. A list whose reads take that very lock has nothing to gain from it.
    #[inline]
    fn worth_locking(list: &HeadList<Self>, reader: &mut Reader<'_, Self>, now: Nanos, _fired: usize) -> bool {
        Self::deadline(list, reader).is_some_and(|deadline| deadline <= now)
    }
}

/// One thread's state as the strategy's reads see it.
pub struct Reader<'a, H: Head> {
    /// The strategy's own.
    pub local: H::Local<'a>,
    /// The reclaimer's.
    pub reclaim: <H::Reclaim as Reclaim>::Local<'a>,
    /// Reads that had to start over.
    pub retries: u64,
    /// Shared acquisitions of the list's lock, which cannot be counted inside it.
    pub shared: OwnCounts,
    /// This thread's part of what the lock counted inside.
    pub locks: OwnCounts,
}

impl<'a, H: Head> Reader<'a, H>
where
    <H::Reclaim as Reclaim>::Local<'a>: ReadSide,
{
    /// The deadline that the head's node shows, in place, whatever has become of the node since it was the head.
    #[inline(always)]
    pub fn read(&mut self) -> Option<Nanos> {
        self.reclaim.enter().read()
    }

    /// The deadline that the head's node shows, read again for as long as the head moves meanwhile.
    #[inline(always)]
    pub fn read_validated(&mut self) -> Option<Nanos> {
        self.reclaim.enter().read_validated(&mut self.retries)
    }
}

/// What the lock guards.
#[repr(C)]
pub(crate) struct Guarded<W> {
    /// The strategy's words come first, to share a line with the lock.
    writer: W,
    head: HeadPointer,
    heap: Heap,
}

/// The list as the holder of its lock sees it.
#[derive(Clone, Copy)]
pub struct ListView<'a> {
    heap: &'a Heap,
    table: &'a Table,
    head: HeadPointer,
}

impl<'a> ListView<'a> {
    /// The head's deadline, without touching its node.
    #[inline]
    pub fn head(self) -> Option<Nanos> {
        self.heap.first().map(|entry| entry.expire)
    }

    /// The head's deadline as its node shows it: a pointer beside the lock, and the node's own cache line.
    #[inline]
    pub fn head_in_place(self) -> Option<Nanos> {
        self.table.linked(self.head, self.heap).map(Node::expire)
    }

    /// The head's name and deadline.
    #[inline]
    pub fn head_named(self) -> Option<(TimerId, Nanos)> {
        self.heap.first().map(|entry| (self.table.name(entry.slot), entry.expire))
    }

    /// The deadlines of all active timers: the head's, then the others in no particular order.
    pub fn deadlines(self) -> impl Iterator<Item = Nanos> + 'a {
        self.heap.entries().iter().map(|entry| entry.expire)
    }
}

/// The shared list under a strategy's [`Head`].
pub struct HeadList<H: Head> {
    lock: CachePadded<CountedMutex<H::Lock, Guarded<H::Writer>>>,
    /// What readers look at; on lines of its own, away from the lock.
    pub(crate) head: CachePadded<H>,
    reclaim: CachePadded<H::Reclaim>,
    table: Table,
    ledger: Arc<Ledger>,
    /// What the readers counted, added when their handles are dropped.
    #[allow(
        clippy::disallowed_types,
        reason = "statistics: nothing follows from them that loom could explore"
    )]
    readers: parking_lot::Mutex<Counts>,
    hold_spins: u32,
}

/// The lock, held.
struct Held<'a, H: Head> {
    guard: CountedGuard<'a, H::Lock, Guarded<H::Writer>>,
    list: &'a HeadList<H>,
    touched: bool,
}

impl<H: Head> Held<'_, H> {
    /// Unlinks a timer; answers whether it was active.
    ///
    /// The node shows [`UNLINKED`] before the next head is published, as QEMU's does, so that a reader that still holds it
    /// wakes too early rather than too late.
    fn unlink(&mut self, slot: u32) -> bool {
        let table = &self.list.table;
        let Some(was_head) = self.guard.heap.remove(table, slot) else {
            return false;
        };
        table.node(slot, &self.guard.heap).set_expire(UNLINKED);
        self.changed(was_head);
        true
    }

    /// Links a timer that is not active; answers whether it became the head.
    fn link(&mut self, slot: u32, expire: Nanos) -> bool {
        let expire = expire.max(Nanos::ZERO);
        let table = &self.list.table;
        table.node(slot, &self.guard.heap).set_expire(expire);
        let is_head = self.guard.heap.insert(table, slot, expire);
        self.changed(is_head);
        is_head
    }

    /// Unlinks a timer, if it is active, and links it; answers whether it became the head.
    fn relink(&mut self, slot: u32, expire: Nanos) -> bool {
        let expire = expire.max(Nanos::ZERO);
        let table = &self.list.table;
        // Behind the head the two steps show readers nothing in between, but for one that still holds the node.
        if let Some(is_head) = self.guard.heap.rearm(table, slot, expire) {
            let node = table.node(slot, &self.guard.heap);
            node.set_expire(UNLINKED);
            node.set_expire(expire);
            self.changed(is_head);
            return is_head;
        }
        self.unlink(slot);
        self.link(slot, expire)
    }

    fn changed(&mut self, head: bool) {
        if head {
            let first = self.guard.heap.first();
            self.guard.head = first.map_or(HeadPointer::NULL, |entry| self.list.table.slot(entry.slot).head_pointer());
            self.list.reclaim.publish(self.guard.head);
        }
        self.touched |= head || H::SHOWS_WHOLE_LIST;
    }

    fn expire(&self, slot: u32) -> Option<Nanos> {
        self.guard.heap.get(&self.list.table, slot).map(|entry| entry.expire)
    }

    /// Shows the change to readers, holds the lock for as long as the workload says, and gives it back.
    fn release(mut self, local: &mut H::Local<'_>) {
        let (list, touched) = (self.list, self.touched);
        if touched {
            let Guarded { writer, head, heap } = &mut *self.guard;
            let list = ListView { heap, table: &self.list.table, head: *head };
            self.list.head.publish(writer, local, list);
        }
        crate::spin(list.hold_spins);
        drop(self);
        if touched {
            list.head.unlocked(local);
        }
    }
}

impl<H: Head> HeadList<H> {
    /// What the strategy's readers look at, for a [`Head`] outside this crate.
    #[inline]
    pub fn head(&self) -> &H {
        &self.head
    }

    #[inline]
    fn hold(&self, counts: &mut OwnCounts) -> Held<'_, H> {
        Held { guard: self.lock.lock_as(counts), list: self, touched: false }
    }

    /// Takes the writers' mutex to read: what a strategy without a lockless read does.
    #[inline]
    pub fn read_locked<R>(&self, counts: &mut OwnCounts, read: impl FnOnce(&H::Writer, ListView<'_>) -> R) -> R {
        let guard = self.lock.lock_as(counts);
        let list = ListView { heap: &guard.heap, table: &self.table, head: guard.head };
        read(&guard.writer, list)
    }

    /// Takes the list's lock to read, beside other readers.
    #[inline]
    pub fn read_shared<R>(&self, counts: &mut OwnCounts, read: impl FnOnce(&H::Writer, ListView<'_>) -> R) -> R
    where
        H::Lock: SharedLockKind,
    {
        let guard = self.lock.lock_shared(counts);
        let list = ListView { heap: &guard.heap, table: &self.table, head: guard.head };
        read(&guard.writer, list)
    }
}

impl<H: Head> TimerList for HeadList<H> {
    const STRATEGY: Strategy = H::STRATEGY;
    type Handle<'a> = HeadHandle<'a, H>;

    fn new(config: &Config) -> Self {
        let (head, writer) = H::new();
        HeadList {
            lock: CachePadded::new(CountedMutex::new(Guarded {
                writer,
                head: HeadPointer::NULL,
                heap: Heap::default(),
            })),
            head: CachePadded::new(head),
            reclaim: CachePadded::new(H::Reclaim::new()),
            table: Table::new(),
            ledger: Arc::new(Ledger::new(config.grace.filter(|_| H::Reclaim::DEFERS))),
            readers: Default::default(),
            hold_spins: config.hold_spins,
        }
    }

    fn handle(&self) -> HeadHandle<'_, H> {
        HeadHandle {
            list: self,
            reader: Reader {
                local: self.head.local(),
                reclaim: self.reclaim.local(),
                retries: 0,
                shared: OwnCounts::default(),
                locks: OwnCounts::default(),
            },
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = *self.readers.lock();
        counts.lock += self.lock.counts();
        self.ledger.report(&mut counts);
        counts
    }
}

/// One thread's way to a [`HeadList`], which it cannot outlive:
///
/// ```compile_fail,E0597
/// use headlock_strategies::{Config, TimerHandle, TimerList, rcu_qsbr::RcuQsbr};
///
/// let mut handle = {
///     let list = RcuQsbr::new(&Config::default());
///     list.handle()
/// };
/// handle.deadline();
/// ```
pub struct HeadHandle<'a, H: Head> {
    list: &'a HeadList<H>,
    reader: Reader<'a, H>,
}

impl<H: Head> HeadHandle<'_, H> {
    /// Links the timer at `expire` after unlinking it, if `wanted` says so of its present deadline.
    #[inline]
    fn arm(&mut self, timer: TimerId, expire: Nanos, wanted: impl FnOnce(Option<Nanos>) -> bool) -> Rearm {
        let mut held = self.list.hold(&mut self.reader.locks);
        let Some(slot) = self.list.table.find(timer) else {
            return Rearm::No;
        };
        if !wanted(held.expire(slot)) {
            return Rearm::No;
        }
        let is_head = held.relink(slot, expire);
        held.release(&mut self.reader.local);
        Rearm::when(is_head)
    }
}

impl<H: Head> TimerHandle for HeadHandle<'_, H> {
    fn create(&mut self) -> TimerId {
        self.list.table.create()
    }

    fn free(&mut self, timer: TimerId) {
        let mut held = self.list.hold(&mut self.reader.locks);
        let Some(slot) = self.list.table.find(timer) else {
            return;
        };
        held.unlink(slot);
        let node = self.list.table.remove(slot);
        held.release(&mut self.reader.local);
        let retired = RetiredNode::new(node, &self.list.ledger);
        self.list.reclaim.retire(&mut self.reader.reclaim, retired);
    }

    #[inline]
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.arm(timer, expire, |_| true)
    }

    fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        let expire = expire.max(Nanos::ZERO);
        self.arm(timer, expire, |present| present.is_none_or(|present| expire < present))
    }

    fn cancel(&mut self, timer: TimerId) -> bool {
        let mut held = self.list.hold(&mut self.reader.locks);
        let Some(slot) = self.list.table.find(timer) else {
            return false;
        };
        let was_active = held.unlink(slot);
        held.release(&mut self.reader.local);
        was_active
    }

    /// Always inlined, as a caller's own code would be: a call costs a read of a few nanoseconds a fair share of them.
    #[inline(always)]
    fn deadline(&mut self) -> Option<Nanos> {
        H::deadline(self.list, &mut self.reader)
    }

    fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Self, TimerId)) -> usize {
        let mut fired = 0;
        while H::worth_locking(self.list, &mut self.reader, now, fired) {
            let mut held = self.list.hold(&mut self.reader.locks);
            let Some(first) = held.guard.heap.first().filter(|first| first.expire <= now) else {
                break;
            };
            let timer = self.list.table.name(first.slot);
            held.unlink(first.slot);
            held.release(&mut self.reader.local);
            fire(self, timer);
            fired += 1;
        }
        fired
    }

    #[inline]
    fn quiescent(&mut self) {
        H::Reclaim::quiescent(&mut self.reader.reclaim);
    }

    fn lock_counts(&self) -> LockCounts {
        let mut locks = self.reader.locks.counts;
        locks += self.reader.shared.counts;
        locks
    }

    fn count_locks(&mut self, counting: bool) -> bool {
        self.reader.locks.counting = counting;
        self.reader.shared.counting = counting;
        true
    }

    fn local_counts(&self) -> Counts {
        Counts {
            lock: self.reader.shared.counts,
            retries: self.reader.retries,
            ..Counts::default()
        }
    }
}

impl<H: Head> Drop for HeadHandle<'_, H> {
    fn drop(&mut self) {
        *self.list.readers.lock() += self.local_counts();
    }
}
