//! A study's claims: one table, and what each rests on.

use crate::document::{Block, Cell, Column, Section, Table, Tone, Verdict};
use crate::record::Claim;

/// The claim that says what a study came to.
const VERDICT: &str = "verdict";

/// What the study came to, if it has a claim that says so.
pub(super) fn verdict(claims: &[Claim]) -> Option<Verdict> {
    let claim = claims.iter().find(|claim| claim.id == VERDICT)?;
    // The last of its evidence is the rule, which stands with the claims.
    let evidence = &claim.evidence[..claim.evidence.len().saturating_sub(1)];
    Some(Verdict {
        question: format!("Under test: {}", claim.claim),
        answer: claim.found.clone(),
        tone: tone(&claim.found),
        sentences: std::iter::once(&claim.answer).chain(evidence).cloned().collect(),
    })
}

/// Every claim with what was found, but for the verdict, which stands above.
pub(super) fn table(claims: &[Claim]) -> Table {
    let row = |claim: &Claim| {
        vec![
            Cell::new(&claim.claim),
            Cell::toned(&claim.found, tone(&claim.found)),
            Cell::new(&claim.answer),
        ]
    };
    Table {
        caption: "The claims".to_owned(),
        columns: vec![
            Column::words("claim"),
            Column::words("found"),
            Column::words("figures").rank(1),
        ],
        rows: claims.iter().filter(|claim| claim.id != VERDICT).map(row).collect(),
        notes: Vec::new(),
    }
}

/// What each claim rests on.
pub(super) fn evidence(claims: &[Claim]) -> Vec<Block> {
    let section = |claim: &Claim| {
        let files = match claim.files.is_empty() {
            true => String::new(),
            false => format!(" From {}.", claim.files.join(", ")),
        };
        let summary = Block::Text(format!("{}. {} Claim {}.{files}", claim.found, claim.answer, claim.id));
        Block::Section(Section::new(&claim.claim, vec![summary, Block::List(claim.evidence.clone())]))
    };
    claims.iter().map(section).collect()
}

/// The colour of what was found. A claim that does not hold is an answer like any other.
fn tone(found: &str) -> Tone {
    match found.split([',', ' ']).next() {
        Some("Yes" | "Holds") => Tone::Good,
        Some("No" | "Does") => Tone::Bad,
        _ => Tone::Open,
    }
}
