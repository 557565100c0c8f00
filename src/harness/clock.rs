//! The clocks of a measurement, and what reading them costs. The only module that reads one.
#![allow(
    clippy::disallowed_types,
    reason = "this is the module that the lint sends everybody else to"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use headlock_strategies::spin;

/// The clock of the latency pass: the processor's time-stamp counter where it is invariant, else the monotonic clock.
///
/// Calibrated by quanta when it is first made in a process, which takes some milliseconds; cloning is free.
#[derive(Clone, Debug)]
pub struct Clock(quanta::Clock);

impl Clock {
    /// Calibrates, the first time in a process.
    pub fn new() -> Self {
        Clock(quanta::Clock::new())
    }

    /// A reading in the counter's own units.
    #[inline]
    pub fn raw(&self) -> u64 {
        self.0.raw()
    }

    /// The distance between two readings, ns.
    #[inline]
    pub fn ns_between(&self, start: u64, end: u64) -> u64 {
        self.0.delta_as_nanos(start, end)
    }

    /// What a pair of readings around nothing shows: the part of every recorded latency that is the clock's own. Median of
    /// many, ns with a fraction, because the counter's unit may be finer than a nanosecond.
    pub fn pair_cost_ns(&self) -> f64 {
        const PAIRS: usize = 1001;
        let mut ticks: Vec<u64> = (0..PAIRS)
            .map(|_| {
                let start = self.raw();
                black_box(());
                self.raw().saturating_sub(start)
            })
            .collect();
        ticks.sort_unstable();
        self.ticks_ns(ticks[PAIRS / 2])
    }

    /// What a few of the counter's own units last, ns with a fraction.
    pub fn ticks_ns(&self, ticks: u64) -> f64 {
        const SCALE: u64 = 1 << 20;
        self.ns_between(0, ticks.saturating_mul(SCALE)) as f64 / SCALE as f64
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::new()
    }
}

/// A point in time of the operating system's monotonic clock, for windows rather than operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Instant);

impl Moment {
    /// Now.
    #[inline]
    pub fn now() -> Self {
        Moment(Instant::now())
    }

    /// Nanoseconds since an earlier moment, 0 if it is not earlier.
    #[inline]
    pub fn ns_since(self, earlier: Moment) -> u64 {
        self.0.saturating_duration_since(earlier.0).as_nanos() as u64
    }

    /// Nanoseconds from this moment until now.
    #[inline]
    pub fn elapsed_ns(self) -> u64 {
        Moment::now().ns_since(self)
    }

    /// The moment `ns` later.
    pub fn plus_ns(self, ns: u64) -> Self {
        Moment(self.0 + Duration::from_nanos(ns))
    }
}

/// Processor time that the calling thread has used, ns.
pub fn thread_cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// How many turns of [`spin`] take a nanosecond on this processor, measured now.
///
/// `hold` and `think` are counted in turns, because a clock read takes longer than the times that they must tell apart.
pub fn spins_per_ns() -> f64 {
    const SPINS: u32 = 20_000;
    // The fastest of several, since disturbances only ever slow a loop down.
    let fastest = (0..9)
        .map(|_| {
            let start = Moment::now();
            spin(SPINS);
            start.elapsed_ns()
        })
        .min()
        .unwrap_or(1);
    f64::from(SPINS) / fastest.max(1) as f64
}
