//! The active timers in order of deadline: a heap with four children to a place, each timer's place noted in its slot.
//!
//! Any structure with the earliest at hand would do, as long as it is the same for every strategy. A heap of flat entries
//! inserts and removes in O(log n), never allocates under the lock once it has grown, and touches few cache lines at a
//! million timers (LaMarca and Ladner, "The influence of caches on the performance of heaps", 1996). QEMU's own list is a
//! linked one, in which an insert walks past every earlier timer.

use crate::Nanos;
use crate::reclaim::table::Table;

/// Children of one place.
const ARITY: usize = 4;

/// One active timer. Entries compare by deadline, then by arrival, which makes equal deadlines first-in first-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) expire: Nanos,
    arrival: u64,
    pub(crate) slot: u32,
}

/// The active timers of one list. Guarded by the list's lock.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    entries: Vec<Entry>,
    arrivals: u64,
}

impl Heap {
    /// The position of a timer that is not in the heap.
    pub(crate) const ABSENT: u32 = u32::MAX;

    /// The earliest timer.
    #[inline]
    pub(crate) fn first(&self) -> Option<Entry> {
        self.entries.first().copied()
    }

    /// The entry of an active timer.
    #[inline]
    pub(crate) fn get(&self, table: &Table, slot: u32) -> Option<Entry> {
        self.entries.get(table.slot(slot).position() as usize).copied()
    }

    /// All entries: the earliest, then the others in no particular order.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Inserts a timer that is not in the heap; answers whether it became the first.
    pub(crate) fn insert(&mut self, table: &Table, slot: u32, expire: Nanos) -> bool {
        let entry = Entry { expire, arrival: self.arrivals, slot };
        self.arrivals += 1;
        self.entries.push(entry);
        self.rise(table, self.entries.len() - 1) == 0
    }

    /// Removes a timer and inserts it anew in one step, if it is active and not the first; answers whether it became the first, or
    /// `None` otherwise.
    ///
    /// Half the cache lines of the two steps, which is what counts at a million timers.
    pub(crate) fn rearm(&mut self, table: &Table, slot: u32, expire: Nanos) -> Option<bool> {
        let place = table.slot(slot).position();
        if place == 0 || place == Self::ABSENT {
            return None;
        }
        let place = place as usize;
        self.entries[place] = Entry { expire, arrival: self.arrivals, slot };
        self.arrivals += 1;
        let rose_to = self.rise(table, place);
        if rose_to == place {
            self.sink(table, place);
        }
        Some(rose_to == 0)
    }

    /// Removes an active timer; answers whether it was the first, or `None` if it is not active.
    pub(crate) fn remove(&mut self, table: &Table, slot: u32) -> Option<bool> {
        let place = table.slot(slot).position();
        if place == Self::ABSENT {
            return None;
        }
        table.slot(slot).set_position(Self::ABSENT);
        let place = place as usize;
        self.entries.swap_remove(place);
        if place < self.entries.len() && self.rise(table, place) == place {
            self.sink(table, place);
        }
        Some(place == 0)
    }

    /// Moves the entry at `place` up while it is earlier than its parent; answers where it came to stand.
    #[inline]
    fn rise(&mut self, table: &Table, mut place: usize) -> usize {
        let entry = self.entries[place];
        while place > 0 {
            let parent = (place - 1) / ARITY;
            if self.entries[parent] <= entry {
                break;
            }
            self.put(table, place, self.entries[parent]);
            place = parent;
        }
        self.put(table, place, entry);
        place
    }

    /// Moves the entry at `place` down while one of its children is earlier.
    #[inline]
    fn sink(&mut self, table: &Table, mut place: usize) {
        let entry = self.entries[place];
        loop {
            let children = place * ARITY + 1..(place * ARITY + 1 + ARITY).min(self.entries.len());
            let Some(earliest) = children.min_by_key(|&child| self.entries[child]) else {
                break;
            };
            if entry <= self.entries[earliest] {
                break;
            }
            self.put(table, place, self.entries[earliest]);
            place = earliest;
        }
        self.put(table, place, entry);
    }

    #[inline]
    fn put(&mut self, table: &Table, place: usize, entry: Entry) {
        self.entries[place] = entry;
        table.slot(entry.slot).set_position(place as u32);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Five timers from 10 to 50 and one that is not active: what `rearm` answers of one of them, and in which order all come out then.
    fn rearmed(at: usize, expire: i64) -> (Option<bool>, Vec<i64>) {
        let (table, mut heap) = (Table::new(), Heap::default());
        let slots: Vec<u32> = (0..6).map(|_| table.find(table.create()).expect("it was made")).collect();
        for (nth, &slot) in slots.iter().enumerate().take(5) {
            heap.insert(&table, slot, Nanos(10 * (nth as i64 + 1)));
        }
        let answer = heap.rearm(&table, slots[at], Nanos(expire));
        let mut order = Vec::new();
        while let Some(first) = heap.first() {
            order.push(first.expire.0);
            assert_eq!(heap.remove(&table, first.slot), Some(true));
        }
        (answer, order)
    }

    /// The list does in two steps what this one declines, so only the time that it takes would tell.
    #[test]
    fn a_timer_behind_the_first_is_moved_in_one_step() {
        assert_eq!(rearmed(2, 45), (Some(false), vec![10, 20, 40, 45, 50]));
        assert_eq!(rearmed(4, 15), (Some(false), vec![10, 15, 20, 30, 40]));
        assert_eq!(rearmed(4, 5), (Some(true), vec![5, 10, 20, 30, 40]));
    }

    #[test]
    fn the_first_and_what_is_not_active_stay_as_they_are() {
        for at in [0, 5] {
            assert_eq!(rearmed(at, 45), (None, vec![10, 20, 30, 40, 50]));
        }
    }
}
