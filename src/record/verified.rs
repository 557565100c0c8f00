//! That strategies passed `headlock verify` on a machine: what its stamp holds, and what a run says of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Check, RunRecord, is_floor};

/// A strategy's pass: nothing of what was checked is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// When the checks were over.
    pub date: Timestamp,
    /// Those that it passed. Fewer than all are a part only.
    pub checks: Vec<Check>,
    /// How long they took together, s.
    pub seconds: f64,
}

impl Verified {
    /// Whether every check is among those passed.
    pub fn is_whole(&self) -> bool {
        Check::ALL.iter().all(|check| self.checks.contains(check))
    }

    /// Whether this pass says as much as another: each of its checks, and more of them or as long.
    fn says_as_much_as(&self, other: &Verified) -> bool {
        other.checks.iter().all(|check| self.checks.contains(check))
            && (self.checks.len() > other.checks.len() || self.seconds >= other.seconds)
    }
}

/// What is known of one piece of code on one machine: the content of a stamp's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    /// Whose it is. A stamp of anything else is void.
    #[serde(flatten)]
    pub of: Stamped,
    /// The passes, by strategy.
    pub strategies: BTreeMap<String, Verified>,
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

    /// Keeps a pass, unless the one that is there says more.
    pub fn keep(&mut self, strategy: &str, pass: Verified) {
        match self.strategies.get(strategy) {
            Some(known) if known.says_as_much_as(&pass) && !pass.says_as_much_as(known) => {}
            _ => {
                self.strategies.insert(strategy.to_owned(), pass);
            }
        }
    }
}

/// What a run says of strategies that had not passed before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unverified {
    /// Those that had not.
    pub never: Vec<String>,
    /// Those that had passed some of the checks, and which.
    pub in_part: Vec<(String, Vec<Check>)>,
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

    fn pass(checks: &[Check], seconds: f64) -> Verified {
        Verified {
            date: "2026-11-27T12:00:00Z".parse().unwrap(),
            checks: checks.to_vec(),
            seconds,
        }
    }

    #[test]
    fn a_pass_that_says_more_stays() {
        let of = Stamped {
            code: "c".to_owned(),
            machine: "m".to_owned(),
            headlock_version: "0".to_owned(),
        };
        let mut stamp = Stamp::new(of);
        let mut kept = |checks: &[Check], seconds| {
            stamp.keep("mutex", pass(checks, seconds));
            stamp.strategies["mutex"].clone()
        };
        assert_eq!(kept(&[Check::Model], 5.0), pass(&[Check::Model], 5.0));
        assert_eq!(kept(&Check::ALL, 1.0), pass(&Check::ALL, 1.0), "more checks");
        assert_eq!(kept(&[Check::Model], 100.0), pass(&Check::ALL, 1.0), "fewer checks, however long");
        assert_eq!(kept(&Check::ALL, 2.0), pass(&Check::ALL, 2.0), "longer");
        assert_eq!(kept(&Check::ALL, 1.0), pass(&Check::ALL, 2.0), "shorter");
    }

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        let of = Stamped {
            code: "c".to_owned(),
            machine: "m".to_owned(),
            headlock_version: "0".to_owned(),
        };
        let mut stamp = Stamp::new(of);
        stamp.keep("mutex", pass(&Check::ALL, 2.5));
        let text = serde_json::to_string(&stamp).unwrap();
        assert_eq!(serde_json::from_str::<Stamp>(&text).unwrap(), stamp);
    }
}
