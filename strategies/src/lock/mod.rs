//! The writers' mutex, which counts its own acquisitions.
//!
//! The counters live inside the data that the mutex guards: the line is exclusive to the holder already, so counting takes
//! plain additions. The clock is read on the contended path only, where a wait dwarfs it.
//!
//! Plain additions are not free. A locked instruction waits until everything before it is done, stores included, so that between
//! the one that takes a lock and the one that gives it back an addition costs its whole latency, and so does the look at the lock
//! with which a try begins: on some processors a quarter of a short critical section. So a thread may leave counting off
//! for a while, which costs a predicted branch.

mod kinds;
#[cfg(all(test, not(loom)))]
mod tests;

use std::ops::{Deref, DerefMut};

pub use kinds::{ParkingLot, ParkingLotRw, Std};

use crate::LockCounts;

/// A mutual-exclusion lock around a value, as much of it as [`CountedMutex`] needs.
pub trait Mutex<T>: Send + Sync {
    /// Holds the lock and reaches the value.
    type Guard<'a>: DerefMut<Target = T>
    where
        Self: 'a;

    /// An unlocked mutex.
    fn new(value: T) -> Self;
    /// Takes the lock if nobody holds it.
    fn try_lock(&self) -> Option<Self::Guard<'_>>;
    /// Waits for the lock and takes it.
    fn lock(&self) -> Self::Guard<'_>;
}

/// Chooses an implementation of [`Mutex`] for any value.
pub trait LockKind: 'static {
    /// Whether acquisitions are counted. All built-in lists' are; one that is not shows what counting costs.
    const COUNTS: bool = true;

    /// The mutex around a `T`.
    type Mutex<T: Send + Sync>: Mutex<T>;
}

/// A lock that readers may also take beside each other.
pub trait SharedLockKind: LockKind {
    /// Holds the lock beside others and sees the value.
    type Shared<'a, T: Send + Sync + 'a>: Deref<Target = T>;

    /// Takes the lock unless somebody has it for himself.
    fn try_lock_shared<T: Send + Sync>(lock: &Self::Mutex<T>) -> Option<Self::Shared<'_, T>>;
    /// Waits for whoever has the lock for himself and takes it.
    fn lock_shared<T: Send + Sync>(lock: &Self::Mutex<T>) -> Self::Shared<'_, T>;
}

/// What the mutex guards: its counters, first, and the value.
#[repr(C)]
struct Counted<T> {
    counts: LockCounts,
    value: T,
}

/// A thread's own part of what a lock counts.
#[derive(Clone, Copy, Debug)]
pub struct OwnCounts {
    /// What was counted.
    pub counts: LockCounts,
    /// Whether this thread's acquisitions are counted, here and inside the lock.
    pub counting: bool,
}

impl Default for OwnCounts {
    /// Nothing yet, but counting.
    fn default() -> Self {
        OwnCounts { counts: LockCounts::default(), counting: true }
    }
}

/// A mutex that counts how often it was taken, how often it was found taken, and how long was waited for it.
pub struct CountedMutex<K: LockKind, T: Send + Sync>(K::Mutex<Counted<T>>);

impl<K: LockKind, T: Send + Sync> CountedMutex<K, T> {
    /// An unlocked mutex with counters at zero.
    pub fn new(value: T) -> Self {
        CountedMutex(Mutex::new(Counted { counts: LockCounts::default(), value }))
    }

    /// Takes the lock, waiting if somebody holds it, and counts.
    #[inline]
    pub fn lock(&self) -> CountedGuard<'_, K, T> {
        self.lock_as(&mut OwnCounts::default())
    }

    /// As [`lock`](Self::lock), but counts only if the thread does, and in its own counts too, so that it shows who waits for
    /// whom.
    #[inline]
    pub fn lock_as(&self, own: &mut OwnCounts) -> CountedGuard<'_, K, T> {
        if !K::COUNTS || !own.counting {
            return CountedGuard(self.0.lock());
        }
        let mut guard = match self.0.try_lock() {
            Some(guard) => guard,
            None => self.lock_contended(&mut own.counts),
        };
        guard.counts.acquisitions += 1;
        own.counts.acquisitions += 1;
        CountedGuard(guard)
    }

    #[cold]
    fn lock_contended(&self, counts: &mut LockCounts) -> <K::Mutex<Counted<T>> as Mutex<Counted<T>>>::Guard<'_> {
        let (mut guard, wait_ns) = timed(|| self.0.lock());
        let waited = LockCounts { acquisitions: 0, contended: 1, wait_ns };
        guard.counts += waited;
        *counts += waited;
        guard
    }

    /// What was counted so far. Takes the lock without counting that.
    pub fn counts(&self) -> LockCounts {
        self.0.lock().counts
    }
}

impl<K: SharedLockKind, T: Send + Sync> CountedMutex<K, T> {
    /// Takes the lock beside other readers, waiting if somebody has it for himself, and counts, if at all, in the reader's own
    /// counts: no reader may write to what the lock guards.
    #[inline]
    pub fn lock_shared(&self, own: &mut OwnCounts) -> SharedGuard<'_, K, T> {
        if !K::COUNTS || !own.counting {
            return SharedGuard(K::lock_shared(&self.0));
        }
        own.counts.acquisitions += 1;
        SharedGuard(match K::try_lock_shared(&self.0) {
            Some(guard) => guard,
            None => self.lock_shared_contended(&mut own.counts),
        })
    }

    #[cold]
    fn lock_shared_contended(&self, counts: &mut LockCounts) -> K::Shared<'_, Counted<T>> {
        let (guard, wait_ns) = timed(|| K::lock_shared(&self.0));
        counts.contended += 1;
        counts.wait_ns += wait_ns;
        guard
    }
}

/// Waits, and says how long, ns.
#[allow(
    clippy::disallowed_types,
    reason = "who has to wait has time to read a clock; nobody else in this crate does"
)]
fn timed<T>(wait: impl FnOnce() -> T) -> (T, u64) {
    let start = std::time::Instant::now();
    let waited_for = wait();
    (waited_for, start.elapsed().as_nanos() as u64)
}

/// Holds a [`CountedMutex`] beside other readers.
pub struct SharedGuard<'a, K: SharedLockKind, T: Send + Sync + 'a>(K::Shared<'a, Counted<T>>);

impl<K: SharedLockKind, T: Send + Sync> Deref for SharedGuard<'_, K, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0.value
    }
}

/// Holds a [`CountedMutex`].
pub struct CountedGuard<'a, K: LockKind, T: Send + Sync + 'a>(<K::Mutex<Counted<T>> as Mutex<Counted<T>>>::Guard<'a>);

impl<K: LockKind, T: Send + Sync> Deref for CountedGuard<'_, K, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<K: LockKind, T: Send + Sync> DerefMut for CountedGuard<'_, K, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.value
    }
}
