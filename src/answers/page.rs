//! The page of a result directory, and what that of a study has in common with it.

use super::pictures::Pictures;
use super::run::skeleton;
use super::{Material, crossings, glance, host, operations, point, strategies};
use crate::document::words::{counted, duration, shell};
use crate::document::{Block, Document, Section, glossary};
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

/// A result directory's own: the strategies at a glance, each point folded, crossings.
pub(super) fn of_results(
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

pub(super) fn gives_up(
    readings: &[&Reading<'_>],
    declarations: &[Declaration],
    checks: &[CheckRow],
    directory: &str,
) -> Block {
    let verify = format!("headlock verify --out {}", shell(&format!("{directory}/verify")));
    folded("What each strategy gives up", strategies::blocks(readings, declarations, checks, &verify))
}

pub(super) fn words() -> Block {
    let rules = [
        "Yes, or justified: faster than the baseline somewhere, and at every point the one-sided 95 % upper end of the ratio lies below \
         1.05. No: slower somewhere, or nowhere faster by more than the margin. Otherwise open. Faster and slower hold over all points \
         together. A racy strategy never counts, however fast it is: a poller may sleep past a timer.",
        "Nothing is claimed about another machine, another load, or the program around the list. docs/METHOD.md gives each rule \
         and its source, docs/GLOSSARY.md has these words.",
        "Every figure is computed from the directory's result files each time this page is made.",
    ];
    folded(
        "Glossary, and how to read this",
        vec![glossary::block(), Block::List(rules.map(str::to_owned).to_vec())],
    )
}

pub(super) fn folded(title: &str, blocks: Vec<Block>) -> Block {
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
