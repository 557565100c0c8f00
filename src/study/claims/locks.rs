//! "The savings is one mutex lock/unlock per call to qemu_run_timers." Counted in strict order, where counts are exact.

use super::files::{Files, Part};
use super::words::count;
use super::{BASELINE, RFC, open};
use crate::record::{Claim, StudyTrace, Trial};

const ID: &str = "lock-per-run";
const CLAIM: &str = "The RFC saves one mutex lock and unlock per call that runs timers.";

/// What one pass over a trace took, under the mutex and under the RFC.
struct Counted<'a> {
    trace: &'a StudyTrace,
    mutex: u64,
    rfc: u64,
    fired: u64,
}

impl Counted<'_> {
    /// Calls and polls that look at the head.
    fn looks(&self) -> u64 {
        self.trace.run + self.trace.deadline + self.trace.expired
    }

    fn saved(&self) -> u64 {
        self.mutex.saturating_sub(self.rfc)
    }
}

pub fn claim(files: &Files) -> Claim {
    let Some(part) = &files.strict else {
        return open(ID, CLAIM, "the replay in strict order");
    };
    let counted = counted(files, part);
    if counted.is_empty() {
        return open(ID, CLAIM, "a trace under both strategies, with the same counts in every trial,");
    }
    let evidence: Vec<String> = counted.iter().map(say).collect();
    let exact = counted.iter().filter(|it| it.saved() == it.looks()).count();
    let sum = |part: fn(&Counted<'_>) -> u64| counted.iter().map(part).sum::<u64>();
    let figures = format!(
        "over {} traces, {} acquisitions become {}, and the difference is one for each of {} run calls and one for each of {} \
         polls",
        counted.len(),
        count(sum(|it| it.mutex)),
        count(sum(|it| it.rfc)),
        count(sum(|it| it.trace.run)),
        count(sum(|it| it.trace.deadline + it.trace.expired)),
    );
    let answer = match exact == counted.len() {
        true => format!("Holds, exactly, and polls save as much: {figures}."),
        false => format!(
            "Does not hold exactly: in {} of {} traces the acquisitions saved are not one for each run call and poll.",
            counted.len() - exact,
            counted.len()
        ),
    };
    Claim {
        id: ID.to_owned(),
        claim: CLAIM.to_owned(),
        answer,
        evidence,
        files: vec![part.file("trials.csv"), "study.json".to_owned()],
    }
}

fn say(counted: &Counted<'_>) -> String {
    let Counted { trace, mutex, rfc, fired } = counted;
    format!(
        "{}: {} acquisitions under {BASELINE}, {} under {RFC} ({} changes and {} timers fired); {} saved, {} run calls and {} polls.",
        trace.name,
        count(*mutex),
        count(*rfc),
        count(trace.changes),
        count(*fired),
        count(counted.saved()),
        count(trace.run),
        count(trace.deadline + trace.expired),
    )
}

/// The traces that were played under both, with the same counts in every trial.
fn counted<'a>(files: &'a Files, part: &Part) -> Vec<Counted<'a>> {
    let counts = |trace: &'a StudyTrace| {
        let workload = format!("{}-strict", trace.name);
        let a_pass = |strategy: &str, number: fn(&Trial) -> u64| {
            let mut each =
                part.trials.iter().filter(|it| it.workload == workload && it.strategy == strategy).map(|it| {
                    let passes = (it.ops / trace.rows.max(1)).max(1);
                    (number(it) / passes, number(it) % passes)
                });
            let (first, rest) = each.next()?;
            (rest == 0 && each.all(|other| other == (first, 0))).then_some(first)
        };
        Some(Counted {
            trace,
            mutex: a_pass(BASELINE, |it| it.lock.acquisitions)?,
            rfc: a_pass(RFC, |it| it.lock.acquisitions)?,
            fired: a_pass(RFC, |it| it.fired)?,
        })
    };
    files.study.traces.iter().filter_map(counts).collect()
}
