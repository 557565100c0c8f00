//! The locks to choose from, each as an implementation of [`Mutex`].
//!
//! loom cannot look into a lock that is not its own, so under loom its own stand in; what is explored is the code around
//! them.

use super::{LockKind, Mutex, SharedLockKind};

#[cfg(loom)]
use loom::sync as std_like;
#[cfg(not(loom))]
use std::sync as std_like;

/// `parking_lot`'s mutex: one byte, spins a little, then parks.
pub enum ParkingLot {}

/// The standard library's mutex: a futex word and a poison flag, which we ignore.
pub enum Std {}

/// `parking_lot`'s reader-writer lock: writers take it for themselves, readers beside each other.
pub enum ParkingLotRw {}

#[cfg(not(loom))]
impl LockKind for ParkingLot {
    type Mutex<T: Send + Sync> = parking_lot::Mutex<T>;
}
#[cfg(loom)]
impl LockKind for ParkingLot {
    type Mutex<T: Send + Sync> = loom::sync::Mutex<T>;
}

impl LockKind for Std {
    type Mutex<T: Send + Sync> = std_like::Mutex<T>;
}

#[cfg(not(loom))]
impl LockKind for ParkingLotRw {
    type Mutex<T: Send + Sync> = parking_lot::RwLock<T>;
}
#[cfg(loom)]
impl LockKind for ParkingLotRw {
    type Mutex<T: Send + Sync> = loom::sync::RwLock<T>;
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
    #[inline]
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        self.try_lock()
    }
    fn lock(&self) -> Self::Guard<'_> {
        self.lock()
    }
}

/// A holder that panicked leaves the lock poisoned. The list's operations call no stranger's code while they hold it, so what
/// it guards is whole, and we go on as `parking_lot` would.
impl<T: Send> Mutex<T> for std_like::Mutex<T> {
    type Guard<'a>
        = std_like::MutexGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        std_like::Mutex::new(value)
    }
    #[inline]
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        match self.try_lock() {
            Ok(guard) => Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }
    fn lock(&self) -> Self::Guard<'_> {
        self.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(not(loom))]
impl<T: Send + Sync> Mutex<T> for parking_lot::RwLock<T> {
    type Guard<'a>
        = parking_lot::RwLockWriteGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        parking_lot::RwLock::new(value)
    }
    #[inline]
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        self.try_write()
    }
    fn lock(&self) -> Self::Guard<'_> {
        self.write()
    }
}

#[cfg(not(loom))]
impl SharedLockKind for ParkingLotRw {
    type Shared<'a, T: Send + Sync + 'a> = parking_lot::RwLockReadGuard<'a, T>;

    #[inline]
    fn try_lock_shared<T: Send + Sync>(lock: &Self::Mutex<T>) -> Option<Self::Shared<'_, T>> {
        lock.try_read()
    }
    fn lock_shared<T: Send + Sync>(lock: &Self::Mutex<T>) -> Self::Shared<'_, T> {
        lock.read()
    }
}

#[cfg(loom)]
impl<T: Send + Sync> Mutex<T> for loom::sync::RwLock<T> {
    type Guard<'a>
        = loom::sync::RwLockWriteGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        loom::sync::RwLock::new(value)
    }
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        self.try_write().ok()
    }
    fn lock(&self) -> Self::Guard<'_> {
        self.write().expect("no holder panics in a model")
    }
}

#[cfg(loom)]
impl SharedLockKind for ParkingLotRw {
    type Shared<'a, T: Send + Sync + 'a> = loom::sync::RwLockReadGuard<'a, T>;

    fn try_lock_shared<T: Send + Sync>(lock: &Self::Mutex<T>) -> Option<Self::Shared<'_, T>> {
        lock.try_read().ok()
    }
    fn lock_shared<T: Send + Sync>(lock: &Self::Mutex<T>) -> Self::Shared<'_, T> {
        lock.read().expect("no holder panics in a model")
    }
}
