//! Latency by percentile, beside what the machine does to an operation that does nothing.

use super::document::{Block, Cell, Column, Table, Tone};
use super::part::Reading;
use super::words::{at, count, figure, heading, list};
use crate::record::{FLOOR, Kind, LatencyRow, Point};

/// What the tables show.
pub(super) const DEFINITIONS: &str = "Times in ns of the operation that is done most, as measured: what reading the clock \
    around it costs is in them. Service time counts from an operation's actual start, response time from its intended one. The \
    floor does nothing, so its tail is the machine's; a value with ~ does not clear it and says nothing of the strategy.";

type Pick = fn(&LatencyRow) -> u64;

/// The percentiles of the table, least first.
const PERCENTILES: [(&str, Pick); 6] = [
    ("p50", |row| row.p50_ns),
    ("p90", |row| row.p90_ns),
    ("p99", |row| row.p99_ns),
    ("p99.9", |row| row.p999_ns),
    ("p99.99", |row| row.p9999_ns),
    ("max", |row| row.max_ns),
];

/// Whether a percentile belongs to the tail. A median is near the floor's because a poll costs next to nothing.
fn is_tail(percentile: &str) -> bool {
    percentile != "p50" && percentile != "p90"
}

/// A sentence and a table for each point and kind of time, of the operation that the latency pass saw most of.
pub(super) fn blocks(reading: &Reading<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for point in &reading.points {
        let Some(op) = commonest_op(reading, point) else {
            continue;
        };
        for kind in [Kind::Service, Kind::Response] {
            let rows = rows(reading, point, op, kind);
            if !rows.is_empty() {
                blocks.extend(sentence(reading, &rows, point, op).map(Block::Text));
                blocks.push(Block::Table(table(reading, &rows, point, op, kind)));
            }
        }
    }
    if blocks.is_empty() {
        let why = match reading.part.run.parameters.common.deciding_only {
            true => "No latencies were measured (--no-latency).",
            false => "latency.csv holds nothing yet: no undisturbed trial of the latency pass.",
        };
        blocks.push(Block::Text(why.to_owned()));
    }
    blocks
}

fn commonest_op<'a>(reading: &Reading<'a>, point: &Point) -> Option<&'a str> {
    let rows = reading.part.latency.iter().filter(|row| is_at(row, point) && row.kind == Kind::Service);
    rows.max_by_key(|row| row.count).map(|row| row.op.as_str())
}

fn is_at(row: &LatencyRow, point: &Point) -> bool {
    (row.workload.as_str(), row.threads) == (&point.workload, point.threads)
}

/// The strategies' rows in the table's order, the floor's last.
fn rows<'a>(reading: &Reading<'a>, point: &Point, op: &str, kind: Kind) -> Vec<&'a LatencyRow> {
    let of = |strategy: &str| {
        let mut rows = reading.part.latency.iter();
        rows.find(|row| is_at(row, point) && row.op == op && row.kind == kind && row.strategy == strategy)
    };
    reading.strategies.iter().map(String::as_str).chain([FLOOR]).filter_map(of).collect()
}

fn table(reading: &Reading<'_>, rows: &[&LatencyRow], point: &Point, op: &str, kind: Kind) -> Table {
    let tails = reading.tails();
    let mut columns = vec![Column::words("strategy")];
    columns.extend(PERCENTILES.map(|(name, _)| Column::numbers(name)));
    columns.push(Column::numbers("operations"));
    let cells = rows.iter().map(|row| {
        let floor = row.strategy == FLOOR;
        let tone = if floor { Tone::Muted } else { Tone::Plain };
        let name = if floor {
            format!("{FLOOR}: the machine's own")
        } else {
            row.strategy.clone()
        };
        let mut cells = vec![Cell::toned(name, tone)];
        for (name, pick) in PERCENTILES {
            let machines = is_tail(name) && tails.is_the_machines(row, pick);
            cells.push(match machines {
                true => Cell::toned(format!("~{}", count(pick(row))), Tone::Muted),
                false => Cell::toned(count(pick(row)), tone),
            });
        }
        cells.push(Cell::toned(count(row.count), tone));
        cells
    });
    let cells = cells.collect();
    let clock = rows.first().map_or(0.0, |row| row.clock_ns);
    let notes = vec![format!(
        "Reading the clock around an operation costs {} ns here.",
        figure(clock)
    )];
    Table {
        caption: format!("{}: {} time of {op}, ns", heading(point), kind.as_str()),
        columns,
        rows: cells,
        notes,
    }
}

/// The baseline's p99, the machine's and the others', and how many tails are the machine's.
fn sentence(reading: &Reading<'_>, rows: &[&LatencyRow], point: &Point, op: &str) -> Option<String> {
    let of = |strategy: &str| rows.iter().find(|row| row.strategy == strategy);
    let (baseline, floor) = (of(reading.baseline)?, of(FLOOR));
    let others: Vec<&&LatencyRow> =
        rows.iter().filter(|row| ![reading.baseline, FLOOR].contains(&row.strategy.as_str())).collect();
    let mut text = format!(
        "On {}, 99 of 100 {op} operations end within {} ns under {}",
        at(point),
        count(baseline.p99_ns),
        reading.baseline
    );
    if let (Some(best), Some(worst)) =
        (others.iter().min_by_key(|it| it.p99_ns), others.iter().max_by_key(|it| it.p99_ns))
    {
        text += &format!(
            ", within {} ns ({}) to {} ns ({}) under the others",
            count(best.p99_ns),
            best.strategy,
            count(worst.p99_ns),
            worst.strategy
        );
    }
    let Some(floor) = floor else { return Some(text + ".") };
    text += &format!("; one that does nothing takes {} ns.", count(floor.p99_ns));
    let tails = reading.tails();
    let of = rows.len() - 1;
    let hidden: Vec<String> = PERCENTILES
        .iter()
        .filter(|(name, _)| is_tail(name))
        .filter_map(|(name, pick)| {
            let hidden = rows.iter().filter(|row| tails.is_the_machines(row, *pick)).count();
            (hidden > 0).then(|| format!("{hidden} of {of} at {name}"))
        })
        .collect();
    if !hidden.is_empty() {
        text += &format!(" Not clear of the machine's own tail, and so no property of a strategy: {}.", list(&hidden));
    }
    Some(text)
}
