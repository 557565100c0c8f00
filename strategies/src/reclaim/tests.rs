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

/// Full fences in readers would do as well, so only the time that they take would tell.
#[cfg(target_os = "linux")]
#[test]
fn readers_pay_no_full_fence_where_the_system_offers_membarrier() {
    use rustix::thread::{MembarrierCommand, membarrier, membarrier_query};
    // A query may be allowed where the registration is not.
    let offered = membarrier_query().contains_command(MembarrierCommand::PrivateExpedited)
        && membarrier(MembarrierCommand::RegisterPrivateExpedited).is_ok();
    assert_eq!(fences() == Fences::Asymmetric, offered);
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

/// A node that a reader may hold stays, though who retired it is gone and others retire many more. It goes once the reader has left, and all
/// go in the end.
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
    let mut retire_others = || {
        for _ in 0..OTHERS {
            reclaim.retire(&mut retiring, RetiredNode::new(OwnedNode::new(), &of_others));
        }
    };
    retire_others();
    assert_eq!(reclaimed(&of_held), 0, "under a reader");
    drop(section);
    R::quiescent(&mut reader);
    retire_others();
    assert_eq!(reclaimed(&of_held), 1, "beside a reader that has left");
    drop(reader);
    drop(retiring);
    drop(reclaim);
    assert_eq!((reclaimed(&of_held), reclaimed(&of_others)), (1, 2 * OTHERS), "in the end");
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

/// Two threads count, each in its own word, and look at the other's after a fence, one light and one heavy. Of any two looks one sees the
/// other's count: without the fences both stores may still wait in their processors.
fn count_beside_each_other(fences: Fences) {
    const MOST: u64 = 1 << 20;
    let words = [const { AtomicU64::new(0) }; 2];
    let look = |own: usize, count, fence: fn(Fences)| {
        words[own].store(count, Ordering::Relaxed);
        fence(fences);
        words[1 - own].load(Ordering::Relaxed)
    };
    let (light, heavy): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let light = scope.spawn(|| (1..=MOST).map(|count| look(0, count, Fences::light)).collect());
        while words[0].load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        let heavy =
            (1..=MOST).take_while(|_| !light.is_finished()).map(|count| look(1, count, Fences::heavy)).collect();
        (light.join().expect("counts without a panic"), heavy)
    });
    for (count, &seen) in (1..).zip(&heavy) {
        // The first count of the other thread that this look did not see.
        if let Some(&other) = light.get(seen as usize) {
            assert!(other >= count, "count {count} looked and saw {seen}, and count {} saw {other}", seen + 1);
        }
    }
}

/// Several times, since the threads may find one processor only.
#[test]
fn a_light_fence_and_a_heavy_one_order_both_sides() {
    (0..8).for_each(|_| count_beside_each_other(fences()));
}

#[test]
fn a_head_shows_where_its_deadline_stands() {
    let node = OwnedNode::new().into_raw();
    assert_eq!(HeadPointer(node).deadline_word().cast::<Node>(), node);
    assert!(HeadPointer::NULL.deadline_word().is_null());
    let node = NonNull::new(node).expect("a node");
    // SAFETY: the pointer came from `into_raw`, and nobody else takes it back.
    #[allow(unsafe_code)]
    drop(unsafe { OwnedNode::from_raw(node) });
}
