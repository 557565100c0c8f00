//! The list under check, its type forgotten: the checks are compiled once and not once a strategy, and what a call costs more
//! for it is nothing to a check.

use super::line::{DROP_LIST, Line};
use crate::{Config, Counts, LockCounts, Nanos, Rearm, Strategy, TimerHandle, TimerId, TimerList};

/// A list type to be checked.
#[derive(Clone, Copy)]
pub struct Subject {
    /// What it declares.
    pub strategy: Strategy,
    make: fn(&Config) -> Box<dyn AnyList>,
}

impl Subject {
    /// This type.
    pub fn of<L: TimerList>() -> Self {
        Subject {
            strategy: L::strategy(),
            make: |config| Box::new(L::new(config)),
        }
    }

    /// A fresh list of it that is told this.
    pub fn list_with(&self, config: &Config) -> List {
        List(Some((self.make)(config)))
    }
}

/// A list of the type under check; there until it is dropped.
pub struct List(Option<Box<dyn AnyList>>);

impl Drop for List {
    fn drop(&mut self) {
        let list = self.0.take();
        Line::new(0, 1).during(DROP_LIST, || drop(list));
    }
}

impl List {
    /// As the list's own.
    pub fn counts(&self) -> Counts {
        self.list().any_counts()
    }

    pub(super) fn handle(&self) -> Box<dyn AnyHandle + '_> {
        self.list().any_handle()
    }

    fn list(&self) -> &dyn AnyList {
        self.0.as_deref().expect("it is there until it is dropped")
    }
}

/// What [`TimerList`] offers, without its types.
trait AnyList: Send + Sync {
    fn any_handle(&self) -> Box<dyn AnyHandle + '_>;
    fn any_counts(&self) -> Counts;
}

impl<L: TimerList> AnyList for L {
    fn any_handle(&self) -> Box<dyn AnyHandle + '_> {
        Box::new(self.handle())
    }
    fn any_counts(&self) -> Counts {
        self.counts()
    }
}

/// [`TimerHandle`], without its types. A type of its own, so that a method of one is never taken for that of the other.
pub(super) trait AnyHandle {
    fn any_create(&mut self) -> TimerId;
    fn any_free(&mut self, timer: TimerId);
    fn any_modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm;
    fn any_anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm;
    fn any_cancel(&mut self, timer: TimerId) -> bool;
    fn any_deadline(&mut self) -> Option<Nanos>;
    fn any_expired(&mut self, now: Nanos) -> bool;
    fn any_run(&mut self, now: Nanos, fire: &mut dyn FnMut(&mut dyn AnyHandle, TimerId)) -> usize;
    fn any_quiescent(&mut self);
    fn any_lock_counts(&self) -> LockCounts;
    fn any_count_locks(&mut self, counting: bool) -> bool;
}

impl<H: TimerHandle> AnyHandle for H {
    fn any_create(&mut self) -> TimerId {
        self.create()
    }
    fn any_free(&mut self, timer: TimerId) {
        self.free(timer);
    }
    fn any_modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.modify(timer, expire)
    }
    fn any_anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.anticipate(timer, expire)
    }
    fn any_cancel(&mut self, timer: TimerId) -> bool {
        self.cancel(timer)
    }
    fn any_deadline(&mut self) -> Option<Nanos> {
        self.deadline()
    }
    fn any_expired(&mut self, now: Nanos) -> bool {
        self.expired(now)
    }
    fn any_run(&mut self, now: Nanos, fire: &mut dyn FnMut(&mut dyn AnyHandle, TimerId)) -> usize {
        self.run(now, |handle, timer| fire(handle, timer))
    }
    fn any_quiescent(&mut self) {
        self.quiescent();
    }
    fn any_lock_counts(&self) -> LockCounts {
        self.lock_counts()
    }
    fn any_count_locks(&mut self, counting: bool) -> bool {
        self.count_locks(counting)
    }
}
