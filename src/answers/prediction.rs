//! The page of a model's result directory. It says *model* wherever it shows a figure: nothing in it was measured.

use serde_json::json;

use super::pictures::Pictures;
use super::{NONE, host};
use crate::document::words::{at, capital, counted, figure, heading, list, percent, ratio, threads};
use crate::document::{Axis, Block, Cell, Column, Document, Interval, Section, Table, Tone, Verdict};
use crate::reading::Results;
use crate::record::{ALL, Point, Predict, Predicted, Ratio, Verdict as Word};
use crate::stats::{PaysFrom, pays_from, predicted_ratios, ratios_by_end};

/// What every title, caption and notice begins with.
const MODEL: &str = "model, not measured";

/// What is said of a prediction.
struct Spoken<'a> {
    told: &'a Predict,
    baseline: &'a str,
    threshold: f64,
    strategies: &'a [String],
    times: &'a [Predicted],
    ratios: Vec<Ratio>,
    pays: Vec<(String, String, PaysFrom)>,
    points: Vec<Point>,
    most_threads: usize,
}

/// The document of a model's results: from how many threads on what pays, and the times, each with its range and the error.
pub fn prediction(directory: &str, results: &Results, told: &Predict) -> Document {
    let common = &results.run.parameters.common;
    let (baseline, threshold) = (common.baseline.as_str(), common.threshold);
    let by_end = ratios_by_end(&results.trials, baseline);
    let pays = by_end
        .iter()
        .map(|((workload, strategy), rows)| (workload.clone(), strategy.clone(), pays_from(rows, threshold)));
    let mut points: Vec<Point> = Vec::new();
    for row in &results.predicted {
        let point = Point { workload: row.workload.clone(), threads: row.threads };
        if !points.contains(&point) {
            points.push(point);
        }
    }
    let spoken = Spoken {
        told,
        baseline,
        threshold,
        strategies: &common.strategies,
        times: &results.predicted,
        ratios: predicted_ratios(&results.trials, baseline, threshold),
        pays: pays.collect(),
        most_threads: points.iter().map(|point| point.threads).max().unwrap_or(0),
        points,
    };
    let traces = told.traces.iter().map(|it| &it.workload);
    let names = told.workloads.iter().map(|it| &it.name).chain(traces);
    let mut blocks: Vec<Block> = names.map(|name| Block::Table(spoken.glance(name))).collect();
    blocks.push(Block::Text(spoken.error_sentence()));
    let sections = spoken.points.iter().map(|point| {
        let title = format!("Model: {}", heading(point));
        Block::Section(Section::folded(title, vec![Block::Table(spoken.point(point))]))
    });
    blocks.extend(sections);
    blocks.push(Block::Section(Section::folded("Pictures (model)", Pictures::new().of(results, directory))));
    blocks.push(Block::Section(Section::folded("The machine that is modelled", spoken.machine())));
    blocks.push(Block::Section(Section::folded(
        "Predict it again",
        vec![Block::Code(format!(
            "scripts/model {} --out NEW\nheadlock report NEW",
            host::arguments(&results.run.command)
        ))],
    )));
    let verdict = spoken.verdict();
    Document {
        kind: capital(MODEL),
        title: format!("{baseline} and its rivals on {}: {MODEL}", told.machine.name),
        facts: vec![
            told.machine.summary.clone(),
            counted(spoken.points.len(), "point"),
            format!("headlock {}", results.run.headlock_version),
        ],
        notices: results.run.warnings.iter().chain(&results.notes).cloned().collect(),
        data: json!({
            "kind": "model",
            "directory": directory,
            "run": results.run,
            "answer": verdict.answer,
            "sentences": verdict.sentences,
            "pays_from": spoken.pays.iter().map(|(workload, strategy, from)| {
                json!({ "workload": workload, "strategy": strategy, "threads": from })
            }).collect::<Vec<_>>(),
            "ratios": spoken.ratios,
            "operations": spoken.times,
        }),
        verdict: Some(verdict),
        blocks,
    }
}

