//! The answer of a comparison: a table per point.

use serde_json::{Value, json};

use super::Row;
use super::side::{Side, describe};
use crate::document::words::{self, count, figure, heading, percent};
use crate::document::{Axis, Block, Cell, Column, Document, Interval, Section, Table};
use crate::record::{LatencyRow, Metric, Verdict};
use crate::stats::{Basis, Change, Unlike};

/// The whole answer.
pub fn document(a: &Side, b: &Side, rows: &[Row], notes: &[String], threshold: f64) -> Document {
    let of_points = rows.chunk_by(|one, next| {
        (&one.change.a.point, &one.change.b.point) == (&next.change.a.point, &next.change.b.point)
    });
    let mut blocks: Vec<Block> = of_points.map(|rows| Block::Section(point(rows, threshold, [a, b]))).collect();
    let paired = rows.iter().any(|row| row.change.basis == Basis::Paired);
    let rules = [
        "ratio: B over A; below 1 is faster.".to_owned(),
        match paired {
            true => "paired: both are of one run, and the ratio is taken inside each of its blocks.".to_owned(),
            false => format!(
                "relative: of the strategy's ratio to {}, taken within each run; raw: of the times as measured.",
                a.reading().baseline
            ),
        },
        format!(
            "same: the interval lies within {}. All intervals hold at the same time with 95 % confidence.",
            percent(threshold)
        ),
    ];
    blocks.push(Block::Section(Section::folded("How to read this", vec![Block::List(rules.to_vec())])));
    Document {
        facts: vec![format!("A: {}", a.name()), format!("B: {}", b.name())],
        notices: notes.to_vec(),
        blocks,
        data: data(a, b, rows, notes, threshold),
        ..Document::new("B compared with A")
    }
}

fn point(rows: &[Row], threshold: f64, sides: [&Side; 2]) -> Section {
    let change = &rows[0].change;
    let title = match change.a.point == change.b.point {
        true => heading(&change.a.point),
        false => format!("A: {}; B: {}", heading(&change.a.point), heading(&change.b.point)),
    };
    Section::new(title, vec![Block::Table(table(rows, threshold, sides))])
}

fn table(rows: &[Row], threshold: f64, sides: [&Side; 2]) -> Table {
    let sets = sides.into_iter().filter(|side| side.is_set).count();
    // What there are too few of is in doubt where one side is a set; then it is the set, which has fewer.
    let unit = if sets == 0 { "blocks" } else { "runs" };
    let time = match rows[0].change.metric {
        Metric::NsPerOp | Metric::NetNsPerOp => "ns/op",
        _ => "service ns",
    };
    let intervals: Vec<Interval> = rows.iter().map(|row| drawn(&row.change)).collect();
    Table {
        columns: vec![
            Column::words("strategy"),
            Column::numbers("ratio"),
            Column::numbers("interval"),
            Column::intervals("picture", Axis::over(&intervals, threshold)),
            Column::words("verdict"),
            Column::words("basis").rank(1),
            Column::numbers(format!("A {time}")).rank(1),
            Column::numbers(format!("B {time}")).rank(1),
            Column::numbers(if sets == sides.len() { "runs" } else { "blocks" }).rank(1),
            Column::numbers("locks/op").rank(2),
            Column::numbers("p99 ns").rank(2),
            Column::numbers("p99.9 ns").rank(2),
        ],
        rows: rows.iter().map(|it| row(it, unit)).collect(),
        notes: controls(rows, unit)
            .into_iter()
            .chain(allowed(rows, sides.len() - sets))
            .chain(unlike(rows))
            .collect(),
        ..Table::default()
    }
}

