//! Instructions per operation, counted by callgrind: the one cost that does not depend on the machine's mood.
//!
//! Each benchmark is one strategy doing one operation [`TIMES`] times on one thread; `scripts/instructions` divides. What it does not
//! see: cache misses, and what another thread's writes cost.
#![allow(missing_docs, reason = "gungraun's macros make public items")]

mod support;

use gungraun::prelude::*;
use headlock::strategies::{Config, TimerList, Visitor};
use support::{Operation, Timers, visit_all};

/// Operations in a benchmark: enough that a batch of 256 frees is made many times.
const TIMES: u64 = 10_000;
/// Operations before it, so that chunks are allocated and participants registered.
const WARM_UP: u64 = 1_000;
/// Active timers.
const TIMERS: usize = 64;

/// A strategy and an operation, ready to be counted.
type Ready = Box<dyn FnMut()>;

/// Readies `operation` on the strategy whose name this is.
fn ready(operation: Operation, name: &str) -> Ready {
    let mut search = Search { name, operation, found: None };
    visit_all(&mut search);
    search.found.unwrap_or_else(|| panic!("no strategy is called {name:?}"))
}

struct Search<'a> {
    name: &'a str,
    operation: Operation,
    found: Option<Ready>,
}

impl Visitor for Search<'_> {
    fn visit<L: TimerList>(&mut self) {
        assert!(NAMES.contains(&L::STRATEGY.name), "{} has no line in benches/instructions.rs", L::STRATEGY.name);
        if L::STRATEGY.name == self.name {
            // Never freed: the process ends after one benchmark, and the handle borrows the list.
            let list: &'static L = Box::leak(Box::new(L::new(&Config::default())));
            let mut timers = Timers::armed(list.handle(), TIMERS);
            let operation = self.operation;
            operation.repeat(&mut timers, WARM_UP);
            self.found = Some(Box::new(move || operation.repeat(&mut timers, TIMES)));
        }
    }
}

/// One benchmark function for each operation, with one case for each strategy.
macro_rules! benchmarks {
    ([$($function:ident: $operation:ident),*] $strategies:tt) => {
        $(benchmarks! { @function $function $operation $strategies })*
    };
    (@function $function:ident $operation:ident [$($id:ident: $name:literal),*]) => {
        #[library_benchmark]
        $(#[bench::$id(ready(Operation::$operation, $name))])*
        fn $function(mut ready: Ready) -> Ready {
            ready();
            ready
        }
    };
}

macro_rules! strategies {
    ($($id:ident: $name:literal),* $(,)?) => {
        const NAMES: &[&str] = &[$($name),*];
        benchmarks! {
            [
                deadline: Deadline,
                run: Run,
                modify_at_head: ModifyHead,
                modify_behind: ModifyBehind,
                churn: Churn
            ]
            [$($id: $name),*]
        }
    };
}

strategies! {
    floor: "floor",
    mutex: "mutex",
    mutex_peek: "mutex-peek",
    mutex_inline: "mutex-inline",
    mutex_std: "mutex-std",
    rwlock: "rwlock",
    rcu_epoch: "rcu-epoch",
    rcu_epoch_validated: "rcu-epoch-validated",
    rcu_epoch_copy: "rcu-epoch-copy",
    rcu_membarrier: "rcu-membarrier",
    rcu_qsbr: "rcu-qsbr",
    hazard: "hazard",
    hyaline: "hyaline",
    arc_swap: "arc-swap",
    arc_swap_list: "arc-swap-list",
    seqlock: "seqlock",
    left_right: "left-right",
    atomic_deadline: "atomic-deadline",
}

library_benchmark_group!(name = operations, benchmarks = [deadline, run, modify_at_head, modify_behind, churn]);

main!(library_benchmark_groups = operations);
