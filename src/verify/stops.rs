//! Stops the threads of a concurrent check at arbitrary instructions, in two passes of three. The list's code is what it is.
//!
//! A stop is short against what a watchdog waits for and long against an operation: while one thread stands in the middle of one,
//! the others get many done. Where the system does not let threads be stopped, the checks are what they are without.

use headlock_stops::{Driver, Plan, register};

/// Begins to stop threads that say that they may be, as this pass asks for.
pub fn start(seed: u64, pass: u64) -> Option<Driver> {
    let (length_ns, pause_ns) = match pass % 3 {
        // A few operations of another thread that runs beside this one: windows that one change is enough for, as often as can be.
        0 => (1_000..=50_000, 10_000..=40_000),
        // Up to many, by a thread that has to get the processor first.
        _ => (2_000..=1_000_000, 10_000..=150_000),
    };
    Driver::start(Plan { seed, length_ns, pause_ns, at_once: 2 }).ok()
}

/// What is to be around the work of each thread of this pass.
pub fn around(pass: u64) -> fn(&mut dyn FnMut()) {
    if pass % 3 == 1 { |work| work() } else { stoppable }
}

fn stoppable(work: &mut dyn FnMut()) {
    let _registered = register();
    work();
}
