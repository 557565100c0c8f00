//! What a change costs, operation by operation and role by role: a table of ratios for each point.

use super::{NONE, axis, found, missing};
use crate::document::words::{counted, duration, heading};
use crate::document::{Block, Cell, Column, OPTIONAL, Table, Tone};
use crate::reading::Reading;
use crate::record::{AA_CONTROL, ALL, Point};
use crate::stats::MIN_BLOCKS;

/// The table, and what needs to be known to read it.
pub(super) fn table(reading: &Reading<'_>, point: &Point) -> Block {
    let parts: Vec<&str> = std::iter::once(ALL).chain(reading.parts(point)).collect();
    let names = reading.strategies.iter().map(String::as_str).filter(|name| *name != reading.baseline);
    let names: Vec<&str> =
        names.chain([AA_CONTROL].into_iter().filter(|name| reading.ratio(point, name).is_some())).collect();
    let ratios = names.iter().flat_map(|name| parts.iter().filter_map(|part| reading.part_ratio(point, name, part)));
    let axis = axis(reading, ratios);
    let column = |part: &&str| Column::ratios(*part, axis).rank(if *part == ALL { 0 } else { OPTIONAL });
    let baseline = |part: &&str| {
        let own = names.iter().find_map(|name| reading.part_ratio(point, name, part));
        match own {
            None => Cell::new(NONE),
            Some(it) if it.blocks < MIN_BLOCKS => {
                Cell::toned(format!("{}, {}", duration(it.baseline_ns), counted(it.blocks, "block")), Tone::Open)
            }
            Some(it) => Cell::new(duration(it.baseline_ns)),
        }
    };
    let row = |name: &&str| -> Vec<Cell> {
        std::iter::once(Cell::new(*name))
            .chain(parts.iter().map(|part| cell(reading, point, name, part)))
            .collect()
    };
    let first = std::iter::once(Cell::new(reading.baseline)).chain(parts.iter().map(baseline));
    Block::Table(Table {
        caption: format!("{}: time relative to {}, by operation; below 1 is faster", heading(point), reading.baseline),
        columns: std::iter::once(Column::words("strategy")).chain(parts.iter().map(column)).collect(),
        rows: std::iter::once(first.collect()).chain(names.iter().map(row)).collect(),
        notes: Vec::new(),
    })
}

/// The ratio of a part under a strategy, or why there is none.
pub(super) fn cell(reading: &Reading<'_>, point: &Point, strategy: &str, part: &str) -> Cell {
    match (reading.part_ratio(point, strategy, part), reading.no_ratio(point, strategy)) {
        (None, Some(why)) if part == ALL => missing(&why),
        (it, _) => found(it, reading.is_biased(point)),
    }
}
