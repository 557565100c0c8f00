//! What a study came to: its claims in one table, and on its page, folded below them, whatever they rest on.

use serde_json::json;

use super::page::{folded, gives_up, header, of_results, words};
use super::pictures::Pictures;
use super::{NONE, StudyMaterial, claims, host, many_cores, notices};
use crate::document::words::{counted, duration, list, percent};
use crate::document::{Block, Cell, Column, Document, Table, Tone, Verdict};
use crate::reading::{Reading, Results, StudyResults};
use crate::record::{CheckRow, StudyPart};

/// A study's document; in detail, all that its page has.
pub fn study(material: &StudyMaterial<'_>, in_detail: bool) -> Document {
    let StudyMaterial { directory, results: study, claims: tested, .. } = *material;
    let readings: Vec<Reading<'_>> = study.parts.iter().map(Results::reading).collect();
    let all: Vec<&Reading<'_>> = readings.iter().collect();
    let mut blocks = vec![Block::Table(claims::table(tested))];
    blocks.extend(sizes(study).map(Block::Text));
    blocks.extend(many_cores::sentence(study.model.as_ref()).map(Block::Text));
    match in_detail {
        true => blocks.extend(detail(material, &readings)),
        false => blocks.push(Block::Text(format!("Results: {directory}"))),
    }
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
            "model": study.model.as_ref().map(|model| &model.predictions),
        }),
        verdict: Some(verdict),
        blocks,
    }
}

/// All that is folded.
fn detail(material: &StudyMaterial<'_>, readings: &[Reading<'_>]) -> Vec<Block> {
    let StudyMaterial { directory, results: study, claims: tested, declarations } = *material;
    let parts_checks = study.parts.iter().flat_map(|part| &part.checks);
    let checks: Vec<CheckRow> = study.checks.iter().chain(parts_checks).cloned().collect();
    let mut pictures = Pictures::new();
    let mut blocks = vec![folded("What each claim rests on", claims::evidence(tested))];
    if let Some(model) = &study.model {
        blocks.extend(many_cores::section(model));
    }
    for (part, reading) in study.parts.iter().zip(readings) {
        let mut of_part = of_results(part, reading, declarations, &checks);
        let directory = format!("{directory}/{}", part.name);
        of_part.extend(pictures.of(part, &directory));
        of_part.push(folded("What was measured", host::measured(reading)));
        of_part.push(folded("Run this part again", host::again(&part.run.command, &directory)));
        blocks.push(folded(&format!("Part {}: {}", part.name, counted(reading.blocks(), "block")), of_part));
    }
    blocks.extend(shares(study, readings));
    blocks.push(gives_up(&readings.iter().collect::<Vec<_>>(), declarations, &checks, directory));
    if let Some(first) = readings.first() {
        blocks.push(folded("The host", host::host(first.run)));
    }
    blocks.push(folded("Run it again", host::again(&study.record.command, directory)));
    blocks.push(words());
    blocks
}

/// What is not whole in a study, and the notices of its parts.
fn study_notices(material: &StudyMaterial<'_>, readings: &[Reading<'_>]) -> Vec<String> {
    let study = material.results;
    let unfinished: Vec<String> = study.unfinished().iter().map(|(part, how)| format!("{part} ({how})")).collect();
    let mut all: Vec<String> = claims::disagreement(material.claims).into_iter().collect();
    if !unfinished.is_empty() {
        all.push(format!("This study is not whole. Unfinished parts: {}.", unfinished.join(", ")));
    }
    if !study.record.left_out.is_empty() {
        all.push(format!("The budget was too short for {}.", list(&study.record.left_out)));
    }
    all.extend(notices::unverified(&readings.iter().map(|it| it.run).collect::<Vec<_>>()));
    // What all parts say alike is said once.
    let of_parts = study.parts.iter().zip(readings);
    let of_parts =
        of_parts.flat_map(|(part, reading)| notices::of_run(part, reading).into_iter().map(|it| (&part.name, it)));
    let mut said: Vec<(String, Vec<&str>)> = Vec::new();
    for (part, text) in of_parts {
        match said.iter_mut().find(|(known, _)| *known == text) {
            Some((_, parts)) => parts.push(part),
            None => said.push((text, vec![part])),
        }
    }
    all.extend(said.into_iter().map(|(text, parts)| match parts.len() == study.parts.len() && parts.len() > 1 {
        true => text,
        false => format!("{}: {text}", list(&parts)),
    }));
    all
}

/// What the shared list hides, and how large the traces' own lists are.
fn sizes(study: &StudyResults) -> Option<String> {
    let sizes: Vec<String> = study
        .record
        .traces
        .iter()
        .map(|it| format!("{} on {} (at most {} on all of its lists)", it.active, it.name, it.most_active))
        .collect();
    (!sizes.is_empty()).then(|| {
        format!(
            "The lists in Rust keep active timers in a heap. QEMU's and those in C are linked, and an insertion walks past every \
             earlier timer. At the median over operations, a list that has any timer holds {}.",
            list(&sizes)
        )
    })
}

/// How the time was shared out.
fn shares(study: &StudyResults, readings: &[Reading<'_>]) -> Option<Block> {
    let row = |part: &StudyPart| {
        let pilot = part.pilot.as_ref()?;
        let played = study.parts.iter().zip(readings).find(|(it, _)| it.name == part.path);
        Some(vec![
            Cell::new(&part.path),
            Cell::new(pilot.blocks.to_string()),
            Cell::new(pilot.spread.map_or(NONE.to_owned(), percent)),
            Cell::new(duration(pilot.block_ns)),
            Cell::new(duration(pilot.share_ns as f64)),
            Cell::new(played.map_or(NONE.to_owned(), |(_, reading)| reading.blocks().to_string())),
        ])
    };
    let rows: Vec<Vec<Cell>> = study.record.parts.iter().filter_map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let numbers = ["pilot's blocks", "spread", "a block takes", "given", "blocks"].map(Column::numbers);
    let table = Table {
        caption: "Pilots, and the time given to each part".to_owned(),
        columns: std::iter::once(Column::words("part")).chain(numbers).collect(),
        rows,
        notes: vec![
            "Spread: the standard deviation of the patch's ratio over blocks. A part gets time in proportion to the square of its spread \
             and to the length of its blocks, with a floor and a cap. No verdict rests on a pilot's blocks."
                .to_owned(),
        ],
    };
    Some(folded("How the budget was shared out", vec![Block::Table(table)]))
}