fn row(row: &Row, unit: &str) -> Vec<Cell> {
    let change = &row.change;
    let percentile = |pick: fn(&LatencyRow) -> u64| {
        from_to(row.latency.each_ref().map(|latency| latency.as_ref().map(|latency| count(pick(latency)))))
    };
    let name = match change.a.strategy == change.b.strategy {
        true => change.a.strategy.clone(),
        false => format!("{} → {}", change.a.strategy, change.b.strategy),
    };
    vec![
        Cell::new(name),
        Cell::new(words::ratio(change.ratio)),
        Cell::new(interval(change)),
        Cell::drawn(Some(drawn(change))),
        match change.verdict {
            Verdict::TooFewBlocks => Cell::toned(format!("too few {unit}"), change.verdict.into()),
            verdict => Cell::verdict(verdict),
        },
        Cell::new(change.basis.as_str()),
        Cell::new(figure(change.a_ns)),
        Cell::new(figure(change.b_ns)),
        Cell::new(from_to([change.a_blocks, change.b_blocks].map(|blocks| Some(count(blocks as u64))))),
        Cell::new(from_to(row.locks.map(|locks| locks.map(|locks| format!("{locks:.4}"))))),
        Cell::new(percentile(|row| row.p99_ns)),
        Cell::new(percentile(|row| row.p999_ns)),
    ]
}

fn drawn(change: &Change) -> Interval {
    let Change { ci_low: low, ratio: at, ci_high: high, verdict, .. } = *change;
    Interval { low, at, high, verdict }
}

/// A and B, once if they are equal.
fn from_to(pair: [Option<String>; 2]) -> String {
    match pair {
        [Some(a), Some(b)] if a == b => a,
        [None, None] => "–".to_owned(),
        [a, b] => [a, b].map(|text| text.unwrap_or_else(|| "–".to_owned())).join(" → "),
    }
}

/// The control of each basis in use: a comparison whose answer is 1.
fn controls(rows: &[Row], unit: &str) -> Option<String> {
    let mut seen: Vec<(Basis, Option<[f64; 2]>)> =
        rows.iter().map(|row| (row.change.basis, row.change.control)).collect();
    seen.sort_by_key(|(basis, _)| basis.as_str());
    seen.dedup();
    let parts = seen.into_iter().map(|(basis, control)| {
        let what = match basis {
            Basis::Paired | Basis::Relative => "A/A control (the same code twice)",
            Basis::Raw => "Floor (no list at all)",
        };
        let found = match control {
            Some([low, high]) if high.is_finite() => words::between(low, high),
            Some(_) => format!("too few {unit}"),
            None => "none was run".to_owned(),
        };
        format!("{what}: {} {found}.", basis.as_str())
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// How far runs are taken to differ anyway.
fn allowed(rows: &[Row], single_runs: usize) -> Option<String> {
    let deviation = rows.iter().map(|row| row.change.between_runs).reduce(f64::max).filter(|it| *it > 0.0)?;
    let of_each = percent(deviation / (single_runs as f64).sqrt());
    let between = match single_runs {
        2 => format!("{of_each} a run (--between-runs), so {} between the two", percent(deviation)),
        _ => format!("{of_each} of the single run (--between-runs)"),
    };
    Some(format!(
        "Runs of one program differ from minute to minute: intervals allow for {between}, as standard deviations. Two versions in one \
         run, or sets of runs (headlock run --runs 6 --gap 10m), need no allowance."
    ))
}

/// That two runs met two machines.
fn unlike(rows: &[Row]) -> Option<String> {
    let Unlike { cycle, line } = rows.iter().find_map(|row| row.change.unlike)?;
    Some(format!(
        "The machine was another one in B: a cycle of its cores took {} and a cache line's way between two threads {} of A's time. So nothing \
         is decided here. Measure again, or both in one run.",
        words::ratio(cycle),
        words::ratio(line)
    ))
}

/// A change in one phrase.
pub fn in_words(change: &Change) -> String {
    let name = match change.a == change.b {
        true => describe(&change.b),
        false => format!("{} against {}", describe(&change.b), describe(&change.a)),
    };
    format!("{name} {} ({})", words::ratio(change.ratio), interval(change))
}

fn interval(change: &Change) -> String {
    words::between(change.ci_low, change.ci_high)
}

/// Everything, for a program.
fn data(a: &Side, b: &Side, rows: &[Row], notes: &[String], threshold: f64) -> Value {
    let side = |side: &Side| json!({ "directory": side.name(), "run": side.record() });
    let change = |row: &Row| {
        json!({
            "change": row.change,
            "slower_than_threshold": row.change.is_slower_than(threshold),
            "open": row.change.is_open(threshold),
            "locks_per_op": row.locks,
            "latency": row.latency,
        })
    };
    let changes: Vec<Value> = rows.iter().map(change).collect();
    json!({ "a": side(a), "b": side(b), "threshold": threshold, "changes": changes, "notes": notes })
}
