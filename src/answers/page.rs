//! The page of a result directory, and that of a study.

use serde_json::json;

use super::pictures::Pictures;
use super::run::skeleton;
use super::{Material, StudyMaterial, claims, crossings, glance, host, notices, operations, point, strategies};
use crate::document::words::{counted, duration, shell};
use crate::document::{Block, Document, Section, Tone, Verdict, glossary};
use crate::reading::{Reading, Results, Scores};
use crate::record::{CheckRow, Declaration};

/// The operations of more points than these are folded.
const MOST_SHOWN: usize = 4;

/// The page of a result directory: what its run answers, and folded below it whatever that rests on.
pub fn page(material: &Material<'_>) -> Document {
    let Material { directory, results, declarations } = *material;
    let reading = results.reading();
    let scores = Scores::new(&reading, declarations, &results.checks);
    let mut blocks = of_results(results, &reading, declarations, &results.checks);
    let pictures = Pictures::new().of(results, directory);
    blocks.push(folded("Pictures", pictures));
    blocks.push(gives_up(&[&reading], declarations, &results.checks, directory));
    blocks.push(folded("What was measured", host::measured(&reading)));
    blocks.push(folded("The host", host::host(reading.run)));
    blocks.push(folded("Run it again", host::again(&reading.run.command, directory)));
    blocks.push(words());
    Document { blocks, ..skeleton(material, &reading, &scores) }
}

/// The page of a study: what it came to, its claims in one table, and folded below them whatever they rest on.
pub fn study_page(material: &StudyMaterial<'_>) -> Document {
    let StudyMaterial { directory, results: study, claims: tested, declarations } = *material;
    let readings: Vec<Reading<'_>> = study.parts.iter().map(Results::reading).collect();
    let all: Vec<&Reading<'_>> = readings.iter().collect();
    let parts_checks = study.parts.iter().flat_map(|part| &part.checks);
    let checks: Vec<CheckRow> = study.checks.iter().chain(parts_checks).cloned().collect();
    let mut pictures = Pictures::new();
    let mut blocks = vec![
        Block::Table(claims::table(tested)),
        folded("What each claim rests on", claims::evidence(tested)),
    ];
    for (part, reading) in study.parts.iter().zip(&readings) {
        let mut of_part = of_results(part, reading, declarations, &checks);
        let directory = format!("{directory}/{}", part.name);
        of_part.extend(pictures.of(part, &directory));
        of_part.push(folded("What was measured", host::measured(reading)));
        of_part.push(folded("Run this part again", host::again(&part.run.command, &directory)));
        blocks.push(folded(&format!("Part {}: {}", part.name, counted(reading.blocks(), "block")), of_part));
    }
    blocks.push(gives_up(&all, declarations, &checks, directory));
    if let Some(first) = readings.first() {
        blocks.push(folded("The host", host::host(first.run)));
    }
    blocks.push(folded("Run it again", host::again(&study.record.command, directory)));
    blocks.push(words());
    let verdict = claims::verdict(tested).unwrap_or_else(|| Verdict {
        answer: "Nothing can be said".to_owned(),
        tone: Tone::Open,
        ..Verdict::default()
    });
    Document {
        kind: "Design review".to_owned(),
        title: format!("Study {}", study.record.study),
        facts: header(&all),
        notices: study_notices(material, &readings),
        data: json!({
            "directory": directory,
            "study": study.record,
            "answer": verdict.answer,
            "sentences": verdict.sentences,
            "claims": tested,
        }),
        verdict: Some(verdict),
        blocks,
    }
}

