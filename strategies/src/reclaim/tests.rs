//! Validated reads, and what a reclaimer keeps.

use std::ptr::NonNull;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::membarrier::LIMIT;
use super::node::{OwnedNode, UNLINKED};
use super::*;
use crate::Counts;
use crate::sync::{AtomicU64, Ordering};

/// A head that moves as often as it says before it rests.
struct Moving {
    moves: std::cell::Cell<u64>,
    rests_at: u64,
}

impl HeadView for Moving {
    fn read(&mut self) -> Option<Nanos> {
        let moves = (self.moves.get() + 1).min(self.rests_at);
        self.moves.set(moves);
        Some(Nanos(moves as i64))
    }
    fn moves(&self) -> u64 {
        self.moves.get()
    }
}

#[test]
fn a_validated_read_starts_over_until_the_head_rests() {
    let mut retries = 5;
    let deadline = Moving { moves: 0.into(), rests_at: 3 }.read_validated(&mut retries);
    assert_eq!((deadline, retries), (Some(Nanos(3)), 5 + 3));
}

fn counts_moves<R: Reclaim>()
where
    for<'a> R::Local<'a>: ReadSide,
{
    let reclaim = R::new();
    let mut reader = reclaim.local();
    let seen = [(); 3].map(|()| {
        reclaim.publish(HeadPointer::NULL);
        reader.enter().moves()
    });
    assert!(seen.is_sorted_by(|before, after| before < after), "{seen:?}");
}

#[test]
fn every_reader_sees_that_the_head_moved() {
    counts_moves::<Epoch>();
    counts_moves::<Hazard>();
    counts_moves::<Hyaline>();
    counts_moves::<Membarrier>();
    counts_moves::<Qsbr>();
}

fn reclaimed(ledger: &Ledger) -> u64 {
    let mut counts = Counts::default();
    ledger.report(&mut counts);
    counts.reclaimed
}

/// A node that a reader may hold stays, though who retired it is gone and others retire many more, and all go in the end.
fn keeps_what_is_held<R: Reclaim>()
where
    for<'a> R::Local<'a>: ReadSide,
{
    const OTHERS: u64 = 2_000;
    let [of_held, of_others] = [(); 2].map(|()| Arc::new(Ledger::new(None)));
    let reclaim = R::new();
    let mut reader = reclaim.local();
    let mut retiring = reclaim.local();
    let mut leaving = reclaim.local();
    let held = OwnedNode::new().into_raw();
    reclaim.publish(HeadPointer(held));
    let mut section = reader.enter();
    assert_eq!(section.read(), Some(UNLINKED));
    reclaim.publish(HeadPointer::NULL);
    let held = NonNull::new(held).expect("a node");
    // SAFETY: the pointer came from `into_raw`, and nobody else takes it back.
    #[allow(unsafe_code)]
    let held = unsafe { OwnedNode::from_raw(held) };
    reclaim.retire(&mut leaving, RetiredNode::new(held, &of_held));
    drop(leaving);
    for _ in 0..OTHERS {
        reclaim.retire(&mut retiring, RetiredNode::new(OwnedNode::new(), &of_others));
    }
    assert_eq!(reclaimed(&of_held), 0, "under a reader");
    drop(section);
    drop(reader);
    drop(retiring);
    drop(reclaim);
    assert_eq!((reclaimed(&of_held), reclaimed(&of_others)), (1, OTHERS), "in the end");
}

#[test]
fn every_value_of_a_cell_goes_with_it() {
    let value = Arc::new(());
    let cell = EpochCell::new();
    let mut readers = [cell.reader(), cell.reader()];
    for round in 0..1_000 {
        let reader = &mut readers[round % 2];
        reader.replace(Some(Arc::clone(&value)));
        // The last one is retired by whoever drops the reader.
        if round < 998 {
            reader.retire();
        }
    }
    drop(readers);
    drop(cell);
    assert_eq!(Arc::strong_count(&value), 1, "one is ours");
}

#[test]
fn every_reclaimer_keeps_what_is_held() {
    keeps_what_is_held::<Epoch>();
    keeps_what_is_held::<Hazard>();
    keeps_what_is_held::<Hyaline>();
    keeps_what_is_held::<Membarrier>();
    keeps_what_is_held::<Qsbr>();
}

/// A reader that stays in its section stops whoever frees under membarrier, before memory grows without bound.
#[test]
fn who_frees_under_a_reader_that_stays_waits_at_the_limit() {
    let ledger = Arc::new(Ledger::new(None));
    let reclaim = Membarrier::new();
    let mut reader = reclaim.local();
    let section = reader.enter();
    let retired = AtomicU64::new(0);
    thread::scope(|scope| {
        let freeing = scope.spawn(|| {
            let mut local = reclaim.local();
            for _ in 0..2 * LIMIT {
                reclaim.retire(&mut local, RetiredNode::new(OwnedNode::new(), &ledger));
                retired.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Until it waits. A section that ends earlier, on a slow machine, shows less and is no fault.
        let mut seen = None;
        while !freeing.is_finished() && seen != Some(retired.load(Ordering::Relaxed)) {
            seen = Some(retired.load(Ordering::Relaxed));
            thread::sleep(Duration::from_millis(100));
        }
        drop(section);
    });
    let mut counts = Counts::default();
    ledger.report(&mut counts);
    assert!(counts.peak_unreclaimed <= LIMIT as u64, "{counts:?}");
}
