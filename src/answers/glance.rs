//! Every strategy at every point, at a glance.

use super::{axis, operations};
use crate::document::words::{counted, heading, percent};
use crate::document::{Block, Cell, Column, Table, Tone};
use crate::reading::{Place, Reading, Scores, Standing, Tally};
use crate::record::{AA_CONTROL, ALL};

/// More points than this stand below each other, as words.
const MOST_ACROSS: usize = 4;

/// The table, and what it rests on.
pub(super) fn blocks(reading: &Reading<'_>, scores: &Scores) -> Vec<Block> {
    let table = match scores.places.len() > MOST_ACROSS {
        true => down(reading, scores),
        false => across(reading, scores),
    };
    vec![Block::Table(table), Block::Text(certainty(reading, scores))]
}

/// A row for each strategy, each ratio as a picture.
fn across(reading: &Reading<'_>, scores: &Scores) -> Table {
    let names = reading.strategies.iter();
    let deciding = names.flat_map(|name| reading.points.iter().filter_map(move |point| reading.ratio(point, name)));
    let axis = axis(reading, deciding);
    let mut columns = vec![Column::words("strategy")];
    for place in &scores.places {
        columns.push(Column::ratios(heading(&place.point), axis));
    }
    columns.push(Column::words("in all"));
    let row = |standing: &Standing| {
        let mut cells = vec![Cell::new(&standing.strategy)];
        cells
            .extend(scores.places.iter().map(|place| operations::cell(reading, &place.point, &standing.strategy, ALL)));
        cells.push(in_all(standing, scores));
        cells
    };
    Table {
        caption: format!("Time relative to {}; below 1 is faster", reading.baseline),
        columns,
        rows: scores.standings.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

/// A row for each point.
fn down(reading: &Reading<'_>, scores: &Scores) -> Table {
    let mut columns = vec![Column::words("point")];
    columns.extend(scores.standings.iter().map(|it| Column::words(&it.strategy)));
    let row = |place: &Place| {
        let cells = scores.standings.iter().map(|it| operations::cell(reading, &place.point, &it.strategy, ALL));
        std::iter::once(Cell::new(heading(&place.point))).chain(cells).collect()
    };
    let mut rows: Vec<Vec<Cell>> = scores.places.iter().map(row).collect();
    rows.push(
        std::iter::once(Cell::new("in all"))
            .chain(scores.standings.iter().map(|it| in_all(it, scores)))
            .collect(),
    );
    Table {
        caption: format!("Time relative to {}; below 1 is faster", reading.baseline),
        columns,
        rows,
        notes: Vec::new(),
    }
}

fn in_all(standing: &Standing, scores: &Scores) -> Cell {
    let places = scores.unbiased();
    let same = standing.ratios.iter().flatten().count() > 0
        && standing.ratios.iter().flatten().all(|it| it.verdict == crate::record::Verdict::Same);
    let (text, tone) = match (standing.faster, standing.slower) {
        (0, 0) if same => ("same".to_owned(), Tone::Even),
        (0, 0) => ("no difference shown".to_owned(), Tone::Open),
        (faster, 0) => (format!("faster at {faster} of {places}"), Tone::Good),
        (0, slower) => (format!("slower at {slower} of {places}"), Tone::Bad),
        (faster, slower) => (format!("faster at {faster}, slower at {slower} of {places}"), Tone::Open),
    };
    match &standing.caveat {
        Some(caveat) => Cell::toned(format!("{text}; {caveat}"), if tone == Tone::Good { Tone::Open } else { tone }),
        None => Cell::toned(text, tone),
    }
}

/// How sure all of it is.
fn certainty(reading: &Reading<'_>, scores: &Scores) -> String {
    let tally: Tally = reading.deciding().map(|it| it.verdict).collect();
    let controls: Vec<_> = scores.places.iter().filter_map(|place| reading.ratio(&place.point, AA_CONTROL)).collect();
    let control = match controls.iter().filter(|control| control.biased).count() {
        _ if controls.is_empty() => "No A/A control was run".to_owned(),
        0 => "The A/A control cannot be told from the baseline at any point".to_owned(),
        biased => format!(
            "The A/A control differs from the baseline at {biased} of {}, where no verdict counts",
            counted(controls.len(), "point")
        ),
    };
    format!(
        "{} of {} comparisons are decided, {} unclear. Intervals are simultaneous 95 % intervals over all comparisons; the margin \
         of same is {}. {control}.",
        tally.all() - tally.unclear,
        tally.all(),
        tally.unclear,
        percent(reading.threshold)
    )
}