/// What is not whole in a study, and the notices of its parts.
fn study_notices(material: &StudyMaterial<'_>, readings: &[Reading<'_>]) -> Vec<String> {
    let study = material.results;
    let unfinished: Vec<String> = study.unfinished().iter().map(|(role, how)| format!("{role} ({how})")).collect();
    let mut all = Vec::new();
    if !unfinished.is_empty() {
        all.push(format!("This study is not whole. Parts without an end: {}.", unfinished.join(", ")));
    }
    if !study.record.left_out.is_empty() {
        all.push(format!("The budget was too short to play in strict order: {}.", study.record.left_out.join(", ")));
    }
    all.extend(notices::unverified(&readings.iter().map(|it| it.run).collect::<Vec<_>>()));
    for (part, reading) in study.parts.iter().zip(readings) {
        let of_part = notices::of_run(part, reading);
        all.extend(of_part.into_iter().map(|text| format!("{}: {text}", part.name)));
    }
    all
}

/// A result directory's own: the strategies at a glance, each point folded, crossings.
fn of_results(
    results: &Results,
    reading: &Reading<'_>,
    declarations: &[Declaration],
    checks: &[CheckRow],
) -> Vec<Block> {
    let scores = Scores::new(reading, declarations, checks);
    let mut blocks = crossings::blocks(results);
    // A search for crossings measures many points, few of them for their own sake.
    if blocks.is_empty() && !reading.points.is_empty() {
        blocks.extend(glance::blocks(reading, &scores));
        let operations = reading.points.iter().map(|it| operations::table(reading, it)).collect();
        let section = Section::new("What a change costs, operation by operation", operations);
        blocks.push(Block::Section(Section { folded: reading.points.len() > MOST_SHOWN, ..section }));
        for it in &reading.points {
            let mut section = point::section(reading, it);
            section.blocks.extend(point::details(reading, &results.blocks, it));
            blocks.push(Block::Section(Section { folded: true, ..section }));
        }
        blocks.push(folded("What the columns mean", vec![Block::Text(point::definitions(reading))]));
    }
    blocks
}

fn gives_up(readings: &[&Reading<'_>], declarations: &[Declaration], checks: &[CheckRow], directory: &str) -> Block {
    let verify = format!("headlock verify --out {}", shell(&format!("{directory}/verify")));
    folded("What each strategy gives up", strategies::blocks(readings, declarations, checks, &verify))
}

fn words() -> Block {
    let rules = [
        "A change is called justified if some strategy is faster than the baseline somewhere and slower nowhere. A racy strategy \
         never counts, however fast it is: a poller may sleep past a timer.",
        "Not claimed: anything about another machine, another load, or a program around the list. docs/METHOD.md gives each rule \
         and its source, docs/GLOSSARY.md has these words.",
        "Every figure is computed from the directory's result files each time this page is made.",
    ];
    folded(
        "Glossary, and how to read this",
        vec![glossary::block(), Block::List(rules.map(str::to_owned).to_vec())],
    )
}

fn folded(title: &str, blocks: Vec<Block>) -> Block {
    Block::Section(Section::folded(title, blocks))
}

/// When, where and how long.
pub(super) fn header(readings: &[&Reading<'_>]) -> Vec<String> {
    let Some(first) = readings.first() else {
        return Vec::new();
    };
    let run = first.run;
    let mut facts = vec![run.started.strftime("%-d %B %Y").to_string(), run.host.hostname.clone()];
    facts.extend(run.host.cpu_model.clone());
    let blocks: usize = readings.iter().map(|it| it.blocks()).sum();
    facts.push(match readings.len() {
        1 => counted(blocks, "block"),
        runs => format!("{} in {}", counted(blocks, "block"), counted(runs, "run")),
    });
    let spent = readings
        .iter()
        .filter_map(|it| Some(it.run.ended?.duration_since(it.run.started).as_nanos() as f64));
    let spent: f64 = spent.sum();
    if spent > 0.0 {
        facts.push(format!("measured in {}", duration(spent)));
    }
    if !run.warnings.is_empty() {
        facts.push(format!("{} about the host", counted(run.warnings.len(), "warning")));
    }
    facts.push(format!("headlock {}", run.headlock_version));
    facts
}
