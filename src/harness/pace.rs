//! Waiting for an intended moment: asleep while it is far off, awake for the last stretch.

use std::time::Duration;

use super::clock::Moment;

/// A sleeping thread is back within this of its alarm nearly always (a timer interrupt and a wake-up, some 60 µs with the
/// kernel's default timer slack), so it sleeps until this long before and spins the rest.
const AWAKE_NS: u64 = 150_000;

/// Returns `offset_ns` after `start`, or at once if that has passed.
pub fn wait_until(start: Moment, offset_ns: u64) {
    loop {
        let now = start.elapsed_ns();
        if now >= offset_ns {
            return;
        }
        let left = offset_ns - now;
        if left > AWAKE_NS {
            std::thread::sleep(Duration::from_nanos(left - AWAKE_NS));
        } else {
            std::hint::spin_loop();
        }
    }
}
