//! Yes or no.
//!
//! The rule, on what was measured in this run: the patch as sent is *yes* if its race was looked for and not met, and it is faster
//! than the mutex at one point at least and slower at none. It is *no* if the race was met, or it is slower somewhere, or faster
//! nowhere although the machine could tell. Else it is *open*. The same rule is then applied to the patch with its race closed; and
//! whatever the answer, a rival that is faster than the patch somewhere and slower nowhere is named.

use super::files::Files;
use super::pace::{Pace, is_decided, saving};
use super::race::oversleeps;
use super::rivals::{RIVALS, against_rfc};
use super::words::count;
use super::{BASELINE, MENDED, RFC};
use crate::reading::Tally;
use crate::record::Claim;

const ID: &str = "verdict";
const CLAIM: &str = "The patch should go in.";

/// What the rule says of a strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Yes,
    No,
    Open,
}

impl Word {
    const fn text(self) -> &'static str {
        match self {
            Word::Yes => "Yes",
            Word::No => "No",
            Word::Open => "Open",
        }
    }
}

/// The rule.
fn judge(race: Option<u64>, tally: Tally) -> Word {
    match (race, tally) {
        (Some(1..), _) | (_, Tally { slower: 1.., .. }) => Word::No,
        (Some(0), Tally { faster: 1.., .. }) => Word::Yes,
        (_, Tally { faster: 0, unclear: 0, same: 1.., .. }) => Word::No,
        _ => Word::Open,
    }
}

pub fn claim(files: &Files<'_>, pace: &Pace) -> Claim {
    let of = |strategy: &str| {
        let tally = files.deciding(strategy).map(|(_, ratio)| ratio.verdict).collect::<Tally>();
        (judge(oversleeps(files, strategy).map(|(late, _)| late), tally), tally)
    };
    let (word, tally) = of(RFC);
    let (mended, mended_tally) = of(MENDED);
    let mut reasons = Vec::new();
    match oversleeps(files, RFC) {
        Some((0, polls)) => reasons.push(format!("its race was not met in {} polls", count(polls))),
        Some((late, polls)) => reasons.push(format!("{} of {} polls would have overslept", count(late), count(polls))),
        None => reasons.push("its race was not looked for".to_owned()),
    }
    reasons.push(format!("against {BASELINE} it is {}", tally.decided()));
    if let Some(saves) = pace.cost(RFC).and_then(|cost| cost.saves).filter(|saves| is_decided(*saves)) {
        reasons.push(format!("at the recorded pace it {}", saving(saves)));
    }
    let better: Vec<&str> = RIVALS
        .iter()
        .map(|(rival, _)| *rival)
        .filter(|rival| {
            let tally: Tally = against_rfc(files, rival).iter().map(|(_, ratio)| ratio.verdict).collect();
            tally.faster > 0 && tally.slower == 0
        })
        .collect();
    let rivals = match better[..] {
        [] => "No rival is faster than it somewhere and slower nowhere.".to_owned(),
        _ => format!("Faster than it somewhere and slower nowhere: {}.", better.join(", ")),
    };
    let race = oversleeps(files, MENDED);
    let race = race.map_or("race not looked for".to_owned(), |(late, polls)| {
        format!("{} of {} polls overslept", count(late), count(polls))
    });
    Claim {
        id: ID.to_owned(),
        claim: CLAIM.to_owned(),
        found: format!("{}, as it was sent", word.text()),
        answer: format!("{}.", crate::document::words::capital(&reasons.join("; "))),
        evidence: vec![
            format!(
                "With its race closed ({MENDED}): {}; {race}, {} against {BASELINE}.",
                mended.text(),
                mended_tally.decided()
            ),
            rivals,
            format!(
                "The rule: yes if no poll oversleeps and it is faster than {BASELINE} somewhere and slower nowhere; no if a poll \
                 oversleeps, or it is slower somewhere, or the same everywhere; else open."
            ),
        ],
        files: vec!["study.json".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule() {
        let tally = |faster, slower, same, unclear| Tally { faster, slower, same, unclear };
        for (race, tally, word) in [
            (Some(0), tally(2, 0, 1, 3), Word::Yes),
            (Some(1), tally(9, 0, 0, 0), Word::No),
            (Some(0), tally(5, 1, 0, 0), Word::No),
            (Some(0), tally(0, 0, 4, 0), Word::No),
            (Some(0), tally(0, 0, 4, 1), Word::Open),
            (None, tally(3, 0, 0, 0), Word::Open),
            (None, tally(0, 1, 0, 0), Word::No),
            (Some(0), tally(0, 0, 0, 0), Word::Open),
        ] {
            assert_eq!(judge(race, tally), word, "{race:?} {tally:?}");
        }
    }
}
