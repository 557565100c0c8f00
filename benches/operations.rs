//! One operation at a time on every strategy: alone, and beside a background writer.
//!
//! The writer modifies timers of its own on the same list as fast as it can, in turn at the head and behind it, on another
//! processor if there is one. These figures are for somebody who changes the code and wants to see what it did. They are no
//! comparison of strategies: that takes the paired blocks of fresh processes of `headlock run`.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use headlock::harness::pin;
use headlock::strategies::{Config, TimerList, Visitor};
use support::{CPUS, Operation, Timers, visit_all};

/// Timers of each thread: an event loop of a large virtual machine.
const TIMERS: usize = 64;

criterion_group!(name = benches; config = support::criterion(); targets = alone, beside_a_writer);
criterion_main!(benches);

fn alone(criterion: &mut Criterion) {
    every_operation(criterion, "alone", false);
}

fn beside_a_writer(criterion: &mut Criterion) {
    every_operation(criterion, "beside a writer", true);
}

fn every_operation(criterion: &mut Criterion, company: &str, writer: bool) {
    for operation in Operation::ALL {
        let group = criterion.benchmark_group(format!("{} {company}", operation.name()));
        let mut measured = Measured { group, operation, writer };
        visit_all(&mut measured);
        measured.group.finish();
    }
}

/// One operation, to be measured for each strategy.
struct Measured<'c> {
    group: BenchmarkGroup<'c, WallTime>,
    operation: Operation,
    writer: bool,
}

impl Visitor for Measured<'_> {
    fn visit<L: TimerList>(&mut self) {
        let Measured { group, operation, writer } = self;
        group.bench_function(L::STRATEGY.name, |bencher| {
            let list = L::new(&Config::default());
            let mut timers = Timers::armed(list.handle(), TIMERS);
            let mut measure = || bencher.iter_custom(|times| operation.timed(&mut timers, times));
            if *writer { beside(&list, measure) } else { measure() }
        });
    }
}

/// Measures while another thread modifies timers of the list; it has begun before, and ends with `measure`, even by a panic.
fn beside<L: TimerList>(list: &L, measure: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    let (begin, begun) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(&last) = CPUS.last() {
                pin::pin_current(last).expect("the processor is in the affinity mask");
            }
            let mut timers = Timers::in_background(list.handle(), TIMERS);
            begin.send(()).expect("the measuring thread waits for this");
            while !stop.load(Ordering::Relaxed) {
                timers.modify_both();
            }
        });
        let _stopped = StopOnDrop(&stop);
        begun.recv().expect("the writer arms its timers without a panic");
        measure();
    });
}

/// Raises a flag when it goes out of scope, however that comes about.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
