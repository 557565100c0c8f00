//! The tables: every strategy at a glance, then each point in full.

use super::document::{Axis, Block, Cell, Column, Interval, Section, Table, Tone};
use super::part::Reading;
use super::standing::{Scores, Standing};
use super::words::{self, at, counted, figure, heading, interval, list, percent};
use crate::record::{AA_CONTROL, FLOOR, Point, Ratio, Verdict};
use crate::stats::Summary;

/// More columns than this are turned into rows.
const MOST_COLUMNS: usize = 6;

/// Every strategy at every point, and each in one sentence.
pub(super) fn glance(reading: &Reading<'_>, scores: &Scores) -> Vec<Block> {
    let ratio = |ratio: &Option<Ratio>| ratio.as_ref().map_or(Cell::toned("not compared", Tone::Muted), short);
    let mut columns = vec![Column::words("strategy")];
    columns.extend(scores.places.iter().map(|place| Column::words(heading(&place.point))));
    columns.push(Column::words("in all"));
    let mut rows: Vec<Vec<Cell>> = scores
        .standings
        .iter()
        .map(|standing| {
            let ratios = standing.ratios.iter().map(ratio);
            let all = in_all(standing, scores.places.len());
            std::iter::once(Cell::new(&standing.strategy)).chain(ratios).chain([all]).collect()
        })
        .collect();
    if scores.places.len() > MOST_COLUMNS {
        (columns, rows) = turned(&columns, &rows);
    }
    let table = Table {
        caption: format!("Time relative to {}", reading.baseline),
        columns,
        rows,
        notes: vec![format!(
            "Below 1 is faster than {}. same: within {}; unclear: the blocks do not tell.",
            reading.baseline,
            percent(reading.threshold)
        )],
    };
    vec![
        Block::Table(table),
        Block::List(scores.standings.iter().map(|it| sentence(it, scores)).collect()),
    ]
}

/// The table with its rows as columns.
fn turned(columns: &[Column], rows: &[Vec<Cell>]) -> (Vec<Column>, Vec<Vec<Cell>>) {
    let across = std::iter::once(Column::words("point")).chain(rows.iter().map(|row| Column::words(&row[0].text)));
    let down = columns.iter().enumerate().skip(1).map(|(number, column)| {
        std::iter::once(Cell::new(&column.title))
            .chain(rows.iter().map(|row| row[number].clone()))
            .collect()
    });
    (across.collect(), down.collect())
}

fn short(ratio: &Ratio) -> Cell {
    Cell::toned(format!("{} {}", words::ratio(ratio.ratio), ratio.verdict.as_str()), ratio.verdict.into())
}

fn in_all(standing: &Standing, places: usize) -> Cell {
    let (text, tone) = match (standing.faster, standing.slower) {
        (0, 0) if standing.ratios.iter().flatten().all(|it| it.verdict == Verdict::Same) => {
            ("same".to_owned(), Tone::Even)
        }
        (0, 0) => ("no difference shown".to_owned(), Tone::Open),
        (faster, 0) => (format!("faster at {faster} of {places}"), Tone::Good),
        (0, slower) => (format!("slower at {slower} of {places}"), Tone::Bad),
        (faster, slower) => (format!("faster at {faster}, slower at {slower}"), Tone::Open),
    };
    match &standing.caveat {
        Some(caveat) => Cell::toned(format!("{text}; {caveat}"), if tone == Tone::Good { Tone::Open } else { tone }),
        None => Cell::toned(text, tone),
    }
}

/// One strategy's verdicts in a sentence.
fn sentence(standing: &Standing, scores: &Scores) -> String {
    let called = |verdict: Verdict| -> Vec<String> {
        let at_places = standing
            .ratios
            .iter()
            .zip(&scores.places)
            .filter_map(|(ratio, place)| Some((ratio.as_ref()?, place)));
        at_places
            .filter(|(ratio, _)| ratio.verdict == verdict)
            .map(|(ratio, place)| format!("{} ({}, {})", at(&place.point), words::ratio(ratio.ratio), interval(ratio)))
            .collect()
    };
    let mut clauses: Vec<String> = [Verdict::Faster, Verdict::Slower, Verdict::Same]
        .into_iter()
        .map(|verdict| (verdict, called(verdict)))
        .filter(|(_, places)| !places.is_empty())
        .map(|(verdict, places)| format!("{} on {}", verdict.as_str(), list(&places)))
        .collect();
    match called(Verdict::Unclear).len() {
        0 => {}
        unclear if unclear == standing.ratios.iter().flatten().count() => clauses.push("unclear throughout".to_owned()),
        unclear => clauses.push(format!("unclear on {}", counted(unclear, "other point"))),
    }
    if clauses.is_empty() {
        clauses.push("not compared: it has no undisturbed trial".to_owned());
    }
    let caveat = standing
        .caveat
        .as_ref()
        .map_or(String::new(), |caveat| format!(" It is {caveat}, so it justifies nothing by itself."));
    format!("{}: {}.{caveat}", standing.strategy, clauses.join("; "))
}

