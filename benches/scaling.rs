//! How a poll and a modify depend on the number of active timers. A poll should not; a modify by the heap's depth and by the
//! cache misses on the way.
//!
//! All built-in lists share the heap, so one of each kind stands for them: read under the lock, in place, by copy.

mod support;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use headlock::strategies::{Config, TimerList, atomic_deadline, mutex, rcu_membarrier, seqlock};
use support::{Operation, Timers};

criterion_group!(name = benches; config = support::criterion(); targets = deadline, modify);
criterion_main!(benches);

fn deadline(criterion: &mut Criterion) {
    every_list(criterion, Operation::Deadline, &[10, 1_000, 100_000, 1_000_000]);
}

fn modify(criterion: &mut Criterion) {
    every_list(criterion, Operation::ModifyBehind, &[1_000, 10_000, 100_000, 1_000_000]);
}

fn every_list(criterion: &mut Criterion, operation: Operation, sizes: &[usize]) {
    let mut group = criterion.benchmark_group(format!("{} by active timers", operation.name()));
    every_size::<mutex::Mutex>(&mut group, operation, sizes);
    every_size::<rcu_membarrier::RcuMembarrier>(&mut group, operation, sizes);
    every_size::<seqlock::Seqlock>(&mut group, operation, sizes);
    every_size::<atomic_deadline::AtomicDeadline>(&mut group, operation, sizes);
    group.finish();
}

fn every_size<L: TimerList>(group: &mut BenchmarkGroup<'_, WallTime>, operation: Operation, sizes: &[usize]) {
    for &size in sizes {
        group.bench_function(BenchmarkId::new(L::STRATEGY.name, size), |bencher| {
            let list = L::new(&Config::default());
            let mut timers = Timers::armed(list.handle(), size);
            bencher.iter_custom(|times| operation.timed(&mut timers, times));
        });
    }
}