impl Spoken<'_> {
    fn ratio(&self, point: &Point, strategy: &str) -> Option<&Ratio> {
        self.ratios
            .iter()
            .find(|it| (&it.workload, it.threads, it.strategy.as_str()) == (&point.workload, point.threads, strategy))
    }

    fn verdict(&self) -> Verdict {
        let found: Vec<String> =
            self.pays.iter().filter_map(|(_, strategy, from)| from.stated.map(|_| strategy.clone())).collect();
        let mut named = found.clone();
        named.sort();
        named.dedup();
        let (answer, tone) = match named.len() {
            0 => (
                format!("{}: nothing beats {} at {}", capital(MODEL), self.baseline, threads(self.most_threads)),
                Tone::Even,
            ),
            _ => (format!("{}: faster with many threads: {}", capital(MODEL), list(&named)), Tone::Open),
        };
        let mut sentences: Vec<String> = self
            .pays
            .iter()
            .map(|(workload, strategy, from)| {
                format!("Model: {strategy} on {workload} {}.", from_words(*from, self.most_threads))
            })
            .collect();
        sentences.push(format!("The error of these figures is {}.", self.told.machine.error_in_words()));
        Verdict {
            question: format!(
                "From how many threads on would something other than {} pay on {}?",
                self.baseline, self.told.machine.name
            ),
            answer,
            tone,
            sentences,
        }
    }

    /// Every strategy at every number of threads, on one workload.
    fn glance(&self, workload: &str) -> Table {
        let points: Vec<&Point> = self.points.iter().filter(|point| point.workload == workload).collect();
        let mut columns = vec![Column::words("strategy")];
        columns.extend(points.iter().map(|point| Column::words(threads(point.threads))));
        columns.push(Column::words("pays from (range)"));
        columns.push(Column::words("error"));
        let rows = self.strategies.iter().filter(|it| *it != self.baseline).map(|strategy| {
            let mut cells = vec![Cell::new(strategy)];
            cells.extend(points.iter().map(|point| match self.ratio(point, strategy) {
                Some(it) => Cell::toned(format!("{} {}", ratio(it.ratio), it.verdict.as_str()), it.verdict.into()),
                None => Cell::new(NONE),
            }));
            let from = self.pays.iter().find(|(w, s, _)| w == workload && s == strategy);
            cells.push(Cell::new(from.map_or(NONE.to_owned(), |(_, _, from)| from_cell(*from))));
            cells.push(Cell::toned(self.told.machine.error_in_short(), Tone::Muted));
            cells
        });
        Table {
            caption: format!("{workload}, {MODEL}: time relative to {}; below 1 is faster", self.baseline),
            columns,
            rows: rows.collect(),
            notes: Vec::new(),
        }
    }

    /// Every strategy at one point.
    fn point(&self, point: &Point) -> Table {
        let ratios: Vec<&Ratio> = self.strategies.iter().filter_map(|it| self.ratio(point, it)).collect();
        let drawn: Vec<Interval> = ratios.iter().map(|it| Interval::from(*it)).collect();
        let at_point = |row: &&Predicted| row.workload == point.workload && row.threads == point.threads;
        let mut ops: Vec<&str> = self.times.iter().filter(at_point).map(|row| row.op.as_str()).collect();
        ops.sort_by_key(|op| *op != ALL);
        ops.dedup();
        let mut columns = vec![
            Column::words("strategy"),
            Column::numbers("ratio"),
            Column::numbers("range"),
            Column::intervals("picture", Axis::over(&drawn, self.threshold).of_ranges()),
            Column::words("verdict"),
            // Before the times, which are many: beside them it would be out of sight.
            Column::words("error"),
        ];
        let mut known: Vec<&str> = Vec::new();
        for op in ops {
            if !known.contains(&op) {
                known.push(op);
                let title = if op == ALL {
                    "ns/op (range)".to_owned()
                } else {
                    format!("{op} ns (range)")
                };
                columns.push(Column::numbers(title).rank(1));
            }
        }
        let rows = self.strategies.iter().map(|strategy| {
            let found = self.ratio(point, strategy);
            let mut cells = vec![Cell::new(strategy)];
            match found {
                Some(it) => cells.extend([
                    Cell::new(ratio(it.ratio)),
                    Cell::new(format!("{} to {}", ratio(it.ci_low), ratio(it.ci_high))),
                    Cell::drawn(Some(Interval::from(it))),
                    Cell::verdict(it.verdict),
                ]),
                None => cells.extend([NONE, NONE, "", "baseline"].map(Cell::new)),
            }
            cells.push(Cell::toned(self.told.machine.error_in_short(), Tone::Muted));
            cells.extend(known.iter().map(|op| {
                let time = self.times.iter().filter(at_point).find(|row| row.strategy == *strategy && row.op == *op);
                Cell::new(time.map_or(NONE.to_owned(), |it| {
                    format!("{} ({} to {})", figure(it.ns), figure(it.ns_low), figure(it.ns_high))
                }))
            }));
            cells
        });
        let rows = rows.collect();
        Table {
            caption: format!("{}, {MODEL}: time relative to {}; below 1 is faster", capital(&at(point)), self.baseline),
            columns,
            rows,
            notes: Vec::new(),
        }
    }

    fn error_sentence(&self) -> String {
        let decided = self.ratios.iter().filter(|it| it.verdict != Word::Unclear).count();
        format!(
            "A range goes from the least to the greatest of three plays: with the description's costs as stated, all lowest, all highest. It \
             is no confidence interval and does not hold the model's own error, which is {}. A verdict asks for the whole range; {decided} of {} are \
             decided. The margin of same is {}. docs/MODEL.md says what the model cannot see.",
            self.told.machine.error_in_words(),
            self.ratios.len(),
            percent(self.threshold)
        )
    }

    fn machine(&self) -> Vec<Block> {
        let machine = &self.told.machine;
        let cores = machine.figures.get("cores").map_or(NONE.to_owned(), ToString::to_string);
        let assumed = match self.told.assumed.is_empty() {
            true => "none".to_owned(),
            false => list(&self.told.assumed),
        };
        vec![Block::Facts(vec![
            ("Machine".to_owned(), format!("{}, {}", machine.name, machine.summary)),
            ("Cores".to_owned(), cores),
            ("Error".to_owned(), machine.error_in_words()),
            ("Assumed, so in the range".to_owned(), assumed),
            ("Description".to_owned(), "machine.toml of the directory, every figure with its source".to_owned()),
        ])]
    }
}

/// `pays from 2 threads on (range 2 to 4)`.
fn from_words(from: PaysFrom, most: usize) -> String {
    let range = match (from.least, from.most) {
        (Some(least), Some(most)) if least == most => ", in the whole range of costs".to_owned(),
        (Some(least), Some(most)) => format!(" (range {least} to {most})"),
        (Some(least), None) => format!(" (range {least} to never, up to {most})"),
        (None, _) => String::new(),
    };
    match from.stated {
        Some(1) => format!("pays at every number of threads played{range}"),
        Some(threads) => format!("pays from {threads} threads on{range}"),
        None => format!("does not pay up to {}{range}", threads(most)),
    }
}

/// `2 (2 to 4)`.
fn from_cell(from: PaysFrom) -> String {
    let word = |threads: Option<usize>| threads.map_or("never".to_owned(), |threads| threads.to_string());
    match (from.least, from.most) {
        (None, _) => "never".to_owned(),
        (least, most) => format!("{} ({} to {})", word(from.stated), word(least), word(most)),
    }
}
