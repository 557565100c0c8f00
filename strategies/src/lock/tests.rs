//! What is counted, and when.

use super::*;

#[test]
fn a_thread_that_leaves_counting_is_counted_nowhere() {
    let lock = CountedMutex::<ParkingLotRw, ()>::new(());
    let mut own = OwnCounts::default();
    for counting in [true, false, true] {
        own.counting = counting;
        drop(lock.lock_as(&mut own));
    }
    assert_eq!((own.counts.acquisitions, lock.counts().acquisitions), (2, 2));
    for counting in [true, false] {
        own.counting = counting;
        drop(lock.lock_shared(&mut own));
    }
    assert_eq!((own.counts.acquisitions, lock.counts().acquisitions), (3, 2));
}
/// A lock that is always found taken, and that is waited for a millisecond or more.
struct Busy;

impl LockKind for Busy {
    type Mutex<T: Send + Sync> = BusyLock<T>;
}

struct BusyLock<T>(parking_lot::RwLock<T>);

const WAIT: std::time::Duration = std::time::Duration::from_millis(1);

impl<T: Send + Sync> Mutex<T> for BusyLock<T> {
    type Guard<'a>
        = parking_lot::RwLockWriteGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        BusyLock(parking_lot::RwLock::new(value))
    }
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        None
    }
    fn lock(&self) -> Self::Guard<'_> {
        std::thread::sleep(WAIT);
        self.0.write()
    }
}

impl SharedLockKind for Busy {
    type Shared<'a, T: Send + Sync + 'a> = parking_lot::RwLockReadGuard<'a, T>;

    fn try_lock_shared<T: Send + Sync>(_: &Self::Mutex<T>) -> Option<Self::Shared<'_, T>> {
        None
    }
    fn lock_shared<T: Send + Sync>(lock: &Self::Mutex<T>) -> Self::Shared<'_, T> {
        std::thread::sleep(WAIT);
        lock.0.read()
    }
}

#[test]
fn who_waits_is_counted_with_the_time() {
    let lock = CountedMutex::<Busy, u8>::new(7);
    let (mut own, mut shared) = (OwnCounts::default(), OwnCounts::default());
    for _ in 0..2 {
        assert_eq!(*lock.lock_as(&mut own), 7);
        assert_eq!(*lock.lock_shared(&mut shared), 7);
    }
    for counts in [own.counts, shared.counts] {
        assert_eq!((counts.acquisitions, counts.contended), (2, 2));
        assert!(counts.wait_ns >= 2 * WAIT.as_nanos() as u64, "{counts:?}");
    }
    assert_eq!(lock.counts(), own.counts);
}

/// Nobody else has it: neither a wait nor a try that fails is counted.
fn found_free<K: LockKind>() {
    let lock = CountedMutex::<K, ()>::new(());
    drop(lock.lock());
    assert_eq!(lock.counts(), LockCounts { acquisitions: 1, ..LockCounts::default() });
}

#[test]
fn a_free_lock_is_taken_without_a_wait() {
    found_free::<ParkingLot>();
    found_free::<Std>();
    found_free::<ParkingLotRw>();
    let lock = CountedMutex::<ParkingLotRw, ()>::new(());
    let mut own = OwnCounts::default();
    drop(lock.lock_shared(&mut own));
    assert_eq!(own.counts, LockCounts { acquisitions: 1, ..LockCounts::default() });
}
