//! From a timer's name to its node: a table of slots that grows and never moves, so that `create` needs no list lock.
//!
//! QEMU's caller holds a pointer to the timer and passes it in. A safe interface cannot trust a pointer, so a name is a slot's
//! number and its generation, and a name whose generation has passed finds nothing.

use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use super::HeadPointer;
use super::node::{Node, OwnedNode};
use crate::TimerId;
use crate::heap::Heap;
use crate::sync::{AtomicPtr, AtomicU32, Ordering};

/// Slots in the first chunk; each further chunk doubles. Under loom few, since it keeps a history of every atomic.
const FIRST: u32 = if cfg!(loom) { 2 } else { 64 };
/// Enough chunks for 2^32 slots.
const CHUNKS: usize = 27;

/// One timer's place.
///
/// | word | who writes it, when |
/// |---|---|
/// | `node` | `create`, before the name is given out; `remove`, under the list's lock |
/// | `generation` | `remove`, under the list's lock |
/// | `position` | whoever moves the timer in the heap, under the list's lock |
pub(crate) struct Slot {
    node: AtomicPtr<Node>,
    generation: AtomicU32,
    position: AtomicU32,
}

impl Slot {
    fn new() -> Self {
        Slot {
            node: AtomicPtr::new(ptr::null_mut()),
            generation: AtomicU32::new(0),
            position: AtomicU32::new(Heap::ABSENT),
        }
    }

    /// Where the timer stands in the heap, or [`Heap::ABSENT`]. Only under the list's lock.
    #[inline]
    pub(crate) fn position(&self) -> u32 {
        self.position.load(Ordering::Relaxed)
    }

    /// Notes where the timer stands in the heap. Only under the list's lock.
    #[inline]
    pub(crate) fn set_position(&self, position: u32) {
        self.position.store(position, Ordering::Relaxed);
    }

    /// The node as a head to publish. Only under the list's lock, for a slot in use.
    #[inline]
    pub(crate) fn head_pointer(&self) -> HeadPointer {
        HeadPointer(self.node_pointer())
    }

    /// The pointer to the node, null in a slot without a timer. Only under the list's lock.
    #[inline]
    fn node_pointer(&self) -> *mut Node {
        // Acquire pairs with the release in `Table::create`: whoever names the timer sees its node initialised.
        self.node.load(Ordering::Acquire)
    }
}

/// All slots of one list.
pub(crate) struct Table {
    chunks: [OnceLock<Box<[Slot]>>; CHUNKS],
    /// Slots never used so far start here, and those given back wait in the vector. Not the list's lock and not counted:
    /// it stands where QEMU calls malloc, which has locks of its own.
    #[allow(
        clippy::disallowed_types,
        reason = "an allocator's lock, which no protocol relies on"
    )]
    unused: parking_lot::Mutex<Unused>,
}

