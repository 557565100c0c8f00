//! headlock with the mutex strategy on parking_lot 0.12 in the table, beside the built-in one on 0.13.

use std::process::ExitCode;

use headlock::Registry;
use headlock::strategies::list::{Head, HeadList, ListView, Reader};
use headlock::strategies::lock::{LockKind, Mutex};
use headlock::strategies::mutex::Mutex as BuiltIn;
use headlock::strategies::reclaim::Immediate;
use headlock::strategies::{Nanos, Strategy, TimerList};

/// parking_lot 0.12: as 0.13, and every half millisecond or so an unlock hands the lock to whoever waits longest.
enum ParkingLot012 {}

/// parking_lot 0.12's mutex, under headlock's trait.
struct Lock<T>(parking_lot_012::Mutex<T>);

impl LockKind for ParkingLot012 {
    type Mutex<T: Send + Sync> = Lock<T>;
}

impl<T: Send + Sync> Mutex<T> for Lock<T> {
    type Guard<'a>
        = parking_lot_012::MutexGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        Lock(parking_lot_012::Mutex::new(value))
    }
    #[inline]
    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        self.0.try_lock()
    }
    fn lock(&self) -> Self::Guard<'_> {
        self.0.lock()
    }
}

/// As the built-in mutex: readers look for themselves, under the lock.
struct Mutex012;

impl Head for Mutex012 {
    const STRATEGY: Strategy = Strategy {
        name: "mutex-pl-0.12",
        summary: "as mutex, on parking_lot 0.12, which is fair in the long run",
        built_on: "parking_lot 0.12",
        ..BuiltIn::STRATEGY
    };
    type Lock = ParkingLot012;
    type Writer = ();
    type Reclaim = Immediate;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (Mutex012, ())
    }
    fn local(&self) {}
    #[inline]
    fn publish(&self, (): &mut (), (): &mut (), _list: ListView<'_>) {}

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

fn main() -> ExitCode {
    headlock::cli::main(Registry::builtin().with::<HeadList<Mutex012>>())
}

headlock::strategies::conformance!(conformance, HeadList<Mutex012>, built_in);
