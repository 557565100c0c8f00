//! From which load on a strategy beats the baseline, as `crossover.csv` and `crossover_map.csv` have it.

use super::NONE;
use crate::document::words::{counted, duration, figure, percent, ratio};
use crate::document::{Block, Cell, Column, Table, Tone};
use crate::reading::Results;
use crate::record::{CrossoverRow, CrossoverVerdict, MapCell, Verdict};

/// A table of the crossings, and the map of each strategy.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !results.crossings.is_empty() {
        blocks.push(Block::Table(crossings(&results.crossings)));
    }
    let mut strategies: Vec<&str> = results.map.iter().map(|cell| cell.strategy.as_str()).collect();
    strategies.dedup();
    blocks.extend(strategies.into_iter().map(|strategy| Block::Table(map(strategy, &results.map))));
    blocks
}

fn crossings(rows: &[CrossoverRow]) -> Table {
    let row = |row: &CrossoverRow| {
        let value = |value: f64| value_of(&row.vary, value);
        let (said, tone) = says(row);
        let interval = row.ci_low.zip(row.ci_high).map(|(low, high)| format!("{} to {}", value(low), value(high)));
        let same = row.values - row.faster - row.slower - row.undecided;
        vec![
            Cell::new(&row.strategy),
            Cell::toned(said, tone),
            Cell::new(interval.unwrap_or_else(|| NONE.to_owned())),
            Cell::new(row.faster.to_string()),
            Cell::new(row.slower.to_string()),
            Cell::new(same.to_string()),
            Cell::new(row.undecided.to_string()),
            Cell::new(row.blocks.to_string()),
        ]
    };
    let mut columns = ["strategy", "beats it", "between"].map(Column::words).to_vec();
    columns.extend(["faster", "slower", "same", "unclear", "blocks"].map(|title| Column::numbers(title).rank(1)));
    let caption = rows.first().map_or(String::new(), |it| {
        let [from, to] = [it.from, it.to].map(|value| value_of(&it.vary, value));
        format!("Where strategies beat {}: {} from {from} to {to}", it.baseline, it.vary)
    });
    Table {
        caption,
        columns,
        rows: rows.iter().map(row).collect(),
        notes: vec![
            "between: two values that were both decided, faster at one of them and not at the other. Then: the number of values at \
             which it is faster, slower, the same and unclear. All of it holds simultaneously with 95 %."
                .to_owned(),
        ],
    }
}

/// What is found of a strategy, in words.
pub(super) fn says(row: &CrossoverRow) -> (String, Tone) {
    let at = row.crossing.map_or(String::new(), |at| value_of(&row.vary, at));
    let same = row.beyond == Some(Verdict::Same);
    match row.verdict {
        CrossoverVerdict::Starts => {
            (format!("from {at} on{}", if same { ", the same before" } else { "" }), Tone::Good)
        }
        CrossoverVerdict::Stops => (format!("up to {at}{}", if same { ", then the same" } else { "" }), Tone::Good),
        CrossoverVerdict::Always => ("at every value".to_owned(), Tone::Good),
        CrossoverVerdict::Never => ("at no value".to_owned(), Tone::Even),
        CrossoverVerdict::Unclear => ("unclear".to_owned(), Tone::Open),
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
    let first = own.first();
    let (vary_x, vary_y) = first.map_or(("", ""), |cell| (cell.vary_x.as_str(), cell.vary_y.as_str()));
    let at = |x: f64, y: f64| {
        own.iter().find(|cell| (cell.x, cell.y) == (x, y)).map_or(Cell::toned(NONE, Tone::Muted), |cell| {
            Cell::toned(format!("{} {}", ratio(cell.ratio), cell.verdict.as_str()), cell.verdict.into())
        })
    };
    let mut columns = vec![Column::words(format!("{vary_y} \\ {vary_x}"))];
    columns.extend(xs.iter().map(|x| Column::words(value_of(vary_x, *x))));
    let row = |y: &f64| {
        let cells = xs.iter().map(|x| at(*x, *y));
        std::iter::once(Cell::new(value_of(vary_y, *y))).chain(cells).collect()
    };
    Table {
        caption: format!(
            "{strategy} relative to {}: {vary_x} across, {vary_y} down",
            first.map_or("", |cell| cell.baseline.as_str())
        ),
        columns,
        rows: ys.iter().rev().map(row).collect(),
        notes: vec![format!(
            "Simultaneous 95 % intervals of all {}.",
            counted(cells.len(), "cell")
        )],
    }
}
