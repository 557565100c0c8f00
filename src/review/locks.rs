//! Lock acquisitions.

use super::document::{Block, Cell, Column, Table};
use super::part::Reading;
use super::words::{at, figure, heading, percent};
use crate::record::Point;
use crate::stats::Summary;

/// What the tables show.
pub(super) const DEFINITIONS: &str = "Counts over all undisturbed trials of the pass that decides; under synthetic load, of a \
    sample of the throughput pass. Found taken: the share of acquisitions that had to wait. locks/s, where the load is paced, is at \
    its own pace.";

/// A sentence and a table for each point.
pub(super) fn blocks(reading: &Reading<'_>) -> Vec<Block> {
    let each = |point: &Point| -> Vec<Block> {
        let mut blocks: Vec<Block> = sentence(reading, point).map(Block::Text).into_iter().collect();
        blocks.push(Block::Table(table(reading, point)));
        blocks
    };
    reading.points.iter().flat_map(each).collect()
}

fn sentence(reading: &Reading<'_>, point: &Point) -> Option<String> {
    let per_op = |strategy: &str| reading.summary(point, strategy)?.acquisitions_per_op;
    let baseline = per_op(reading.baseline)?;
    let others = reading.strategies.iter().filter(|name| *name != reading.baseline);
    let (least, strategy) = others.filter_map(|name| Some((per_op(name)?, name))).min_by(|a, b| a.0.total_cmp(&b.0))?;
    let share = if baseline > 0.0 {
        format!(", {} of that", percent(least / baseline))
    } else {
        String::new()
    };
    Some(format!(
        "On {} {} takes the lock {} times an operation; the least is {} under {strategy}{share}.",
        at(point),
        reading.baseline,
        figure(baseline),
        figure(least)
    ))
}

fn table(reading: &Reading<'_>, point: &Point) -> Table {
    let paced = reading.is_paced(point);
    let mut columns = vec![
        Column::words("strategy"),
        Column::numbers("locks/op"),
        Column::numbers(format!("of {}'s", reading.baseline)),
        Column::numbers("found taken"),
        Column::numbers("retries/op"),
    ];
    if paced {
        columns.push(Column::numbers("locks/s"));
    }
    let of_baseline = reading.summary(point, reading.baseline).and_then(|it| it.acquisitions_per_op);
    let row = |strategy: &String| {
        let summary = reading.summary(point, strategy)?;
        let per_op = summary.acquisitions_per_op;
        let relative = per_op.zip(of_baseline).filter(|(_, base)| *base > 0.0).map(|(own, base)| percent(own / base));
        let mut row = vec![
            Cell::new(strategy),
            number(per_op),
            Cell::new(relative.unwrap_or_else(|| "–".to_owned())),
            Cell::new(summary.contended_share.map_or("–".to_owned(), percent)),
            number(summary.retries_per_op),
        ];
        if paced {
            row.push(number(per_second(summary)));
        }
        Some(row)
    };
    Table {
        caption: format!("{}: lock acquisitions", heading(point)),
        columns,
        rows: reading.strategies.iter().filter_map(row).collect(),
        notes: Vec::new(),
    }
}

fn per_second(summary: &Summary) -> Option<f64> {
    Some(summary.acquisitions_per_op? * summary.ops_per_s?)
}

fn number(value: Option<f64>) -> Cell {
    Cell::new(value.map_or("–".to_owned(), figure))
}
