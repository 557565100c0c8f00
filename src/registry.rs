//! The strategies that a program offers, each with what makes it a contestant and its checks.

use headlock_door::{CList, Table, table_of};
use headlock_strategies::{Strategy, TimerList, Visitor, visit_builtin};

use crate::harness::floor::FloorList;
use crate::harness::{Behind, Maker};
use crate::record::FLOOR;
use crate::verify::{self, CheckJob, CheckReport};

/// One strategy, and what plays and checks its type of list: one indirect call a slice, none an operation.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What it declares.
    pub strategy: Strategy,
    /// Makes contestants of it.
    pub maker: Maker,
    /// Carries out one check in this process.
    pub verify: fn(&CheckJob) -> CheckReport,
    /// Makes a table of its functions, to play it through the C interface.
    pub table: fn() -> Table,
}

/// Entries for what is behind the door, by slot.
macro_rules! slots {
    ($($slot:literal)*) => { [$(Entry::in_slot::<$slot>),*] };
}

/// What makes the entry of a slot's list, given what the list declares.
const SLOTS: [fn(Strategy) -> Entry; headlock_door::SLOTS] = slots!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);

impl Entry {
    fn of<L: TimerList>() -> Self {
        Entry {
            strategy: L::STRATEGY,
            maker: Maker::of::<L>(),
            verify: verify::check::<L>,
            table: table_of::<L>,
        }
    }

    fn in_slot<const SLOT: usize>(strategy: Strategy) -> Self {
        Entry {
            strategy,
            verify: verify::check_behind_door::<CList<SLOT>>,
            ..Entry::of::<CList<SLOT>>()
        }
    }

    fn promising<L: TimerList>() -> Self {
        Entry { verify: verify::check_promises_too::<L>, ..Entry::of::<L>() }
    }
}

/// The strategies that a program offers, in the order in which tables show them.
#[derive(Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
    /// What stands behind the C interface, by slot.
    behind: Vec<Behind>,
}

impl Registry {
    /// The strategies that come with headlock.
    pub fn builtin() -> Self {
        let mut registry = Registry::default();
        visit_builtin(&mut registry);
        registry
    }

    /// Adds a list of your own, or replaces the one of the same name.
    #[must_use]
    pub fn with<L: TimerList>(mut self) -> Self {
        self.add(Entry::of::<L>());
        self
    }

    /// As [`with`](Self::with), for a list that also promises what the built-in lists do beyond the contract, that the lock is taken
    /// once a change, so that `verify` holds it to that.
    #[must_use]
    pub fn with_promises<L: TimerList>(mut self) -> Self {
        self.add(Entry::promising::<L>());
        self
    }

    fn add(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|known| known.strategy.name == entry.strategy.name) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The one with this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.strategy.name == name)
    }

    /// What stands behind the C interface, by slot.
    pub(crate) fn behind(&self) -> &[Behind] {
        &self.behind
    }

    /// Adds a list that stands behind the C interface and declares this. There must be a slot left.
    pub(crate) fn add_behind(&mut self, behind: Behind, strategy: Strategy) {
        self.add(SLOTS[self.behind.len()](strategy));
        self.behind.push(behind);
    }

    /// The one to play under this name: the harness's own floor included.
    pub(crate) fn player(&self, name: &str) -> Option<Entry> {
        if name == FLOOR {
            return Some(Entry::of::<FloorList>());
        }
        self.get(name).copied()
    }
}

/// Adds lists that make the built-in lists' promises.
impl Visitor for Registry {
    fn visit<L: TimerList>(&mut self) {
        self.add(Entry::promising::<L>());
    }
}
