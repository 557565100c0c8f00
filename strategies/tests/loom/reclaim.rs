//! The reads in place that are validated, and the reclamation that is ours: the whole lists, and the bare protocols with one
//! ordering or step at a time taken away.
//!
//! A node is a cell that loom watches: a reader that looks at it without being ordered before its release is an error of the
//! execution, whatever it finds there. membarrier(2) is a system call, which loom cannot explore; a fence on both sides, which
//! is what it amounts to, stands for it. Nor does it explore what is not built on its atomics, crossbeam-epoch and seize, nor
//! haphazard, whose steps depend on the addresses of nodes; each has tests of its own.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use headlock_strategies::list::{Head, HeadList, Reader};
use headlock_strategies::lock::ParkingLot;
use headlock_strategies::rcu_epoch_validated::RcuEpochValidated;
use headlock_strategies::rcu_membarrier::RcuMembarrier;
use headlock_strategies::rcu_qsbr::RcuQsbr;
use headlock_strategies::reclaim::{Membarrier, POISON, Qsbr, ReadSide, Reclaim};
use headlock_strategies::{Config, Nanos, Strategy, TimerHandle, TimerId, TimerList};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use loom::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering, fence};
use loom::thread;

use crate::strategies::{answers, postpone, postpone_twice, set};
use crate::{PREEMPTIONS, outcomes};

/// The head goes behind the other timer, is put off less, and becomes the head again when the other is cancelled. None of this
/// answers a rearm, and 30 is never the head's deadline.
fn wander<H: TimerHandle>(handle: &mut H, a: TimerId, b: TimerId) {
    assert!(!handle.modify(a, Nanos(30)).is_yes());
    assert!(!handle.modify(a, Nanos(25)).is_yes());
    assert!(handle.cancel(b));
}

/// What a validated list answers while the head is postponed: never the time it is postponed to, unless a rearm follows.
fn notified<L: TimerList>() {
    assert_eq!(answers::<L>(|handle, a, b| postpone(handle, a, b)), set([Some(-1), Some(10), Some(20)]));
    assert_eq!(answers::<L>(|handle, a, b| wander(handle, a, b)), set([Some(-1), Some(10), Some(20), Some(25)]));
    // In the middle of each modify the head is unlinked and the other timer published, at 20. That is late, and why these
    // lists are not linearizable, but the modify ends with a rearm.
    let rearmed = answers::<L>(|handle, a, b| postpone_twice(handle, a, b));
    assert_eq!(rearmed, set([Some(-1), Some(10), Some(15), Some(17), Some(20)]));
}

/// A list whose reads are not validated. A read that meets a reclaimed node is ordered after its poison, so a validated one sees that the
/// head has moved, and looks again: what it answers never shows that it looked too late.
struct InPlace<R>(PhantomData<fn() -> R>);

impl<R: Reclaim> Head for InPlace<R>
where
    for<'a> R::Local<'a>: ReadSide,
{
    const STRATEGY: Strategy = RcuMembarrier::STRATEGY;
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = R;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (InPlace(PhantomData), ())
    }
    fn local(&self) {}
    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        reader.read()
    }
}

/// Whether two polls, with an announcement after each, meet a node that has been reclaimed while all timers are freed. Under
/// loom each `free` closes a batch.
fn reads_reclaimed<L: TimerList>() -> bool {
    let polled = outcomes(Some(PREEMPTIONS), || {
        let list = Arc::new(L::new(&Config::default()));
        let timers = {
            let mut handle = list.handle();
            [10, 20].map(|deadline| {
                let timer = handle.create();
                let _ = handle.modify(timer, Nanos(deadline));
                timer
            })
        };
        let reader = {
            let list = Arc::clone(&list);
            thread::spawn(move || {
                let mut handle = list.handle();
                [(); 2].map(|()| {
                    let deadline = handle.deadline();
                    handle.quiescent();
                    deadline
                })
            })
        };
        let mut handle = list.handle();
        for timer in timers {
            handle.free(timer);
        }
        drop(handle);
        reader.join().expect("a poll does not panic")
    });
    assert!(polled.len() > 1, "the two threads never met: {polled:?}");
    polled.iter().flatten().any(|&deadline| deadline == Some(POISON))
}

#[test]
fn rcu_epoch_validated_is_notified() {
    notified::<RcuEpochValidated>();
}

