//! From which load on a strategy beats the baseline: the answer of a search or of a map, and what the page of its directory says.

use std::path::Path;

use serde_json::json;

use super::{NONE, unverified};
use crate::document::words::{count, counted, duration, short_ratio, trimmed};
use crate::document::{Block, Cell, Column, Document, Table, Tone};
use crate::reading::Results;
use crate::record::{CrossoverPoint, CrossoverRow, CrossoverVerdict, MapCell, RunRecord, Verdict};
use crate::workload::{Range, Vary};

/// What a search found.
pub struct Search<'a> {
    /// What the strategies are compared with.
    pub baseline: &'a str,
    /// What was varied.
    pub range: Range,
    /// The workload's name and the threads, where these do not vary.
    pub of: &'a str,
    /// A row for each strategy.
    pub rows: &'a [CrossoverRow],
    /// Every value that was looked at.
    pub points: &'a [CrossoverPoint],
    /// Values at which the baseline differs from itself, of how many.
    pub biased: (usize, usize),
    /// Whether a limit ended it before it was done.
    pub cut_short: bool,
    /// What is bad about the host, and which blocks do not count.
    pub caveats: Vec<String>,
    /// The result directory.
    pub directory: &'a Path,
    /// What was run.
    pub run: &'a RunRecord,
}

/// The answer of a search that is over.
pub fn search(found: &Search<'_>) -> Document {
    let Search {
        baseline,
        range: Range { vary, from, to },
        rows,
        cut_short,
        directory,
        run,
        ..
    } = found;
    let mut notices: Vec<String> = unverified(&[run]).into_iter().chain(found.caveats.clone()).collect();
    if *cut_short {
        notices.push(
            "A limit ended the search before it was done; --resume with a longer --budget continues it.".to_owned(),
        );
    }
    let control = format!("A/A control ({baseline} against itself)");
    let mut blocks = vec![Block::Table(crossings(rows))];
    match found.biased {
        (0, values) => {
            blocks.push(Block::Text(format!("{control}: no difference at any of {}.", counted(values, "value"))));
        }
        (biased, values) => {
            let values = counted(values, "value");
            notices.push(format!("{control}: differs at {biased} of {values}, so this run is biased."));
        }
    }
    blocks.push(Block::Text(format!("Results: {}", directory.display())));
    let [from, to] = [*from, *to].map(|value| value_of(vary.word(), value));
    Document {
        facts: vec![format!("{} from {from} to {to}", describe(*vary)), found.of.to_owned()],
        notices,
        blocks,
        data: json!({
            "directory": directory,
            "run": run,
            "crossings": rows,
            "points": found.points,
            "cut_short": cut_short,
            "biased": found.biased,
        }),
        ..Document::new(format!("Where strategies beat {baseline}"))
    }
}

/// The answer of a map of two values; `of` is the workload's name and the threads, where these do not vary.
pub fn map(
    baseline: &str,
    of: String,
    caveats: Vec<String>,
    cells: &[MapCell],
    directory: &Path,
    run: &RunRecord,
) -> Document {
    let mut blocks = maps(cells);
    blocks.push(Block::Text(format!("Results: {}", directory.display())));
    Document {
        facts: vec![of],
        notices: unverified(&[run]).into_iter().chain(caveats).collect(),
        blocks,
        data: json!({ "directory": directory, "run": run, "map": cells }),
        ..Document::new(format!("Where strategies beat {baseline}"))
    }
}

/// What is varied, in words.
fn describe(vary: Vary) -> &'static str {
    match vary {
        Vary::Mods => "mods (the share of operations that change the list)",
        Vary::Threads => "threads",
        Vary::Timers => "timers",
        Vary::Rate => "rate (operations a second, open load)",
        Vary::Think => "think (time between operations)",
        Vary::Hold => "hold (extra time in a writer's critical section)",
    }
}

/// A table of the crossings, and the map of each strategy.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !results.crossings.is_empty() {
        blocks.push(Block::Table(crossings(&results.crossings)));
    }
    blocks.extend(maps(&results.map));
    blocks
}

/// A table for each strategy.
fn maps(cells: &[MapCell]) -> Vec<Block> {
    let mut strategies: Vec<&str> = Vec::new();
    for cell in cells {
        if !strategies.contains(&cell.strategy.as_str()) {
            strategies.push(&cell.strategy);
        }
    }
    strategies.into_iter().map(|strategy| Block::Table(grid(strategy, cells))).collect()
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
        ]
        .into_iter()
        .chain([row.faster, row.slower, same, row.undecided, row.blocks].map(|it| Cell::new(count(it as u64))))
        .collect()
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
            "between: two values that were both decided, one faster, the other not. The columns after it count the values at \
             which the strategy is faster, slower, the same and unclear. All verdicts hold simultaneously with 95 %."
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

