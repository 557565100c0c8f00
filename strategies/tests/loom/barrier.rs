//! The harness's barrier, as it ships. It knows no list, so it needs nothing but loom's primitives under it.

mod primitive {
    pub use std::sync::PoisonError;

    pub use loom::hint::spin_loop;
    pub use loom::sync::atomic::{AtomicUsize, Ordering as Memory};
    pub use loom::sync::{Condvar, Mutex};
    pub use loom::thread::yield_now;
}

#[path = "../../../src/harness/barrier.rs"]
mod shipped;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering::Relaxed};

use shipped::Barrier;

/// What only the barrier orders: a relaxed load may answer anything that was ever stored, unless the barrier forbids it.
struct Board {
    barrier: Barrier,
    of_each: [AtomicU32; 2],
    of_all: AtomicU32,
}

impl Board {
    /// Before the first of two meetings each writes its own number; the last to come adds them up; after it each reads the sum and
    /// what the other one wrote. After the second each writes again, which must not reach back over it.
    fn play(&self, thread: usize) {
        for round in 1..=2 {
            self.of_each[thread].store(round * 10 + thread as u32, Relaxed);
            self.barrier.meet(|| {
                let sum = self.of_each.iter().map(|each| each.load(Relaxed)).sum();
                self.of_all.store(sum, Relaxed);
            });
            assert_eq!(self.of_all.load(Relaxed), round * 20 + 1);
            assert_eq!(self.of_each[1 - thread].load(Relaxed), round * 10 + 1 - thread as u32);
            self.barrier.meet(|| ());
        }
    }
}

fn explore(asleep: bool) {
    super::outcomes(Some(super::PREEMPTIONS), move || {
        let board = Arc::new(Board {
            barrier: Barrier::new(2, asleep),
            of_each: [AtomicU32::new(0), AtomicU32::new(0)],
            of_all: AtomicU32::new(0),
        });
        let other = Arc::clone(&board);
        let thread = loom::thread::spawn(move || other.play(1));
        board.play(0);
        thread.join().expect("it does not panic");
    });
}

#[test]
fn who_has_met_sees_all_that_was_done_before_awake() {
    explore(false);
}

#[test]
fn who_has_met_sees_all_that_was_done_before_asleep() {
    explore(true);
}
