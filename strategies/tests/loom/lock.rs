//! loom's locks in place of the real ones: what is explored is a lock that is taken at once where nobody holds it, as theirs is.

use headlock_strategies::LockCounts;
use headlock_strategies::lock::{CountedMutex, LockKind, OwnCounts, ParkingLot, ParkingLotRw, Std};

use crate::outcomes;

/// What is counted of one who takes a lock that nobody else has.
fn counted<K: LockKind>() -> LockCounts {
    let lock = CountedMutex::<K, ()>::new(());
    drop(lock.lock());
    lock.counts()
}

fn counted_shared() -> LockCounts {
    let mut own = OwnCounts::default();
    drop(CountedMutex::<ParkingLotRw, ()>::new(()).lock_shared(&mut own));
    own.counts
}

#[test]
fn a_free_lock_is_taken_without_a_wait() {
    for counted in [
        counted::<ParkingLot>,
        counted::<Std>,
        counted::<ParkingLotRw>,
        counted_shared,
    ] {
        let met = outcomes(None, move || {
            let LockCounts { acquisitions, contended, wait_ns } = counted();
            (acquisitions, contended, wait_ns)
        });
        assert_eq!(met, [(1, 0, 0)].into());
    }
}
