//! The bare protocols, as the strategies use them and with one thing at a time taken away.
//!
//! On x86 the processor orders loads with loads and stores with stores by itself, so that most of what is taken away here
//! would go unnoticed in any run on it, until a compiler or another processor makes use of the freedom.

use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering, fence};
use loom::thread;

use crate::{PREEMPTIONS, outcomes};

/// Two words under a sequence number, as `seqlock` has them.
struct Sequenced {
    sequence: AtomicU64,
    words: [AtomicU64; 2],
}

/// What of the seqlock is in place.
#[derive(Clone, Copy)]
struct SeqlockSteps {
    /// The release fence between the odd number and the words.
    writer_fence: bool,
    /// The acquire fence between the words and the second load of the number.
    reader_fence: bool,
    /// The order of the store of the even number.
    even: Ordering,
    /// The order of the first load of the number.
    first: Ordering,
    /// Whether the reader compares the numbers.
    validate: bool,
}

const SEQLOCK: SeqlockSteps = SeqlockSteps {
    writer_fence: true,
    reader_fence: true,
    even: Release,
    first: Acquire,
    validate: true,
};

/// Whether a reader of this seqlock can accept words that do not belong together.
fn tears(preemptions: Option<usize>, steps: SeqlockSteps) -> bool {
    let accepted = outcomes(preemptions, move || {
        let shared = Arc::new(Sequenced {
            sequence: AtomicU64::new(0),
            words: [AtomicU64::new(0), AtomicU64::new(0)],
        });
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let before = shared.sequence.load(steps.first);
                let words = [shared.words[0].load(Relaxed), shared.words[1].load(Relaxed)];
                if steps.reader_fence {
                    fence(Acquire);
                }
                let after = shared.sequence.load(Relaxed);
                (!steps.validate || before == after && before.is_multiple_of(2)).then_some(words)
            })
        };
        for change in 1..=2 {
            shared.sequence.store(2 * change - 1, Relaxed);
            if steps.writer_fence {
                fence(Release);
            }
            for word in &shared.words {
                word.store(change, Relaxed);
            }
            shared.sequence.store(2 * change, steps.even);
        }
        reader.join().expect("a reader does not panic")
    });
    accepted.into_iter().flatten().any(|[first, second]| first != second)
}

#[test]
fn seqlock_is_never_torn() {
    assert!(!tears(None, SEQLOCK));
}

#[test]
fn seqlock_needs_every_step() {
    // What is found within the bound is there without it.
    let found = |steps| tears(Some(PREEMPTIONS), steps);
    assert!(found(SeqlockSteps { writer_fence: false, ..SEQLOCK }), "without the writer's fence");
    assert!(found(SeqlockSteps { reader_fence: false, ..SEQLOCK }), "without the reader's fence");
    assert!(found(SeqlockSteps { even: Relaxed, ..SEQLOCK }), "with a relaxed even store");
    assert!(found(SeqlockSteps { first: Relaxed, ..SEQLOCK }), "with a relaxed first load");
    assert!(found(SeqlockSteps { validate: false, ..SEQLOCK }), "without a retry");
}

/// A head pointer and the nodes it may point at, read in place.
struct InPlace {
    head: AtomicUsize,
    deadlines: [AtomicI64; 2],
}

/// What of the publication is in place.
#[derive(Clone, Copy)]
struct PublishSteps {
    /// The orders of the store and the load of the head.
    publish: Ordering,
    follow: Ordering,
    /// Whether the node is written before it is published, as it must be, or after.
    write_first: bool,
}

const PUBLISH: PublishSteps = PublishSteps { publish: Release, follow: Acquire, write_first: true };

/// Whether a reader can see a node that is published for the first time before it is written.
fn shows_unwritten(steps: PublishSteps) -> bool {
    const UNWRITTEN: i64 = i64::MIN;
    let seen = outcomes(None, move || {
        let shared = Arc::new(InPlace {
            head: AtomicUsize::new(0),
            deadlines: [AtomicI64::new(20), AtomicI64::new(UNWRITTEN)],
        });
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.deadlines[shared.head.load(steps.follow)].load(Relaxed))
        };
        if steps.write_first {
            shared.deadlines[1].store(10, Relaxed);
        }
        shared.head.store(1, steps.publish);
        if !steps.write_first {
            shared.deadlines[1].store(10, Relaxed);
        }
        reader.join().expect("a reader does not panic")
    });
    seen.contains(&UNWRITTEN)
}

#[test]
fn a_published_node_is_written() {
    assert!(!shows_unwritten(PUBLISH));
}

#[test]
fn publication_needs_every_step() {
    assert!(shows_unwritten(PublishSteps { publish: Relaxed, ..PUBLISH }), "with a relaxed publish");
    assert!(shows_unwritten(PublishSteps { follow: Relaxed, ..PUBLISH }), "with a relaxed load of the pointer");
    assert!(shows_unwritten(PublishSteps { write_first: false, ..PUBLISH }), "published before it is written");
}
