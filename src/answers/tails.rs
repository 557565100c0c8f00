//! Tails: the percentiles of an operation under each strategy, beside the baseline's in the same blocks.

use super::{NONE, axis, found, names, resolved};
use crate::document::words::{counted, duration, list};
use crate::document::{Block, Cell, Column, Table};
use crate::reading::Reading;
use crate::record::{FLOOR, Kind, LatencyRow, Metric, Point, RESOLVED};

/// A percentile of a table.
struct Percentile {
    title: &'static str,
    metric: Metric,
    kind: Kind,
    pick: fn(&LatencyRow) -> u64,
    /// The share of the operations that lie beyond it.
    beyond: f64,
}

const fn percentile(
    title: &'static str,
    metric: Metric,
    kind: Kind,
    pick: fn(&LatencyRow) -> u64,
    beyond: f64,
) -> Percentile {
    Percentile { title, metric, kind, pick, beyond }
}

/// In the order of the columns. Response times were recorded where the load is open.
const PERCENTILES: [Percentile; 5] = [
    percentile("p50", Metric::P50Ns, Kind::Service, |row| row.p50_ns, 0.5),
    percentile("p99", Metric::P99Ns, Kind::Service, |row| row.p99_ns, 0.01),
    percentile("p99.9", Metric::P999Ns, Kind::Service, |row| row.p999_ns, 0.001),
    percentile("late p99", Metric::ResponseP99Ns, Kind::Response, |row| row.p99_ns, 0.01),
    percentile("late p99.9", Metric::ResponseP999Ns, Kind::Response, |row| row.p999_ns, 0.001),
];

/// The table of an operation; `None` where no block resolves any of its percentiles under two strategies.
pub(super) fn table(reading: &Reading<'_>, point: &Point, op: &str) -> Option<Block> {
    let names = names(reading, point);
    let ratio = |it: &Percentile, name: &str| reading.metric_ratio(point, name, op, it.metric);
    let told: Vec<&Percentile> =
        PERCENTILES.iter().filter(|it| names.iter().any(|name| ratio(it, name).is_some())).collect();
    if told.is_empty() {
        return None;
    }
    let ratios = names.iter().flat_map(|name| told.iter().filter_map(|it| ratio(it, name)));
    let axis = axis(reading, ratios);
    let mut columns = vec![Column::words("strategy")];
    for it in &told {
        let rank = u8::from(it.kind == Kind::Response);
        columns.push(Column::numbers(format!("{} ns", it.title)).rank(rank));
        columns.push(Column::ratios(format!("{} ratio", it.title), axis).rank(rank));
    }
    let row = |name: &&str| {
        let mut cells = vec![Cell::new(*name)];
        for it in &told {
            cells.push(ns(reading, reading.latency(point, name, op, it.kind), it));
            cells.push(found(ratio(it, name), reading.is_biased(point)));
        }
        cells
    };
    Some(Block::Table(Table {
        caption: format!("Tails of {op}, relative to {} in the same blocks", reading.baseline),
        columns,
        rows: names.iter().map(row).collect(),
        notes: vec![note(reading, point, op)],
    }))
}

/// A percentile over all blocks, marked where it is the machine's, and only where enough operations lie beyond it.
fn ns(reading: &Reading<'_>, row: Option<&LatencyRow>, it: &Percentile) -> Cell {
    match row.filter(|row| resolved(row.count, it.beyond)) {
        Some(row) => super::tail(reading, row, it.pick),
        None => Cell::new(NONE),
    }
}

/// The floor's tail, the clock's step, and what is not printed.
fn note(reading: &Reading<'_>, point: &Point, op: &str) -> String {
    let floor = reading.latency(point, FLOOR, op, Kind::Service);
    let of_floor = floor.map(|row| {
        let told = PERCENTILES.iter().filter(|it| it.kind == Kind::Service && resolved(row.count, it.beyond));
        told.map(|it| format!("{} {}", it.title, duration((it.pick)(row) as f64))).collect::<Vec<String>>()
    });
    let mut text = String::new();
    if let Some(told) = of_floor.filter(|told| !told.is_empty()) {
        text += &format!("The floor's own, in the same slices: {}; ~ marks what cannot be told from it. ", list(&told));
    }
    if reading.measured.clock_step_ns > 0.0 {
        let step = duration(reading.measured.clock_step_ns);
        text += &format!("The clock's step is {step}: a smaller difference has no verdict. ");
    }
    text + &format!("A percentile is given where at least {} lie beyond it.", counted(RESOLVED as usize, "operation"))
}
