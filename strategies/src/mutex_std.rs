//! **Idea.** As `mutex`, on the standard library's lock, which most programs would take without a thought.
//!
//! **Orderings.** The lock's.
//!
//! **Progress.** Blocking, as `mutex`.
//!
//! **Freshness.** Linearizable, at the moment the lock is held.
//!
//! **Trade-offs.** Unlocking looks for a panic under way, to poison the lock. A waiter spins for a hundred turns, then sleeps on
//! the futex; nothing hands the lock to whoever waits longest.
//!
//! **Reference.** `std::sync::Mutex` on Linux, since Rust 1.62; U. Drepper, "Futexes are tricky", 2011.

use crate::list::{Head, HeadList, Reader};
use crate::lock::Std;
use crate::reclaim::Immediate;
use crate::{Freshness, Nanos, Progress, ReaderCost, Strategy};

/// The list whose every read takes the standard library's lock.
pub type MutexStd = HeadList<MutexStdHead>;

/// Nothing is shown to readers: they look for themselves, under the lock.
pub struct MutexStdHead;

impl Head for MutexStdHead {
    const STRATEGY: Strategy = Strategy {
        name: "mutex-std",
        summary: "as mutex, on the standard library's lock",
        built_on: "std",
        reader: ReaderCost::Lock,
        progress: Progress::Blocking,
        freshness: Freshness::Linearizable,
        writer: "nothing more",
        reference: "std::sync::Mutex",
    };
    type Lock = Std;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (MutexStdHead, ())
    }
    fn local(&self) {}
    #[inline(always)]
    fn deadline(list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        list.read_locked(&mut reader.locks, |(), list| list.head_in_place())
    }

    /// A read is no cheaper than taking the lock to look for oneself.
    #[inline]
    fn worth_locking(_list: &HeadList<Self>, _reader: &mut Reader<'_, Self>, _now: Nanos, _fired: usize) -> bool {
        true
    }
}
