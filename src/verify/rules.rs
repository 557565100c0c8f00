//! *model*, *conserve* and *reenter*: the rules of the conformance suite, pass after pass with other random choices.

use headlock_strategies::conformance::{Check as Rule, Effort};

use super::budget::Budget;
use super::{CheckJob, CheckReport};

/// Plays every rule in each pass.
pub fn check(job: &CheckJob, rules: &[Rule]) -> CheckReport {
    let mut report = CheckReport::default();
    let mut budget = Budget::start(job.length, job.seed);
    while report.findings.is_empty()
        && let Some(pass) = budget.next_pass()
    {
        if !play(job, rules, &job.effort(pass), &mut report) {
            break;
        }
    }
    CheckReport { elapsed_ns: budget.elapsed_ns(), ..report }
}

/// Plays each rule once; answers whether the check may go on.
///
/// A rule that hangs leaves its threads behind, and what is played beside them says nothing.
pub fn play(job: &CheckJob, rules: &[Rule], effort: &Effort, report: &mut CheckReport) -> bool {
    rules.iter().all(|rule| report.take(job.check, (rule.run)(effort)))
}