#[test]
fn rcu_membarrier_is_notified() {
    notified::<RcuMembarrier>();
}

#[test]
fn rcu_qsbr_is_notified() {
    notified::<RcuQsbr>();
}

#[test]
fn rcu_membarrier_never_shows_a_reclaimed_node() {
    assert!(!reads_reclaimed::<HeadList<InPlace<Membarrier>>>());
}

#[test]
fn rcu_qsbr_never_shows_a_reclaimed_node() {
    assert!(!reads_reclaimed::<HeadList<InPlace<Qsbr>>>());
}

/// How a reader in place tells that the head has moved.
#[derive(Clone, Copy)]
enum Compare {
    /// Not at all: the RFC.
    Nothing,
    /// By the pointer, as it is often done.
    Pointer,
    /// By the number of moves.
    Moves,
}

/// What of the validation is in place.
#[derive(Clone, Copy)]
struct ValidateSteps {
    compare: Compare,
    /// Whether the number is stored after the pointer, as it must be, or before.
    pointer_first: bool,
    /// The orders of the store and the load of the number.
    count: Ordering,
    recount: Ordering,
    /// The orders of the store and the load of a deadline.
    write: Ordering,
    read: Ordering,
}

const VALIDATE: ValidateSteps = ValidateSteps {
    compare: Compare::Moves,
    pointer_first: true,
    count: Release,
    recount: Acquire,
    write: Release,
    read: Acquire,
};

/// Whether a reader can accept 30 while [`wander`] is under way on the bare words.
fn oversleeps(steps: ValidateSteps) -> bool {
    struct Words {
        head: AtomicUsize,
        moves: AtomicU64,
        deadlines: [AtomicI64; 2],
    }
    let accepted = outcomes(None, move || {
        let shared = Arc::new(Words {
            head: AtomicUsize::new(0),
            moves: AtomicU64::new(0),
            deadlines: [AtomicI64::new(10), AtomicI64::new(20)],
        });
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let moves = shared.moves.load(steps.recount);
                let head = shared.head.load(Acquire);
                let deadline = shared.deadlines[head].load(steps.read);
                let unmoved = match steps.compare {
                    Compare::Nothing => true,
                    Compare::Pointer => shared.head.load(Acquire) == head,
                    Compare::Moves => shared.moves.load(steps.recount) == moves,
                };
                unmoved.then_some(deadline)
            })
        };
        let publish = |head, moves| {
            if steps.pointer_first {
                shared.head.store(head, Release);
            }
            shared.moves.store(moves, steps.count);
            if !steps.pointer_first {
                shared.head.store(head, Release);
            }
        };
        publish(1, 1);
        shared.deadlines[0].store(30, steps.write);
        shared.deadlines[0].store(25, steps.write);
        publish(0, 2);
        reader.join().expect("a reader does not panic")
    });
    accepted.contains(&Some(30))
}

#[test]
fn validation_by_moves_never_oversleeps() {
    assert!(!oversleeps(VALIDATE));
}

#[test]
fn validation_by_moves_needs_every_step() {
    assert!(oversleeps(ValidateSteps { compare: Compare::Nothing, ..VALIDATE }), "not at all");
    assert!(oversleeps(ValidateSteps { compare: Compare::Pointer, ..VALIDATE }), "by the pointer alone");
    assert!(oversleeps(ValidateSteps { pointer_first: false, ..VALIDATE }), "counted before the pointer moves");
    assert!(oversleeps(ValidateSteps { count: Relaxed, ..VALIDATE }), "with a relaxed store of the number");
    assert!(oversleeps(ValidateSteps { recount: Relaxed, ..VALIDATE }), "with relaxed loads of the number");
    assert!(oversleeps(ValidateSteps { write: Relaxed, ..VALIDATE }), "with a relaxed store of the deadline");
    assert!(oversleeps(ValidateSteps { read: Relaxed, ..VALIDATE }), "with a relaxed load of the deadline");
}

/// A head, two nodes, one reader's word and the number of the period.
struct Grace {
    head: AtomicUsize,
    nodes: [UnsafeCell<()>; 2],
    word: AtomicU64,
    now: AtomicU64,
}

/// The word of a reader that is outside of any section.
const ABSENT: u64 = 0;