/// A value with its parameter's unit, in three digits.
pub fn value_of(vary: &str, value: f64) -> String {
    match Vary::ALL.into_iter().find(|it| it.word() == vary) {
        Some(Vary::Mods) => format!("{} %", trimmed(value * 100.0)),
        Some(Vary::Threads | Vary::Timers) => count(value.round() as u64),
        Some(Vary::Rate) if value >= 999.5e3 => format!("{} M/s", trimmed(value / 1e6)),
        Some(Vary::Rate) if value >= 999.5 => format!("{} k/s", trimmed(value / 1e3)),
        Some(Vary::Rate) => format!("{} /s", trimmed(value)),
        Some(Vary::Think | Vary::Hold) => duration(value),
        None => trimmed(value),
    }
}

/// The ratios of one strategy over two parameters.
fn grid(strategy: &str, cells: &[MapCell]) -> Table {
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
            Cell::toned(format!("{} {}", short_ratio(cell.ratio), cell.verdict.as_str()), cell.verdict.into())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::testing::{says, says_all};
    use crate::reading::testing::run;

    #[test]
    fn a_crossing_is_said_in_each_form() {
        let row = CrossoverRow {
            strategy: "rcu-epoch".to_owned(),
            baseline: "mutex".to_owned(),
            vary: "mods".to_owned(),
            from: 0.001,
            to: 0.5,
            crossing: Some(0.0625),
            ci_low: Some(0.05),
            ci_high: Some(0.08),
            verdict: CrossoverVerdict::Stops,
            beyond: Some(Verdict::Slower),
            values: 14,
            faster: 9,
            slower: 4,
            undecided: 1,
            blocks: 1_234,
            confidence: 0.95,
        };
        let rows = [row];
        let document = search(&Search {
            baseline: "mutex",
            range: Range { vary: Vary::Mods, from: 0.001, to: 0.5 },
            of: "workload hot, 2 threads",
            rows: &rows,
            points: &[],
            biased: (1, 14),
            cut_short: true,
            caveats: Vec::new(),
            directory: Path::new("results/made-up"),
            run: &run(),
        });
        says_all("crossover", &document);
        says(
            &document,
            &[
                "rcu-epoch",
                "up to 6.25 %",
                "5 % to 8 %",
                "1,234",
                "differs at 1 of 14 values",
                "A limit ended the search",
                "results/made-up",
            ],
        );
        let crossing = &document.data["crossings"][0];
        assert_eq!((&crossing["crossing"], &crossing["blocks"]), (&json!(0.0625), &json!(1_234)));
        assert_eq!((&document.data["cut_short"], &document.data["biased"]), (&json!(true), &json!([1, 14])));
    }

    #[test]
    fn a_map_is_said_in_each_form() {
        let cell = |x: f64, y: f64, ratio: f64| MapCell {
            strategy: "rcu-epoch".to_owned(),
            baseline: "mutex".to_owned(),
            vary_x: "mods".to_owned(),
            x,
            vary_y: "timers".to_owned(),
            y,
            workload: "hot".to_owned(),
            threads: 2,
            ratio,
            ci_low: ratio * 0.9,
            ci_high: ratio * 1.1,
            blocks: 12,
            verdict: if ratio < 1.0 { Verdict::Faster } else { Verdict::Slower },
        };
        let cells = [
            cell(0.01, 10.0, 0.5),
            cell(0.1, 10.0, 0.7),
            cell(0.01, 1000.0, 0.8),
            cell(0.1, 1000.0, 1.4),
        ];
        let document =
            map("mutex", "workload hot".to_owned(), Vec::new(), &cells, Path::new("results/made-up"), &run());
        says_all("crossover --vary A,B", &document);
        says(&document, &["mods across, timers down", "0.50 faster", "1.40 slower", "1,000"]);
        assert_eq!(document.data["map"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn values_are_said_with_their_units() {
        for (vary, value, said) in [
            (Vary::Mods, 0.05, "5 %"),
            (Vary::Mods, 0.00123, "0.123 %"),
            (Vary::Timers, 12_345.4, "12,345"),
            (Vary::Rate, 1_234_567.0, "1.23 M/s"),
            (Vary::Rate, 999.0, "999 /s"),
            (Vary::Think, 1_000.0, "1 µs"),
            (Vary::Hold, 12.5, "12.5 ns"),
        ] {
            assert_eq!(value_of(vary.word(), value), said);
        }
    }
}
