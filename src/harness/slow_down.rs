//! A slow-down of known size, for self-tests of the tool: all threads stand still together for a share of the time.
//!
//! Spinning a little after every operation would not do. A processor hides a few turns of a loop behind what stands on either
//! side, and where threads fight for a lock, one that stays away for a moment makes the others faster, or makes all of them miss each
//! other. Standing still together takes the same share from every thread, whatever they do.

use super::clock::Clock;

/// A window in ticks of the clock, as a power of two: 1 to 2 ms. All threads read one counter, so their windows coincide.
const WINDOW: u32 = 22;
/// The clock is read at most once in so many ticks, a few µs, and at least half as often: a reading is not free.
const LOOK: u64 = 1 << 14;

/// One thread's part.
pub struct SlowDown {
    /// Ticks to stand still in each window.
    pause: u64,
    clock: Clock,
    /// The window in which the thread last stood still.
    window: u64,
    /// The last reading.
    looked: u64,
    /// Batches from one reading to the next.
    every: u32,
    batches: u32,
}

impl SlowDown {
    /// Makes everything take longer by `share`, which is more than 0.
    pub fn new(share: f64) -> Self {
        let pause = share / (1.0 + share) * (1_u64 << WINDOW) as f64;
        SlowDown {
            pause: pause as u64,
            clock: Clock::new(),
            window: 0,
            looked: 0,
            every: 1,
            batches: 0,
        }
    }

    /// Called after each batch of operations.
    #[inline]
    pub fn batch_ended(&mut self) {
        self.batches += 1;
        if self.batches >= self.every {
            self.batches = 0;
            self.look();
        }
    }

    fn look(&mut self) {
        let now = self.clock.raw();
        match now.wrapping_sub(self.looked) {
            apart if apart < LOOK / 2 => self.every *= 2,
            apart if apart > LOOK => self.every = (self.every / 2).max(1),
            _ => {}
        }
        self.looked = now;
        if self.window != now >> WINDOW {
            self.window = now >> WINDOW;
            while self.clock.raw().wrapping_sub(now) < self.pause {
                std::hint::spin_loop();
            }
            self.looked = self.clock.raw();
        }
    }
}
