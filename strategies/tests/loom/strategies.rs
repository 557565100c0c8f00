//! The strategies that ship, whole.

use std::collections::BTreeSet;

use headlock_strategies::atomic_deadline::AtomicDeadline;
use headlock_strategies::mutex_inline::MutexInline;
use headlock_strategies::mutex_peek::MutexPeek;
use headlock_strategies::rcu_epoch::RcuEpoch;
use headlock_strategies::reclaim::POISON;
use headlock_strategies::rwlock::RwLock;
use headlock_strategies::seqlock::Seqlock;
use headlock_strategies::{Config, Nanos, TimerHandle, TimerId, TimerList};
use loom::sync::Arc;
use loom::thread;

use crate::{PREEMPTIONS, outcomes};

/// All answers that one poll can get while `write` changes a list with two timers, at 10 and 20.
pub(crate) fn answers<L: TimerList>(write: fn(&mut L::Handle<'_>, TimerId, TimerId)) -> BTreeSet<Option<i64>> {
    outcomes(Some(PREEMPTIONS), move || {
        let list = Arc::new(L::new(&Config::default()));
        let [a, b] = {
            let mut handle = list.handle();
            [10, 20].map(|deadline| {
                let timer = handle.create();
                let _ = handle.modify(timer, Nanos(deadline));
                timer
            })
        };
        let polled = {
            let list = Arc::clone(&list);
            thread::spawn(move || list.handle().deadline())
        };
        write(&mut list.handle(), a, b);
        polled.join().expect("a poll does not panic").map(|Nanos(deadline)| deadline)
    })
}

/// The head is postponed behind the other timer, which answers no rearm: nobody will be told.
pub(crate) fn postpone<H: TimerHandle>(handle: &mut H, a: TimerId, _b: TimerId) {
    assert!(!handle.modify(a, Nanos(30)).is_yes());
}

/// Both timers go, and with them the head and its successor.
fn free_all<H: TimerHandle>(handle: &mut H, a: TimerId, b: TimerId) {
    handle.free(a);
    handle.free(b);
}

/// The head is postponed to where it stays the head, by two changes, each with a rearm.
pub(crate) fn postpone_twice<H: TimerHandle>(handle: &mut H, a: TimerId, _b: TimerId) {
    assert!(handle.modify(a, Nanos(15)).is_yes());
    assert!(handle.modify(a, Nanos(17)).is_yes());
}

pub(crate) fn set<const N: usize>(answers: [Option<i64>; N]) -> BTreeSet<Option<i64>> {
    answers.into()
}

/// What a linearizable list answers, and nothing else, in each of the three cases.
fn linearizable<L: TimerList>() {
    assert_eq!(answers::<L>(|handle, a, b| postpone(handle, a, b)), set([Some(10), Some(20)]));
    assert_eq!(answers::<L>(|handle, a, b| free_all(handle, a, b)), set([Some(10), Some(20), None]));
    assert_eq!(answers::<L>(|handle, a, b| postpone_twice(handle, a, b)), set([Some(10), Some(15), Some(17)]));
}

#[test]
fn mutex_peek_is_linearizable() {
    linearizable::<MutexPeek>();
}

#[test]
fn mutex_inline_is_linearizable() {
    linearizable::<MutexInline>();
}

#[test]
fn rwlock_is_linearizable() {
    linearizable::<RwLock>();
}

#[test]
fn atomic_deadline_is_linearizable() {
    linearizable::<AtomicDeadline>();
}

#[test]
fn seqlock_is_linearizable() {
    linearizable::<Seqlock>();
}

/// The race that the RFC has: the poll answers 30 where 10 and then 20 is the truth, and no rearm is on its way.
#[test]
fn rcu_epoch_answers_late_without_a_rearm() {
    let answers = answers::<RcuEpoch>(|handle, a, b| postpone(handle, a, b));
    assert!(answers.contains(&Some(30)), "the late answer was not found among {answers:?}");
    // Below zero is an unlinked node's: too early, never too late.
    assert_eq!(answers, set([Some(-1), Some(10), Some(20), Some(30)]));
}

#[test]
fn rcu_epoch_never_shows_a_reclaimed_node() {
    let answers = answers::<RcuEpoch>(|handle, a, b| free_all(handle, a, b));
    assert!(!answers.contains(&Some(POISON.0)), "a reclaimed node was read: {answers:?}");
    assert_eq!(answers, set([Some(-1), Some(10), Some(20), None]));
}
