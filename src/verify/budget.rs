//! How long a check goes on.

use super::Length;
use crate::harness::clock::Moment;

/// Counts passes and watches the time.
pub struct Budget {
    length: Length,
    began: Moment,
    passes: u64,
}

impl Budget {
    /// Starts now.
    pub fn start(length: Length) -> Self {
        Budget { length, began: Moment::now(), passes: 0 }
    }

    /// The number of the next pass, if there is to be one. There always is a first.
    pub fn next_pass(&mut self) -> Option<u64> {
        let enough = match self.length {
            Length::Time(ns) => self.began.elapsed_ns() >= ns,
            Length::Passes(passes) => self.passes >= passes,
        };
        if enough && self.passes > 0 {
            return None;
        }
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
            let mut budget = Budget::start(length);
            assert_eq!((budget.next_pass(), budget.next_pass()), (Some(0), None), "{length:?}");
        }
        let mut budget = Budget::start(Length::Passes(3));
        assert_eq!(std::iter::from_fn(|| budget.next_pass()).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