/// What the columns of the points' tables mean.
pub(super) fn definitions(reading: &Reading<'_>) -> String {
    let paced = reading.points.iter().filter(|point| reading.is_paced(point)).count();
    let mut text = String::new();
    if paced < reading.points.len() {
        text += "ns/op is thread time per operation, the median over trials. ";
    }
    if paced > 0 {
        text += "Where the load is paced its throughput says nothing, and service ns decides: the mean time of an operation but for \
                 the slowest hundredth, the clock's cost included. ";
    }
    text + "net ns is less the floor's, which does nothing: the harness's own cost. Disturbed trials are left out and counted."
}

/// A point in full: times, intervals, counts.
pub(super) fn point(reading: &Reading<'_>, point: &Point) -> Section {
    let intervals: Vec<Interval> = reading
        .strategies
        .iter()
        .map(String::as_str)
        .chain([AA_CONTROL])
        .filter_map(|strategy| reading.ratio(point, strategy).map(Interval::from))
        .collect();
    let axis = Axis::over(&intervals, reading.threshold);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for strategy in reading.strategies.iter().map(String::as_str).chain([AA_CONTROL, FLOOR]) {
        if let Some(summary) = reading.summary(point, strategy) {
            rows.push(row(reading, summary));
        }
    }
    let time = if reading.is_paced(point) { "service ns" } else { "ns/op" };
    let columns = vec![
        Column::words("strategy"),
        Column::numbers(time),
        Column::numbers("net ns"),
        Column::numbers("ratio"),
        Column::words("interval"),
        Column::intervals("picture", axis),
        Column::words("verdict"),
        Column::numbers("Mops/s"),
        Column::numbers("blocks"),
        Column::numbers("disturbed"),
    ];
    let table = Table {
        caption: format!(
            "{} beside {}",
            words::capital(if reading.is_paced(point) {
                "service time"
            } else {
                "time"
            }),
            reading.baseline
        ),
        columns,
        rows,
        notes: notes(reading, point),
    };
    Section::new(heading(point), vec![Block::Table(table)])
}

fn row(reading: &Reading<'_>, summary: &Summary) -> Vec<Cell> {
    let strategy = summary.strategy.as_str();
    let control = [FLOOR, AA_CONTROL].contains(&strategy);
    let ratio = reading.ratio(&summary.point, strategy);
    let name = match strategy {
        FLOOR => format!("{FLOOR}: does nothing"),
        AA_CONTROL => format!("{AA_CONTROL}: {} again", reading.baseline),
        name if name == reading.baseline => format!("{name} (baseline)"),
        name => name.to_owned(),
    };
    let number = |value: Option<f64>| Cell::new(value.map_or("–".to_owned(), figure));
    // The floor net of itself says nothing.
    let net = summary.net_ns_per_op.filter(|_| strategy != FLOOR);
    let mut cells = vec![
        Cell::new(name),
        number(summary.ns_per_op),
        number(net),
        Cell::new(ratio.map_or("–".to_owned(), |it| words::ratio(it.ratio))),
        Cell::new(ratio.map_or("–".to_owned(), interval)),
        Cell::drawn(ratio.map(Interval::from)),
        ratio.map_or(Cell::new("–"), |it| Cell::verdict(it.verdict)),
        number(summary.ops_per_s.map(|rate| rate / 1e6)),
        Cell::new(summary.blocks.to_string()),
        Cell::new(summary.disturbed.to_string()),
    ];
    if control {
        cells.iter_mut().for_each(|cell| cell.tone = Tone::Muted);
    }
    cells
}

fn notes(reading: &Reading<'_>, point: &Point) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(control) = reading.ratio(point, AA_CONTROL) {
        let judged = match control.resolution {
            Some(reach) if reach.is_finite() => {
                format!("{} against itself reaches {} from 1 here", reading.baseline, percent(reach))
            }
            _ => format!("{} against itself has too few blocks for a bound here", reading.baseline),
        };
        notes.push(format!("{judged}; no difference within that is called one."));
    }
    notes.extend(saturated(reading, point));
    notes
}

/// Strategies that could not keep up with an open load.
fn saturated(reading: &Reading<'_>, point: &Point) -> Vec<String> {
    let said = reading.strategies.iter().filter_map(|strategy| {
        let (full, all) = reading
            .trials(point, strategy)
            .fold((0, 0), |(full, all), it| (full + usize::from(it.is_saturated()), all + 1));
        let offered = reading.trials(point, strategy).find_map(|it| it.offered_per_s)?;
        let served = reading.summary(point, strategy)?.ops_per_s?;
        (full * 2 > all).then(|| {
            format!(
                "{strategy} is saturated: of {} M operations/s offered it served {} M.",
                figure(offered / 1e6),
                figure(served / 1e6)
            )
        })
    });
    said.collect()
}
