//! The answer of a comparison: a table per point for people, Markdown for a review, JSON for machines.

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::{Value, json};

use super::super::paint::Paint;
use super::Row;
use super::args::CompareArgs;
use super::side::{Side, describe};
use crate::record::{LatencyRow, Metric};
use crate::stats::Change;

/// The tables with the lines under them.
pub fn as_table(a: &Side, b: &Side, rows: &[Row], notes: &[String], args: &CompareArgs) -> String {
    let mut text = format!("A: {}\nB: {}\n", a.name(), b.name());
    for of_points in rows.chunk_by(|one, next| {
        (&one.change.a.point, &one.change.b.point) == (&next.change.a.point, &next.change.b.point)
    }) {
        let change = &of_points[0].change;
        let point = |point: &crate::record::Point| {
            format!("{}, {} thread{}", point.workload, point.threads, if point.threads == 1 { "" } else { "s" })
        };
        let title = match change.a.point == change.b.point {
            true => point(&change.a.point),
            false => format!("A: {}; B: {}", point(&change.a.point), point(&change.b.point)),
        };
        let heading = if args.markdown { "### " } else { "" };
        text += &format!(
            "\n{heading}{title}\n{gap}{}\n",
            table(of_points, args),
            gap = if args.markdown { "\n" } else { "" }
        );
        if let Some(line) = resolutions(of_points) {
            text += &format!("{line}\n");
        }
    }
    text += &format!(
        "\nratio: B over A, below 1 is faster; relative: of the strategy's ratio to {}, taken inside each run; raw: of the times \
         as measured. same: within {} %. Intervals hold together with 95 %.\n",
        a.trials().baseline,
        args.threshold.0 * 100.0,
    );
    for note in notes {
        text += &format!("note: {note}\n");
    }
    text
}

fn table(rows: &[Row], args: &CompareArgs) -> Table {
    let mut table = match args.markdown {
        true => Paint::NEVER.table(presets::ASCII_MARKDOWN),
        false => Paint::for_stdout().table(presets::UTF8_BORDERS_ONLY),
    };
    let time = match rows[0].change.metric {
        Metric::ServiceNs => "service ns",
        Metric::NsPerOp | Metric::NetNsPerOp => "ns/op",
    };
    table.set_header(vec![
        "strategy".to_owned(),
        format!("A {time}"),
        format!("B {time}"),
        "ratio".to_owned(),
        "interval".to_owned(),
        "verdict".to_owned(),
        "basis".to_owned(),
        "blocks".to_owned(),
        "locks/op".to_owned(),
        "p99 ns".to_owned(),
        "p99.9 ns".to_owned(),
    ]);
    for row in rows {
        let change = &row.change;
        let percentile = |pick: fn(&LatencyRow) -> u64| {
            from_to(row.latency.each_ref().map(|latency| latency.as_ref().map(|latency| pick(latency).to_string())))
        };
        let name = match change.a.strategy == change.b.strategy {
            true => change.a.strategy.clone(),
            false => format!("{} -> {}", change.a.strategy, change.b.strategy),
        };
        table.add_row(vec![
            Cell::new(name),
            Cell::new(format!("{:.2}", change.a_ns)),
            Cell::new(format!("{:.2}", change.b_ns)),
            Cell::new(format!("{:.3}", change.ratio)),
            Cell::new(interval(change)),
            Paint::verdict(change.verdict),
            Cell::new(change.basis.as_str()),
            Cell::new(from_to([Some(change.a_blocks.to_string()), Some(change.b_blocks.to_string())])),
            Cell::new(from_to(row.locks.map(|locks| locks.map(|locks| format!("{locks:.4}"))))),
            Cell::new(percentile(|row| row.p99_ns)),
            Cell::new(percentile(|row| row.p999_ns)),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A and B, once if they are equal.
fn from_to(pair: [Option<String>; 2]) -> String {
    match pair {
        [Some(a), Some(b)] if a == b => a,
        [a, b] => [a, b].map(|text| text.unwrap_or_else(|| "-".to_owned())).join(" -> "),
    }
}

/// What each basis in use could have seen.
fn resolutions(rows: &[Row]) -> Option<String> {
    let mut seen: Vec<(&str, Option<f64>)> =
        rows.iter().map(|row| (row.change.basis.as_str(), row.change.resolution)).collect();
    seen.dedup();
    let parts = seen.into_iter().map(|(basis, resolution)| match resolution {
        Some(reach) if reach.is_finite() => format!("{basis} {:.2} %", reach * 100.0),
        Some(_) => format!("{basis} none yet, for want of blocks"),
        None => format!("{basis} unknown, for want of a control"),
    });
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| format!("Resolution, by what must not have changed: {}.", parts.join(", ")))
}

/// A change in one phrase.
pub fn in_words(change: &Change) -> String {
    let name = match change.a == change.b {
        true => describe(&change.b),
        false => format!("{} against {}", describe(&change.b), describe(&change.a)),
    };
    format!("{name} {:.3} ({})", change.ratio, interval(change))
}

fn interval(change: &Change) -> String {
    if change.ci_high.is_infinite() {
        "unbounded".to_owned()
    } else {
        format!("{:.3} .. {:.3}", change.ci_low, change.ci_high)
    }
}

/// Everything, for machines.
pub fn as_json(a: &Side, b: &Side, rows: &[Row], notes: &[String], args: &CompareArgs) -> Value {
    let side = |side: &Side| json!({ "directory": side.name(), "run": side.record });
    let threshold = args.threshold.0;
    let changes: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "change": row.change,
                "slower_than_threshold": row.change.is_slower_than(threshold),
                "open": row.change.is_open(threshold),
                "locks_per_op": row.locks,
                "latency": row.latency,
            })
        })
        .collect();
    json!({ "a": side(a), "b": side(b), "threshold": threshold, "changes": changes, "notes": notes })
}
