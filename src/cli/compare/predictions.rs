//! Two predictions of one model against each other. A prediction beside a measurement is refused.

use super::super::answer::{Form, present};
use super::super::failure::{Failure, usage};
use super::CompareArgs;
use super::comparable::{differing_traces, differing_workloads};
use super::side::Target;
use crate::document::words::{at, figure, percent, ratio};
use crate::document::{Axis, Block, Cell, Column, Document, Interval, Table};
use crate::export::{ReadError, read_results};
use crate::reading::Results;
use crate::record::{Predict, Predicted, Verdict, differences};
use crate::stats::{MIN_BLOCKS, range, verdict};

/// Which kind two directories are of.
pub enum Kinds {
    /// Both were measured, or one cannot be read, which who reads it says.
    Measured,
    /// Both are a model's.
    Model,
}

/// Tells measured results from a model's.
///
/// # Errors
/// If one of the two is a model's and the other is not.
pub fn kinds(a: &Target, b: &Target) -> Result<Kinds, Failure> {
    let is_model = |it: &Target| crate::export::read_run(it.dir()).is_ok_and(|run| run.prediction().is_some());
    match (is_model(a), is_model(b)) {
        (false, false) => Ok(Kinds::Measured),
        (true, true) => Ok(Kinds::Model),
        (a_is_model, _) => {
            let (model, measured) = if a_is_model { (a, b) } else { (b, a) };
            Err(Failure::Error(format!(
                "{} is a model's and {} was measured: what was predicted is not compared with what was measured; scripts/model check does that",
                model.dir().display(),
                measured.dir().display()
            )))
        }
    }
}

/// One strategy at one point in both.
struct Row<'a> {
    a: &'a Predicted,
    b: &'a Predicted,
    over: Interval,
}

/// Compares two predictions of the same machine and seed.
pub fn compare(args: &CompareArgs) -> Result<(), Failure> {
    refuse(args)?;
    let read = |it: &Target| {
        let dir = it.dir();
        read_results(dir, &dir.display().to_string()).map_err(|error: ReadError| Failure::Error(error.to_string()))
    };
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let told = [&a, &b].map(|it| it.run.prediction().expect("looked at by `kinds`"));
    alike(&a, &b, told)?;
    let threshold = args.threshold.0;
    let rows = rows(&a, &b, threshold);
    if rows.is_empty() {
        return Err(Failure::NoFigure(format!("nothing was played in both {} and {}", a.name, b.name)));
    }
    let document = document(&a, &b, told[0], &rows, threshold);
    present(&document, Form::of(args.json, args.markdown))?;
    let named = |wanted: &dyn Fn(&Row<'_>) -> bool| {
        let named = rows
            .iter()
            .filter(|row| wanted(row))
            .map(|row| format!("{}@{}/{} {}", row.a.strategy, row.a.workload, row.a.threads, ratio(row.over.at)));
        named.collect::<Vec<String>>().join("; ")
    };
    let slower = named(&|row| row.over.verdict == Verdict::Slower);
    let open = named(&|row| row.over.verdict == Verdict::Unclear);
    let mut failures = Vec::new();
    if !slower.is_empty() {
        failures.push(Failure::Slower(format!("model: slower than the threshold of {}: {slower}", percent(threshold))));
    }
    if args.strict && !open.is_empty() {
        failures.push(Failure::Unclear(format!("--strict: not decided by the model: {open}")));
    }
    Failure::all(failures).map_or(Ok(()), Err)
}

fn refuse(args: &CompareArgs) -> Result<(), Failure> {
    if args.a.has_subject() || args.b.has_subject() {
        return usage("points of a model's results are not compared; name two directories");
    }
    if !args.fail_if.is_empty() {
        return usage("--fail-if: a model has times alone, and --threshold is their limit");
    }
    Ok(())
}