impl Grace {
    fn new(word: u64) -> Self {
        Grace {
            head: AtomicUsize::new(0),
            nodes: [UnsafeCell::new(()), UnsafeCell::new(())],
            word: AtomicU64::new(word),
            now: AtomicU64::new(1),
        }
    }

    /// Looks at the head's node.
    fn read(&self) {
        self.nodes[self.head.load(Acquire)].with(|_| ());
    }

    /// Releases the first node, if the period has passed.
    fn unlink_and_reclaim(&self, close: Ordering, look: Ordering, heavy: bool) {
        self.head.store(1, Release);
        let period = self.now.fetch_add(1, close);
        if heavy {
            fence(SeqCst);
        }
        let seen = self.word.load(look);
        if seen == ABSENT || seen > period {
            self.nodes[0].with_mut(|_| ());
        }
    }
}

/// Whether loom finds an execution that is in error.
fn fails(execution: impl Fn() + Send + Sync + 'static) -> bool {
    catch_unwind(AssertUnwindSafe(|| loom::model(execution))).is_err()
}

/// What of the sections of `rcu-membarrier` is in place.
#[derive(Clone, Copy)]
struct SectionSteps {
    enter: Ordering,
    light: bool,
    leave: Ordering,
    heavy: bool,
    look: Ordering,
}

const SECTION: SectionSteps = SectionSteps {
    enter: Release,
    light: true,
    leave: Release,
    heavy: true,
    look: Acquire,
};

/// Whether a node can be released under a reader of two sections.
fn section_fails(steps: SectionSteps) -> bool {
    fails(move || {
        let shared = Arc::new(Grace::new(ABSENT));
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for _ in 0..2 {
                    shared.word.store(shared.now.load(Acquire), steps.enter);
                    if steps.light {
                        fence(SeqCst);
                    }
                    shared.read();
                    shared.word.store(ABSENT, steps.leave);
                }
            })
        };
        shared.unlink_and_reclaim(Release, steps.look, steps.heavy);
        reader.join().expect("a reader does not panic");
    })
}

#[test]
fn a_section_keeps_its_node() {
    assert!(!section_fails(SECTION));
}

/// But for the orders of the period's number: the full fence that stands for the light one hides here that they are needed, and a
/// compiler fence would not. The announcements below show it.
#[test]
fn a_section_needs_every_step() {
    assert!(section_fails(SectionSteps { enter: Relaxed, ..SECTION }), "with a relaxed store on entering");
    assert!(section_fails(SectionSteps { light: false, ..SECTION }), "without the light fence");
    assert!(section_fails(SectionSteps { leave: Relaxed, ..SECTION }), "with a relaxed store on leaving");
    assert!(section_fails(SectionSteps { heavy: false, ..SECTION }), "without the heavy fence");
    assert!(section_fails(SectionSteps { look: Relaxed, ..SECTION }), "with a relaxed look at the word");
}

/// What of the announcements of `rcu-qsbr` is in place.
#[derive(Clone, Copy)]
struct AnnounceSteps {
    now: Ordering,
    announce: Ordering,
    close: Ordering,
    look: Ordering,
}

const ANNOUNCE: AnnounceSteps = AnnounceSteps {
    now: Acquire,
    announce: Release,
    close: Release,
    look: Acquire,
};

/// Whether a node can be released under a reader that announces after each of two reads.
fn announcement_fails(steps: AnnounceSteps) -> bool {
    fails(move || {
        let shared = Arc::new(Grace::new(1));
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for _ in 0..2 {
                    shared.read();
                    shared.word.store(shared.now.load(steps.now), steps.announce);
                }
            })
        };
        shared.unlink_and_reclaim(steps.close, steps.look, false);
        reader.join().expect("a reader does not panic");
    })
}

#[test]
fn an_announcement_covers_all_reads_before() {
    assert!(!announcement_fails(ANNOUNCE));
}

#[test]
fn an_announcement_needs_every_step() {
    assert!(announcement_fails(AnnounceSteps { now: Relaxed, ..ANNOUNCE }), "with a relaxed load of the period");
    assert!(announcement_fails(AnnounceSteps { announce: Relaxed, ..ANNOUNCE }), "with a relaxed announcement");
    assert!(announcement_fails(AnnounceSteps { close: Relaxed, ..ANNOUNCE }), "with a relaxed end of the period");
    assert!(announcement_fails(AnnounceSteps { look: Relaxed, ..ANNOUNCE }), "with a relaxed look at the word");
}
