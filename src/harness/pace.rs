//! Waiting for an intended moment: asleep while it is far off, awake for the last stretch.

use std::time::Duration;

use super::clock::Moment;
use super::disturbance::STOP_NS;

/// A sleeping thread is back within this of its alarm nearly always (a timer interrupt and a wake-up, some 60 µs with the
/// kernel's default timer slack), so it sleeps until this long before and spins the rest.
const AWAKE_NS: u64 = 150_000;

/// Returns `offset_ns` after `start`, or at once if that has passed. Says for how long the thread was kept from it meanwhile, by
/// [`STOP_NS`] or more at once, ns: whether it sleeps or spins, it knows when it was to be back.
pub fn wait_until(start: Moment, offset_ns: u64) -> u64 {
    let (mut kept_ns, mut back_at) = (0, u64::MAX);
    loop {
        let now = start.elapsed_ns();
        let late_ns = now.saturating_sub(back_at);
        if late_ns >= STOP_NS {
            kept_ns += late_ns;
        }
        if now >= offset_ns {
            return kept_ns;
        }
        let left = offset_ns - now;
        back_at = now + left.saturating_sub(AWAKE_NS);
        if left > AWAKE_NS {
            std::thread::sleep(Duration::from_nanos(left - AWAKE_NS));
        } else {
            std::hint::spin_loop();
        }
    }
}
