//! Who stands where against the baseline, and what that decides.
//!
//! **The rule** is [`stats::rule`](crate::stats::rule()), over the intervals of the run's own table. A change is *justified* by a sound
//! strategy of which it says yes: *everywhere* if that is faster at each point, else *somewhere*. One that is faster here and slower
//! there offers a *trade*. It is *not justified here* if the rule says no of every sound strategy, else *not decided*.
//!
//! A strategy that declares itself racy, that `verify` found broken, or of which nothing is known never justifies anything,
//! however fast it is. A point at which the A/A control came out faster or slower than itself is biased and decides nothing; a lesser bias
//! counts against what is said there ([`stats::verdict`](crate::stats::verdict())).
//! Of several candidates one of which the rule says yes counts as the best, then the one that is faster anywhere, with the fewest slower
//! points, with the most faster ones, with the least mean ratio.

use super::Reading;
use crate::record::{CheckRow, Declaration, Point, RACY, Ratio, Verdict};
use crate::stats::{Held, Ruling, log_ratios, rule, takes};

/// What the figures say to the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Some sound strategy is faster at every point.
    Everywhere,
    /// Some sound strategy is faster at some points, and harm is excluded at all.
    Somewhere,
    /// What is faster at one point is slower at another.
    Trade,
    /// The rule says no of every sound strategy.
    NotHere,
    /// Anything else: more blocks are needed.
    Undecided,
    /// There is nothing to compare.
    Nothing,
}

/// Where something was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The point.
    pub point: Point,
    /// Whether the A/A control was called faster or slower than itself here.
    pub biased: bool,
}

/// One strategy at all places.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its name.
    pub strategy: String,
    /// The deciding ratio at each place; `None` where there is none.
    pub ratios: Vec<Option<Ratio>>,
    /// Why it justifies nothing, if so.
    pub caveat: Option<String>,
    /// How many unbiased places call it faster.
    pub faster: usize,
    /// How many call it slower.
    pub slower: usize,
    /// What the rule says of it.
    pub ruling: Ruling,
    /// How many times as many blocks it takes for that to be yes or no, if the ratios stay where they are.
    pub takes: Option<f64>,
}

impl Standing {
    /// Whether it may justify a change.
    pub fn is_sound(&self) -> bool {
        self.caveat.is_none()
    }

    /// The mean ratio, geometric.
    fn mean_ratio(&self) -> f64 {
        let logs: Vec<f64> = self.ratios.iter().flatten().map(|ratio| ratio.ratio.ln()).collect();
        (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp()
    }
}

/// All strategies at all places.
#[derive(Clone, Debug)]
pub struct Scores {
    /// What they are compared with.
    pub baseline: String,
    /// The places, in the order of points.
    pub places: Vec<Place>,
    /// The strategies but for the baseline, in the order of the run.
    pub standings: Vec<Standing>,
}

impl Scores {
    /// Of a run. `checks` are what `verify` found, of these strategies and others.
    pub fn new(reading: &Reading<'_>, declarations: &[Declaration], checks: &[CheckRow]) -> Self {
        let of_point = |point: &Point| Place { point: point.clone(), biased: reading.is_biased(point) };
        let places: Vec<Place> = reading.points.iter().map(of_point).collect();
        let logs = log_ratios(reading.trials, reading.baseline);
        let rivals = reading.strategies.iter().filter(|name| *name != reading.baseline);
        let standings = rivals.map(|name| {
            let ratios: Vec<Option<Ratio>> = places.iter().map(|it| reading.ratio(&it.point, name).cloned()).collect();
            let called = |word: Verdict| {
                let unbiased = ratios.iter().zip(&places).filter(|(_, place)| !place.biased);
                unbiased.filter_map(|(ratio, _)| ratio.as_ref()).filter(|ratio| ratio.verdict == word).count()
            };
            let held: Vec<Option<Held>> = ratios
                .iter()
                .zip(&places)
                .filter(|(_, place)| !place.biased)
                .map(|(ratio, place)| {
                    let ratio = ratio.as_ref()?;
                    let of = logs.iter().find(|it| (&it.point, &it.strategy) == (&place.point, name))?;
                    Held::of(&of.logs, ratio.confidence, ratio.threshold, ratio.bias)
                })
                .collect();
            Standing {
                strategy: name.clone(),
                ruling: rule(&held),
                takes: takes(&held).map(|times| times.into_iter().fold(1.0, f64::max)),
                caveat: caveat(name, declarations, checks),
                faster: called(Verdict::Faster),
                slower: called(Verdict::Slower),
                ratios,
            }
        });
        Scores {
            baseline: reading.baseline.to_owned(),
            standings: standings.collect(),
            places,
        }
    }

    /// The best sound strategy, by the order above.
    pub fn best(&self) -> Option<&Standing> {
        let sound = self.standings.iter().filter(|it| it.is_sound() && it.ratios.iter().any(Option::is_some));
        sound.min_by(|a, b| {
            let rank = |it: &Standing| (it.ruling != Ruling::Yes, it.faster == 0, it.slower, usize::MAX - it.faster);
            rank(a).cmp(&rank(b)).then(a.mean_ratio().total_cmp(&b.mean_ratio()))
        })
    }

    /// How many places are not biased.
    pub fn unbiased(&self) -> usize {
        self.places.iter().filter(|place| !place.biased).count()
    }

    /// The answer, by the rule above.
    pub fn answer(&self) -> Answer {
        let places = self.unbiased();
        match self.best() {
            _ if places == 0 || self.standings.iter().all(|it| it.ratios.iter().all(Option::is_none)) => {
                Answer::Nothing
            }
            Some(best) if best.ruling == Ruling::Yes && best.faster == places => Answer::Everywhere,
            Some(best) if best.ruling == Ruling::Yes => Answer::Somewhere,
            Some(best) if best.faster > 0 && best.slower > 0 => Answer::Trade,
            _ if self.standings.iter().filter(|it| it.is_sound()).all(|it| it.ruling == Ruling::No) => Answer::NotHere,
            _ => Answer::Undecided,
        }
    }

    /// The deciding ratios of sound strategies at unbiased places.
    pub fn sound_ratios(&self) -> impl Iterator<Item = &Ratio> {
        let at_places =
            self.standings.iter().filter(|it| it.is_sound()).flat_map(|it| it.ratios.iter().zip(&self.places));
        at_places.filter(|(_, place)| !place.biased).filter_map(|(ratio, _)| ratio.as_ref())
    }
}

/// Why a strategy may not justify a change.
fn caveat(name: &str, declarations: &[Declaration], checks: &[CheckRow]) -> Option<String> {
    let broken = checks.iter().find(|row| row.strategy == name && !row.verdict.is_good());
    if let Some(row) = broken {
        return Some(format!("verify found {} {}", row.check.word(), row.verdict.word()));
    }
    match declarations.iter().find(|it| it.name == name) {
        None => Some("unknown to this program".to_owned()),
        Some(it) if it.freshness == RACY => Some("racy".to_owned()),
        Some(_) => None,
    }
}