#[derive(Default)]
struct Unused {
    next: u32,
    given_back: Vec<u32>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Table {
            chunks: [const { OnceLock::new() }; CHUNKS],
            unused: Default::default(),
        }
    }

    /// Chunk and place in it of slot `index`.
    #[inline]
    fn locate(index: u32) -> (usize, usize) {
        let shifted = u64::from(index) + u64::from(FIRST);
        let chunk = shifted.ilog2() - FIRST.ilog2();
        (chunk as usize, (shifted - (u64::from(FIRST) << chunk)) as usize)
    }

    /// The slot with this number. Only for numbers that `create` has given out.
    #[inline]
    pub(crate) fn slot(&self, index: u32) -> &Slot {
        self.find_slot(index).expect("a slot that is in use stands in a chunk")
    }

    #[inline]
    fn find_slot(&self, index: u32) -> Option<&Slot> {
        let (chunk, place) = Self::locate(index);
        self.chunks[chunk].get().map(|slots| &slots[place])
    }

    /// Makes a timer: a node in a slot, and a name for it.
    pub(crate) fn create(&self) -> TimerId {
        let index = {
            let mut unused = self.unused.lock();
            unused.given_back.pop().unwrap_or_else(|| {
                let index = unused.next;
                unused.next = index.checked_add(1).expect("fewer than 2^32 timers");
                // Under the lock, so that whoever is given a slot finds its chunk.
                let (chunk, _) = Self::locate(index);
                self.chunks[chunk].get_or_init(|| (0..FIRST << chunk).map(|_| Slot::new()).collect());
                index
            })
        };
        let slot = self.slot(index);
        // Release pairs with the acquire in `Slot::node_pointer`.
        slot.node.store(OwnedNode::new().into_raw(), Ordering::Release);
        let generation = slot.generation.load(Ordering::Relaxed);
        TimerId::from_raw(u64::from(generation) << 32 | u64::from(index))
    }

    /// The slot's number for a name that is in use. Only under the list's lock.
    #[inline]
    pub(crate) fn find(&self, timer: TimerId) -> Option<u32> {
        let index = timer.into_raw() as u32;
        let generation = (timer.into_raw() >> 32) as u32;
        let slot = self.find_slot(index)?;
        let current = slot.generation.load(Ordering::Relaxed) == generation && !slot.node_pointer().is_null();
        current.then_some(index)
    }

    /// The name of the timer in a slot. Only under the list's lock, for a slot in use.
    #[inline]
    pub(crate) fn name(&self, index: u32) -> TimerId {
        let generation = self.slot(index).generation.load(Ordering::Relaxed);
        TimerId::from_raw(u64::from(generation) << 32 | u64::from(index))
    }

    /// Takes the node out of a slot in use, and ends its name. Only under the list's lock, for a timer that is not linked.
    pub(crate) fn remove(&self, index: u32) -> OwnedNode {
        let slot = self.slot(index);
        let generation = slot.generation.load(Ordering::Relaxed);
        let node = slot.node.swap(ptr::null_mut(), Ordering::Relaxed);
        slot.generation.store(generation.wrapping_add(1), Ordering::Relaxed);
        // A slot whose generations are used up is left alone, so that no name is ever given out twice.
        if generation != u32::MAX {
            let mut unused = self.unused.lock();
            unused.given_back.push(index);
        }
        let node = NonNull::new(node).expect("a slot in use has a node");
        // SAFETY: the pointer was put there by `create` through `into_raw`, and the swap took it out for good.
        #[allow(unsafe_code)]
        unsafe {
            OwnedNode::from_raw(node)
        }
    }

    /// The node of a slot in use. Only under the list's lock, which is what `_held` stands for: `remove` needs it too, so
    /// the node stays in the table for as long as it is borrowed.
    #[inline]
    pub(crate) fn node<'a>(&'a self, index: u32, _held: &'a Heap) -> &'a Node {
        let node = NonNull::new(self.slot(index).node_pointer()).expect("a slot in use has a node");
        // SAFETY: the table owns the node, and only `remove`, which needs the lock that the caller holds, takes it out.
        #[allow(unsafe_code)]
        unsafe {
            node.as_ref()
        }
    }

    /// The node that a head pointer of this list points at. Only under the list's lock, shared or exclusive, for the pointer to
    /// the heap's first.
    #[inline]
    pub(crate) fn linked<'a>(&'a self, head: HeadPointer, _held: &'a Heap) -> Option<&'a Node> {
        // SAFETY: as in `node`: the head is linked, so its node stands in the table, and the lock keeps it there.
        #[allow(unsafe_code)]
        unsafe {
            head.0.as_ref()
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            for slot in chunk.get().into_iter().flat_map(|slots| slots.iter()) {
                if let Some(node) = NonNull::new(slot.node.load(Ordering::Relaxed)) {
                    // SAFETY: as in `remove`; with `&mut self` nobody else is left to take it out.
                    #[allow(unsafe_code)]
                    drop(unsafe { OwnedNode::from_raw(node) });
                }
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_used_again_until_its_generations_are_used_up() {
        let table = Table::new();
        let first = table.create();
        let slot = table.find(first).expect("it was made");
        drop(table.remove(slot));
        let second = table.create();
        assert_eq!((table.find(first), table.find(second)), (None, Some(slot)));
        table.slot(slot).generation.store(u32::MAX, Ordering::Relaxed);
        drop(table.remove(slot));
        let third = table.create();
        assert_ne!(table.find(third), Some(slot));
        assert_eq!(table.find(first), None);
    }
}
