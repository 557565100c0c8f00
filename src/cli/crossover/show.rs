//! The answer of a search.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use super::super::answer::{answer, answer_json};
use super::super::failure::Failure;
use super::Search;
use super::args::CrossoverArgs;
use crate::record::{CrossoverRow, CrossoverVerdict, Verdict};
use crate::workload::{Range, Vary};

/// Prints what was found.
pub fn answer_of(args: &CrossoverArgs, search: &Search) -> Result<(), Failure> {
    let (rows, points) = search.findings();
    if search.recording.trials.is_empty() {
        return Ok(());
    }
    if args.common.json {
        return answer_json(&json!({
            "directory": search.recording.path().to_string_lossy(),
            "run": search.recording.record(),
            "crossings": rows,
            "points": points,
            "cut_short": search.cut_short,
        }));
    }
    let range = &search.range;
    let baseline = &args.common.baseline;
    let mut text = format!(
        "Where strategies beat {baseline}: {} from {} to {}, {}\n{}\n",
        describe(range.vary),
        range.say(range.from),
        range.say(range.to),
        search.of,
        table(args, range, &rows)
    );
    text += "interval: two values that were both decided, faster on one side and not on the other; the ratio crosses 1 between \
             them. decided: values where it is faster, slower, the same, open.\n";
    let (biased, values) = search.sweep.biased(&search.recording.trials);
    text += &match biased {
        0 => format!("A/A control ({baseline} against itself): no difference at any of {values} values."),
        _ => format!(
            "A/A control ({baseline} against itself): differs at {biased} of {values} values; this run is biased."
        ),
    };
    text += " All that is said of all strategies and values holds together with 95 %.\n";
    if search.cut_short {
        text += "A limit ended the search before it was done; --resume with a longer --budget goes on.\n";
    }
    text += &search.recording.host_lines();
    text += &format!("Results: {}", search.recording.path().display());
    answer(&text)
}

fn table(args: &CrossoverArgs, range: &Range, rows: &[CrossoverRow]) -> Table {
    let mut table = Table::new();
    table.load_style(if args.common.markdown {
        presets::ASCII_MARKDOWN
    } else {
        presets::UTF8_BORDERS_ONLY
    });
    table.set_header(["strategy", "beats it", "crossing", "interval", "decided", "blocks"]);
    for row in rows {
        let interval = match (row.ci_low, row.ci_high) {
            (Some(low), Some(high)) => format!("{} .. {}", range.say(low), range.say(high)),
            _ => "-".to_owned(),
        };
        let same = row.values - row.faster - row.slower - row.undecided;
        table.add_row([
            row.strategy.clone(),
            says(range, row),
            row.crossing.map_or("-".to_owned(), |at| range.say(at)),
            interval,
            format!("{} / {} / {same} / {}", row.faster, row.slower, row.undecided),
            row.blocks.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What is found of a strategy, in words.
fn says(range: &Range, row: &CrossoverRow) -> String {
    let at = row.crossing.map_or(String::new(), |at| range.say(at));
    let fades = if row.beyond == Some(Verdict::Same) {
        ", then the same"
    } else {
        ""
    };
    match row.verdict {
        CrossoverVerdict::Starts if row.beyond == Some(Verdict::Same) => format!("from {at} on, the same before"),
        CrossoverVerdict::Starts => format!("from {at} on"),
        CrossoverVerdict::Stops => format!("up to {at}{fades}"),
        CrossoverVerdict::Always => "always in the range".to_owned(),
        CrossoverVerdict::Never => "never in the range".to_owned(),
        CrossoverVerdict::Unclear => "unclear".to_owned(),
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
        let scaled = |scales: &[(f64, &str)]| {
            let (scale, unit) =
                scales.iter().find(|(scale, _)| value >= *scale * 0.9995).unwrap_or(&scales[scales.len() - 1]);
            format!("{}{unit}", digits(value / scale))
        };
        match self.vary {
            Vary::Mods => format!("{} %", digits(value * 100.0)),
            Vary::Threads | Vary::Timers => format!("{value:.0}"),
            Vary::Rate => scaled(&[(1e6, " M/s"), (1e3, " k/s"), (1.0, " /s")]),
            Vary::Think | Vary::Hold => scaled(&[(1e9, " s"), (1e6, " ms"), (1e3, " us"), (1.0, " ns")]),
        }
    }
}

/// Three digits, without zeros at the end.
fn digits(value: f64) -> String {
    let decimals = (2 - value.abs().max(1e-9).log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_with_their_units() {
        for (vary, value, said) in [
            (Vary::Mods, 0.05, "5 %"),
            (Vary::Mods, 0.00123, "0.123 %"),
            (Vary::Timers, 123.4, "123"),
            (Vary::Rate, 1_234_567.0, "1.23 M/s"),
            (Vary::Rate, 999.0, "999 /s"),
            (Vary::Think, 1_000.0, "1 us"),
            (Vary::Hold, 12.5, "12.5 ns"),
        ] {
            assert_eq!(Range { vary, from: 0.0, to: 1.0 }.say(value), said);
        }
    }
}
