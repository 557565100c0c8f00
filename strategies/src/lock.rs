//! The writers' mutex, which counts its own acquisitions.
//!
//! The counters live inside the data that the mutex guards: the line is exclusive to the holder already, so counting costs
//! plain additions. The clock is read on the contended path only, where a wait dwarfs it.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

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
    /// The mutex around a `T`.
    type Mutex<T: Send>: Mutex<T>;
}

/// `parking_lot`'s mutex: one byte, spins a little, then parks.
pub enum ParkingLot {}

#[cfg(not(loom))]
impl LockKind for ParkingLot {
    type Mutex<T: Send> = parking_lot::Mutex<T>;
}

#[cfg(not(loom))]
impl<T: Send> Mutex<T> for parking_lot::Mutex<T> {
    type Guard<'a>
        = parking_lot::MutexGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        parking_lot::Mutex::new(value)
    }
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        self.try_lock()
    }
    fn lock(&self) -> Self::Guard<'_> {
        self.lock()
    }
}

/// loom cannot look into `parking_lot`, so under loom its own mutex stands in; what is explored is the code around it.
#[cfg(loom)]
impl LockKind for ParkingLot {
    type Mutex<T: Send> = loom::sync::Mutex<T>;
}

#[cfg(loom)]
impl<T: Send> Mutex<T> for loom::sync::Mutex<T> {
    type Guard<'a>
        = loom::sync::MutexGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        loom::sync::Mutex::new(value)
    }
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        self.try_lock().ok()
    }
    fn lock(&self) -> Self::Guard<'_> {
        self.lock().expect("no holder panics in a model")
    }
}

/// What the mutex guards: its counters, first, and the value.
#[repr(C)]
struct Counted<T> {
    counts: LockCounts,
    value: T,
}

/// A mutex that counts how often it was taken, how often it was found taken, and how long was waited for it.
pub struct CountedMutex<K: LockKind, T: Send>(K::Mutex<Counted<T>>);

impl<K: LockKind, T: Send> CountedMutex<K, T> {
    /// An unlocked mutex with counters at zero.
    pub fn new(value: T) -> Self {
        CountedMutex(Mutex::new(Counted { counts: LockCounts::default(), value }))
    }

    /// Takes the lock, waiting if somebody holds it, and counts.
    #[inline]
    pub fn lock(&self) -> CountedGuard<'_, K, T> {
        let mut guard = match self.0.try_lock() {
            Some(guard) => guard,
            None => self.lock_contended(),
        };
        guard.counts.acquisitions += 1;
        CountedGuard(guard)
    }

    #[cold]
    fn lock_contended(&self) -> <K::Mutex<Counted<T>> as Mutex<Counted<T>>>::Guard<'_> {
        let start = Instant::now();
        let mut guard = self.0.lock();
        guard.counts.contended += 1;
        guard.counts.wait_ns += start.elapsed().as_nanos() as u64;
        guard
    }

    /// What was counted so far. Takes the lock without counting that.
    pub fn counts(&self) -> LockCounts {
        self.0.lock().counts
    }
}

/// Holds a [`CountedMutex`].
pub struct CountedGuard<'a, K: LockKind, T: Send + 'a>(<K::Mutex<Counted<T>> as Mutex<Counted<T>>>::Guard<'a>);

impl<K: LockKind, T: Send> Deref for CountedGuard<'_, K, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<K: LockKind, T: Send> DerefMut for CountedGuard<'_, K, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.value
    }
}
