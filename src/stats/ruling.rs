//! Yes, no or open: what a strategy's ratios at several points say to the question whether it should replace the baseline.
//!
//! The rule, over intervals that hold simultaneously with 95 % over all points together:
//!
//! 1. *No*: slower at some point; or nowhere faster by more than the margin, as every lower end shows.
//! 2. *Yes*: faster at some point, and at every point the one-sided 95 % upper end lies below [`HARM`].
//! 3. *Open*: otherwise. More blocks narrow the intervals; [`takes`] says how many would do if the ratios stay where they are.
//!
//! Where the A/A control shows a bias within the margin, each of these ends is taken to lie further out by as much.
//!
//! The bound on harm is one-sided and not corrected for the number of points. Whoever says yes must be right at each point, so that each
//! test may have the whole level (intersection-union test; Berger, 1982). Faster and slower *somewhere* are claims that some of many tests
//! comes out by chance, and are corrected.

use super::interval::MIN_BLOCKS;
use super::verdict::widened;
use super::{Interval, median_interval, verdict_beside};
use crate::record::Verdict;

/// The ratio to the baseline that a yes must exclude at every point.
pub const HARM: f64 = 1.05;
/// The level of the two-sided interval whose upper end is the one-sided 95 % end.
const TWO_SIDED: f64 = 0.90;
/// No more blocks than so many times those that there are.
const MOST_TIMES: f64 = 1_000.0;

/// A strategy over the baseline at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// The ratio with its simultaneous interval.
    pub interval: Interval,
    /// The one-sided 95 % upper end of the ratio.
    pub upper: f64,
    /// Blocks that it rests on.
    pub blocks: usize,
    /// The difference still called the same, as a fraction.
    pub margin: f64,
    /// The [`bias`](super::bias()) that the A/A control shows beside it, a fraction.
    pub bias: f64,
}

impl Held {
    /// Of the logarithms of a ratio, a block each; `confidence` is the level of this one interval. `None` of no block.
    pub fn of(log_ratios: &[f64], confidence: f64, margin: f64, bias: f64) -> Option<Self> {
        Some(Held {
            interval: median_interval(log_ratios, confidence)?.exp(),
            upper: median_interval(log_ratios, TWO_SIDED)?.exp().high,
            blocks: log_ratios.len(),
            margin,
            bias,
        })
    }

    /// The verdict on its interval.
    pub fn verdict(&self) -> Verdict {
        verdict_beside(self.bias, self.interval, self.blocks, self.margin)
    }

    /// What so many times as many blocks would make of it: the width of an interval falls with the root of their number.
    fn with(self, times: f64) -> Self {
        let Interval { estimate, low, high } = self.interval;
        let nearer = |end: f64| estimate * (end / estimate).powf(1.0 / times.sqrt());
        Held {
            interval: Interval { estimate, low: nearer(low), high: nearer(high) },
            upper: nearer(self.upper),
            ..self
        }
    }

    fn shows_no_gain(&self) -> bool {
        widened(self.interval, self.bias).low >= 1.0 / (1.0 + self.margin)
    }

    fn shows_no_harm(&self) -> bool {
        self.upper * (1.0 + self.bias) < HARM
    }
}

/// What is said to the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It should.
    Yes,
    /// It should not.
    No,
    /// That is not decided.
    Open,
}

impl Ruling {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Ruling::Yes => "Yes",
            Ruling::No => "No",
            Ruling::Open => "Open",
        }
    }
}

/// The rule. `points` are all that were to be measured; `None` stands where there is no figure.
pub fn rule(points: &[Option<Held>]) -> Ruling {
    let is = |wanted: Verdict| points.iter().flatten().any(|it| it.verdict() == wanted);
    let at_each =
        |shown: fn(&Held) -> bool| !points.is_empty() && points.iter().all(|it| it.as_ref().is_some_and(shown));
    if is(Verdict::Slower) || at_each(|it| it.blocks >= MIN_BLOCKS && it.shows_no_gain()) {
        Ruling::No
    } else if is(Verdict::Faster) && at_each(Held::shows_no_harm) {
        Ruling::Yes
    } else {
        Ruling::Open
    }
}

