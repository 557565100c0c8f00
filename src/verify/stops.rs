//! Stops the threads of a concurrent check at arbitrary instructions, in two passes of three. The list's code is what it is.
//!
//! A stop is short against what a watchdog waits for and long against an operation: while one thread stands in the middle of one,
//! the others get many done. Where the system does not let threads be stopped, the checks are what they are without.

use headlock_stops::{Driver, Plan, register};

/// Begins to stop threads that say that they may be.
pub fn start(seed: u64) -> Option<Driver> {
    // Lengths reach from a few operations of another thread to many; pauses from a round of operations to tens of them.
    let plan = Plan {
        seed,
        length_ns: 2_000..=1_000_000,
        pause_ns: 10_000..=150_000,
        at_once: 2,
    };
    Driver::start(plan).ok()
}

/// What is to be around the work of each thread of this pass.
pub fn around(pass: u64) -> fn(&mut dyn FnMut()) {
    if pass % 3 == 1 { |work| work() } else { stoppable }
}

fn stoppable(work: &mut dyn FnMut()) {
    let _registered = register();
    work();
}
