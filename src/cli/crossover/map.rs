//! Two things varied at once: a grid of ratios and verdicts.

use serde_json::json;

use super::super::answer::{Form, present};
use super::super::failure::{Failure, usage};
use super::super::session::{self, Request, RunsArgs, Session};
use super::Base;
use super::args::CrossoverArgs;
use crate::answers::unverified;
use crate::document::{Block, Cell, Column, Document, Table, words};
use crate::export::write_map;
use crate::record::{AA_CONTROL, MapCell, Point};

/// Values along each axis.
const GRID: usize = 5;

/// A cell's place: the point that is measured there.
struct Place {
    x: f64,
    y: f64,
    point: Point,
}

/// Measures all cells side by side, block by block, and answers.
pub fn measure(args: &CrossoverArgs, mut base: Base) -> Result<(), Failure> {
    let common = &args.common;
    let [x, y] = [&base.ranges[0], &base.ranges[1]].map(|range| range.ladder().grid(args.grid.unwrap_or(GRID)));
    let mut places = Vec::new();
    for &y in &y {
        for &x in &x {
            let (point, load) = base.point(&[x, y])?;
            if base.plan.points.iter().any(|(known, _)| *known == point) {
                return usage(format!("--grid: {} comes up twice; take fewer values or a wider range", point.workload));
            }
            base.plan.points.push((point.clone(), load));
            places.push(Place { x, y, point });
        }
    }
    let request = Request {
        what: base.what(),
        common,
        plan: base.plan.clone(),
        parameters: base.parameters(args),
        declarations: Vec::new(),
        runs: RunsArgs::default(),
    };
    let stop = session::on_signal()?;
    let (session, failure) = session::record(request, &stop, session::typed())?;
    let cells = cells(&base, &session, &places);
    write_map(session.recording.path(), &cells).map_err(|error| Failure::Error(error.to_string()))?;
    if !cells.is_empty() {
        present(&document(args, &base, &session, &cells, [&x, &y]), Form::of(common.json, common.markdown))?;
    }
    failure.map_or(Ok(()), Err)
}

/// Every strategy at every place that has a ratio.
fn cells(base: &Base, session: &Session<'_>, places: &[Place]) -> Vec<MapCell> {
    let ratios = session.ratios();
    let of_place = |place: &Place| {
        let here = ratios.iter().filter(|ratio| {
            (ratio.threads, &ratio.workload) == (place.point.threads, &place.point.workload)
                && ratio.decides()
                && ratio.strategy != AA_CONTROL
        });
        here.map(|ratio| MapCell {
            strategy: ratio.strategy.clone(),
            baseline: ratio.baseline.clone(),
            vary_x: base.ranges[0].vary.word().to_owned(),
            x: place.x,
            vary_y: base.ranges[1].vary.word().to_owned(),
            y: place.y,
            workload: ratio.workload.clone(),
            threads: ratio.threads,
            ratio: ratio.ratio,
            ci_low: ratio.ci_low,
            ci_high: ratio.ci_high,
            blocks: ratio.blocks,
            verdict: ratio.verdict,
        })
        .collect::<Vec<MapCell>>()
    };
    places.iter().flat_map(of_place).collect()
}

/// A table a strategy, what varies first across and what varies second down.
fn document(
    args: &CrossoverArgs,
    base: &Base,
    session: &Session<'_>,
    cells: &[MapCell],
    [xs, ys]: [&[f64]; 2],
) -> Document {
    let recording = &session.recording;
    let [x, y] = [&base.ranges[0], &base.ranges[1]];
    let table = |strategy: &String| {
        let row = |value: &f64| {
            let cell = |column: &f64| {
                let cell = cells.iter().find(|it| it.strategy == *strategy && it.x == *column && it.y == *value);
                cell.map_or(Cell::new("–"), |it| {
                    Cell::toned(format!("{} {}", words::ratio(it.ratio), it.verdict.as_str()), it.verdict.into())
                })
            };
            std::iter::once(Cell::new(y.say(*value))).chain(xs.iter().map(cell)).collect()
        };
        let corner = Column::numbers(format!("{} by {}", y.vary, x.vary));
        Block::Table(Table {
            caption: strategy.clone(),
            columns: std::iter::once(corner).chain(xs.iter().map(|value| Column::numbers(x.say(*value)))).collect(),
            rows: ys.iter().rev().map(row).collect(),
            ..Table::default()
        })
    };
    let mut blocks: Vec<Block> = base.compared.iter().map(table).collect();
    blocks.push(Block::Text(
        "Below 1 is faster. The intervals of all cells hold at the same time with 95 % confidence; crossover_map.csv has them."
            .to_owned(),
    ));
    blocks.push(Block::Text(format!("Results: {}", recording.path().display())));
    Document {
        facts: vec![format!("workload {}{}", base.workload.name, base.threads_words())],
        notices: unverified(&[recording.record()])
            .into_iter()
            .chain(recording.unfit())
            .chain(recording.uncounted())
            .collect(),
        blocks,
        data: json!({ "directory": recording.path(), "run": recording.record(), "map": cells }),
        ..Document::new(format!("Where strategies beat {}", args.common.baseline))
    }
}