/// How many times as many blocks each point takes for the rule to decide, if the ratios stay where they are. `None` if no number does,
/// as where some point has no interval yet.
pub fn takes(points: &[Option<Held>]) -> Option<Vec<f64>> {
    let held: Vec<Held> = points.iter().copied().collect::<Option<_>>()?;
    if held.iter().any(|it| !it.interval.high.is_finite()) {
        return None;
    }
    let ruled =
        |times: &[f64]| rule(&held.iter().zip(times).map(|(it, times)| Some(it.with(*times))).collect::<Vec<_>>());
    let grid = || std::iter::successors(Some(1.0), |times| Some(times * 1.1)).take_while(|times| *times <= MOST_TIMES);
    let most = grid().find(|times| ruled(&vec![*times; held.len()]) != Ruling::Open)?;
    let mut times = vec![most; held.len()];
    // Of each point no more than the answer needs.
    for point in 0..times.len() {
        let enough = grid().take_while(|fewer| *fewer < most).find(|fewer| {
            let mut fewer_here = times.clone();
            fewer_here[point] = *fewer;
            ruled(&fewer_here) != Ruling::Open
        });
        times[point] = enough.unwrap_or(most);
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a margin of 5 %, with these ends on both sides at both levels.
    fn held(low: f64, high: f64) -> Option<Held> {
        let interval = Interval { estimate: (low * high).sqrt(), low, high };
        Some(Held { interval, upper: high, blocks: 10, margin: 0.05, bias: 0.0 })
    }

    #[test]
    fn each_case_of_the_rule() {
        let (faster, same, wide, slower) = (held(0.7, 0.8), held(0.98, 1.02), held(0.9, 1.2), held(1.02, 1.1));
        for (points, expected) in [
            (vec![faster, same], Ruling::Yes),
            (vec![faster, wide], Ruling::Open),
            (vec![faster, slower], Ruling::No),
            (vec![same, same], Ruling::No),
            (vec![same, held(0.96, 1.2)], Ruling::No),
            (vec![same, wide], Ruling::Open),
            (vec![faster, None], Ruling::Open),
            (vec![same, None], Ruling::Open),
            (vec![], Ruling::Open),
        ] {
            assert_eq!(rule(&points), expected, "{points:?}");
        }
    }

    #[test]
    fn the_bound_on_harm_is_one_sided() {
        let point = Held { upper: 1.04, ..held(0.99, 1.06).unwrap() };
        assert_eq!(rule(&[held(0.7, 0.8), Some(point)]), Ruling::Yes);
        let logs: Vec<f64> = (0..40).map(|block| f64::from(block - 20) * 0.002).collect();
        let both = Held::of(&logs, 0.995, 0.05, 0.0).unwrap();
        assert!(both.upper < both.interval.high, "{both:?}");
    }

    #[test]
    fn a_bias_counts_against_every_end() {
        let biased = |point: Option<Held>| point.map(|it| Held { bias: 0.03, ..it });
        let (faster, same, harmless) = (held(0.7, 0.8), held(0.99, 1.01), held(0.98, 1.04));
        for (points, plain, with) in [
            (vec![faster, same], Ruling::Yes, Ruling::Yes),
            (vec![faster, harmless], Ruling::Yes, Ruling::Open),
            (vec![held(1.02, 1.1)], Ruling::No, Ruling::No),
            (vec![held(0.96, 1.2)], Ruling::No, Ruling::Open),
            (vec![held(0.9, 0.96)], Ruling::Yes, Ruling::Open),
        ] {
            assert_eq!(rule(&points), plain, "{points:?}");
            assert_eq!(rule(&points.into_iter().map(biased).collect::<Vec<_>>()), with);
        }
    }

    #[test]
    fn few_blocks_decide_nothing() {
        let few = Held::of(&[-0.5; 5], 0.95, 0.05, 0.0);
        assert_eq!((rule(&[few]), takes(&[few])), (Ruling::Open, None));
    }

    #[test]
    fn what_it_takes_falls_on_the_points_that_hold_it_open() {
        let (faster, wide) = (held(0.7, 0.8), held(1.0 / 1.2, 1.2));
        let times = takes(&[faster, wide]).unwrap();
        // A half-width of 20 % is to be less than 5 %.
        assert_eq!(times[0], 1.0);
        assert!((times[1] / ((1.2_f64).ln() / (1.05_f64).ln()).powi(2) - 1.0).abs() < 0.11, "{times:?}");
        assert_eq!(takes(&[held(0.7, 0.8)]), Some(vec![1.0]));
        assert_eq!(takes(&[None, faster]), None);
    }
}
