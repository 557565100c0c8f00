//! The one thread that changes the list, and records what is true.
//!
//! Most of the time it puts the head off behind the others, again and again: the change that the RFC's reader races with,
//! and one that never rearms. In between it does everything else that moves a head.

use headlock_strategies::conformance::trial::Probe;
use headlock_strategies::{Nanos, TimerId};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::history::{Change, EMPTY, History, Kind};
use crate::harness::clock::Clock;

/// Deadlines are unique, so that a stale answer is never taken for a true one: the last six digits are a serial number. Those of
/// timers that follow each other are about so far apart.
pub const SERIALS: i64 = 1_000_000;
/// Where the deadlines start, far from the clock's start, where they would be clamped.
const START: i64 = 1_000_000;
/// Changes of one kind before the writer turns to the other: longer than a poller waits for a processor, so that whole polls
/// fall into times without a rearm.
const STRETCH: u64 = 5_000;

struct Timer {
    id: TimerId,
    /// [`EMPTY`] while it is inactive.
    expire: Nanos,
}

/// The writer.
pub struct Writer<'w, 'p> {
    list: &'w mut Probe<'p>,
    history: &'w History,
    clock: Clock,
    rng: Xoshiro256PlusPlus,
    timers: Vec<Timer>,
    serial: i64,
    /// The latest deadline armed so far, less its serial number.
    latest: i64,
    /// A change that made its timer the head and did not say so. With one writer there is no doubt about that, whether or not a
    /// poll came by in time to oversleep.
    forgotten: Option<String>,
}

impl<'w, 'p> Writer<'w, 'p> {
    /// Creates so many timers and arms them.
    pub fn new(list: &'w mut Probe<'p>, history: &'w History, clock: Clock, timers: usize, seed: u64) -> Self {
        let timers = (0..timers).map(|_| Timer { id: list.create(), expire: EMPTY }).collect();
        let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut writer = Writer {
            list,
            history,
            clock,
            rng,
            timers,
            serial: 0,
            latest: START,
            forgotten: None,
        };
        for timer in 0..writer.timers.len() {
            let later = writer.later();
            writer.modify(timer, later);
        }
        writer
    }

    /// Makes change number `number`, and those that go with it.
    pub fn change(&mut self, number: u64) {
        let (head, expire) = self.head();
        if let Some(inactive) = self.timers.iter().position(|timer| timer.expire == EMPTY) {
            let later = self.later();
            return self.modify(inactive, later);
        }
        if (number / STRETCH).is_multiple_of(2) {
            let later = self.later();
            return self.modify(head, later);
        }
        let any = self.rng.random_range(0..self.timers.len());
        match self.rng.random_range(0..10) {
            0 | 1 => {
                let later = self.later();
                self.modify(head, later);
            }
            // One behind the head comes nearer, and then the head goes: what a read puts together of both was true at no moment.
            2 => {
                let behind = (head + 1) % self.timers.len();
                if behind != head {
                    let near = self.beside(expire, 1);
                    self.modify(behind, near);
                }
                let later = self.later();
                self.modify(head, later);
            }
            3 => {
                let sooner = self.beside(expire, -1);
                self.modify(any, sooner);
            }
            // The head moves a little and stays the head.
            4 => {
                let near = self.beside(expire, 0);
                self.modify(head, near);
            }
            5 => {
                let sooner = self.beside(expire, -1);
                self.anticipate(any, sooner);
            }
            6 => {
                let id = self.timers[head].id;
                self.record(Kind::Cancel, head, EMPTY, |list| {
                    list.cancel(id);
                    false
                });
            }
            7 => self.free(head),
            8 => self.run(expire, true),
            _ => self.run(Nanos(self.latest + SERIALS), false),
        }
    }

    /// What a change did not tell that it had to, if there was such a change.
    pub fn forgotten(&mut self) -> Option<String> {
        self.forgotten.take()
    }

    /// The timer with the earliest deadline, and that.
    fn head(&self) -> (usize, Nanos) {
        let deadlines = self.timers.iter().map(|timer| timer.expire).enumerate();
        deadlines.min_by_key(|&(_, expire)| expire).unwrap_or((0, EMPTY))
    }

    fn serial(&mut self) -> i64 {
        self.serial = (self.serial + 1) % SERIALS;
        self.serial
    }

    /// A deadline later than any before it.
    fn later(&mut self) -> Nanos {
        self.latest += SERIALS;
        Nanos(self.latest + self.serial())
    }

