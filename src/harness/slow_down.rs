//! A slow-down of known size, for self-tests of the tool: all threads stand still together for a share of the time.
//!
//! Spinning a little after every operation would not do. A processor hides a few turns of a loop behind what stands on either
//! side, and where threads fight for a lock, one that stays away for a moment makes the others faster, or makes all of them miss each
//! other. Standing still together takes the same share from every thread, whatever they do.

use super::clock::Clock;

/// A window in ticks of the clock, as a power of two: 1 to 2 ms. All threads read one counter, so their windows coincide.
const WINDOW: u32 = 22;
/// The clock is read when half of what is left of a window is over, then half of that, and so on: a reading costs as much as a
/// read of the list, and one every few µs came to half a percent. So many ticks before the end, a few µs, halving ends.
const LEAST: u64 = 1 << 13;
/// Nor is it read later than after so many ticks, by the pace of the window before, should a thread have become slower.
const MOST: u64 = 1 << 18;

/// One thread's part.
pub struct SlowDown {
    /// Ticks to stand still in each window.
    pause: u64,
    clock: Clock,
    /// The window in which the thread last stood still.
    window: u64,
    /// When it went on.
    resumed: u64,
    /// Batches since then.
    batches: u64,
    /// Batches in a tick, in the window before.
    pace: f64,
    /// The clock is read when there are so many batches.
    look_at: u64,
}

impl SlowDown {
    /// Makes everything take longer by `share`, which is more than 0.
    pub fn new(share: f64) -> Self {
        let pause = share / (1.0 + share) * (1_u64 << WINDOW) as f64;
        let clock = Clock::new();
        let resumed = clock.raw();
        SlowDown {
            pause: pause as u64,
            clock,
            window: resumed >> WINDOW,
            resumed,
            batches: 0,
            // So that the clock is read after every batch of the first window.
            pace: 0.0,
            look_at: 1,
        }
    }

    /// Called after each batch of operations.
    #[inline]
    pub fn batch_ended(&mut self) {
        self.batches += 1;
        if self.batches >= self.look_at {
            self.look();
        }
    }

    fn look(&mut self) {
        let mut now = self.clock.raw();
        if self.window != now >> WINDOW {
            self.window = now >> WINDOW;
            self.pace = self.batches as f64 / now.wrapping_sub(self.resumed).max(1) as f64;
            let noticed = now;
            while now.wrapping_sub(noticed) < self.pause {
                std::hint::spin_loop();
                now = self.clock.raw();
            }
            (self.resumed, self.batches) = (now, 0);
        }
        let left = (1 << WINDOW) - (now & ((1 << WINDOW) - 1));
        let ahead = (left / 2).clamp(LEAST, MOST) as f64 * self.pace;
        self.look_at = self.batches + (ahead as u64).max(1);
    }
}
