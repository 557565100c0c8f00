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
    /// Times that polls took a lock, where they declare to be stopped by nobody.
    pub locked: u64,
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
        self.locked += other.locked;
        other.shortest.into_iter().for_each(|sequence| self.keep(sequence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(truth: Truth, length: Length) -> Sequence {
        Sequence { truth, length, events: vec![] }
    }

    #[test]
    fn each_kind_of_answer_is_counted_apart_and_what_is_unknown_is_not_judged() {
        let mut tally = Tally::default();
        let answers = [
            (Truth::True, 1),
            (Truth::Early, 2),
            (Truth::LateWithRearm, 3),
            (Truth::LateWithoutRearm, 4),
            (Truth::Unknown, 5),
        ];
        for (truth, times) in answers {
            (0..times).for_each(|_| tally.count(truth));
        }
        let mut sum = Tally { changes: 7, ..Tally::default() };
        sum.add(Tally { changes: 8, ..tally });
        let counts = |of: &Tally| {
            [
                of.polls,
                of.early,
                of.late_with_rearm,
                of.late_without_rearm,
                of.unknown,
                of.changes,
            ]
        };
        assert_eq!(counts(&sum), [10, 2, 3, 4, 5, 15]);
        sum.add(Tally {
            polls: 1,
            early: 1,
            late_with_rearm: 1,
            late_without_rearm: 1,
            unknown: 1,
            ..Tally::default()
        });
        assert_eq!(counts(&sum), [11, 3, 4, 5, 6, 15]);
    }

    #[test]
    fn the_shortest_sequence_of_each_kind_is_kept_and_of_two_alike_the_first() {
        let mut tally = Tally::default();
        assert!(tally.is_news(Truth::Early, (true, 9, 9)));
        tally.keep(sequence(Truth::Early, (false, 3, 100)));
        assert!(tally.is_news(Truth::Early, (false, 3, 99)) && !tally.is_news(Truth::Early, (false, 3, 100)));
        assert!(tally.is_news(Truth::LateWithRearm, (true, 9, 9)));
        tally.keep(Sequence {
            events: vec!["alike".to_owned()],
            ..sequence(Truth::Early, (false, 3, 100))
        });
        tally.keep(sequence(Truth::Early, (true, 1, 1)));
        assert_eq!((tally.shortest[0].length, tally.shortest[0].events.len()), ((false, 3, 100), 0));
        let other = Tally {
            shortest: vec![
                sequence(Truth::Early, (false, 2, 500)),
                sequence(Truth::LateWithRearm, (false, 1, 1)),
            ],
            ..Tally::default()
        };
        tally.add(other);
        let kept: Vec<_> = tally.shortest.iter().map(|sequence| (sequence.truth, sequence.length)).collect();
        assert_eq!(kept, [(Truth::Early, (false, 2, 500)), (Truth::LateWithRearm, (false, 1, 1))]);
    }
}
