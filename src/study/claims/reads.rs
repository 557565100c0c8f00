//! "The cost is two extra memory reads for fired timer." Counted by the model, on the lists that ship.

use super::Side;
use super::files::Files;
use crate::document::words::trimmed;
use crate::reading::MODEL;
use crate::record::{Anatomy, Claim, Found};

const ID: &str = "loads-per-fired-timer";
const CLAIM: &str = "The cost is two more memory reads per fired timer.";

/// What to do for an answer.
const REMEDY: &str = "The model counts reads, and its results were not taken in: \
                      mkdir -p MODEL; scripts/model anatomy --out MODEL/anatomy.csv, then headlock study qemu-rfc --model MODEL.";

/// Loads in a call that runs a list: plain ones, atomic ones.
#[derive(Clone, Copy, Debug)]
struct Loads {
    plain: f64,
    atomic: f64,
}

impl Loads {
    fn of(counts: &[Anatomy], strategy: &str, due: usize) -> Option<Loads> {
        let operation = format!("run-{due}-due");
        let wanted = |it: &&Anatomy| it.strategy == strategy && it.operation == operation && it.setting == "alone";
        let row = counts.iter().find(wanted).filter(|row| row.rounds > 0)?;
        let each = |sum: u64| sum as f64 / row.rounds as f64;
        Some(Loads { plain: each(row.plain_loads), atomic: each(row.atomic_loads) })
    }

    fn less(self, other: Loads) -> Loads {
        Loads {
            plain: self.plain - other.plain,
            atomic: self.atomic - other.atomic,
        }
    }

    fn all(self) -> f64 {
        self.plain + self.atomic
    }
}

pub fn claim(files: &Files<'_>) -> Claim {
    let counts = files.study.model.as_ref().map_or(&[][..], |model| &model.counts);
    let claim = super::claim(ID, CLAIM, "it", [format!("{MODEL}/anatomy.csv")], |side| found(counts, side));
    match claim.files.is_empty() {
        true => Claim {
            rust: Found {
                found: "Not counted".to_owned(),
                answer: REMEDY.to_owned(),
                evidence: Vec::new(),
            },
            ..claim
        },
        false => claim,
    }
}

fn found(counts: &[Anatomy], side: Side) -> Option<Found> {
    let Side { baseline, patch, .. } = side;
    // What one timer more adds to a call that fires one.
    let further = |strategy| Some(Loads::of(counts, strategy, 2)?.less(Loads::of(counts, strategy, 1)?));
    let (ours, theirs) = (further(patch)?, further(baseline)?);
    let more = ours.less(theirs);
    let evidence = [baseline, patch].into_iter().flat_map(|strategy| {
        (0..=2).filter_map(move |due| {
            let Loads { plain, atomic } = Loads::of(counts, strategy, due)?;
            let (plain, atomic) = (trimmed(plain), trimmed(atomic));
            Some(format!("A call that fires {due}, under {strategy}: {plain} plain loads and {atomic} atomic ones."))
        })
    });
    let exact = (more.all() - 2.0).abs() < 0.01;
    Some(Found {
        found: if exact { "Holds, by count" } else { "Does not hold, by count" }.to_owned(),
        answer: format!(
            "A further fired timer makes {} loads under {patch} and {} under {baseline}: {} more, {} of them atomic.",
            trimmed(ours.all()),
            trimmed(theirs.all()),
            trimmed(more.all()),
            trimmed(more.atomic),
        ),
        evidence: evidence
            .chain([
                "Counted by the model on the lists that ship, by one thread alone, per call. What entering a read-side section \
                 loads is in it."
                    .to_owned(),
            ])
            .collect(),
    })
}
