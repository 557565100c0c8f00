//! What a study's files say of each claim. Every figure in an answer is computed from them, here, and from nothing else.

mod files;
mod gain;
mod grace;
mod loads;
mod locks;
mod pace;
mod race;
mod rivals;
mod verdict;
mod words;

#[cfg(test)]
mod tests;

use crate::reading::StudyResults;
use crate::record::{Claim, DEFAULT_BASELINE};
use files::Files;

/// The patch as it was sent.
const RFC: &str = "rcu-epoch";
/// The patch with the check that closes its race.
const MENDED: &str = "rcu-epoch-validated";
/// What it is compared with.
const BASELINE: &str = DEFAULT_BASELINE;

/// The claims of a study, each held against its files. A part that was not played leaves its claims open.
pub fn claims(study: &StudyResults) -> Vec<Claim> {
    let files = Files::of(study);
    let pace = pace::Pace::of(&files);
    let mut claims = vec![
        locks::claim(&files),
        loads::claim(&files),
        gain::claim(&files),
        race::claim(&files),
        grace::claim(&files),
        pace::claim(&files, &pace),
    ];
    claims.extend(rivals::claims(&files));
    let verdict = verdict::claim(&files, &pace);
    claims.push(verdict);
    claims
}

/// A claim without an answer, because a part is missing.
fn open(id: &str, claim: &str, what: &str) -> Claim {
    Claim {
        id: id.to_owned(),
        claim: claim.to_owned(),
        found: "Open".to_owned(),
        answer: format!("{} was not measured.", crate::document::words::capital(what)),
        evidence: Vec::new(),
        files: Vec::new(),
    }
}
