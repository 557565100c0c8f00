//! "The savings is one mutex lock/unlock per call to qemu_run_timers." Counted in strict order, where counts are exact.

use super::Side;
use super::files::{Files, Part};
use super::words::count;
use crate::document::words;
use crate::record::{Claim, Found, Point, StudyTrace};
use crate::study::qemu_rfc::role;

const ID: &str = "lock-per-run";
const CLAIM: &str = "The RFC saves one mutex lock and unlock per call that runs timers.";

/// What one pass over a trace took, under what the patch replaces and under the patch.
struct Counted<'a> {
    trace: &'a StudyTrace,
    before: u64,
    after: u64,
    fired: u64,
}

impl Counted<'_> {
    /// Calls and polls that look at the head.
    fn looks(&self) -> u64 {
        self.trace.run + self.trace.deadline + self.trace.expired
    }

    fn saved(&self) -> u64 {
        self.before.saturating_sub(self.after)
    }
}

pub fn claim(files: &Files<'_>) -> Claim {
    let sources = files.of_role(role::STRICT).map(|part| part.file("trials.csv")).chain(["study.json".to_owned()]);
    let missing = "a trace in strict order under both strategies, with the same counts in every trial,";
    super::claim(ID, CLAIM, missing, sources, |side| found(files, side))
}

fn found(files: &Files<'_>, side: Side) -> Option<Found> {
    let counted: Vec<Counted<'_>> = files.of_role(role::STRICT).flat_map(|part| counted(files, part, side)).collect();
    if counted.is_empty() {
        return None;
    }
    let evidence: Vec<String> = counted.iter().map(|it| say(it, side)).collect();
    let exact = counted.iter().filter(|it| it.saved() == it.looks()).count();
    let sum = |part: fn(&Counted<'_>) -> u64| counted.iter().map(part).sum::<u64>();
    let figures = format!(
        "Over {}, {} become {}; the difference is one for each of {} and one for each of {}",
        words::counted(counted.len(), "trace"),
        of(sum(|it| it.before), "acquisition"),
        count(sum(|it| it.after)),
        of(sum(|it| it.trace.run), "run call"),
        of(sum(|it| it.trace.deadline + it.trace.expired), "poll"),
    );
    let found = match exact == counted.len() {
        true => "Holds, exactly, and polls save as much",
        false => "Does not hold exactly",
    };
    let answer = match exact == counted.len() {
        true => format!("{figures}."),
        false => format!(
            "In {} of {} the acquisitions saved are not one for each run call and poll.",
            counted.len() - exact,
            words::counted(counted.len(), "trace")
        ),
    };
    Some(Found { found: found.to_owned(), answer, evidence })
}

/// `1 poll`, `2 polls`.
fn of(number: u64, thing: &str) -> String {
    words::counted(number as usize, thing)
}

fn say(counted: &Counted<'_>, side: Side) -> String {
    let Counted { trace, before, after, fired } = counted;
    let Side { baseline, patch, .. } = side;
    format!(
        "{}: {} under {baseline}, {} under {patch} ({} and {} fired); {} saved, {} and {}.",
        trace.name,
        of(*before, "acquisition"),
        count(*after),
        of(trace.changes, "change"),
        of(*fired, "timer"),
        count(counted.saved()),
        of(trace.run, "run call"),
        of(trace.deadline + trace.expired, "poll"),
    )
}

/// The traces that were played under both, with the same counts in every trial.
fn counted<'a>(files: &Files<'a>, part: &Part<'_>, side: Side) -> Vec<Counted<'a>> {
    let counts = |trace: &'a StudyTrace| {
        let point = Point { workload: format!("{}-strict", trace.name), threads: 1 };
        let pass = |strategy: &str| part.reading.pass_of(trace.rows, &point, strategy);
        let exact = |(least, most): (f64, f64)| (least == most && least.fract() == 0.0).then_some(least as u64);
        Some(Counted {
            trace,
            before: exact(pass(side.baseline)?.locks)?,
            after: exact(pass(side.patch)?.locks)?,
            fired: exact(pass(side.patch)?.fired)?,
        })
    };
    files.study.record.traces.iter().filter_map(counts).collect()
}
