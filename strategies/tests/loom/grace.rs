//! The bare grace periods of `rcu-membarrier` and `rcu-qsbr`: a reader polls twice, a writer unlinks the node once and
//! poisons it if it may.
//!
//! That a section is left with release cannot be shown here: what it prevents is a load that comes true after a later store,
//! and loom executes each thread in order.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use loom::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering, fence};
use loom::thread;

use crate::outcomes;

const POISON: i64 = i64::MIN;

/// A node that is linked or not, and what one reader says of itself.
struct Shared {
    linked: AtomicBool,
    node: AtomicI64,
    period: AtomicU64,
    word: AtomicU64,
}

impl Shared {
    fn new() -> Self {
        Shared {
            linked: AtomicBool::new(true),
            node: AtomicI64::new(10),
            period: AtomicU64::new(1),
            word: AtomicU64::new(0),
        }
    }

    fn read(&self) -> Option<i64> {
        self.linked.load(Acquire).then(|| self.node.load(Relaxed))
    }
}

/// Whether a reader can see poison.
fn reads_poison(
    reader: impl Fn(&Shared) -> [Option<i64>; 2] + Copy + Send + Sync + 'static,
    writer: impl Fn(&Shared) + Send + Sync + 'static,
) -> bool {
    let seen = outcomes(None, move || {
        let shared = Arc::new(Shared::new());
        let polled = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || reader(&shared))
        };
        writer(&shared);
        polled.join().expect("a reader does not panic")
    });
    seen.into_iter().flatten().any(|answer| answer == Some(POISON))
}

/// What of the *memb* flavour is in place.
#[derive(Clone, Copy)]
struct SectionSteps {
    /// The fence of the reader, between its word and the head.
    light: bool,
    /// The fence of the writer, between the head and the reader's word.
    heavy: bool,
}

const SECTION: SectionSteps = SectionSteps { light: true, heavy: true };

fn sections_end_too_early(steps: SectionSteps) -> bool {
    let section = move |shared: &Shared| {
        shared.word.store(1, Release);
        if steps.light {
            fence(SeqCst);
        }
        let answer = shared.read();
        shared.word.store(0, Release);
        answer
    };
    reads_poison(
        move |shared| [section(shared), section(shared)],
        move |shared| {
            shared.linked.store(false, Release);
            if steps.heavy {
                fence(SeqCst);
            }
            if shared.word.load(Acquire) == 0 {
                shared.node.store(POISON, Relaxed);
            }
        },
    )
}

#[test]
fn a_section_keeps_its_node() {
    assert!(!sections_end_too_early(SECTION));
}

#[test]
fn sections_need_every_step() {
    assert!(sections_end_too_early(SectionSteps { light: false, ..SECTION }), "without the reader's fence");
    assert!(sections_end_too_early(SectionSteps { heavy: false, ..SECTION }), "without the writer's fence");
}

/// What of the *qsbr* flavour is in place.
#[derive(Clone, Copy)]
struct QuiescentSteps {
    /// The orders of the writer's next period and of the reader's load of it.
    close: Ordering,
    notice: Ordering,
    /// Whether the period ends after the node is unlinked, as it must, or before.
    unlink_first: bool,
    /// Whether the reader announces between its polls, as it must, or in the middle of the second.
    between: bool,
}

const QUIESCENT: QuiescentSteps = QuiescentSteps {
    close: Release,
    notice: Acquire,
    unlink_first: true,
    between: true,
};

fn quiescence_comes_too_early(steps: QuiescentSteps) -> bool {
    let announce = move |shared: &Shared| shared.word.store(shared.period.load(steps.notice), Release);
    reads_poison(
        move |shared| {
            let first = shared.read();
            if steps.between {
                announce(shared);
                return [first, shared.read()];
            }
            let linked = shared.linked.load(Acquire);
            announce(shared);
            [first, linked.then(|| shared.node.load(Relaxed))]
        },
        move |shared| {
            if steps.unlink_first {
                shared.linked.store(false, Release);
            }
            shared.period.fetch_add(1, steps.close);
            if !steps.unlink_first {
                shared.linked.store(false, Release);
            }
            if shared.word.load(Acquire) > 1 {
                shared.node.store(POISON, Relaxed);
            }
        },
    )
}

#[test]
fn a_node_outlives_its_period() {
    assert!(!quiescence_comes_too_early(QUIESCENT));
}

#[test]
fn quiescence_needs_every_step() {
    assert!(
        quiescence_comes_too_early(QuiescentSteps { close: Relaxed, ..QUIESCENT }),
        "with a relaxed next period"
    );
    assert!(
        quiescence_comes_too_early(QuiescentSteps { notice: Relaxed, ..QUIESCENT }),
        "with a relaxed look at the period"
    );
    assert!(quiescence_comes_too_early(QuiescentSteps { unlink_first: false, ..QUIESCENT }), "unlinked too late");
    assert!(
        quiescence_comes_too_early(QuiescentSteps { between: false, ..QUIESCENT }),
        "announced while it holds a node"
    );
}
