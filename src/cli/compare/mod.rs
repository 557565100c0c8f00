//! `headlock compare`: two result directories, or two points, against each other.
//!
//! [`side`] reads what is compared, [`comparable`] refuses what must not be, [`fail_if`] holds a user's own limits, and
//! [`document`] is the answer. [`predictions`] are a model's. How a difference is judged is told by [`stats::changes`](crate::stats::changes()).

mod args;
mod comparable;
mod document;
mod fail_if;
mod predictions;
mod side;

use super::answer::{Form, present};
use super::failure::{Failure, usage};
use crate::document::Document;
use crate::harness::INJECTED;
use crate::reading::{Reading, is_difference};
use crate::record::{AA_CONTROL, Kind, LatencyRow, is_floor};
use crate::stats::{self, BetweenRuns, Change, Subject, subjects};
pub use args::CompareArgs;
use side::Side;

/// What is compared with what, A's first.
type Pair = (Subject, Subject);

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
    if let predictions::Kinds::Model = predictions::kinds(&args.a, &args.b)? {
        return predictions::compare(args);
    }
    let (document, failures) = answer(&Side::read(&args.a)?, &Side::read(&args.b)?, args)?;
    document.map_or(Ok(()), |document| present(&document, Form::of(args.json, args.markdown)))?;
    Failure::all(failures).map_or(Ok(()), Err)
}

/// The answer, if there is anything to compare, and whatever is a failure in it.
fn answer(a: &Side, b: &Side, args: &CompareArgs) -> Result<(Option<Document>, Vec<Failure>), Failure> {
    let one_run = a.is_same_run(b);
    let mut notes: Vec<String> = if one_run {
        Vec::new()
    } else {
        comparable::check(a, b, args.other_host)?
    };
    notes.extend(a.notes());
    notes.extend(b.notes().filter(|_| !one_run));
    let unprobed = [a, b].into_iter().filter(|side| !one_run && !side.is_set && side.blocks().is_empty());
    notes.extend(
        unprobed.map(|side| format!("{} has no blocks.csv: whether both met one machine is not known", side.name())),
    );
    let readings = [a.reading(), b.reading()];
    let (pairs, vanished) = pairs([a, b], &readings, one_run, &mut notes)?;
    let threshold = args.threshold.0;
    let [of_a, of_b] = [(a, &readings[0]), (b, &readings[1])].map(|(side, it)| stats::Side {
        trials: it.trials,
        baseline: it.baseline,
        blocks: side.blocks(),
        is_set: side.is_set,
    });
    let of_b = (!one_run).then_some(of_b);
    let raw = one_run || !comparable::other_host(a, b);
    if args.between_runs.is_some_and(|it| it > 0.0) {
        notes.extend(match () {
            () if one_run => Some("--between-runs has no effect: both points are of one run".to_owned()),
            () if a.is_set && b.is_set => Some(
                "--between-runs has no effect: both are sets of runs, whose intervals show how runs differ".to_owned(),
            ),
            () => None,
        });
    }
    let between_runs = args.between_runs.map_or(BetweenRuns::SEEN, BetweenRuns::of);
    let changes = stats::changes(of_a, of_b, &pairs, threshold, raw, between_runs);
    let mut failures: Vec<Failure> = vanished.into_iter().collect();
    // Times of different hosts are not compared, so the baseline has nothing to be compared by.
    let by_choice = |(of_a, _): &&Pair| !raw && of_a.strategy == a.baseline();
    let (chosen, uncompared): (Vec<&Pair>, Vec<&Pair>) = pairs
        .iter()
        .filter(|(of_a, of_b)| !changes.iter().any(|it| it.a == *of_a && it.b == *of_b))
        .partition(by_choice);
    let names = |pairs: &[&Pair]| pairs.iter().map(|(_, of_b)| side::describe(of_b)).collect::<Vec<_>>().join(", ");
    if !chosen.is_empty() {
        notes.push(format!(
            "left out, since it is the baseline and times of different machines are not compared: {}",
            names(&chosen)
        ));
    }
    if !uncompared.is_empty() {
        notes.push(format!("left out, for want of trials that can be compared: {}", names(&uncompared)));
        let missing: Vec<String> = uncompared.into_iter().map(|pair| why(pair, a, b)).collect();
        failures.push(Failure::NoFigure(format!("nothing to compare: {}", missing.join("; "))));
    }
    if changes.is_empty() {
        let by = if raw {
            ""
        } else {
            " by a common baseline, and times of different hosts are not compared"
        };
        failures.push(Failure::NoFigure(format!(
            "{} and {} have no undisturbed trials to compare{by}",
            a.name(),
            b.name()
        )));
        return Ok((None, failures));
    }
    notes.extend(changed_baseline(readings[0].baseline, &changes));
    let rows: Vec<Row> = changes.into_iter().map(|change| row(change, &readings)).collect();
    failures.extend(judge(&rows, args));
    Ok((Some(document::document(a, b, &rows, &notes, args.threshold.0)), failures))
}