fn alike(a: &Results, b: &Results, [of_a, of_b]: [&Predict; 2]) -> Result<(), Failure> {
    let mut reasons: Vec<String> = Vec::new();
    if of_a.machine != of_b.machine {
        let fields: Vec<String> = differences(&of_a.machine, &of_b.machine).into_iter().map(|it| it.field).collect();
        reasons.push(format!("the machine ({} and {}: {})", of_a.machine.name, of_b.machine.name, fields.join(", ")));
    }
    let (seed_a, seed_b) = (a.run.parameters.common.seed, b.run.parameters.common.seed);
    if seed_a != seed_b {
        reasons.push(format!("the seed: {seed_a} and {seed_b}"));
    }
    reasons.extend(differing_workloads(&of_a.workloads, &of_b.workloads));
    reasons.extend(differing_traces(&of_a.traces, &of_b.traces));
    match reasons.is_empty() {
        true => Ok(()),
        false => Err(Failure::Error(format!(
            "{} and {} are not comparable: they differ in {}",
            a.name,
            b.name,
            reasons.join("; ")
        ))),
    }
}

/// What both played. The same costs are compared with the same costs, so that the range is of the quotient.
fn rows<'a>(a: &'a Results, b: &'a Results, threshold: f64) -> Vec<Row<'a>> {
    let ns = |of: &Results, row: &Predicted, block: usize| {
        let trial = of.trials.iter().find(|it| {
            (&it.workload, &it.strategy, it.threads, it.block) == (&row.workload, &row.strategy, row.threads, block)
        });
        trial.map(|it| it.ns_per_op)
    };
    let whole = |results: &'a Results| results.predicted.iter().filter(|row| row.op == crate::record::ALL);
    let same = |one: &Predicted, other: &Predicted| {
        (&one.workload, &one.strategy, one.threads) == (&other.workload, &other.strategy, other.threads)
    };
    let pairs = whole(a).filter_map(|of_a| Some((of_a, whole(b).find(|of_b| same(of_a, of_b))?)));
    let row = |(of_a, of_b): (&'a Predicted, &'a Predicted)| {
        let over = |block| Some(ns(b, of_b, block)? / ns(a, of_a, block)?);
        let found = range([over(0)?, over(1)?, over(2)?]);
        let over = Interval {
            low: found.low,
            at: found.estimate,
            high: found.high,
            verdict: verdict(found, MIN_BLOCKS, threshold),
        };
        Some(Row { a: of_a, b: of_b, over })
    };
    pairs.filter_map(row).collect()
}

fn document(a: &Results, b: &Results, told: &Predict, rows: &[Row<'_>], threshold: f64) -> Document {
    let drawn: Vec<Interval> = rows.iter().map(|row| row.over).collect();
    let cells = |row: &Row<'_>| {
        let point = crate::record::Point { workload: row.a.workload.clone(), threads: row.a.threads };
        vec![
            Cell::new(format!("{} on {}", row.a.strategy, at(&point))),
            Cell::new(ratio(row.over.at)),
            Cell::new(format!("{} to {}", ratio(row.over.low), ratio(row.over.high))),
            Cell::drawn(Some(row.over)),
            Cell::verdict(row.over.verdict),
            Cell::new(figure(row.a.ns)),
            Cell::new(figure(row.b.ns)),
            Cell::new(told.machine.error_in_short()),
        ]
    };
    let table = Table {
        caption: format!("{}, model, not measured: B over A; below 1 is faster", told.machine.name),
        columns: vec![
            Column::words("strategy"),
            Column::numbers("ratio"),
            Column::numbers("range"),
            Column::intervals("picture", Axis::over(&drawn, threshold).of_ranges()),
            Column::words("verdict"),
            Column::numbers("A ns/op").rank(1),
            Column::numbers("B ns/op").rank(1),
            Column::words("error").rank(1),
        ],
        rows: rows.iter().map(cells).collect(),
        notes: vec![format!(
            "A range is over the description's costs. The error of a time is {}.",
            told.machine.error_in_words()
        )],
    };
    let data: Vec<_> = rows
        .iter()
        .map(|row| {
            serde_json::json!({
                "workload": row.a.workload, "threads": row.a.threads, "strategy": row.a.strategy,
                "ratio": row.over.at, "low": row.over.low, "high": row.over.high, "verdict": row.over.verdict,
                "a_ns": row.a.ns, "b_ns": row.b.ns,
            })
        })
        .collect();
    Document {
        facts: vec![format!("A: {}", a.name), format!("B: {}", b.name)],
        notices: vec!["These figures come from a model of a machine; nothing was measured.".to_owned()],
        blocks: vec![Block::Table(table)],
        data: serde_json::json!({ "kind": "model", "machine": told.machine, "rows": data, "threshold": threshold }),
        ..Document::new("B compared with A: model, not measured")
    }
}
