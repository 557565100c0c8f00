//! Two things varied at once: a grid of ratios and verdicts.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::super::answer::{answer, answer_json};
use super::super::failure::{Failure, usage};
use super::super::session::{self, Request, Session};
use super::Base;
use super::args::CrossoverArgs;
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
        replay: Vec::new(),
    };
    let stop = session::on_signal()?;
    let (session, failure) = session::record(request, &stop, session::typed())?;
    let cells = cells(&base, &session, &places);
    write_map(session.recording.path(), &cells).map_err(|error| Failure::Error(error.to_string()))?;
    show(args, &base, &session, &cells, [&x, &y])?;
    failure.map_or(Ok(()), Err)
}

/// Every strategy at every place that has a ratio.
fn cells(base: &Base, session: &Session<'_>, places: &[Place]) -> Vec<MapCell> {
    let ratios = session.ratios();
    let of_place = |place: &Place| {
        let here = ratios.iter().filter(|ratio| {
            (ratio.threads, &ratio.workload) == (place.point.threads, &place.point.workload)
                && ratio.metric.decides()
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

fn show(
    args: &CrossoverArgs,
    base: &Base,
    session: &Session<'_>,
    cells: &[MapCell],
    [xs, ys]: [&[f64]; 2],
) -> Result<(), Failure> {
    if cells.is_empty() {
        return Ok(());
    }
    let recording = &session.recording;
    if args.common.json {
        return answer_json(
            &json!({ "directory": recording.path().to_string_lossy(), "run": recording.record(), "map": cells }),
        );
    }
    let [x, y] = [&base.ranges[0], &base.ranges[1]];
    let mut text = String::new();
    for strategy in &base.compared {
        let mut table = Table::new();
        table.load_style(if args.common.markdown {
            presets::ASCII_MARKDOWN
        } else {
            presets::UTF8_BORDERS_ONLY
        });
        let corner = format!("{} \\ {}", y.vary, x.vary);
        table.set_header([corner].into_iter().chain(xs.iter().map(|value| x.say(*value))));
        for value in ys.iter().rev() {
            let cell = |column: &f64| {
                let cell = cells.iter().find(|it| it.strategy == *strategy && it.x == *column && it.y == *value);
                cell.map_or("-".to_owned(), |it| format!("{:.3} {}", it.ratio, it.verdict.as_str()))
            };
            table.add_row([y.say(*value)].into_iter().chain(xs.iter().map(cell)));
        }
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        text += &format!(
            "{strategy} over {}, workload {}{}\n{table}\n\n",
            args.common.baseline,
            base.workload.name,
            base.threads_words()
        );
    }
    text += "Below 1 is faster. The intervals of all cells hold together with 95 %; crossover_map.csv has them.\n";
    text += &recording.host_lines();
    text += &format!("Results: {}", recording.path().display());
    answer(&text)
}
