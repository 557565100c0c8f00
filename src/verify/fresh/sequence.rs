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
        let at = |time: u64| clock.ns_between(start, time);
        let mut events = vec![
            (0, 0, format!("before: the head is at {}", Told(before))),
            (at(began), 1, format!("poller {poller}: begins to poll")),
            (at(ended), 3, format!("poller {poller}: {}", outcome(poll.answer, truth))),
        ];
        events.extend(changes.iter().map(|change| (at(change.began), 2, describe(change, at(change.ended)))));
        events.sort_by_key(|&(time, rank, _)| (time, rank));
        let mut events: Vec<String> =
            events.into_iter().map(|(time, _, what)| format!("{time:>6} ns  {what}")).collect();
        if all > TOLD as u64 {
            events.insert(events.len() / 2, format!("           ... {} changes more ...", all - TOLD as u64));
        }
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
