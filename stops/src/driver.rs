//! The thread that stops others at random moments.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::{StopsError, handler, slots};

/// The longest stop that a plan may ask for, ns: half a second, well under what a watchdog calls hung.
const LONGEST_NS: u64 = 500_000_000;

/// When a [`Driver`] stops how many threads for how long. Both ranges are drawn from log-uniformly: each decade as often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Seeds the choice of threads, lengths and pauses. Where in its code a thread stands when it is stopped is left to the machine.
    pub seed: u64,
    /// How long a stop lasts, ns; from 1 to half a second.
    pub length_ns: RangeInclusive<u64>,
    /// How long the driver waits between two rounds of stops, ns, from 1.
    pub pause_ns: RangeInclusive<u64>,
    /// How many threads may be stopped at a time, 1 or more. Of two or more registered ones, one is never stopped with the others.
    pub at_once: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            seed: 1,
            length_ns: 1_000..=2_000_000,
            pause_ns: 20_000..=500_000,
            at_once: 2,
        }
    }
}

/// Stops registered threads until it is dropped.
#[derive(Debug)]
pub struct Driver {
    shared: Arc<Shared>,
    /// `None` once it was joined.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Written once, when the driver is dropped.
    ended: AtomicBool,
    /// Written by the driver's thread.
    sent: AtomicU64,
}

impl Driver {
    /// Starts to stop the threads that are registered, and those that will be.
    ///
    /// # Errors
    /// If the plan is empty, something else handles the signal, or no thread can be started.
    pub fn start(plan: Plan) -> Result<Driver, StopsError> {
        plan.check()?;
        handler::install()?;
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("stops".to_owned())
            .spawn(move || own.drive(&plan))
            .map_err(|_| StopsError::NoThread)?;
        Ok(Driver { shared, thread: Some(thread) })
    }

    /// How many stops this driver has asked for. Those that are over are in [`delivered`](crate::delivered).
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It does not panic; if it did, there would be nothing to do about it here.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn drive(&self, plan: &Plan) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(plan.seed);
        while !self.ended.load(Ordering::Relaxed) {
            let wanted = random.random_range(1..=plan.at_once);
            let sent = slots::stop_some(wanted, plan.at_once, &mut random, |random| draw(random, &plan.length_ns));
            self.sent.fetch_add(sent, Ordering::Relaxed);
            thread::park_timeout(Duration::from_nanos(draw(&mut random, &plan.pause_ns)));
        }
    }
}

impl Plan {
    fn check(&self) -> Result<(), StopsError> {
        if self.length_ns.is_empty() || *self.length_ns.start() == 0 || *self.length_ns.end() > LONGEST_NS {
            return Err(StopsError::Plan("lengths; expected from 1 ns to half a second"));
        }
        if self.pause_ns.is_empty() || *self.pause_ns.start() == 0 {
            return Err(StopsError::Plan("pauses; expected from 1 ns"));
        }
        if self.at_once == 0 {
            return Err(StopsError::Plan("threads at once; expected 1 or more"));
        }
        Ok(())
    }
}

/// A number of the range, log-uniformly.
fn draw(random: &mut Xoshiro256PlusPlus, range: &RangeInclusive<u64>) -> u64 {
    let (low, high) = ((*range.start() as f64).ln(), (*range.end() as f64).ln());
    let drawn = (low + (high - low) * random.random::<f64>()).exp();
    (drawn as u64).clamp(*range.start(), *range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decade_of_a_range_is_drawn_as_often() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
        let mut decades = [0u32; 3];
        for _ in 0..30_000 {
            let drawn = draw(&mut random, &(1_000..=1_000_000));
            assert!((1_000..=1_000_000).contains(&drawn));
            decades[(drawn.ilog10() as usize - 3).min(2)] += 1;
        }
        assert!(decades.iter().all(|&count| (9_500..10_500).contains(&count)), "{decades:?}");
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "an empty range is what is tried")]
    fn a_plan_that_stops_nobody_or_for_ever_is_refused() {
        let refused = |plan: Plan| Driver::start(plan).is_err();
        assert!(refused(Plan { at_once: 0, ..Plan::default() }));
        assert!(refused(Plan { length_ns: 0..=1, ..Plan::default() }));
        assert!(refused(Plan { length_ns: 2..=1, ..Plan::default() }));
        assert!(refused(Plan { length_ns: 1..=u64::MAX, ..Plan::default() }));
        assert!(refused(Plan { pause_ns: 0..=0, ..Plan::default() }));
    }
}
