//! The answer of `run` and `replay`.

use serde_json::{Value, json};

use super::page::header;
use super::{Material, notices, operations, point, verdict};
use crate::document::words::list;
use crate::document::{Block, Document};
use crate::reading::{Implausible, Reading, Scores};
use crate::record::Point;

/// A run's document: the verdict, what a change costs operation by operation, then each point; in detail, its states and every
/// operation's latency too.
pub fn run(material: &Material<'_>, in_detail: bool) -> Document {
    let Material { directory, results, declarations } = *material;
    let reading = results.reading();
    let scores = Scores::new(&reading, declarations, &results.checks);
    let mut document = skeleton(material, &reading, &scores);
    document.blocks = reading.points.iter().map(|it| operations::table(&reading, it)).collect();
    for it in &reading.points {
        let mut section = point::section(&reading, it);
        if in_detail {
            section.blocks.extend(point::details(&reading, &results.blocks, it));
        }
        document.blocks.push(Block::Section(section));
    }
    document.blocks.push(Block::Text(point::definitions(&reading)));
    document.blocks.push(Block::Text(format!("Results: {directory}")));
    document
}

/// A run's document without its blocks.
pub(super) fn skeleton(material: &Material<'_>, reading: &Reading<'_>, scores: &Scores) -> Document {
    let Material { directory, results, declarations } = *material;
    let verdict = verdict::of_run(reading, scores, declarations);
    Document {
        kind: "Design review".to_owned(),
        title: title(reading),
        facts: header(&[reading]),
        notices: notices::unverified(&[reading.run]).into_iter().chain(notices::of_run(results, reading)).collect(),
        data: json!({
            "directory": directory,
            "run": reading.run,
            "answer": verdict.answer,
            "sentences": verdict.sentences,
            "points": reading.points.iter().map(|it| of_point(reading, it)).collect::<Vec<Value>>(),
            "summaries": reading.summaries,
            "ratios": reading.ratios,
            "latency": reading.latency,
            "missing": reading.missing(),
        }),
        verdict: Some(verdict),
        ..Document::default()
    }
}

fn title(reading: &Reading<'_>) -> String {
    let mut workloads: Vec<&str> = reading.points.iter().map(|point| point.workload.as_str()).collect();
    workloads.dedup();
    let on = if workloads.is_empty() {
        "nothing yet".to_owned()
    } else {
        list(&workloads)
    };
    format!("{} and its rivals on {on}", reading.baseline)
}

fn of_point(reading: &Reading<'_>, point: &Point) -> Value {
    json!({
        "workload": point.workload,
        "threads": point.threads,
        "metric": reading.metric(point),
        "biased": reading.is_biased(point),
        "trace": reading.trace(point),
        "states": reading.states(point),
        "uneven": reading.uneven(point),
        "load": reading.shares(point, reading.baseline),
        "saturated": reading.saturated(point),
        "implausible": reading.implausible(point).iter().map(of_strategy).collect::<Vec<Value>>(),
    })
}

fn of_strategy((strategy, what): &(&str, Implausible)) -> Value {
    let mut value = json!(what);
    value["strategy"] = json!(strategy);
    value
}
