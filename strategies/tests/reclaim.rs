//! What a thread that does nothing means to the memory that others free, and what a list tells of that memory's way.
#![cfg(not(loom))]
#![allow(
    clippy::disallowed_types,
    reason = "a test's own counters, which loom has no part in"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use headlock_strategies::mutex::Mutex;
use headlock_strategies::rcu_membarrier::RcuMembarrier;
use headlock_strategies::rcu_qsbr::RcuQsbr;
use headlock_strategies::{Config, GraceProbe, TimerHandle, TimerList, Visitor, visit_builtin};

/// Enough for several batches.
const FREES: u64 = 2_000;

fn free_many<H: TimerHandle>(handle: &mut H) {
    for _ in 0..FREES {
        let timer = handle.create();
        handle.free(timer);
    }
}

#[test]
fn a_thread_that_announces_nothing_holds_everything_back_until_it_does() {
    let list = RcuQsbr::new(&Config::default());
    let mut silent = list.handle();
    let mut freeing = list.handle();
    free_many(&mut freeing);
    assert_eq!(list.counts().reclaimed, 0);
    assert_eq!(list.counts().peak_unreclaimed, FREES);
    // The first announcement lets the batch go that was closed; the next one, what came together behind it.
    for _ in 0..2 {
        silent.quiescent();
        free_many(&mut freeing);
    }
    assert!(list.counts().reclaimed >= FREES, "{:?}", list.counts());
}

#[test]
fn a_thread_that_leaves_without_announcing_holds_nothing_back() {
    let list = RcuQsbr::new(&Config::default());
    let silent = list.handle();
    let mut freeing = list.handle();
    free_many(&mut freeing);
    drop(silent);
    free_many(&mut freeing);
    assert!(list.counts().reclaimed >= FREES, "{:?}", list.counts());
}

#[test]
fn a_thread_that_reads_nothing_holds_nothing_back_under_membarrier() {
    let list = RcuMembarrier::new(&Config::default());
    let _silent = list.handle();
    let mut freeing = list.handle();
    free_many(&mut freeing);
    assert!(list.counts().peak_unreclaimed < FREES, "{:?}", list.counts());
}

#[test]
fn what_a_short_lived_handle_leaves_is_taken_over() {
    let list = RcuMembarrier::new(&Config::default());
    for _ in 0..FREES {
        let mut handle = list.handle();
        let timer = handle.create();
        handle.free(timer);
    }
    assert!(list.counts().peak_unreclaimed < FREES, "{:?}", list.counts());
}

#[test]
fn what_short_lived_handles_pile_up_goes_once_the_silent_thread_has_left() {
    let list = RcuQsbr::new(&Config::default());
    let silent = list.handle();
    let free_one = || {
        let mut handle = list.handle();
        let timer = handle.create();
        handle.free(timer);
    };
    (0..FREES).for_each(|_| free_one());
    assert_eq!(list.counts().reclaimed, 0);
    drop(silent);
    (0..FREES).for_each(|_| free_one());
    assert!(list.counts().reclaimed >= FREES, "{:?}", list.counts());
}

/// The memory of this process that is in use, KiB.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux shows it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of it");
    line.trim_end_matches("kB").trim().parse().expect("a number")
}

/// Their nodes are 128 MB in all, a list's 64 KB.
#[cfg(target_os = "linux")]
#[test]
fn timers_that_nobody_frees_go_with_their_list() {
    let before = resident();
    for _ in 0..FREES {
        let list = Mutex::new(&Config::default());
        let mut handle = list.handle();
        (0..1_000).for_each(|_| _ = handle.create());
    }
    assert!(resident() < before + (64 << 10), "{before} KiB grew to {}", resident());
}

/// Stamps given out so far, and the sum of those that came back. Of this process's one test that uses them.
static GIVEN: AtomicU64 = AtomicU64::new(0);
static RETURNED: AtomicU64 = AtomicU64::new(0);

/// Frees timers under a probe and checks that each retired node's stamp comes back once by the list's end, or that no
/// stamp is asked for.
struct Probed;

impl Visitor for Probed {
    fn visit<L: TimerList>(&mut self) {
        let name = L::STRATEGY.name;
        GIVEN.store(0, Ordering::Relaxed);
        RETURNED.store(0, Ordering::Relaxed);
        let list = L::new(&Config {
            grace: Some(GraceProbe {
                stamp: || GIVEN.fetch_add(1, Ordering::Relaxed) + 1,
                reclaimed: |stamp| _ = RETURNED.fetch_add(stamp, Ordering::Relaxed),
            }),
            ..Config::default()
        });
        let mut handle = list.handle();
        free_many(&mut handle);
        drop(handle);
        let defers = [
            "rcu-epoch",
            "rcu-epoch-validated",
            "rcu-membarrier",
            "rcu-qsbr",
            "hazard",
            "hyaline",
        ];
        let given = if defers.contains(&name) { FREES } else { 0 };
        assert_eq!(GIVEN.load(Ordering::Relaxed), given, "{name}");
        drop(list);
        // Each once: 1 + 2 + ... + given.
        assert_eq!(RETURNED.load(Ordering::Relaxed), given * (given + 1) / 2, "{name}");
    }
}

#[test]
fn every_retired_nodes_stamp_comes_back_once() {
    visit_builtin(&mut Probed);
}
