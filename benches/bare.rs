//! A strategy's poll beside the bare loop that it cannot beat: the library's own calls around one load, with no list behind them.
//! And a lock that counts beside one that does not.

mod support;

use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use crossbeam_epoch::{Atomic, Collector};
use crossbeam_utils::CachePadded;
use headlock::strategies::lock::{CountedMutex, OwnCounts, ParkingLot};
use headlock::strategies::{Config, TimerList, atomic_deadline, mutex, rcu_epoch};
use support::{Operation, Timers};

criterion_group!(
    name = benches;
    config = support::criterion();
    targets = parking_lot_poll, crossbeam_epoch_poll, atomic_poll, lock_counting
);
criterion_main!(benches);

/// Lock, read, unlock.
fn parking_lot_poll(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parking_lot");
    group.bench_function("bare", |bencher| {
        let deadline = CachePadded::new(parking_lot::Mutex::new(1_i64));
        bencher.iter(|| *deadline.lock());
    });
    poll::<mutex::Mutex>(&mut group);
    group.finish();
}

/// Pin, load, unpin.
fn crossbeam_epoch_poll(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("crossbeam-epoch");
    group.bench_function("bare", |bencher| {
        let collector = Collector::new();
        let participant = collector.register();
        let head = CachePadded::new(Atomic::<i64>::null());
        bencher.iter(|| {
            let guard = participant.pin();
            head.load(Ordering::Acquire, &guard).as_raw()
        });
    });
    poll::<rcu_epoch::RcuEpoch>(&mut group);
    group.finish();
}

/// One load.
fn atomic_poll(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("atomic");
    group.bench_function("bare", |bencher| {
        let deadline = CachePadded::new(AtomicI64::new(1));
        bencher.iter(|| deadline.load(Ordering::Acquire));
    });
    poll::<atomic_deadline::AtomicDeadline>(&mut group);
    group.finish();
}

fn poll<L: TimerList>(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.bench_function(L::STRATEGY.name, |bencher| {
        let list = L::new(&Config::default());
        let mut timers = Timers::armed(list.handle(), 64);
        bencher.iter_custom(|times| Operation::Deadline.timed(&mut timers, times));
    });
}

/// Lock, change a word, unlock.
fn lock_counting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lock counting");
    group.bench_function("off", |bencher| {
        let value = CachePadded::new(parking_lot::Mutex::new(0_u64));
        bencher.iter(|| *black_box(&value).lock() += 1);
    });
    group.bench_function("on", |bencher| {
        let value = CachePadded::new(CountedMutex::<ParkingLot, u64>::new(0));
        let mut counts = OwnCounts::default();
        bencher.iter(|| *black_box(&value).lock_as(&mut counts) += 1);
    });
    group.finish();
}
