//! What strategies came to under `headlock verify` on a machine: what its stamp holds, and what a run says of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Check, RunRecord, is_floor};

/// What is known of a strategy before it is measured: the checks that it passed, and those that it broke.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// When the last of these checks was over.
    pub date: Timestamp,
    /// Those that it passed. Fewer than all are a part only.
    pub checks: Vec<Check>,
    /// How long they took together, s.
    pub seconds: f64,
    /// Those that it broke, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<Breach>,
}

/// A check that a strategy broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// The check.
    pub check: Check,
    /// When it was over.
    pub date: Timestamp,
}

impl Verified {
    /// Whether every check is among those passed, and none broken.
    pub fn is_whole(&self) -> bool {
        self.broken.is_empty() && Check::ALL.iter().all(|check| self.checks.contains(check))
    }

    /// What is known of a strategy that was measured twice: what was passed before the second time, if anything was before the first, and
    /// what was broken before either.
    pub fn of_both(first: Option<&Verified>, second: Option<&Verified>) -> Option<Verified> {
        let passed = |it: Option<&Verified>| it.is_some_and(|it| !it.checks.is_empty());
        let mut both = second.or(first)?.clone();
        if !passed(first) || !passed(second) {
            (both.checks, both.seconds) = (Vec::new(), 0.0);
        }
        let known: Vec<Check> = both.broken.iter().map(|it| it.check).collect();
        let before = first.iter().flat_map(|it| &it.broken).filter(|it| !known.contains(&it.check));
        both.broken.extend(before.copied().collect::<Vec<_>>());
        (!both.checks.is_empty() || !both.broken.is_empty()).then_some(both)
    }
}

/// One check of a strategy, as it ended last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// When it was over.
    pub date: Timestamp,
    /// How long it took, s; of one that was broken at least how long it was to take.
    pub seconds: f64,
}

/// What is known of a strategy's checks. None is in both maps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// Those that it passed.
    pub passed: BTreeMap<Check, Checked>,
    /// Those that it broke.
    pub broken: BTreeMap<Check, Checked>,
}

impl Known {
    /// Keeps what a check came to. A pass that took less time than a failure, or than another pass, says less and changes nothing.
    pub fn keep(&mut self, check: Check, passed: bool, this: Checked) {
        if !passed {
            self.passed.remove(&check);
            self.broken.insert(check, this);
            return;
        }
        let says_less = |other: Option<&Checked>| other.is_some_and(|other| this.seconds < other.seconds);
        if !says_less(self.broken.get(&check)) && !says_less(self.passed.get(&check)) {
            self.broken.remove(&check);
            self.passed.insert(check, this);
        }
    }

    /// What a run says of it; `None` if nothing is known.
    pub fn told(&self) -> Option<Verified> {
        let in_order = |of: &BTreeMap<Check, Checked>| {
            Check::ALL.into_iter().filter(|check| of.contains_key(check)).collect::<Vec<_>>()
        };
        let broken = in_order(&self.broken).into_iter().map(|check| Breach { check, date: self.broken[&check].date });
        Some(Verified {
            date: self.passed.values().chain(self.broken.values()).map(|it| it.date).max()?,
            checks: in_order(&self.passed),
            seconds: self.passed.values().map(|it| it.seconds).sum(),
            broken: broken.collect(),
        })
    }
}

/// What is known of one piece of code on one machine: the content of a stamp's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    /// Whose it is. A stamp of anything else is void.
    #[serde(flatten)]
    pub of: Stamped,
    /// What is known, by strategy.
    pub strategies: BTreeMap<String, Known>,
}

/// What a stamp is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stamped {
    /// The SHA-256 of the program's file, or of the library's, in hexadecimal digits.
    pub code: String,
    /// The machine: its name for itself, its processor and its kernel, as a hash in hexadecimal digits.
    pub machine: String,
    /// The version of headlock that checked.
    pub headlock_version: String,
}

impl Stamp {
    /// A stamp of nothing yet.
    pub fn new(of: Stamped) -> Self {
        Stamp { of, strategies: BTreeMap::new() }
    }
}

/// What a run says of strategies that had not passed before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unverified {
    /// Those that had not.
    pub never: Vec<String>,
    /// Those that had passed some of the checks, and which.
    pub in_part: Vec<(String, Vec<Check>)>,
    /// Those that had broken some, and which.
    pub broken: Vec<(String, Vec<Breach>)>,
    /// Strategies in question, those that had passed included.
    pub of: usize,
}

