//! What the kernel does not say and a measurement does: the clock's step, and the gaps that an empty loop sees.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::harness::clock::Clock;
use crate::harness::latency::empty_histogram;
use crate::harness::pin;
use crate::record::{ClockFacts, Hiccups};

/// Gaps from here on count as hiccups, ns: far above a turn of the loop, below anything that an interrupt takes.
const HICCUP_NS: u64 = 1_000;

/// Cost and step of the latency pass's clock.
pub fn clock(clock: &Clock) -> ClockFacts {
    ClockFacts {
        pair_cost_ns: clock.pair_cost_ns(),
        resolution_ns: clock.ticks_ns(step(&distances(clock))),
    }
}

/// How often each distance between two readings occurred, in the counter's unit, with a little work of varying length
/// between the two, so that a fine counter shows many distances and a coarse one few.
fn distances(clock: &Clock) -> BTreeMap<u64, u64> {
    const READINGS: u32 = 50_000;
    const LONGEST_WORK: u32 = 40;
    let mut counts = BTreeMap::new();
    for turn in 0..READINGS {
        let start = clock.raw();
        for work in 0..turn % LONGEST_WORK {
            black_box(work);
        }
        *counts.entry(clock.raw().saturating_sub(start)).or_default() += 1;
    }
    counts
}

/// The step of a counter, from how often each distance occurred.
///
/// Distances are whole multiples of the step, give or take one where the step is no whole number of units. So between
/// neighbouring distances lie either 1 or the step; the third quartile is the step as soon as a quarter of them are steps.
/// Distances seen in fewer than a thousandth of all pairs are chance hits between interrupts, and left out.
pub(super) fn step(counts: &BTreeMap<u64, u64>) -> u64 {
    let all: u64 = counts.values().sum();
    let usual: Vec<u64> =
        counts.iter().filter(|(_, count)| **count * 1000 >= all).map(|(distance, _)| *distance).collect();
    let mut steps: Vec<u64> = usual.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_unstable();
    // A single distance bounds the step from above.
    steps.get(steps.len() * 3 / 4).or(usual.first()).copied().unwrap_or(0)
}

/// Watches all processors at once, each by a thread bound to it that does nothing but read the clock. One that no thread
/// can be bound to is left out.
pub fn hiccups(cpus: &[usize], watch: Duration, clock: &Clock) -> Vec<Hiccups> {
    std::thread::scope(|scope| {
        let watchers: Vec<_> = cpus.iter().map(|&cpu| scope.spawn(move || watch_one(cpu, watch, clock))).collect();
        watchers
            .into_iter()
            .filter_map(|watcher| watcher.join().expect("a watcher does not panic"))
            .collect()
    })
}

fn watch_one(cpu: usize, watch: Duration, clock: &Clock) -> Option<Hiccups> {
    pin::pin_current(cpu).ok()?;
    let mut gaps = empty_histogram();
    let begun = clock.raw();
    let mut last = begun;
    while clock.ns_between(begun, last) < watch.as_nanos() as u64 {
        let now = clock.raw();
        gaps.saturating_record(clock.ns_between(last, now).max(1));
        last = now;
    }
    Some(describe(cpu, clock.ns_between(begun, last), &gaps))
}

/// What the gaps of one processor amount to.
pub(super) fn describe(cpu: usize, watched_ns: u64, gaps: &Histogram<u64>) -> Hiccups {
    let long = || gaps.iter_recorded().filter(|gap| gap.value_iterated_to() >= HICCUP_NS);
    let lost_ns: f64 = long().map(|gap| gap.value_iterated_to() as f64 * gap.count_at_value() as f64).sum();
    Hiccups {
        cpu,
        watched_ns,
        gaps: long().map(|gap| gap.count_at_value()).sum(),
        lost_share: (lost_ns / watched_ns.max(1) as f64).min(1.0),
        p999_ns: gaps.value_at_quantile(0.999),
        max_ns: gaps.max(),
    }
}
