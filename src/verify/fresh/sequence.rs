//! The sequence of events around one poll, for a reader: what the poll may have seen, when, and what became of it.

use headlock_strategies::Nanos;

use super::history::{Change, EMPTY, History, Kind};
use super::judge::{Answer, Poll, Truth};
use crate::harness::clock::Clock;

/// How short a sequence is, the shortest first: one whose changes overlap the poll by the clock too, fewer changes, less time.
///
/// A change that was under way when the poll began may look over by the clock: the versions say what others could see, while
/// a store is stamped before it has left its processor. Such a sequence is as real, but harder to read.
pub type Length = (bool, u64, u64);

/// Changes told one by one; of a longer sequence the middle is left out.
const TOLD: usize = 12;

/// A poll whose answer was not true, with the changes that it ran beside.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// What the answer was.
    pub truth: Truth,
    /// How short it is.
    pub length: Length,
    /// The events, oldest first.
    pub events: Vec<String>,
}

impl Sequence {
    /// How short the sequence around a poll is.
    pub fn length(poll: &Poll, (began, ended): (u64, u64), history: &History, clock: &Clock) -> Length {
        let (first, last) = (poll.first(), poll.last());
        let apart = (first + 1..=last)
            .take(TOLD)
            .map(|k| history.change(k))
            .any(|change| change.ended < began || change.began > ended);
        (apart, last - first, clock.ns_between(began, ended))
    }

    /// Puts the events of a poll in order, unless the record is gone by now.
    pub fn of(
        poll: &Poll,
        truth: Truth,
        (began, ended): (u64, u64),
        poller: usize,
        history: &History,
        clock: &Clock,
    ) -> Option<Self> {
        let (first, last) = (poll.first(), poll.last());
        let length = Self::length(poll, (began, ended), history, clock);
        let before = history.truth(first);
        let all = last - first;
        let half = TOLD as u64 / 2;
        let told = (first + 1..=last).filter(|k| all <= TOLD as u64 || *k <= first + half || *k > last - half);
        let changes: Vec<Change> = told.map(|k| history.change(k)).collect();
        if !history.holds(first) {
            return None;
        }
        let start = changes.iter().map(|change| change.began).min().unwrap_or(began).min(began);
        let event = |time: u64, rank: u8, what: String| {
            let ns = clock.ns_between(start, time);
            (ns, rank, format!("{ns:>6} ns  {what}"))
        };
        let mut events = vec![
            event(start, 0, format!("before: the head is at {}", Told(before))),
            event(began, 1, format!("poller {poller}: begins to poll")),
            event(ended, 3, format!("poller {poller}: {}", outcome(poll.answer, truth))),
        ];
        for (number, change) in (0..).zip(&changes) {
            let told = event(change.began, 2, describe(change, clock.ns_between(start, change.ended)));
            if number == half && all > TOLD as u64 {
                events.push((told.0, 2, format!("           ... {} changes more ...", all - TOLD as u64)));
            }
            events.push(told);
        }
        events.sort_by_key(|&(ns, rank, _)| (ns, rank));
        let events = events.into_iter().map(|(_, _, line)| line).collect();
        Some(Sequence { truth, length, events })
    }
}

/// A deadline or the lack of one.
struct Told(Nanos);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            EMPTY => f.write_str("no time (the list is empty)"),
            Nanos(raw) => write!(f, "{raw}"),
        }
    }
}

fn describe(change: &Change, ended_ns: u64) -> String {
    let timer = change.timer;
    let what = match change.kind {
        Kind::Modify if change.from == EMPTY => format!("arms timer {timer} at {}", Told(change.to)),
        Kind::Modify => format!("modifies timer {timer} from {} to {}", Told(change.from), Told(change.to)),
        Kind::Anticipate => format!("anticipates timer {timer}, now at {}", Told(change.to)),
        Kind::Cancel => format!("cancels timer {timer}, which was at {}", Told(change.from)),
        Kind::Free => format!("frees timer {timer}, which was at {}", Told(change.from)),
        Kind::Fire => format!("runs the list, which unlinks timer {timer}, due at {}", Told(change.from)),
        Kind::RunEnd => "ends the run".to_owned(),
    };
    let rearm = if change.rearm {
        "rearm: the poller is notified"
    } else {
        "no rearm: nobody is notified"
    };
    format!("writer: {what}; by {ended_ns} ns the head is at {}, {rearm}", Told(change.truth))
}

