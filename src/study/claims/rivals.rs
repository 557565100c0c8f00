//! What a reviewer will ask for in its place.

use super::files::{Files, Part};
use super::words::{self, count};
use super::{RFC, open};
use crate::reading::Tally;
use crate::record::{Claim, Ratio};

/// Who is named, and what a reviewer would say of it.
pub const RIVALS: [(&str, &str); 3] = [
    ("mutex-peek", "The emptiness check that QEMU took instead does as much."),
    ("atomic-deadline", "One atomic word that holds the head's deadline does as much, without RCU."),
    ("mutex-inline", "Keeping the deadline beside the lock does as much."),
];

pub fn claims(files: &Files<'_>) -> Vec<Claim> {
    RIVALS.iter().map(|(rival, claim)| one(files, rival, claim)).collect()
}

/// The rival over the RFC, block by block, at every point of every part.
pub fn against_rfc(files: &Files<'_>, rival: &str) -> Vec<(String, Ratio)> {
    let of_part = |part: &Part<'_>| {
        let of_rival = part.reading.against(RFC).into_iter().filter(|it| it.strategy == rival);
        of_rival.map(|ratio| (part.file("trials.csv"), ratio)).collect::<Vec<_>>()
    };
    files.compared().flat_map(of_part).collect()
}

fn one(files: &Files<'_>, rival: &str, claim: &str) -> Claim {
    let id = format!("rival-{rival}");
    let found = against_rfc(files, rival);
    if found.is_empty() {
        return open(&id, claim, "it");
    }
    let tally: Tally = found.iter().map(|(_, ratio)| ratio.verdict).collect();
    let word = match tally {
        Tally { slower: 0, unclear: 0, .. } => "Yes",
        Tally { faster: 0, same: 0, unclear: 0, .. } => "No",
        Tally { slower: 0, .. } if tally.faster + tally.same > 0 => "Where it is decided, yes",
        Tally { faster: 0, same: 0, .. } if tally.slower > 0 => "Where it is decided, no",
        Tally { slower: 0, .. } => "Open",
        _ => "It depends on the load",
    };
    let locks = files.strict.as_ref().and_then(|part| {
        let per_op = |strategy: &str| {
            let of = || part.reading.trials.iter().filter(|it| it.strategy == strategy);
            let ops: u64 = of().map(|it| it.ops).sum();
            let locks: u64 = of().map(|it| it.lock.acquisitions).sum();
            (ops > 0).then(|| locks as f64 / ops as f64)
        };
        Some((per_op(rival)?, per_op(RFC)?, part.file("trials.csv")))
    });
    let mut evidence: Vec<String> = found
        .iter()
        .map(|(_, ratio)| {
            format!("{}: {rival} over {RFC} {}.", words::point(&ratio.workload, ratio.threads), words::ratio(ratio))
        })
        .collect();
    if let Some((ours, theirs, _)) = &locks {
        evidence.push(format!(
            "Traces in strict order: {ours:.4} lock acquisitions an operation, {theirs:.4} under {RFC}."
        ));
    }
    if let Some(row) = files.study.checks.iter().find(|row| row.strategy == rival) {
        evidence.push(format!(
            "verify: {} of {} polls broke what it declares, {}.",
            count(row.broken),
            count(row.tried),
            row.declared
        ));
    }
    let mut sources: Vec<String> = found.iter().map(|(file, _)| file.clone()).collect();
    sources.dedup();
    Claim {
        id,
        claim: claim.to_owned(),
        found: word.to_owned(),
        answer: format!("Against {RFC}, {rival} is {}.", tally.say()),
        evidence,
        files: sources,
    }
}
