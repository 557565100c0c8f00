//! What the polls came to.

use super::judge::Truth;
use super::sequence::{Length, Sequence};

/// Counts of answers, and the shortest sequence found for each way of not being true.
#[derive(Debug, Default)]
pub struct Tally {
    /// Polls that were judged.
    pub polls: u64,
    /// Earlier than the truth.
    pub early: u64,
    /// Later, with a rearm on its way.
    pub late_with_rearm: u64,
    /// Later, without.
    pub late_without_rearm: u64,
    /// Not judged.
    pub unknown: u64,
    /// Changes that the polls ran beside.
    pub changes: u64,
    /// The shortest sequences, one for each kind of untruth at most.
    pub shortest: Vec<Sequence>,
}

impl Tally {
    /// Counts one answer.
    #[inline]
    pub fn count(&mut self, truth: Truth) {
        match truth {
            Truth::True => {}
            Truth::Early => self.early += 1,
            Truth::LateWithRearm => self.late_with_rearm += 1,
            Truth::LateWithoutRearm => self.late_without_rearm += 1,
            Truth::Unknown => {
                self.unknown += 1;
                return;
            }
        }
        self.polls += 1;
    }

    /// Whether a sequence of that length would be the shortest of its kind.
    pub fn is_news(&self, truth: Truth, length: Length) -> bool {
        let known = self.shortest.iter().find(|known| known.truth == truth);
        known.is_none_or(|known| length < known.length)
    }

    /// Keeps a sequence if it is the shortest of its kind.
    pub fn keep(&mut self, sequence: Sequence) {
        match self.shortest.iter_mut().find(|known| known.truth == sequence.truth) {
            Some(known) if sequence.length < known.length => *known = sequence,
            Some(_) => {}
            None => self.shortest.push(sequence),
        }
    }

    /// Adds another thread's or pass's.
    pub fn add(&mut self, other: Tally) {
        self.polls += other.polls;
        self.early += other.early;
        self.late_with_rearm += other.late_with_rearm;
        self.late_without_rearm += other.late_without_rearm;
        self.unknown += other.unknown;
        self.changes += other.changes;
        other.shortest.into_iter().for_each(|sequence| self.keep(sequence));
    }
}
