//! What a reviewer will ask for in its place.

use super::files::Files;
use super::words::{self, count};
use super::{C, Side};
use crate::document::words::{at, capital};
use crate::reading::Tally;
use crate::record::{Claim, Found};
use crate::study::qemu_rfc::role;

/// A rival, the same in C, and what a reviewer would say of it.
struct Rival {
    name: &'static str,
    in_c: Option<&'static str>,
    claim: &'static str,
}

const RIVALS: [Rival; 3] = [
    Rival {
        name: "mutex-peek",
        in_c: Some("qemu-2016"),
        claim: "The emptiness check that QEMU took instead does as much.",
    },
    Rival {
        name: "atomic-deadline",
        in_c: None,
        claim: "One atomic word that holds the head's deadline does as much, without RCU.",
    },
    Rival {
        name: "mutex-inline",
        in_c: None,
        claim: "Keeping the deadline beside the lock does as much.",
    },
];

impl Rival {
    fn on(&self, side: Side) -> Option<&'static str> {
        if side == C { self.in_c } else { Some(self.name) }
    }
}

pub fn claims(files: &Files<'_>) -> Vec<Claim> {
    let one = |rival: &Rival| {
        let sources = files.compared().map(|part| part.file("trials.csv"));
        super::claim(&format!("rival-{}", rival.name), rival.claim, "it", sources, |side| {
            found(files, rival.on(side)?, side.patch)
        })
    };
    RIVALS.iter().map(one).collect()
}

/// The rivals that are faster than the patch somewhere and slower nowhere.
pub fn better(files: &Files<'_>, side: Side) -> Vec<&'static str> {
    let names = RIVALS.iter().filter_map(|rival| rival.on(side));
    names
        .filter(|name| {
            let tally = words::tally(&files.over(name, side.patch));
            tally.faster > 0 && tally.slower == 0
        })
        .collect()
}

fn found(files: &Files<'_>, rival: &str, patch: &str) -> Option<Found> {
    let points = files.over(rival, patch);
    if points.is_empty() {
        return None;
    }
    let tally = words::tally(&points);
    let word = match tally {
        Tally { slower: 0, unclear: 0, .. } => "Yes",
        Tally { faster: 0, same: 0, unclear: 0, .. } => "No",
        Tally { slower: 0, .. } if tally.faster + tally.same > 0 => "Where it is decided, yes",
        Tally { faster: 0, same: 0, .. } if tally.slower > 0 => "Where it is decided, no",
        Tally { slower: 0, .. } => "Open",
        _ => "It depends on the load",
    };
    let ratios = points
        .iter()
        .map(|it| format!("{}: {rival} over {patch} {}.", capital(&at(&it.point)), words::ratio(&it.held)));
    let mut evidence: Vec<String> = ratios.collect();
    let per_op = |strategy: &str| {
        let trials = || {
            files
                .of_role(role::STRICT)
                .flat_map(|part| part.reading.trials)
                .filter(|it| it.strategy == strategy)
        };
        let ops: u64 = trials().map(|it| it.ops).sum();
        let locks: u64 = trials().map(|it| it.lock.acquisitions).sum();
        (ops > 0).then(|| locks as f64 / ops as f64)
    };
    if let Some((ours, theirs)) = per_op(rival).zip(per_op(patch)) {
        evidence.push(format!(
            "Traces in strict order: {ours:.4} lock acquisitions an operation, {theirs:.4} under {patch}."
        ));
    }
    if let Some(row) = files.study.checks.iter().find(|row| row.strategy == rival) {
        let (broken, tried) = (count(row.broken), count(row.tried));
        evidence.push(format!("verify: {broken} of {tried} polls broke what it declares, {}.", row.declared));
    }
    Some(Found {
        found: word.to_owned(),
        answer: format!("Against {patch}, {rival} is {}.", tally.say()),
        evidence,
    })
}
