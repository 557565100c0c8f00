//! When threads are stopped, how many at a time, and for how long.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::SplitMix64;

use crate::{StopsError, handler, slots};

/// The longest stop or pause that a plan may ask for, ns: half a second, well under what a watchdog calls hung.
const LONGEST_NS: u64 = 500_000_000;

/// The shortest pause that a plan may ask for, ns. The next signal must not be there before the handler has returned: the thread
/// would never get on.
const LEAST_PAUSE_NS: u64 = 10_000;

/// When a [`Driver`] stops how many threads for how long. Both ranges are drawn from log-uniformly: each octave as often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Seeds lengths and pauses, for each thread apart. Where in its code a thread stands when it is stopped is left to the machine.
    pub seed: u64,
    /// How long a stop lasts, ns; from 1 to half a second.
    pub length_ns: RangeInclusive<u64>,
    /// How long a thread is left alone between two stops, ns; from 10 µs to half a second.
    pub pause_ns: RangeInclusive<u64>,
    /// How many threads may be stopped at a time, 1 or more. Of two or more registered ones, one is never stopped with the others.
    pub at_once: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            seed: 1,
            length_ns: 1_000..=200_000,
            pause_ns: 10_000..=100_000,
            at_once: 2,
        }
    }
}

/// While it lives, registered threads are stopped, from now or from when they register. There is one at a time in a process.
#[derive(Debug)]
#[must_use = "threads are stopped until this is dropped"]
pub struct Driver(());

impl Driver {
    /// Starts to stop the threads that are registered, and those that will be.
    ///
    /// # Errors
    /// If the plan is wrong, something else handles the signal, or there is a driver.
    pub fn start(plan: Plan) -> Result<Driver, StopsError> {
        plan.check()?;
        handler::install()?;
        if TAKEN.swap(true, Ordering::Acquire) {
            return Err(StopsError::Driven);
        }
        CURRENT.set(&plan);
        IS_ON.store(true, Ordering::Release);
        slots::set_all();
        Ok(Driver(()))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        IS_ON.store(false, Ordering::Release);
        TAKEN.store(false, Ordering::Release);
    }
}

/// Whether there is a driver. Written when one begins and ends.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether [`CURRENT`] is in force. Written when a driver has begun and before it ends.
static IS_ON: AtomicBool = AtomicBool::new(false);

/// The plan of the driver that lives, or of the last one.
static CURRENT: Draw = Draw::none();

/// The plan in force. Async-signal-safe.
pub(crate) fn current() -> Option<&'static Draw> {
    IS_ON.load(Ordering::Acquire).then_some(&CURRENT)
}

/// A plan that handlers draw from, which take no lock. Written as a driver begins; a handler that outlives a driver may see some
/// values of the next plan, each of which is as good.
#[derive(Debug)]
pub(crate) struct Draw {
    seed: AtomicU64,
    length_ns: [AtomicU64; 2],
    pause_ns: [AtomicU64; 2],
    at_once: AtomicUsize,
}

impl Draw {
    const fn none() -> Self {
        Draw {
            seed: AtomicU64::new(0),
            length_ns: [const { AtomicU64::new(0) }; 2],
            pause_ns: [const { AtomicU64::new(0) }; 2],
            at_once: AtomicUsize::new(0),
        }
    }

    fn set(&self, plan: &Plan) {
        self.seed.store(plan.seed, Ordering::Relaxed);
        for (ends, range) in [(&self.length_ns, &plan.length_ns), (&self.pause_ns, &plan.pause_ns)] {
            ends[0].store(*range.start(), Ordering::Relaxed);
            ends[1].store(*range.end(), Ordering::Relaxed);
        }
        self.at_once.store(plan.at_once, Ordering::Relaxed);
    }

    pub(crate) fn at_once(&self) -> usize {
        self.at_once.load(Ordering::Relaxed)
    }

    /// Where the random numbers of a slot begin.
    pub(crate) fn stream(&self, slot: usize) -> u64 {
        let seed = self.seed.load(Ordering::Relaxed);
        SplitMix64::seed_from_u64(seed).random::<u64>() ^ SplitMix64::seed_from_u64(slot as u64).random::<u64>()
    }

    /// The length of the next stop, ns.
    pub(crate) fn length_ns(&self, drawn: &AtomicU64) -> u64 {
        draw(drawn, &self.length_ns)
    }

    /// The pause before the next stop, ns.
    pub(crate) fn pause_ns(&self, drawn: &AtomicU64) -> u64 {
        draw(drawn, &self.pause_ns)
    }
}

/// A number of the range, log-uniformly: an octave, then evenly within it. Arithmetic alone, so async-signal-safe.
fn draw(drawn: &AtomicU64, ends: &[AtomicU64; 2]) -> u64 {
    let [low, high] = ends.each_ref().map(|end| end.load(Ordering::Relaxed));
    let mut random = SplitMix64::seed_from_u64(drawn.load(Ordering::Relaxed));
    drawn.store(random.random(), Ordering::Relaxed);
    // A plan is between two writes for a moment.
    let (low, high) = (low.max(1), high.max(low).max(1));
    let octave = low << random.random_range(0..=(high / low).ilog2());
    (octave + random.random_range(0..octave)).min(high)
}

impl Plan {
    fn check(&self) -> Result<(), StopsError> {
        let is_within = |range: &RangeInclusive<u64>, least_ns: u64| {
            !range.is_empty() && *range.start() >= least_ns && *range.end() <= LONGEST_NS
        };
        if !is_within(&self.length_ns, 1) {
            return Err(StopsError::Plan("lengths; expected from 1 ns to half a second"));
        }
        if !is_within(&self.pause_ns, LEAST_PAUSE_NS) {
            return Err(StopsError::Plan("pauses; expected from 10 µs to half a second"));
        }
        if self.at_once == 0 {
            return Err(StopsError::Plan("threads at once; expected 1 or more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octave_of_a_range_is_drawn_as_often() {
        let drawn = AtomicU64::new(7);
        let ends = [AtomicU64::new(1_000), AtomicU64::new(1_000 * 8 - 1)];
        let mut octaves = [0u32; 3];
        for _ in 0..30_000 {
            let number = draw(&drawn, &ends);
            octaves[(number / 1_000).ilog2() as usize] += 1;
        }
        assert!(octaves.iter().all(|&count| (9_500..10_500).contains(&count)), "{octaves:?}");
        let only = [AtomicU64::new(5), AtomicU64::new(5)];
        assert_eq!(draw(&drawn, &only), 5);
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "an empty range is what is tried")]
    fn a_plan_that_stops_nobody_or_for_ever_is_refused() {
        let refused = |plan: Plan| matches!(Driver::start(plan), Err(StopsError::Plan(_)));
        assert!(refused(Plan { at_once: 0, ..Plan::default() }));
        assert!(refused(Plan { length_ns: 0..=1, ..Plan::default() }));
        assert!(refused(Plan { length_ns: 2..=1, ..Plan::default() }));
        assert!(refused(Plan { length_ns: 1..=u64::MAX, ..Plan::default() }));
        assert!(refused(Plan { pause_ns: 1..=1_000_000, ..Plan::default() }));
    }
}
