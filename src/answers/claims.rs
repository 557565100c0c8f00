//! A study's claims: one table, and what each rests on.

use crate::document::words::list;
use crate::document::{Block, Cell, Column, Section, Table, Tone, Verdict};
use crate::record::{Claim, Found};

/// The claim that says what a study came to.
const VERDICT: &str = "verdict";

/// How the lists in C get into a study.
const IN_C: &str = "mkdir -p C; make -C examples/c OUT=$PWD/C, then headlock study qemu-rfc with --load C/qemu-2013.so and the same \
                    for qemu-rfc, qemu-rfc-validated and qemu-2016";

/// What the study came to, if it has a claim that says so.
pub(super) fn verdict(claims: &[Claim]) -> Option<Verdict> {
    let claim = claims.iter().find(|claim| claim.id == VERDICT)?;
    // The last of its evidence is the rule, which stands with the claims.
    let evidence = &claim.rust.evidence[..claim.rust.evidence.len().saturating_sub(1)];
    let in_c = claim.in_c.as_ref().map(|it| format!("In C: {}. {}", it.found, it.answer));
    Some(Verdict {
        question: format!("Under test: {}", claim.claim),
        answer: claim.rust.found.clone(),
        tone: tone(&claim.rust.found),
        sentences: std::iter::once(claim.rust.answer.clone()).chain(evidence.iter().cloned()).chain(in_c).collect(),
    })
}

/// Where the lists in C say otherwise than those in Rust.
pub(super) fn disagreement(claims: &[Claim]) -> Option<String> {
    let differ = claims.iter().filter_map(|claim| {
        let (rust, c) = (&claim.rust.found, &claim.in_c.as_ref()?.found);
        let claimed = claim.claim.trim_end_matches('.');
        (rust != c).then(|| format!("\u{201c}{claimed}\u{201d} ({} in Rust, {} in C)", small(rust), small(c)))
    });
    let differ: Vec<String> = differ.collect();
    (!differ.is_empty()).then(|| format!("The lists in C and in Rust disagree: {}.", list(&differ)))
}

fn small(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

/// Every claim with what was found, but for the verdict, which stands above.
pub(super) fn table(claims: &[Claim]) -> Table {
    let played = claims.iter().any(|claim| claim.in_c.is_some());
    let toned = |found: &Found| Cell::toned(&found.found, tone(&found.found));
    // A column only where there is something to put into it.
    let in_c = |claim: &Claim| {
        let cell = claim.in_c.as_ref().map_or(Cell::toned("not measured", Tone::Muted), toned);
        played.then_some(cell)
    };
    let row = |claim: &Claim| {
        [Cell::new(&claim.claim), toned(&claim.rust)]
            .into_iter()
            .chain(in_c(claim))
            .chain([Cell::new(&claim.rust.answer)])
            .collect()
    };
    let columns = [Column::words("claim"), Column::words("found")]
        .into_iter()
        .chain(played.then(|| Column::words("in C")))
        .chain([Column::words("figures").rank(1)]);
    Table {
        caption: "The claims".to_owned(),
        columns: columns.collect(),
        rows: claims.iter().filter(|claim| claim.id != VERDICT).map(row).collect(),
        notes: if played {
            Vec::new()
        } else {
            vec![format!("In C: the lists were not played. To play them: {IN_C}.")]
        },
    }
}

/// What each claim rests on.
pub(super) fn evidence(claims: &[Claim]) -> Vec<Block> {
    let of = |found: &Found, end: &str| {
        let summary = format!("{}. {}{end}", found.found, found.answer);
        [Block::Text(summary), Block::List(found.evidence.clone())]
    };
    let section = |claim: &Claim| {
        let files = match claim.files.is_empty() {
            true => String::new(),
            false => format!(" From {}.", claim.files.join(", ")),
        };
        let mut blocks = of(&claim.rust, &format!(" Claim {}.{files}", claim.id)).to_vec();
        if let Some(in_c) = &claim.in_c {
            let [summary, list] = of(in_c, "");
            blocks.extend([Block::Text("In C:".to_owned()), summary, list]);
        }
        Block::Section(Section::new(&claim.claim, blocks))
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
