//! What a study's files say of each claim. Every figure in an answer is computed from them, here, and from nothing else.

mod files;
mod gain;
mod grace;
mod locks;
mod pace;
mod race;
mod reads;
mod rivals;
mod verdict;
mod words;

#[cfg(test)]
mod tests;

use crate::document::words::capital;
use crate::reading::StudyResults;
use crate::record::{Claim, DEFAULT_BASELINE, FLOOR, Found};
use files::{Files, once};

/// Lists of one language: what the patch replaces, the patch as it was sent, and the patch with the check that closes its race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Side {
    baseline: &'static str,
    patch: &'static str,
    mended: &'static str,
    /// The list that does nothing and is reached in the same way.
    floor: &'static str,
}

const RUST: Side = Side {
    baseline: DEFAULT_BASELINE,
    patch: "rcu-epoch",
    mended: "rcu-epoch-validated",
    floor: FLOOR,
};

/// The lists of `examples/c`, played through the C interface.
const C: Side = Side {
    baseline: "qemu-2013",
    patch: "qemu-rfc",
    mended: "qemu-rfc-validated",
    floor: "floor@c",
};

/// The patches, whose ratios to what they replace a pilot looks at.
pub const PATCHES: [(&str, &str); 2] = [(RUST.patch, RUST.baseline), (C.patch, C.baseline)];

/// The claims of a study, each held against its files. A part that was not played leaves its claims open.
pub fn claims(study: &StudyResults) -> Vec<Claim> {
    let files = Files::of(study);
    let mut claims = vec![
        locks::claim(&files),
        reads::claim(&files),
        gain::claim(&files),
        race::claim(&files),
        grace::claim(&files),
        pace::claim(&files),
    ];
    claims.extend(rivals::claims(&files));
    claims.push(verdict::claim(&files));
    claims
}

/// A claim with what `of` finds of it on either side; `what` was not measured where it finds nothing.
fn claim(
    id: &str,
    claim: &str,
    what: &str,
    sources: impl IntoIterator<Item = String>,
    of: impl Fn(Side) -> Option<Found>,
) -> Claim {
    let (rust, in_c) = (of(RUST), of(C));
    let sources = match (&rust, &in_c) {
        (None, None) => Vec::new(),
        _ => once(sources),
    };
    let open = || Found {
        found: "Open".to_owned(),
        answer: format!("{} was not measured.", capital(what)),
        evidence: Vec::new(),
    };
    Claim {
        id: id.to_owned(),
        claim: claim.to_owned(),
        rust: rust.unwrap_or_else(open),
        in_c,
        files: sources,
    }
}
