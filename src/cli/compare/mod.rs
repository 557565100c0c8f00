//! `headlock compare`: two result directories, or two points, against each other.
//!
//! [`side`] reads what is compared, [`comparable`] refuses what must not be, [`fail_if`] holds a user's own limits, and
//! [`show`] is the answer. How a difference is judged is told by [`stats::changes`](crate::stats::changes()).

mod args;
mod comparable;
mod fail_if;
mod show;
mod side;

use super::answer::{answer, answer_json};
use super::failure::{Failure, usage};
use crate::harness::INJECTED;
use crate::record::{AA_CONTROL, FLOOR, LatencyRow, Point, Trial};
use crate::stats::{self, Change, Subject, subjects, summarize};
pub use args::CompareArgs;
use fail_if::FailIf;
use side::Side;

/// A change, and what else the two results say of its subjects. In pairs, A's first.
struct Row {
    change: Change,
    /// Lock acquisitions per operation.
    locks: [Option<f64>; 2],
    /// Service times of the operation that A has most of.
    latency: [Option<LatencyRow>; 2],
}

/// Compares, answers, and fails if the answer is to be a failure.
pub fn compare(args: &CompareArgs) -> Result<(), Failure> {
    let (a, b) = (Side::read(&args.a)?, Side::read(&args.b)?);
    let one_run = a.is_same_run(&b);
    let mut notes = Vec::new();
    if !one_run {
        notes = comparable::check(&a, &b, args.other_host)?;
    }
    let pairs = pairs(&a, &b, one_run, &mut notes)?;
    let threshold = args.threshold.0;
    let of_b = (!one_run).then(|| b.trials());
    let raw = one_run || !comparable::other_host(&a, &b);
    let changes = stats::changes(a.trials(), of_b, &pairs, threshold, raw);
    if changes.is_empty() {
        return Err(Failure::Error(format!(
            "{} and {} have no undisturbed trials to compare{}",
            a.name(),
            b.name(),
            if raw {
                ""
            } else {
                " by a common baseline, and times of different hosts are not compared"
            }
        )));
    }
    if changes.len() < pairs.len() {
        let missing = pairs.iter().filter(|(of_a, of_b)| !changes.iter().any(|it| it.a == *of_a && it.b == *of_b));
        let missing: Vec<String> = missing.map(|(_, of_b)| side::describe(of_b)).collect();
        notes.push(format!("left out, for want of trials that can be compared: {}", missing.join(", ")));
    }
    notes.extend(changed_baseline(&a, &changes));
    let rows: Vec<Row> = changes.into_iter().map(|change| row(change, &a, &b)).collect();
    if args.json {
        answer_json(&show::as_json(&a, &b, &rows, &notes, args))?;
    } else {
        answer(&show::as_table(&a, &b, &rows, &notes, args))?;
    }
    judge(&rows, args)
}

/// What is compared with what: the two points named, or everything that both sides have, but for what only controls.
fn pairs(a: &Side, b: &Side, one_run: bool, notes: &mut Vec<String>) -> Result<Vec<(Subject, Subject)>, Failure> {
    match (&a.subject, &b.subject) {
        (Some(of_a), Some(of_b)) if one_run && of_a == of_b => {
            return usage(format!("{} is compared with itself; its A/A control does that in every run", a.name()));
        }
        (Some(of_a), Some(of_b)) => return Ok(vec![(of_a.clone(), of_b.clone())]),
        (None, None) if one_run => {
            return usage(format!(
                "{} twice: name two directories, or two points of one like DIR:mutex@hot/2 DIR:seqlock@hot/2",
                a.name()
            ));
        }
        (None, None) => {}
        _ => return usage("either both sides are directories or both are points like DIR:mutex@hot/2"),
    }
    let contestants = |side: &Side| -> Vec<Subject> {
        let only_controls = |subject: &Subject| [FLOOR, AA_CONTROL, INJECTED].contains(&subject.strategy.as_str());
        subjects(side.trials().trials).into_iter().filter(|subject| !only_controls(subject)).collect()
    };
    let (of_a, of_b) = (contestants(a), contestants(b));
    for (side, mine, theirs) in [(a, &of_a, &of_b), (b, &of_b, &of_a)] {
        let alone: Vec<String> = mine.iter().filter(|subject| !theirs.contains(subject)).map(side::describe).collect();
        if !alone.is_empty() {
            notes.push(format!("only in {}: {}", side.name(), alone.join(", ")));
        }
    }
    let common: Vec<Subject> = of_a.into_iter().filter(|subject| of_b.contains(subject)).collect();
    if common.is_empty() {
        return Err(Failure::Error(format!("nothing was measured in both; {}", notes.join("; "))));
    }
    Ok(common.into_iter().map(|subject| (subject.clone(), subject)).collect())
}

