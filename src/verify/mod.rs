//! Does each strategy keep what it declares? The checks of a list, on any type of list, and the referee that carries each
//! out in a fresh process. Never prints.
//!
//! A check ends in a [`CheckReport`]: how much was tried, how much of it broke what the strategy declares, and the shortest
//! sequence of events found that shows it. `docs/VERIFY.md` says of each check what it sees and what it cannot see.

#[cfg(test)]
mod bare;
mod budget;
mod fresh;
mod history;
mod hold;
#[cfg(test)]
mod hooked;
mod job;
mod memory;
pub mod odds;
mod progress;
mod reclaim;
pub mod referee;
mod rules;
mod stops;

use job::CROWD;
pub use job::{CheckJob, CheckReport, Length};

use headlock_strategies::conformance::subject::Subject;
use headlock_strategies::conformance::{self, Check as Rule, Guarantee};

use crate::record::Check;

/// The rules that a list is held to.
pub type Rules = fn(Subject) -> Vec<Rule>;

/// The rules for any list in Rust.
pub fn of_any(subject: Subject) -> Vec<Rule> {
    without(subject, &["lock_counts"])
}

/// The rules for a list behind the C interface, whose names may be bare pointers: there a freed timer's is nobody's to use.
pub fn behind_door(subject: Subject) -> Vec<Rule> {
    without(subject, &["lock_counts", "stale_names", "names_last"])
}

/// Those of any list, and what the built-in ones promise beyond the contract.
pub fn promised_too(subject: Subject) -> Vec<Rule> {
    without(subject, &[])
}

fn without(subject: Subject, left_out: &[&str]) -> Vec<Rule> {
    let mut rules = conformance::checks(subject);
    rules.extend(conformance::promises(subject));
    rules.retain(|rule| !left_out.contains(&rule.name));
    rules
}

/// Carries out one check of a list in this process.
pub fn check(subject: Subject, rules: Rules, job: &CheckJob) -> CheckReport {
    let rules = rules(subject);
    let asks_stale_names = rules.iter().any(|rule| rule.name == "stale_names");
    let of = |guarantee| rules.iter().filter(|rule| rule.guarantee == guarantee).copied().collect::<Vec<_>>();
    match job.check {
        Check::Model => rules::check(job, &of(Guarantee::Model)),
        Check::Conserve => rules::check(job, &of(Guarantee::Conserve)),
        Check::Reenter => rules::check(job, &of(Guarantee::Reenter)),
        Check::Reclaim => reclaim::check(subject, job, &of(Guarantee::Reclaim)),
        Check::Fresh => fresh::check(subject, job),
        Check::History => history::check(subject, job, asks_stale_names),
        Check::Progress => progress::check(subject, job, asks_stale_names),
        Check::Hold => hold::check(subject, job),
    }
}
