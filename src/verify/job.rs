//! What a check process is told, and what it answers: plain data that crosses a pipe as JSON.

use std::time::Duration;

use headlock_strategies::conformance::{self, Effort};
use serde::{Deserialize, Serialize};

use super::stops;
use crate::harness::Behind;
use crate::record::{Check, CheckFigures, CheckOutcome, Failure, Finding};

/// How long a check goes on. It always plays one whole pass, and ends after the first in which something broke, but for
/// `fresh`, which counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// Until so much time is up, ns.
    Time(u64),
    /// So many passes.
    Passes(u64),
}

/// One check of one strategy, to be carried out by a fresh process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckJob {
    /// The registered strategy.
    pub strategy: String,
    /// What stands behind the C interface, by slot; the strategy may be one of them.
    pub behind: Vec<Behind>,
    /// The check.
    pub check: Check,
    /// How long it goes on.
    pub length: Length,
    /// Threads of a concurrent check, 2 or more.
    pub threads: usize,
    /// Timers in the longest list.
    pub timers: u32,
    /// Seeds every random choice.
    pub seed: u64,
    /// An operation counts as hung after two such periods without progress, ns.
    pub patience_ns: u64,
}

/// Threads of a pass that is to find what happens beyond the first few: five readers among them.
pub(super) const CROWD: usize = 10;

impl CheckJob {
    /// What one pass of a check from the conformance suite is to try. Each pass makes other random choices.
    pub(super) fn effort(&self, pass: u64) -> Effort {
        Effort {
            seed: self.seed.wrapping_add(pass.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            sequences: 300,
            rounds: 400,
            timers: self.timers,
            // Nothing of it is left to chance, so once is enough.
            names: if pass == 0 { Effort::default().names } else { 0 },
            // More readers than a list has room for, in one pass of three.
            threads: if pass % 3 == 2 {
                self.threads.max(CROWD)
            } else {
                self.threads
            },
            patience: Duration::from_nanos(self.patience_ns),
            around: stops::around(pass),
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// How many answers, operations or sequences were judged.
    pub tried: u64,
    /// How many broke what the strategy declares.
    pub broken: u64,
    /// How long it took, ns.
    pub elapsed_ns: u64,
    /// What was met, how often; empty where something is kept or broken and no more is to be said.
    pub outcomes: Vec<CheckOutcome>,
    /// What else was counted.
    pub figures: CheckFigures,
    /// What was found, one entry a rule.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Takes the outcome of one rule in; answers whether the check may go on in this process.
    pub(super) fn take(&mut self, check: Check, outcome: conformance::Outcome) -> bool {
        match outcome {
            Ok(tried) => self.tried += tried,
            Err(violation) => self.take_violation(check, violation),
        }
        self.findings.last().is_none_or(|last| last.failure != Failure::Hung)
    }

    /// Takes in one thing that was tried and broke a rule.
    pub(super) fn take_violation(&mut self, check: Check, violation: conformance::Violation) {
        self.tried += 1;
        self.broken += 1;
        self.findings.push(finding(check, violation));
    }
}

/// A violation as plain data, under the check that found it.
fn finding(check: Check, violation: conformance::Violation) -> Finding {
    Finding {
        strategy: violation.strategy.to_owned(),
        check,
        rule: violation.check.to_owned(),
        failure: match violation.failure {
            conformance::Failure::Wrong => Failure::Wrong,
            conformance::Failure::Hung => Failure::Hung,
            conformance::Failure::Panicked => Failure::Panicked,
        },
        allowed: false,
        what: violation.what,
        events: violation.events,
    }
}