/// A changed baseline shows as a change of everything that is compared relative to it, the other way round.
fn changed_baseline(a: &Side, changes: &[Change]) -> Option<String> {
    let decided =
        |change: &&Change| matches!(change.verdict, crate::record::Verdict::Faster | crate::record::Verdict::Slower);
    let baseline = a.baseline();
    let moved: Vec<String> = changes
        .iter()
        .filter(decided)
        .filter(|change| change.basis == stats::Basis::Raw && change.b.strategy == baseline)
        .map(|change| format!("{} ({})", side::describe(&change.b), change.verdict.as_str()))
        .collect();
    (!moved.is_empty()).then(|| {
        format!(
            "the baseline itself has changed, so ratios relative to it have moved the other way: {}",
            moved.join(", ")
        )
    })
}

fn row(change: Change, a: &Side, b: &Side) -> Row {
    let locks = [(a, &change.a), (b, &change.b)].map(|(side, subject)| {
        let mine: Vec<Trial> = side.trials().trials.iter().filter(|trial| subject.owns(trial)).cloned().collect();
        summarize(&mine).first().and_then(|summary| summary.acquisitions_per_op)
    });
    let op = commonest_op(&a.latency, &change.a.point);
    let latency = [(a, &change.a), (b, &change.b)].map(|(side, subject)| {
        let Point { workload, threads } = &subject.point;
        let mine = |row: &&LatencyRow| {
            (&row.workload, &row.threads, &row.strategy) == (workload, threads, &subject.strategy)
                && row.is_service()
                && Some(row.op.as_str()) == op
        };
        side.latency.iter().find(mine).cloned()
    });
    Row { change, locks, latency }
}

/// The operation that the latency pass saw most of.
fn commonest_op<'a>(latency: &'a [LatencyRow], point: &Point) -> Option<&'a str> {
    let at_point = latency.iter().filter(|row| (&row.workload, row.threads) == (&point.workload, point.threads));
    at_point.filter(|row| row.is_service()).max_by_key(|row| row.count).map(|row| row.op.as_str())
}

/// The exit status: what is slower than the threshold first, then what a `--fail-if` names, then, if asked, what is open.
fn judge(rows: &[Row], args: &CompareArgs) -> Result<(), Failure> {
    let threshold = args.threshold.0;
    let list = |matching: &dyn Fn(&Change) -> bool| -> Vec<String> {
        rows.iter().map(|row| &row.change).filter(|change| matching(change)).map(show::in_words).collect()
    };
    let slower = list(&|change| change.is_slower_than(threshold));
    if !slower.is_empty() {
        let limit = threshold * 100.0;
        return Err(Failure::Slower(format!("slower than the threshold of {limit} %: {}", slower.join("; "))));
    }
    let broken: Vec<String> = args.fail_if.iter().flat_map(|limit: &FailIf| limit.broken_by(rows)).collect();
    if !broken.is_empty() {
        return Err(Failure::Slower(broken.join("; ")));
    }
    let open = list(&|change| change.is_open(threshold));
    if args.strict && !open.is_empty() {
        return Err(Failure::Unclear(format!("--strict: not decided: {}", open.join("; "))));
    }
    Ok(())
}
