//! The strategies that a program offers, each with its trial loop.

use headlock_strategies::{Strategy, TimerList, Visitor, visit_builtin};

use super::job::{Job, JobError, Outcome};
use super::null::NullList;
use super::play;

/// One strategy and the trial loop made for its type: one indirect call a trial, none an operation.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What it declares.
    pub strategy: Strategy,
    /// Plays one job in this process.
    pub play: fn(&Job) -> Result<Outcome, JobError>,
}

impl Entry {
    fn of<L: TimerList>() -> Self {
        Entry { strategy: L::STRATEGY, play: play::<L> }
    }
}

/// The strategies that a program offers, in the order in which tables show them.
#[derive(Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
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
        self.visit::<L>();
        self
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The one with this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.strategy.name == name)
    }

    /// The one to play under this name: the harness's own null strategy included.
    pub(crate) fn player(&self, name: &str) -> Option<Entry> {
        if name == super::null::NULL {
            return Some(Entry::of::<NullList>());
        }
        self.get(name).copied()
    }
}

impl Visitor for Registry {
    fn visit<L: TimerList>(&mut self) {
        let entry = Entry::of::<L>();
        match self.entries.iter_mut().find(|known| known.strategy.name == entry.strategy.name) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }
}
