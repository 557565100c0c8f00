//! **Idea.** The head in plain words beside a sequence number: odd while a writer is at work on them, one pair further after.
//! A reader reads the number, the words, and the number again; if it was odd or has changed, the words may not belong
//! together and the reader starts over.
//!
//! **Orderings.** Boehm's. The writer stores the odd number, then a release fence, then the words, then the even number with
//! release. The reader loads the number with acquire, the words, then an acquire fence, then the number again.
//! - The first load of the number sees an even store: acquire pairs with its release, so the words are that write's or later
//!   ones.
//! - A word is of a later write: the reader's fence pairs with that writer's fence, so the second load sees that write's odd
//!   number or a later one, and the reader starts over.
//!
//! The words are relaxed atomics, since a reader may meet a writer. All of it is plain loads and stores on x86.
//!
//! **Progress.** Blocking: a writer that loses its processor between its two stores keeps the number odd and all readers
//! waiting, if only for a few instructions' worth of work.
//!
//! **Freshness.** Linearizable: the words that a reader accepts were the head when it read the number first.
//!
//! **Trade-offs.** Readers write nothing and the head may be as many words as it likes: here the deadline and the timer's name,
//! which one atomic word cannot hold. Writers never wait. Readers pay for a busy writer with retries.
//!
//! **Reference.** H.-J. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012. The lock itself
//! is from Linux 2.5.59, by A. Arcangeli and S. Hemminger.

use crate::list::{Head, HeadList, ListView, Reader};
use crate::lock::ParkingLot;
use crate::reclaim::Immediate;
use crate::sync::{AtomicI64, AtomicU64, Ordering, fence, spin_loop};
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list that shows its head's deadline and name under a sequence lock.
pub type Seqlock = HeadList<SeqlockHead>;

/// The name that stands for an empty list. No list ever gives it out: it would take 2^32 timers.
const NOBODY: u64 = u64::MAX;

/// The head's words.
///
/// | word | who writes it, when | meaning |
/// |---|---|---|
/// | `sequence` | a writer, under the lock, before and after the other two | odd: they are being written; else the number of changes, twice |
/// | `timer` | a writer, under the lock, between those stores | the head's name, or `NOBODY` |
/// | `deadline` | the same | the head's deadline; says nothing if there is nobody |
pub struct SeqlockHead {
    sequence: AtomicU64,
    timer: AtomicU64,
    deadline: AtomicI64,
}

impl SeqlockHead {
    /// One attempt: the head, or `None` if a writer was in the way.
    #[inline]
    fn try_read(&self) -> Option<Option<Nanos>> {
        let before = self.sequence.load(Ordering::Acquire);
        let timer = self.timer.load(Ordering::Relaxed);
        let deadline = self.deadline.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let after = self.sequence.load(Ordering::Relaxed);
        (before == after && before.is_multiple_of(2)).then(|| (timer != NOBODY).then_some(Nanos(deadline)))
    }
}

impl Head for SeqlockHead {
    const STRATEGY: Strategy = Strategy {
        name: "seqlock",
        summary: "sequence-validated words: read, check that no writer came by, else retry",
        built_on: "std",
        reader: ReaderCost::None,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "four stores when the head changes",
        reference: "Boehm, MSPC 2012",
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        let head = SeqlockHead {
            sequence: AtomicU64::new(0),
            timer: AtomicU64::new(NOBODY),
            deadline: AtomicI64::new(0),
        };
        (head, ())
    }
    fn local(&self) {}

    #[inline]
    fn publish(&self, (): &mut (), (): &mut (), list: ListView<'_>) {
        let (timer, deadline) = match list.head_named() {
            Some((timer, deadline)) => (timer.into_raw(), deadline.0),
            None => (NOBODY, 0),
        };
        // Relaxed is enough: only the lock's holder writes it.
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.timer.store(timer, Ordering::Relaxed);
        self.deadline.store(deadline, Ordering::Relaxed);
        self.sequence.store(sequence + 2, Ordering::Release);
    }

    #[inline(always)]
    fn deadline(list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        loop {
            if let Some(head) = list.head.try_read() {
                return head;
            }
            reader.retries += 1;
            spin_loop();
        }
    }
}
