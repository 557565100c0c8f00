//! Whether a poll's answer was true, early, or late, and if it was late, whether a rearm was on its way.

use headlock_strategies::Nanos;

use super::history::History;

/// What a poll answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `deadline`, an empty list's being [`EMPTY`](super::history::EMPTY).
    Deadline(Nanos),
    /// `expired`: at which time, and whether the head was due.
    Expired(Nanos, bool),
}

impl Answer {
    /// Whether it is right while the head's deadline is `truth`.
    fn fits(self, truth: Nanos) -> bool {
        match self {
            Answer::Deadline(deadline) => deadline == truth,
            Answer::Expired(now, due) => due == (truth <= now),
        }
    }

    /// Whether a poller that believes it sleeps past `truth`.
    fn is_later_than(self, truth: Nanos) -> bool {
        match self {
            Answer::Deadline(deadline) => deadline > truth,
            Answer::Expired(now, due) => !due && truth <= now,
        }
    }
}

/// One poll: the versions just before and just after it, and its answer.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// The version before.
    pub before: u64,
    /// The version after.
    pub after: u64,
    /// The answer.
    pub answer: Answer,
}

/// What an answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It was true at some moment during the poll.
    True,
    /// It was not, and errs on the early side.
    Early,
    /// It was not, and the poller would oversleep, but a rearm was on its way to it.
    LateWithRearm,
    /// The poller oversleeps: when the poll ended the head was earlier, and no change that could have been during the poll
    /// told its caller to notify.
    LateWithoutRearm,
    /// The poll took so long that the record of its beginning was gone.
    Unknown,
}

impl Poll {
    /// The first state that the poll may have seen.
    pub fn first(&self) -> u64 {
        self.before / 2
    }

    /// The last state that the poll may have seen. Its change may still be under way.
    pub fn last(&self) -> u64 {
        self.after.div_ceil(2)
    }

