//! What a thread that does nothing means to the memory that others free.
#![cfg(not(loom))]

use headlock_strategies::rcu_membarrier::RcuMembarrier;
use headlock_strategies::rcu_qsbr::RcuQsbr;
use headlock_strategies::{Config, TimerHandle, TimerList};

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