impl RunRecord {
    /// The strategies of the run that had not passed all checks before they were measured. Nobody asks it of the floor.
    pub fn unverified(&self) -> Unverified {
        let mut found = Unverified::default();
        for name in self.parameters.common.strategies.iter().filter(|name| !is_floor(name)) {
            found.of += 1;
            match self.verified(name) {
                Some(pass) if pass.is_whole() => {}
                Some(pass) if !pass.broken.is_empty() => found.broken.push((name.clone(), pass.broken.clone())),
                Some(pass) => found.in_part.push((name.clone(), pass.checks.clone())),
                None => found.never.push(name.clone()),
            }
        }
        found
    }

    /// The pass that a strategy had before it was measured.
    pub fn verified(&self, strategy: &str) -> Option<&Verified> {
        self.verified.get(strategy)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: u8) -> Timestamp {
        format!("2026-11-{day}T12:00:00Z").parse().unwrap()
    }

    fn checked(day: u8, seconds: f64) -> Checked {
        Checked { date: date(day), seconds }
    }

    #[test]
    fn parts_add_up_and_what_says_more_stays() {
        let mut known = Known::default();
        assert_eq!(known.told(), None);
        known.keep(Check::Progress, true, checked(20, 1.0));
        known.keep(Check::Model, true, checked(21, 5.0));
        let told = known.told().unwrap();
        assert_eq!((told.checks, told.seconds, told.date), (vec![Check::Model, Check::Progress], 6.0, date(21)));
        known.keep(Check::Model, true, checked(22, 4.0));
        assert_eq!(known.passed[&Check::Model], checked(21, 5.0), "shorter");
        known.keep(Check::Model, true, checked(23, 5.0));
        assert_eq!(known.passed[&Check::Model], checked(23, 5.0), "as long");
    }

    #[test]
    fn a_failure_stays_until_a_pass_is_as_long() {
        let mut known = Known::default();
        known.keep(Check::Progress, true, checked(20, 9.0));
        known.keep(Check::Progress, false, checked(21, 2.0));
        known.keep(Check::Progress, true, checked(22, 1.9));
        known.keep(Check::Model, true, checked(22, 1.0));
        let told = known.told().unwrap();
        assert_eq!(told.broken, [Breach { check: Check::Progress, date: date(21) }]);
        assert_eq!(told.checks, [Check::Model]);
        known.keep(Check::Progress, true, checked(23, 2.0));
        assert_eq!(known.told().unwrap().broken, []);
        for check in Check::ALL {
            known.keep(check, true, checked(24, 3.0));
        }
        assert!(known.told().unwrap().is_whole());
        known.keep(Check::Hold, false, checked(25, 1.0));
        assert!(!known.told().unwrap().is_whole());
    }

    #[test]
    fn of_two_times_a_pass_counts_if_it_was_there_each_time_and_a_failure_if_it_was_there_once() {
        let told = |check, passed| {
            let mut known = Known::default();
            known.keep(check, passed, checked(20, 1.0));
            known.told()
        };
        let (pass, breach) = (told(Check::Model, true), told(Check::Hold, false));
        let both =
            |first: &Option<Verified>, second: &Option<Verified>| Verified::of_both(first.as_ref(), second.as_ref());
        assert_eq!(both(&pass, &pass), pass);
        assert_eq!((both(&None, &pass), both(&pass, &None), both(&None, &None)), (None, None, None));
        for (first, second) in [(&pass, &breach), (&breach, &pass), (&None, &breach), (&breach, &None)] {
            let both = both(first, second).unwrap();
            assert_eq!((both.checks, both.broken.len()), (vec![], 1));
        }
    }

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        let of = Stamped {
            code: "c".to_owned(),
            machine: "m".to_owned(),
            headlock_version: "0".to_owned(),
        };
        let mut stamp = Stamp::new(of);
        let known = stamp.strategies.entry("mutex".to_owned()).or_default();
        known.keep(Check::Model, true, checked(20, 2.5));
        known.keep(Check::Hold, false, checked(20, 2.5));
        let text = serde_json::to_string(&stamp).unwrap();
        assert_eq!(serde_json::from_str::<Stamp>(&text).unwrap(), stamp);
    }
}
