//! The answer of a search.

use std::path::Path;

use serde_json::json;

use super::{Range, Search};
use crate::answers::unverified;
use crate::document::words::{count, duration, trimmed};
use crate::document::{Block, Cell, Column, Document, Table};
use crate::record::{CrossoverPoint, CrossoverRow, CrossoverVerdict, RunRecord, Verdict};
use crate::workload::Vary;

/// What a search found.
struct Found<'a> {
    baseline: &'a str,
    range: Range,
    of: &'a str,
    rows: Vec<CrossoverRow>,
    points: Vec<CrossoverPoint>,
    /// Values at which the baseline differs from itself, of how many.
    biased: (usize, usize),
    cut_short: bool,
    /// Why the host is not fit, if so.
    unfit: Vec<String>,
    directory: &'a Path,
    run: &'a RunRecord,
}

/// The answer of a search that is over.
pub fn document(baseline: &str, search: &Search) -> Document {
    let (rows, points) = search.findings();
    let recording = &search.recording;
    written(&Found {
        baseline,
        range: search.range,
        of: &search.of,
        rows,
        points,
        biased: search.sweep.biased(recording.counted()),
        cut_short: search.cut_short,
        unfit: recording.unfit(),
        directory: recording.path(),
        run: recording.record(),
    })
}

fn written(found: &Found<'_>) -> Document {
    let Found { baseline, range, rows, points, cut_short, directory, run, .. } = found;
    let mut notices: Vec<String> = unverified(&[run]).into_iter().chain(found.unfit.clone()).collect();
    if *cut_short {
        notices
            .push("A limit ended the search before it was done; --resume with a longer --budget goes on.".to_owned());
    }
    let control = format!("A/A control ({baseline} against itself)");
    let control = match found.biased {
        (0, values) => format!("{control}: no difference at any of {values} values."),
        (biased, values) => {
            notices.push(format!("{control}: differs at {biased} of {values} values, so this run is biased."));
            String::new()
        }
    };
    let together = "All statements of this search hold at the same time with 95 % confidence.";
    Document {
        facts: vec![
            format!("{} from {} to {}", describe(range.vary), range.say(range.from), range.say(range.to)),
            found.of.to_owned(),
        ],
        notices,
        blocks: vec![
            Block::Table(table(range, rows)),
            Block::Text(format!("{control} {together}").trim_start().to_owned()),
            Block::Text(format!("Results: {}", directory.display())),
        ],
        data: json!({
            "directory": directory,
            "run": run,
            "crossings": rows,
            "points": points,
            "cut_short": cut_short,
            "biased": found.biased,
        }),
        ..Document::new(format!("Where strategies beat {baseline}"))
    }
}

fn table(range: &Range, rows: &[CrossoverRow]) -> Table {
    let row = |row: &CrossoverRow| {
        let interval = match (row.ci_low, row.ci_high) {
            (Some(low), Some(high)) => format!("{} to {}", range.say(low), range.say(high)),
            _ => "–".to_owned(),
        };
        let same = row.values - row.faster - row.slower - row.undecided;
        let counts = [row.faster, row.slower, same, row.undecided, row.blocks].map(|it| Cell::new(count(it as u64)));
        let words = [
            row.strategy.clone(),
            says(range, row),
            row.crossing.map_or("–".to_owned(), |at| range.say(at)),
            interval,
        ];
        words.map(Cell::new).into_iter().chain(counts).collect()
    };
    Table {
        columns: vec![
            Column::words("strategy"),
            Column::words("beats it"),
            Column::numbers("crossing"),
            Column::numbers("interval"),
            Column::numbers("faster").rank(1),
            Column::numbers("slower").rank(1),
            Column::numbers("same").rank(1),
            Column::numbers("unclear").rank(1),
            Column::numbers("blocks").rank(1),
        ],
        rows: rows.iter().map(row).collect(),
        notes: vec![
            "crossing: where the ratio is 1. interval: two values that were both decided, faster at one and not at the other. \
             faster to unclear: at how many values."
                .to_owned(),
        ],
        ..Table::default()
    }
}

/// What is found of a strategy, in words.
fn says(range: &Range, row: &CrossoverRow) -> String {
    let at = row.crossing.map_or(String::new(), |at| range.say(at));
    match (row.verdict, row.beyond == Some(Verdict::Same)) {
        (CrossoverVerdict::Starts, true) => format!("from {at} on, the same before"),
        (CrossoverVerdict::Starts, false) => format!("from {at} on"),
        (CrossoverVerdict::Stops, true) => format!("up to {at}, then the same"),
        (CrossoverVerdict::Stops, false) => format!("up to {at}"),
        (CrossoverVerdict::Always, _) => "always in the range".to_owned(),
        (CrossoverVerdict::Never, _) => "never in the range".to_owned(),
        (CrossoverVerdict::Unclear, _) => "unclear".to_owned(),
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

impl Range {
    /// A value with its unit, in three digits.
    pub fn say(&self, value: f64) -> String {
        match self.vary {
            Vary::Mods => format!("{} %", trimmed(value * 100.0)),
            Vary::Threads | Vary::Timers => count(value.round() as u64),
            Vary::Rate if value >= 999.5e3 => format!("{} M/s", trimmed(value / 1e6)),
            Vary::Rate if value >= 999.5 => format!("{} k/s", trimmed(value / 1e3)),
            Vary::Rate => format!("{} /s", trimmed(value)),
            Vary::Think | Vary::Hold => duration(value),
        }
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
        let document = written(&Found {
            baseline: "mutex",
            range: Range { vary: Vary::Mods, from: 0.001, to: 0.5 },
            of: "workload hot, 2 threads",
            rows: vec![row],
            points: Vec::new(),
            biased: (1, 14),
            cut_short: true,
            unfit: Vec::new(),
            directory: Path::new("results/made-up"),
            run: &run(),
        });
        says_all(&document);
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
            assert_eq!(Range { vary, from: 0.0, to: 1.0 }.say(value), said);
        }
    }
}