fn outcome(answer: Answer, truth: Truth) -> String {
    let answer = match answer {
        Answer::Deadline(deadline) => format!("the deadline is {}", Told(deadline)),
        Answer::Expired(now, true) => format!("the head is due at {}", Told(now)),
        Answer::Expired(now, false) => format!("the head is not due at {}", Told(now)),
    };
    let verdict = match truth {
        Truth::LateWithoutRearm => "later than the head, and it will sleep past it",
        Truth::LateWithRearm => "later than the head, but a notification will wake it",
        Truth::Early => "earlier than the head, and it will wake for nothing",
        Truth::True | Truth::Unknown => "as it is",
    };
    format!("is told that {answer}: {verdict}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arms timer 0 at 100, 200 and so on; the k-th change from time 10 k to 10 k + 5.
    fn history(changes: u64) -> History {
        let history = History::new();
        for k in 1..=changes {
            let at = |k: u64| if k == 0 { EMPTY } else { Nanos(k as i64 * 100) };
            let (from, to) = (at(k - 1), at(k));
            history.begin();
            history.end(Change {
                kind: Kind::Modify,
                timer: 0,
                from,
                to,
                truth: to,
                rearm: k == 1,
                began: 10 * k,
                ended: 10 * k + 5,
            });
        }
        history
    }

    /// What is told of a poll from before change `first` + 1 to after change `last`, the times left out.
    fn told(history: &History, first: u64, last: u64, during: (u64, u64)) -> (Length, Vec<String>) {
        let poll = Poll {
            before: 2 * first,
            after: 2 * last,
            answer: Answer::Deadline(Nanos(7)),
        };
        let sequence = Sequence::of(&poll, Truth::Early, during, 3, history, &Clock::new()).unwrap();
        let events = sequence.events.iter().map(|event| event.split_once("ns  ").map_or(&event[..], |(_, what)| what));
        (sequence.length, events.map(str::to_owned).collect())
    }

    #[test]
    fn a_poll_is_told_with_what_it_ran_beside() {
        let (length, events) = told(&history(3), 1, 2, (12, 100));
        assert!(!length.0 && length.1 == 1, "{length:?}");
        assert_eq!(events.len(), 4, "{events:#?}");
        assert_eq!(events[0], "before: the head is at 100");
        assert_eq!(events[1], "poller 3: begins to poll");
        assert!(events[2].starts_with("writer: modifies timer 0 from 100 to 200; by "), "{events:#?}");
        assert!(events[2].ends_with(" the head is at 200, no rearm: nobody is notified"), "{events:#?}");
        assert_eq!(
            events[3],
            "poller 3: is told that the deadline is 7: earlier than the head, and it will wake for nothing"
        );
        let (_, events) = told(&history(1), 0, 1, (0, 100));
        assert_eq!(events[0], "before: the head is at no time (the list is empty)");
        assert!(events[2].contains("arms timer 0 at 100") && events[2].ends_with(", rearm: the poller is notified"));
    }

    #[test]
    fn of_a_long_sequence_the_middle_is_left_out() {
        let all = told(&history(20), 1, 13, (12, 300)).1;
        assert_eq!(all.len(), 3 + 12, "{all:#?}");
        let (length, events) = told(&history(20), 1, 14, (12, 300));
        assert_eq!((length.1, events.len()), (13, 3 + 12 + 1), "{events:#?}");
        assert_eq!(events[8].trim(), "... 1 changes more ...");
        assert!(events[7].contains("from 600 to 700") && events[9].contains("from 800 to 900"), "{events:#?}");
    }

    #[test]
    fn a_sequence_whose_changes_overlap_the_poll_by_the_clock_is_the_shorter_one() {
        let history = history(3);
        let apart = |during| told(&history, 1, 2, during).0.0;
        // The change is from 20 to 25.
        assert_eq!([(0, 19), (0, 20), (25, 30), (26, 30)].map(apart), [true, false, false, true]);
    }

    #[test]
    fn every_kind_of_change_and_answer_has_its_words() {
        let of = |kind, from| Change {
            kind,
            timer: 2,
            from,
            to: Nanos(5),
            truth: EMPTY,
            rearm: false,
            began: 0,
            ended: 0,
        };
        for (change, words) in [
            (of(Kind::Modify, EMPTY), "arms timer 2 at 5"),
            (of(Kind::Modify, Nanos(3)), "modifies timer 2 from 3 to 5"),
            (of(Kind::Anticipate, Nanos(9)), "anticipates timer 2, now at 5"),
            (of(Kind::Cancel, Nanos(3)), "cancels timer 2, which was at 3"),
            (of(Kind::Free, Nanos(3)), "frees timer 2, which was at 3"),
            (of(Kind::Fire, Nanos(3)), "runs the list, which unlinks timer 2, due at 3"),
            (of(Kind::RunEnd, EMPTY), "ends the run"),
        ] {
            let told = describe(&change, 8);
            assert!(told.starts_with(&format!("writer: {words}; by 8 ns the head is at no time")), "{told}");
        }
        let expired = |due, truth| outcome(Answer::Expired(Nanos(5), due), truth);
        assert!(expired(true, Truth::Early).contains("the head is due at 5: earlier than the head"));
        assert!(
            expired(false, Truth::LateWithoutRearm).contains("the head is not due at 5: later than the head, and it")
        );
        assert!(expired(false, Truth::LateWithRearm).contains("later than the head, but a notification"));
    }
}