    /// Judges the answer. Waits, as long as `waits` says so, for a change that was under way when the poll ended: whether it
    /// rearms is not known before.
    pub fn judge(&self, history: &History, mut waits: impl FnMut() -> bool) -> Truth {
        // The usual case: the answer is what the last complete change left, which cannot be late, whatever is under way.
        let certain = self.after / 2;
        let truth = history.truth(certain);
        if self.answer.fits(truth) && history.holds(certain) {
            return Truth::True;
        }
        while history.version() < self.last() * 2 {
            if !waits() {
                return Truth::Unknown;
            }
        }
        let (first, last) = (self.first(), self.last());
        if !history.holds(first) {
            return Truth::Unknown;
        }
        let was_true = (first..=last).any(|k| self.answer.fits(history.truth(k)));
        let rearmed = (first + 1..=last).any(|k| history.rearmed(k));
        // When the poll ended, the state was one of these two.
        let late = (self.after / 2..=last).all(|k| self.answer.is_later_than(history.truth(k)));
        if !history.holds(first) {
            return Truth::Unknown;
        }
        match (late, rearmed, was_true) {
            (true, false, _) => Truth::LateWithoutRearm,
            (_, _, true) => Truth::True,
            (true, true, false) => Truth::LateWithRearm,
            (false, _, false) => Truth::Early,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::{Change, EMPTY, Kind, LEN};
    use super::*;

    /// A history of these truths, each with whether the change rearmed.
    fn history(changes: &[(i64, bool)]) -> History {
        let history = History::new();
        for &(truth, rearm) in changes {
            history.begin();
            let change = Change {
                kind: Kind::Modify,
                timer: 0,
                from: EMPTY,
                to: EMPTY,
                truth: Nanos(truth),
                rearm,
                began: 0,
                ended: 0,
            };
            history.end(change);
        }
        history
    }

    fn judge(history: &History, before: u64, after: u64, answer: Answer) -> Truth {
        Poll { before, after, answer }.judge(history, || false)
    }

    fn deadline(raw: i64) -> Answer {
        Answer::Deadline(Nanos(raw))
    }

    #[test]
    fn what_held_during_the_poll_is_true_and_what_held_before_is_not() {
        // States: empty, 100, 200, 300.
        let history = history(&[(100, true), (200, false), (300, false)]);
        assert_eq!(judge(&history, 2, 2, deadline(100)), Truth::True);
        assert_eq!(judge(&history, 2, 4, deadline(100)), Truth::True);
        assert_eq!(judge(&history, 2, 4, deadline(200)), Truth::True);
        assert_eq!(judge(&history, 4, 4, deadline(100)), Truth::Early);
        assert_eq!(judge(&history, 4, 6, deadline(100)), Truth::Early);
        assert_eq!(judge(&history, 6, 6, deadline(-1)), Truth::Early);
    }

    #[test]
    fn a_change_under_way_may_have_been_seen_or_not() {
        let history = history(&[(100, true), (200, false), (300, false)]);
        // The third change was under way at both ends.
        assert_eq!(judge(&history, 5, 5, deadline(200)), Truth::True);
        assert_eq!(judge(&history, 5, 5, deadline(300)), Truth::True);
        // Between the two: early for one that has seen the change, so no oversleeping.
        assert_eq!(judge(&history, 5, 5, deadline(250)), Truth::Early);
        assert_eq!(judge(&history, 5, 5, deadline(301)), Truth::LateWithoutRearm);
    }

    #[test]
    fn late_counts_with_a_rearm_only_if_one_was_on_its_way() {
        // States: empty, 100, 200, 50 (rearmed), 60.
        let history = history(&[(100, true), (200, false), (50, true), (60, false)]);
        assert_eq!(judge(&history, 4, 4, deadline(300)), Truth::LateWithoutRearm);
        assert_eq!(judge(&history, 4, 6, deadline(300)), Truth::LateWithRearm);
        assert_eq!(judge(&history, 5, 5, deadline(300)), Truth::LateWithRearm);
        // The rearm came before the poll began: it is spent.
        assert_eq!(judge(&history, 6, 8, deadline(300)), Truth::LateWithoutRearm);
        assert_eq!(judge(&history, 6, 6, Answer::Deadline(EMPTY)), Truth::LateWithoutRearm);
    }

    #[test]
    fn an_answer_that_was_true_oversleeps_all_the_same_if_the_list_forgets_to_rearm() {
        let history = history(&[(200, true), (100, false)]);
        assert_eq!(judge(&history, 2, 4, deadline(200)), Truth::LateWithoutRearm);
    }

    #[test]
    fn expired_is_judged_by_what_it_makes_the_poller_do() {
        let history = history(&[(100, true), (200, false)]);
        let expired = |now, due| Answer::Expired(Nanos(now), due);
        assert_eq!(judge(&history, 2, 2, expired(100, true)), Truth::True);
        assert_eq!(judge(&history, 2, 2, expired(99, false)), Truth::True);
        assert_eq!(judge(&history, 2, 2, expired(99, true)), Truth::Early);
        assert_eq!(judge(&history, 2, 2, expired(100, false)), Truth::LateWithoutRearm);
        assert_eq!(judge(&history, 2, 4, expired(150, true)), Truth::True);
        assert_eq!(judge(&history, 4, 4, expired(150, true)), Truth::Early);
    }

    #[test]
    fn what_is_no_longer_on_record_is_unknown() {
        let changes: Vec<_> = (0..LEN as i64 + 2).map(|truth| (truth, false)).collect();
        let history = history(&changes);
        assert_eq!(judge(&history, 2, 2, deadline(0)), Truth::Unknown);
        assert_eq!(judge(&history, 8, 8, deadline(3)), Truth::True);
    }

    #[test]
    fn a_change_that_never_ends_is_not_waited_for_in_vain() {
        let history = history(&[(100, true)]);
        history.begin();
        assert_eq!(judge(&history, 2, 3, deadline(500)), Truth::Unknown);
    }
}