    /// A deadline next to another: as many steps away.
    fn beside(&mut self, expire: Nanos, steps: i64) -> Nanos {
        Nanos((expire.0 / SERIALS + steps) * SERIALS + self.serial())
    }

    fn modify(&mut self, timer: usize, to: Nanos) {
        let id = self.timers[timer].id;
        self.record(Kind::Modify, timer, to, |list| list.modify(id, to).is_yes());
    }

    fn anticipate(&mut self, timer: usize, to: Nanos) {
        let id = self.timers[timer].id;
        let to_be = to.min(self.timers[timer].expire);
        self.record(Kind::Anticipate, timer, to_be, |list| list.anticipate(id, to).is_yes());
    }

    fn free(&mut self, timer: usize) {
        let id = self.timers[timer].id;
        self.record(Kind::Free, timer, EMPTY, |list| {
            list.free(id);
            false
        });
        self.timers[timer].id = self.list.create();
    }

    /// Makes one change and records it.
    fn record(&mut self, kind: Kind, timer: usize, to: Nanos, act: impl FnOnce(&mut Probe<'p>) -> bool) {
        let began = self.clock.raw();
        self.history.begin();
        let rearm = act(self.list);
        let from = std::mem::replace(&mut self.timers[timer].expire, to);
        let ended = self.clock.raw();
        let (_, truth) = self.head();
        self.forgotten = self.forgotten.take().or_else(|| forgotten(kind, from, to, truth, rearm));
        self.history.end(Change {
            kind,
            timer: timer as u16,
            from,
            to,
            truth,
            rearm,
            began,
            ended,
        });
    }

    /// Runs the list. Each timer that fires is a change that ends in its callback, which may arm it again: a further one.
    fn run(&mut self, now: Nanos, rearm: bool) {
        let again: Vec<Nanos> = (0..self.timers.len()).map(|_| if rearm { self.later() } else { EMPTY }).collect();
        let Writer { list, history, clock, timers, forgotten: told, .. } = self;
        let mut began = clock.raw();
        let truth = |timers: &[Timer]| timers.iter().map(|timer| timer.expire).min().unwrap_or(EMPTY);
        history.begin();
        list.run(now, |list, id| {
            let Some(number) = timers.iter().position(|timer| timer.id == id) else {
                return;
            };
            let mut end = |began: u64, kind: Kind, to: Nanos, rearm: bool| {
                let from = std::mem::replace(&mut timers[number].expire, to);
                let (truth, ended) = (truth(timers), clock.raw());
                *told = told.take().or_else(|| forgotten(kind, from, to, truth, rearm));
                history.end(Change {
                    kind,
                    timer: number as u16,
                    from,
                    to,
                    truth,
                    rearm,
                    began,
                    ended,
                });
            };
            end(began, Kind::Fire, EMPTY, false);
            if again[number] != EMPTY {
                let began = clock.raw();
                history.begin();
                let rearm = list.modify(id, again[number]).is_yes();
                end(began, Kind::Modify, again[number], rearm);
            }
            began = clock.raw();
            history.begin();
        });
        let (truth, ended) = (truth(timers), clock.raw());
        let (from, to) = (EMPTY, EMPTY);
        history.end(Change {
            kind: Kind::RunEnd,
            timer: 0,
            from,
            to,
            truth,
            rearm: false,
            began,
            ended,
        });
    }
}

/// What is wrong with a change that leaves its timer the head and answers no rearm. Deadlines are unique, so that the head's is the
/// timer's own if it is the head.
fn forgotten(kind: Kind, from: Nanos, to: Nanos, truth: Nanos, rearm: bool) -> Option<String> {
    let arms = matches!(kind, Kind::Modify | Kind::Anticipate) && to != from;
    (arms && to == truth && !rearm).then(|| {
        format!(
            "a change to {} ns made its timer the head and answered no rearm: nobody is told to look earlier",
            to.0
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use headlock_strategies::conformance::Effort;
    use headlock_strategies::conformance::subject::Subject;
    use headlock_strategies::conformance::trial::Trial;
    use headlock_strategies::oracle::Oracle;

    use super::*;

    /// The changes of a writer on the oracle, from its `first` change on, the truth held against the list after each.
    fn changes(timers: usize, first: u64, count: u64) -> Vec<Change> {
        let history = History::new();
        let trial = Trial::new(Subject::of::<Oracle>(), &Effort::default());
        let list = trial.list();
        trial.with_handle(&list, |list| {
            let mut writer = Writer::new(list, &history, Clock::new(), timers, 1);
            for number in first..first + count {
                writer.change(number);
                assert_eq!(history.truth(history.version() / 2), writer.list.deadline().unwrap_or(EMPTY));
                assert_eq!(writer.forgotten(), None);
            }
        });
        (1..=history.version() / 2).map(|k| history.change(k)).collect()
    }

    #[test]
    fn for_a_stretch_the_head_is_put_off_behind_the_others_and_nobody_is_notified() {
        for timers in [2, 3] {
            let changes = changes(timers, 2 * STRETCH, 100);
            let (armed, put_off) = changes.split_at(timers);
            assert!(armed.iter().all(|change| change.from == EMPTY && change.rearm == (change.to == armed[0].to)));
            let mut before = armed[0].truth;
            for (change, next) in put_off.iter().zip(&changes[1..]) {
                assert_eq!((change.kind, change.from, change.rearm), (Kind::Modify, before, false));
                assert!(change.to > change.truth && change.truth == next.to, "{change:?}");
                assert!((SERIALS / 2..SERIALS * 3 / 2).contains(&(change.truth.0 - change.from.0)), "{change:?}");
                before = change.truth;
            }
        }
    }

    #[test]
    fn for_a_stretch_everything_else_is_done() {
        let changes = changes(3, STRETCH, 3_000);
        let count = |of: &dyn Fn(&Change) -> bool| changes.iter().filter(|change| of(change)).count();
        let kind = |kind| move |change: &Change| change.kind == kind;
        // Each is drawn in one of ten changes; half of them is far from chance.
        for wanted in [Kind::Anticipate, Kind::Cancel, Kind::Free, Kind::Fire] {
            assert!(count(&kind(wanted)) >= 150, "{wanted:?}");
        }
        assert!(count(&kind(Kind::RunEnd)) >= 300);
        assert!(count(&|change| change.kind == Kind::Fire && change.truth == EMPTY) >= 75, "all that there is");
        let moved = |change: &Change| change.kind == Kind::Modify && change.from != EMPTY;
        let becomes_head = |change: &Change| change.to == change.truth;
        assert!(count(&|change| moved(change) && becomes_head(change) && change.to < change.from) >= 75, "sooner");
        assert!(count(&|change| moved(change) && becomes_head(change) && change.to > change.from) >= 75, "near");
        assert!(count(&|change| moved(change) && !becomes_head(change)) >= 450, "put off");
        // One behind the head comes nearer, and the head goes at once.
        let nearer = |pair: &[Change]| {
            pair.iter().all(|change| moved(change) && !becomes_head(change)) && pair[0].timer != pair[1].timer
        };
        assert!(changes.windows(2).filter(|&pair| nearer(pair) && pair[0].to < pair[0].from).count() >= 75, "nearer");
        // A callback arms its timer again, or does not.
        let pairs = || changes.windows(2).filter(|pair| pair[0].kind == Kind::Fire);
        let again = |pair: &[Change]| pair[1].kind == Kind::Modify && pair[1].timer == pair[0].timer;
        assert!(pairs().filter(|&pair| again(pair)).count() >= 75);
        assert!(pairs().filter(|pair| pair[1].kind != Kind::Modify).count() >= 75);
        // Nobody is notified of what leaves another timer the head.
        assert!(changes.iter().all(|change| !change.rearm || becomes_head(change)));
        let armed: Vec<_> = changes
            .iter()
            .filter(|change| matches!(change.kind, Kind::Modify) || change.kind == Kind::Anticipate && change.rearm)
            .map(|change| change.to)
            .collect();
        assert_eq!(armed.iter().collect::<HashSet<_>>().len(), armed.len(), "deadlines are unique");
    }

    #[test]
    fn a_change_that_makes_its_timer_the_head_and_does_not_say_so_is_told() {
        let told =
            |kind, from, to, truth, rearm| forgotten(kind, Nanos(from), Nanos(to), Nanos(truth), rearm).is_some();
        assert!(told(Kind::Modify, 9, 5, 5, false) && told(Kind::Anticipate, 9, 5, 5, false));
        assert!(!told(Kind::Modify, 9, 5, 5, true));
        assert!(!told(Kind::Modify, 9, 5, 4, false), "another is the head");
        assert!(!told(Kind::Anticipate, 5, 5, 5, false), "nothing changed");
        assert!(!told(Kind::Fire, 9, 5, 5, false));
    }
}