/// Why a pair has no figure to compare, on the side that lacks it.
fn why((of_a, of_b): &Pair, a: &Side, b: &Side) -> String {
    let reasons: Vec<String> = [(a, of_a), (b, of_b)]
        .into_iter()
        .filter_map(|(side, subject)| {
            let missing = side.reading().no_time(&subject.point, &subject.strategy)?;
            Some(format!("{} in {}: {missing}", side::describe(subject), side.name()))
        })
        .collect();
    match reasons.is_empty() {
        true => format!("{}: what decides is not the same figure, or the runs share no baseline", side::describe(of_b)),
        false => reasons.join(", "),
    }
}

/// What is compared with what: the two points named, or everything that both sides have, but for what only controls.
/// Also what is in A and not in B: whoever watches for regressions must not lose one with its strategy.
fn pairs(
    [a, b]: [&Side; 2],
    readings: &[Reading<'_>; 2],
    one_run: bool,
    notes: &mut Vec<String>,
) -> Result<(Vec<Pair>, Option<Failure>), Failure> {
    match (&a.subject, &b.subject) {
        (Some(of_a), Some(of_b)) if one_run && of_a == of_b => {
            return usage(format!("{} is compared with itself; its A/A control does that in every run", a.name()));
        }
        (Some(of_a), Some(of_b)) => return Ok((vec![(of_a.clone(), of_b.clone())], None)),
        (None, None) if one_run => {
            return usage(format!(
                "{} twice: name two directories, or two points of one like DIR:mutex@hot/2 DIR:seqlock@hot/2",
                a.name()
            ));
        }
        (None, None) => {}
        _ => return usage("either both sides are directories or both are points like DIR:mutex@hot/2"),
    }
    let contestants = |reading: &Reading<'_>| -> Vec<Subject> {
        let only_controls = |subject: &Subject| {
            is_floor(&subject.strategy) || [AA_CONTROL, INJECTED].contains(&subject.strategy.as_str())
        };
        subjects(reading.trials).into_iter().filter(|subject| !only_controls(subject)).collect()
    };
    let [of_a, of_b] = readings.each_ref().map(contestants);
    let alone = |mine: &[Subject], theirs: &[Subject]| -> Vec<String> {
        mine.iter().filter(|subject| !theirs.contains(subject)).map(side::describe).collect()
    };
    let (vanished, added) = (alone(&of_a, &of_b), alone(&of_b, &of_a));
    for (side, alone) in [(a, &vanished), (b, &added)] {
        if !alone.is_empty() {
            notes.push(format!("only in {}: {}", side.name(), alone.join(", ")));
        }
    }
    let common: Vec<Subject> = of_a.into_iter().filter(|subject| of_b.contains(subject)).collect();
    if common.is_empty() {
        return Err(Failure::NoFigure(format!("nothing was measured in both; {}", notes.join("; "))));
    }
    let vanished = (!vanished.is_empty()).then(|| {
        Failure::NoFigure(format!("measured in {} and not in {}: {}", a.name(), b.name(), vanished.join(", ")))
    });
    Ok((common.into_iter().map(|subject| (subject.clone(), subject)).collect(), vanished))
}

