//! How soon windows of a few instructions are met, by what is done to the threads. Counts attempts, not time.
//!
//! `cargo run --release -p headlock-stops --example windows [SECONDS [SEED...]]`
//!
//! Three faults that timer lists really had, in miniature, each with two writers or a writer and a reader:
//! - *publish*: what is published is decided under the lock and stored after it, so an older value overwrites a newer one;
//! - *reclaim*: a node is used again 32 changes after it was replaced, while a reader that found it still looks;
//! - *recheck*: a reader of two words does not validate the second against the first after 1,000 changes (a short sequence wraps).

use std::hint::{black_box, spin_loop};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use headlock_stops::{Driver, Plan, delivered, register};
use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, gettid, sched_setaffinity};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Free,
    OneCpu,
    Nice,
    NiceOneCpu,
    Stops,
    StopsOneCpu,
    StopsCrowd,
    Long,
}

const MANNERS: [Manner; 8] = [
    Manner::Free,
    Manner::OneCpu,
    Manner::Nice,
    Manner::NiceOneCpu,
    Manner::Stops,
    Manner::StopsOneCpu,
    Manner::StopsCrowd,
    Manner::Long,
];

/// Does one attempt; answers whether the fault was met. The argument is the thread's place, 0 or 1.
type Fault = fn(&Shared, usize) -> bool;

#[derive(Default)]
struct Shared {
    lock: Mutex<u64>,
    word: AtomicU64,
    nodes: [AtomicU64; 32],
    ended: AtomicBool,
}

fn publish(shared: &Shared, _place: usize) -> bool {
    let mine = {
        let mut count = shared.lock.lock().unwrap();
        *count += 1;
        *count
    };
    shared.word.swap(mine, Ordering::AcqRel) > mine
}

fn reclaim(shared: &Shared, place: usize) -> bool {
    if place == 0 {
        let next = shared.word.load(Ordering::Relaxed) + 1;
        shared.nodes[next as usize % 32].store(next, Ordering::Release);
        shared.word.store(next, Ordering::Release);
        // The rest of a change.
        (0..2).for_each(|_| spin_loop());
        return false;
    }
    let found = shared.word.load(Ordering::Acquire);
    let met = shared.nodes[found as usize % 32].load(Ordering::Acquire) != found;
    (0..2).for_each(|_| spin_loop());
    met
}

fn recheck(shared: &Shared, place: usize) -> bool {
    if place == 0 {
        let next = shared.word.load(Ordering::Relaxed) + 1;
        shared.word.store(next, Ordering::Release);
        (0..2).for_each(|_| spin_loop());
        return false;
    }
    let first = shared.word.load(Ordering::Acquire);
    let second = shared.word.load(Ordering::Acquire);
    (0..2).for_each(|_| spin_loop());
    second - first >= 1_000
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(2, |text| text.parse().expect("SECONDS is a whole number"));
    let mut seeds: Vec<u64> = arguments.map(|text| text.parse().expect("SEED is a whole number")).collect();
    if seeds.is_empty() {
        seeds.push(1);
    }
    let faults: [(&str, Fault); 3] = [("publish", publish), ("reclaim", reclaim), ("recheck", recheck)];
    println!(
        "{:<8} {:<12} {:>4} {:>12} {:>7} {:>8} {:>14} {:>10}",
        "fault", "manner", "seed", "attempts", "stops", "met", "per million", "stops each"
    );
    for (name, fault) in faults {
        for manner in MANNERS {
            for &seed in &seeds {
                row(name, fault, manner, seed, Duration::from_secs(seconds));
            }
        }
    }
}

fn row(name: &str, fault: Fault, manner: Manner, seed: u64, time: Duration) {
    let before = delivered();
    let (attempts, met) = attempt(fault, manner, seed, time);
    let stops = delivered() - before;
    let rate = met as f64 * 1e6 / attempts.max(1) as f64;
    let each = if met == 0 {
        "-".to_owned()
    } else {
        format!("{:.1}", stops as f64 / met as f64)
    };
    let manner = format!("{manner:?}");
    println!("{name:<8} {manner:<12} {seed:>4} {attempts:>12} {stops:>7} {met:>8} {rate:>14.3} {each:>10}");
}

/// How threads are stopped: as by default, or longer and more seldom.
fn plan(manner: Manner, seed: u64) -> Plan {
    let default = Plan { seed, ..Plan::default() };
    match manner {
        Manner::Long => Plan {
            length_ns: 1_000..=2_000_000,
            pause_ns: 20_000..=500_000,
            ..default
        },
        _ => default,
    }
}

/// Attempts of both threads together, and how many met the fault.
fn attempt(fault: Fault, manner: Manner, seed: u64, time: Duration) -> (u64, u64) {
    let shared = Shared::default();
    let stops = matches!(manner, Manner::Stops | Manner::StopsOneCpu | Manner::StopsCrowd | Manner::Long);
    let _driver = stops.then(|| Driver::start(plan(manner, seed)).expect("a driver"));
    // Four more that do the same make the processors few.
    let threads = if manner == Manner::StopsCrowd { 6 } else { 2 };
    let shared = &shared;
    thread::scope(|scope| {
        let work = (0..threads).map(|number| {
            scope.spawn(move || {
                settle(manner, number);
                let _registered = stops.then(|| register().expect("a registration"));
                // A writer must be alone where only one may write.
                let place = number.min(1);
                let (mut attempts, mut met) = (0, 0);
                while !shared.ended.load(Ordering::Relaxed) {
                    attempts += 1;
                    met += u64::from(black_box(fault(shared, place)));
                }
                (attempts, met)
            })
        });
        let work: Vec<_> = work.collect();
        thread::sleep(time);
        shared.ended.store(true, Ordering::Relaxed);
        let done = work.into_iter().map(|thread| thread.join().expect("no panic"));
        done.fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1))
    })
}

/// Gives the calling thread its priority and processor.
fn settle(manner: Manner, number: usize) {
    if matches!(manner, Manner::OneCpu | Manner::NiceOneCpu | Manner::StopsOneCpu) {
        let mut first = CpuSet::new();
        first.set(0);
        sched_setaffinity(None, &first).expect("processor 0 may be used");
    }
    if matches!(manner, Manner::Nice | Manner::NiceOneCpu) && number == 1 {
        setpriority_process(Some(gettid()), 19).expect("a lower priority is always allowed");
    }
}
