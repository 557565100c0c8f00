//! How long a check goes on, and when its threads are stopped meanwhile.

use headlock_stops::Driver;

use super::{Length, stops};
use crate::harness::clock::Moment;

/// Counts passes and watches the time.
pub struct Budget {
    length: Length,
    began: Moment,
    passes: u64,
    seed: u64,
    /// Stops threads during a pass.
    stops: Option<Driver>,
}

impl Budget {
    /// Starts now. The seed is that of the stops.
    pub fn start(length: Length, seed: u64) -> Self {
        Budget { length, began: Moment::now(), passes: 0, seed, stops: None }
    }

    /// The number of the next pass, if there is to be one. There always is a first.
    pub fn next_pass(&mut self) -> Option<u64> {
        let enough = match self.length {
            Length::Time(ns) => self.began.elapsed_ns() >= ns,
            Length::Passes(passes) => self.passes >= passes,
        };
        // One driver goes before the next one comes.
        self.stops = None;
        if enough && self.passes > 0 {
            return None;
        }
        self.stops = stops::start(self.seed.wrapping_add(self.passes), self.passes);
        self.passes += 1;
        Some(self.passes - 1)
    }

    /// Time since the start, ns.
    pub fn elapsed_ns(&self) -> u64 {
        self.began.elapsed_ns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_first_pass_and_never_more_than_asked_for() {
        for length in [Length::Time(0), Length::Passes(0), Length::Passes(1)] {
            let mut budget = Budget::start(length, 1);
            assert_eq!((budget.next_pass(), budget.next_pass()), (Some(0), None), "{length:?}");
        }
        let mut budget = Budget::start(Length::Passes(3), 1);
        assert_eq!(std::iter::from_fn(|| budget.next_pass()).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