/// A changed baseline shows as a change of everything that is compared relative to it, the other way round.
fn changed_baseline(baseline: &str, changes: &[Change]) -> Option<String> {
    let moved: Vec<String> = changes
        .iter()
        .filter(|change| is_difference(change.verdict))
        .filter(|change| change.basis == stats::Basis::Raw && baseline == change.b.strategy)
        .map(|change| format!("{} ({})", side::describe(&change.b), change.verdict.as_str()))
        .collect();
    (!moved.is_empty()).then(|| {
        format!(
            "the baseline itself has changed, so ratios relative to it have moved the other way: {}",
            moved.join(", ")
        )
    })
}

fn row(change: Change, [a, b]: &[Reading<'_>; 2]) -> Row {
    let op = a.commonest_op(&change.a.point);
    let locks = [(a, &change.a), (b, &change.b)]
        .map(|(reading, of)| reading.summary(&of.point, &of.strategy).and_then(|summary| summary.acquisitions_per_op));
    let latency = [(a, &change.a), (b, &change.b)]
        .map(|(reading, of)| reading.latency(&of.point, &of.strategy, op?, Kind::Service).cloned());
    Row { change, locks, latency }
}

/// What is slower than the threshold, what a `--fail-if` names or has no figure for, and, if asked, what is open.
fn judge(rows: &[Row], args: &CompareArgs) -> Vec<Failure> {
    let threshold = args.threshold.0;
    let list = |matching: &dyn Fn(&Change) -> bool| -> Vec<String> {
        rows.iter()
            .map(|row| &row.change)
            .filter(|change| matching(change))
            .map(document::in_words)
            .collect()
    };
    let mut failures = Vec::new();
    let slower = list(&|change| change.is_slower_than(threshold));
    if !slower.is_empty() {
        let limit = threshold * 100.0;
        failures.push(Failure::Slower(format!("slower than the threshold of {limit} %: {}", slower.join("; "))));
    }
    for limit in &args.fail_if {
        failures.extend(limit.broken_by(rows).into_iter().map(Failure::Slower));
        failures.extend(limit.without_figure(rows).map(Failure::NoFigure));
    }
    let open = list(&|change| change.is_open(threshold));
    if args.strict && !open.is_empty() {
        failures.push(Failure::Unclear(format!("--strict: not decided: {}", open.join("; "))));
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::units;
    use crate::document::testing::{says, says_all};
    use crate::reading::testing::results;

    #[test]
    fn every_change_is_in_each_form() {
        let side = |name: &str, seqlock: f64| Side::made(name, results(&[("seqlock", seqlock), ("hazard", 10.0)]));
        let (a, b) = (side("results/a", 5.0), side("results/b", 6.0));
        let args = CompareArgs {
            a: side::target("results/a").unwrap(),
            b: side::target("results/b").unwrap(),
            threshold: units::share("5%").unwrap(),
            between_runs: Some(0.001),
            strict: false,
            fail_if: Vec::new(),
            other_host: true,
            json: false,
            markdown: false,
        };
        let (document, failures) = answer(&a, &b, &args).map_err(|failure| failure.message().to_owned()).unwrap();
        let document = document.expect("something to compare");
        says_all("compare", &document);
        says(
            &document,
            &[
                "A: results/a",
                "B: results/b",
                "seqlock",
                "1.2",
                "slower",
                "hazard",
                "same",
            ],
        );
        assert_eq!(failures.len(), 1, "seqlock takes a fifth more");
        let changes = document.data["changes"].as_array().unwrap();
        let slower: Vec<bool> = changes.iter().map(|it| it["slower_than_threshold"].as_bool().unwrap()).collect();
        assert_eq!(slower.iter().filter(|it| **it).count(), 1, "{changes:?}");
    }
}
