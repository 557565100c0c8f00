//! Does each strategy keep what it declares? The checks of a list, on any type of list, and the referee that carries each
//! out in a fresh process. Never prints.
//!
//! A check ends in a [`CheckReport`]: how much was tried, how much of it broke what the strategy declares, and the shortest
//! sequence of events found that shows it. `docs/VERIFY.md` says of each check what it sees and what it cannot see.

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

use headlock_strategies::TimerList;
use headlock_strategies::conformance::subject::Subject;
use headlock_strategies::conformance::{self, Guarantee};

use crate::record::Check;

/// Carries out one check of a list in this process.
pub fn check<L: TimerList>(job: &CheckJob) -> CheckReport {
    carry_out::<L>(job, &["lock_counts"])
}

/// As [`check`], and holds the list to what the built-in ones promise beyond the contract.
pub fn check_promises_too<L: TimerList>(job: &CheckJob) -> CheckReport {
    carry_out::<L>(job, &[])
}

/// As [`check`], for a list behind the C interface, whose names may be bare pointers: there a freed timer's is nobody's to use.
pub fn check_behind_door<L: TimerList>(job: &CheckJob) -> CheckReport {
    carry_out::<L>(job, &["lock_counts", "stale_names", "names_last"])
}

fn carry_out<L: TimerList>(job: &CheckJob, left_out: &[&str]) -> CheckReport {
    let subject = Subject::of::<L>();
    let mut rules = conformance::checks::<L>();
    rules.extend(conformance::promises::<L>());
    rules.retain(|rule| !left_out.contains(&rule.name));
    let of = |guarantee| rules.iter().filter(|rule| rule.guarantee == guarantee).copied().collect::<Vec<_>>();
    match job.check {
        Check::Model => rules::check(job, &of(Guarantee::Model)),
        Check::Conserve => rules::check(job, &of(Guarantee::Conserve)),
        Check::Reenter => rules::check(job, &of(Guarantee::Reenter)),
        Check::Reclaim => reclaim::check(subject, job, &of(Guarantee::Reclaim)),
        Check::Fresh => fresh::check(subject, job),
        Check::History => history::check(subject, job, !left_out.contains(&"stale_names")),
        Check::Progress => progress::check(subject, job),
        Check::Hold => hold::check(subject, job),
    }
}
