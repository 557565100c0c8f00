//! Yes or no.
//!
//! [`stats::rule`](crate::stats::rule()) over all points of all parts together says whether the patch pays. The race is a ground of its own
//! for *no*: the patch as sent is *yes* only if its race was looked for and not met. The same is then said of the patch with its race
//! closed; and whatever the answer, a rival that is faster than the patch somewhere and slower nowhere is named.

use super::Side;
use super::files::{At, Files};
use super::race::oversleeps;
use super::words::{self, count};
use super::{pace, rivals};
use crate::document::words::{capital, percent};
use crate::record::{Claim, Found};
use crate::stats::{HARM, Held, Ruling, rule};

const ID: &str = "verdict";
const CLAIM: &str = "The patch should go in.";

/// The rule, with the race: polls that overslept, if that was looked for.
fn judge(race: Option<u64>, points: &[At<'_, '_>]) -> Ruling {
    let held: Vec<Option<Held>> = points.iter().map(|it| Some(it.held)).collect();
    with_race(race, rule(&held))
}

fn with_race(race: Option<u64>, ruling: Ruling) -> Ruling {
    match (race, ruling) {
        (Some(1..), _) => Ruling::No,
        (None, Ruling::Yes) => Ruling::Open,
        (_, ruling) => ruling,
    }
}

pub fn claim(files: &Files<'_>) -> Claim {
    super::claim(ID, CLAIM, "it", ["study.json".to_owned()], |side| {
        let played = !files.over(side.patch, side.baseline).is_empty() || oversleeps(files, side.patch).is_some();
        (played || side == super::RUST).then(|| found(files, side))
    })
}

fn found(files: &Files<'_>, side: Side) -> Found {
    let Side { baseline, patch, mended, .. } = side;
    let (points, mended_points) = (files.over(patch, baseline), files.over(mended, baseline));
    let [race, mended_race] = [patch, mended].map(|strategy| oversleeps(files, strategy));
    let [word, mended_word] = [(race, &points), (mended_race, &mended_points)]
        .map(|(race, points)| judge(race.map(|(late, _)| late), points));
    let mut reasons = vec![match race {
        Some((0, polls)) => format!("its race was not met in {} polls", count(polls)),
        Some((late, polls)) => format!("{} of {} polls would have overslept", count(late), count(polls)),
        None => "its race was not looked for".to_owned(),
    }];
    reasons.push(format!("against {baseline} it is {}", decided(&points)));
    reasons.extend(pace::saved(files, side).map(|saves| format!("at the recorded pace it {saves}")));
    let rivals = match rivals::better(files, side)[..] {
        [] => "No rival is faster than it somewhere and slower nowhere.".to_owned(),
        ref better => format!("Faster than it somewhere and slower nowhere: {}.", better.join(", ")),
    };
    let mended_race = mended_race.map_or("race not looked for".to_owned(), |(late, polls)| {
        format!("{} of {} polls overslept", count(late), count(polls))
    });
    let mut evidence = vec![
        format!(
            "With its race closed ({mended}): {}; {mended_race}, {} against {baseline}.",
            mended_word.word(),
            decided(&mended_points)
        ),
        rivals,
    ];
    let open = [(word, patch, &points), (mended_word, mended, &mended_points)];
    let open = open.into_iter().filter(|(word, _, points)| *word == Ruling::Open && !points.is_empty());
    evidence.extend(open.map(|(_, name, points)| format!("{name}: {}", words::what_it_takes(points))));
    evidence.push(format!(
        "The rule: yes if no poll oversleeps, it is faster than {baseline} somewhere, and at every point the one-sided 95 % upper end \
         of the ratio lies below {HARM}; no if a poll oversleeps, or it is slower somewhere, or nowhere faster by more than {}, as every \
         lower end shows; else open. Faster and slower hold with 95 % over all points of the study together.",
        percent(points.first().map_or(HARM - 1.0, |it| it.held.margin))
    ));
    Found {
        found: format!("{}, as it was sent", word.word()),
        answer: format!("{}.", capital(&reasons.join("; "))),
        evidence,
    }
}

/// At how many points it is what.
fn decided(points: &[At<'_, '_>]) -> String {
    match points {
        [] => "measured at no point".to_owned(),
        _ => words::tally(points).decided(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_race_is_a_ground_of_its_own() {
        for (race, ruling, word) in [
            (Some(0), Ruling::Yes, Ruling::Yes),
            (Some(1), Ruling::Yes, Ruling::No),
            (Some(1), Ruling::Open, Ruling::No),
            (Some(0), Ruling::No, Ruling::No),
            (Some(0), Ruling::Open, Ruling::Open),
            (None, Ruling::Yes, Ruling::Open),
            (None, Ruling::No, Ruling::No),
        ] {
            assert_eq!(with_race(race, ruling), word, "{race:?} {ruling:?}");
        }
    }
}
