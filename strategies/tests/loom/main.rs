//! Model checking with loom: every order in which two threads can meet, and every value that a load may return.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p headlock-strategies --release --test loom`
//!
//! `strategies` explores the strategies that ship, through their public face, with loom's atomics and mutex in place of
//! the real ones. `protocols` explores the bare protocols with one ordering or step at a time taken away, which shows both
//! that it is needed and that the exploration would notice. `barrier` explores the barrier at which the harness's threads meet,
//! and `lock` the locks that stand in for the real ones.
//!
//! Bounds: two threads, a reader that polls once and a writer of one or two operations, two timers; the bare protocols
//! exhaustively, the whole lists with at most [`PREEMPTIONS`] preemptions. What is not loom's is not explored: the inside of
//! crossbeam-epoch, parking_lot and arc-swap runs as it is, one thread at a time.
#![cfg(loom)]

mod barrier;
mod lock;
mod protocols;
mod reclaim;
mod strategies;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// How often a whole list's threads may be interrupted where they need not be. Most bugs need two (Musuvathi and Qadeer,
/// "Iterative context bounding for systematic testing of multithreaded programs", 2007).
const PREEMPTIONS: usize = 3;

/// Explores a model and collects what its executions came to.
fn outcomes<T: Ord + Send + 'static>(
    preemptions: Option<usize>,
    execution: impl Fn() -> T + Send + Sync + 'static,
) -> BTreeSet<T> {
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let collected = Arc::clone(&outcomes);
    let mut model = loom::model::Builder::new();
    // What is bounded may be explored deeper: LOOM_MAX_PREEMPTIONS, which the builder has read.
    model.preemption_bound = preemptions.map(|bound| model.preemption_bound.unwrap_or(bound));
    model.check(move || {
        let outcome = execution();
        collected.lock().expect("one thread at a time").insert(outcome);
    });
    std::mem::take(&mut *outcomes.lock().expect("the model has ended"))
}
