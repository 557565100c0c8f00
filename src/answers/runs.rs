//! The answer of a set of runs: the run is the unit.

use serde_json::json;

use crate::document::words::{between, counted, figure, heading, percent, ratio};
use crate::document::{Axis, Block, Cell, Column, Document, Interval, Section, Table};
use crate::reading::{Results, Runs, point_of};
use crate::record::{ALL, Point, Ratio, Verdict};
use crate::stats::MIN_BLOCKS;

/// A table for each point and state.
pub fn runs(directory: &str, runs: &Runs) -> Document {
    let ratios = runs.ratios();
    let mut points: Vec<(Point, &str)> = Vec::new();
    for row in &ratios {
        if !points.iter().any(|(point, state)| (point, *state) == (&point_of(row), row.state.as_str())) {
            points.push((point_of(row), &row.state));
        }
    }
    let section = |(point, state): &(Point, &str)| {
        let of = |row: &&Ratio| point_of(row) == *point && row.state == *state;
        let title = match *state {
            ALL => heading(point),
            state => format!("{}, {state}", heading(point)),
        };
        Block::Section(Section::new(title, vec![Block::Table(table(&ratios.iter().filter(of).collect::<Vec<_>>()))]))
    };
    let mut blocks: Vec<Block> = points.iter().map(section).collect();
    blocks.push(Block::Text(format!(
        "The unit is the run: each counts as the median over its blocks, and intervals are of these medians. Fewer than {MIN_BLOCKS} \
         runs have no verdict."
    )));
    blocks.push(Block::Text(format!(
        "Results: {directory}. Each run in it has a page of its own: headlock report {directory}/run-1"
    )));
    Document {
        facts: vec![counted(runs.0.len(), "run")],
        notices: runs.0.iter().flat_map(|run| run.notes.iter().cloned().chain(cut(run))).collect(),
        blocks,
        data: json!({
            "directory": directory,
            "runs": runs.0.iter().map(|run| json!({ "directory": run.name, "run": run.run })).collect::<Vec<_>>(),
            "ratios": ratios,
        }),
        ..Document::new("A set of runs")
    }
}

fn cut(run: &Results) -> Option<String> {
    run.cut_short().map(|it| format!("{}: {it}.", run.name))
}

fn table(rows: &[&Ratio]) -> Table {
    let drawn = |row: &&Ratio| row.ci_high.is_finite().then(|| Interval::from(*row));
    let intervals: Vec<Interval> = rows.iter().filter_map(drawn).collect();
    let margin = rows.first().map_or(0.0, |row| row.threshold);
    Table {
        columns: vec![
            Column::words("strategy"),
            Column::numbers("ratio"),
            Column::numbers("interval"),
            Column::intervals("picture", Axis::over(&intervals, margin)),
            Column::words("verdict"),
            Column::numbers("runs"),
            Column::numbers("ns").rank(1),
            Column::numbers("baseline ns").rank(1),
            Column::numbers("confidence").rank(2),
        ],
        rows: rows.iter().map(|row| cells(row)).collect(),
        ..Table::default()
    }
}

fn cells(row: &Ratio) -> Vec<Cell> {
    let few = row.verdict == Verdict::TooFewBlocks;
    vec![
        Cell::new(row.strategy.clone()),
        Cell::new(ratio(row.ratio)),
        Cell::new(if few {
            super::NONE.to_owned()
        } else {
            between(row.ci_low, row.ci_high)
        }),
        Cell::drawn(row.ci_high.is_finite().then(|| Interval::from(row))),
        match few {
            true => Cell::toned("too few runs", row.verdict.into()),
            false => Cell::verdict(row.verdict),
        },
        Cell::new(row.blocks.to_string()),
        Cell::new(figure(row.ns)),
        Cell::new(figure(row.baseline_ns)),
        Cell::new(percent(row.confidence)),
    ]
}
