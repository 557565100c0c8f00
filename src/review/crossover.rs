//! From which load on a strategy beats the baseline, as `crossover.csv` and `crossover_map.csv` have it.

use super::document::{Block, Cell, Column, Table, Tone};
use super::part::Part;
use super::words::{counted, duration, figure, percent, ratio};
use crate::record::{CrossoverRow, CrossoverVerdict, MapCell, Verdict};

/// A sentence for each crossing, and the map of each strategy.
pub(super) fn blocks(part: &Part) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !part.crossings.is_empty() {
        blocks.push(Block::List(part.crossings.iter().map(sentence).collect()));
    }
    let mut strategies: Vec<&str> = part.map.iter().map(|cell| cell.strategy.as_str()).collect();
    strategies.dedup();
    blocks.extend(strategies.into_iter().map(|strategy| Block::Table(map(strategy, &part.map))));
    blocks
}

fn sentence(row: &CrossoverRow) -> String {
    let CrossoverRow { strategy, baseline, vary, .. } = row;
    let value = |value: f64| value_of(vary, value);
    let range = format!("{} to {}", value(row.from), value(row.to));
    let said = match (row.verdict, row.crossing) {
        (CrossoverVerdict::Starts, Some(crossing)) => {
            format!("{strategy} begins to beat {baseline} at {vary} {}{}", value(crossing), between(row))
        }
        (CrossoverVerdict::Stops, Some(crossing)) => {
            format!("{strategy} ceases to beat {baseline} at {vary} {}{}", value(crossing), between(row))
        }
        (CrossoverVerdict::Always, _) => format!("{strategy} beats {baseline} at every value of {vary} tried, {range}"),
        (CrossoverVerdict::Never, _) => format!("{strategy} beats {baseline} at no value of {vary} tried, {range}"),
        _ => format!("where {strategy} beats {baseline} is open: no crossing was seen for {vary}, {range}"),
    };
    format!(
        "{said}; of {}, {} are faster, {} slower, {} undecided ({}).",
        counted(row.values, "value"),
        row.faster,
        row.slower,
        row.undecided,
        counted(row.blocks, "block")
    )
}

fn between(row: &CrossoverRow) -> String {
    match (row.ci_low, row.ci_high) {
        (Some(low), Some(high)) => format!(" (between {} and {})", value_of(&row.vary, low), value_of(&row.vary, high)),
        _ => String::new(),
    }
}

/// A value in its parameter's unit.
fn value_of(vary: &str, value: f64) -> String {
    match vary {
        "mods" => percent(value),
        "think" | "hold" if value > 0.0 => duration(value),
        "rate" => format!("{} operations/s", figure(value)),
        _ if value == value.trunc() => format!("{value}"),
        _ => figure(value),
    }
}

/// The ratios of one strategy over two parameters.
fn map(strategy: &str, cells: &[MapCell]) -> Table {
    let own: Vec<&MapCell> = cells.iter().filter(|cell| cell.strategy == strategy).collect();
    let axis = |pick: fn(&MapCell) -> f64| {
        let mut values: Vec<f64> = own.iter().map(|cell| pick(cell)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let (xs, ys) = (axis(|cell| cell.x), axis(|cell| cell.y));
    let (vary_x, vary_y) = own.first().map_or(("", ""), |cell| (cell.vary_x.as_str(), cell.vary_y.as_str()));
    let baseline = own.first().map_or("", |cell| cell.baseline.as_str());
    let at = |x: f64, y: f64| {
        own.iter().find(|cell| (cell.x, cell.y) == (x, y)).map_or(Cell::toned("–", Tone::Muted), |cell| {
            let tone = match cell.verdict {
                Verdict::Faster => Tone::Good,
                Verdict::Slower => Tone::Bad,
                Verdict::Same => Tone::Even,
                Verdict::Unclear | Verdict::TooFewBlocks => Tone::Open,
            };
            Cell::toned(format!("{} {}", ratio(cell.ratio), cell.verdict.as_str()), tone)
        })
    };
    let mut columns = vec![Column::words(format!("{vary_y} \\ {vary_x}"))];
    columns.extend(xs.iter().map(|x| Column::words(value_of(vary_x, *x))));
    let row = |y: &f64| {
        let mut row = vec![Cell::new(value_of(vary_y, *y))];
        row.extend(xs.iter().map(|x| at(*x, *y)));
        row
    };
    Table {
        caption: format!("{strategy} beside {baseline}: {vary_x} across, {vary_y} down"),
        columns,
        rows: ys.iter().map(row).collect(),
        notes: vec!["All intervals of the map hold together with 95 %.".to_owned()],
    }
}
