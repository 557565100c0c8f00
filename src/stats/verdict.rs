//! When a difference is called one.
//!
//! The rule, over the interval of a ratio (strategy over baseline) and a fixed margin:
//!
//! 1. `too few blocks`: fewer than [`MIN_BLOCKS`] blocks have both sides. No interval, no verdict.
//! 2. `same`: the whole interval lies inside the margin, so that no difference larger than it is plausible.
//! 3. `faster` or `slower`: otherwise, if the whole interval lies on one side of 1.
//! 4. `unclear`: otherwise.
//!
//! Distances are taken on the logarithm, so that exchanging strategy and baseline exchanges `faster` and `slower` and
//! changes nothing else: a margin of 5 % means a ratio between 1/1.05 and 1.05.
//!
//! **The A/A control only tests.** The baseline against itself has a ratio of 1. Where the control's interval excludes 1 the run is
//! biased there, and every verdict beside it is `unclear`. Its interval does not enter the others' verdicts: a rule that asks a
//! ratio to lie further from 1 than the control's interval ends has a second random variable decide.
//!
//! **Many comparisons.** A table of 40 true nulls at 95 % each would show two differences. So the level of a row is corrected for
//! the number of rows that decide (Bonferroni): their intervals are simultaneous 95 % intervals. Holm's procedure is a little
//! stronger as a test but yields no interval per row, and the interval in the table must be the one that the verdict
//! follows from.

use super::Interval;
use super::interval::MIN_BLOCKS;
use crate::record::Verdict;

/// The level at which all intervals of one family hold at once.
pub const CONFIDENCE: f64 = 0.95;

/// The level of each of `comparisons` intervals so that all hold at once with `confidence` (0 to 1).
pub fn corrected_confidence(confidence: f64, comparisons: usize) -> f64 {
    1.0 - (1.0 - confidence) / comparisons.max(1) as f64
}

/// Half the width of an interval of ratios, as a fraction: 0.02 for one from 1/1.02 to 1.02 times its middle. Infinite if the
/// interval is unbounded.
pub fn half_width(interval: Interval) -> f64 {
    (interval.high / interval.low).sqrt() - 1.0
}

/// The verdict on an interval of ratios that rests on `blocks` blocks, by the rule above. `margin` is a fraction: 0.01 for 1 %.
pub fn verdict(interval: Interval, blocks: usize, margin: f64) -> Verdict {
    if blocks < MIN_BLOCKS {
        Verdict::TooFewBlocks
    } else if distance(interval.low).max(distance(interval.high)) <= margin {
        Verdict::Same
    } else if interval.high < 1.0 {
        Verdict::Faster
    } else if interval.low > 1.0 {
        Verdict::Slower
    } else {
        Verdict::Unclear
    }
}

/// A ratio's distance from 1, the same for `r` and `1 / r`.
fn distance(ratio: f64) -> f64 {
    ratio.max(1.0 / ratio) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(low: f64, high: f64) -> Interval {
        Interval { estimate: (low * high).sqrt(), low, high }
    }

    #[test]
    fn each_case_of_the_rule() {
        for (low, high, blocks, expected) in [
            (0.995, 1.004, 6, Verdict::Same),
            (1.002, 1.006, 6, Verdict::Same),
            (1.006, 1.014, 6, Verdict::Slower),
            (0.980, 0.990, 6, Verdict::Faster),
            (0.980, 0.990, 5, Verdict::TooFewBlocks),
            (0.980, 1.001, 6, Verdict::Unclear),
            (0.0, f64::INFINITY, 6, Verdict::Unclear),
            (f64::NAN, f64::NAN, 6, Verdict::Unclear),
        ] {
            assert_eq!(verdict(between(low, high), blocks, 0.01), expected, "{low} {high} {blocks}");
        }
    }

    #[test]
    fn exchanging_the_sides_exchanges_faster_and_slower() {
        for low in [0.9, 0.98, 0.995, 1.001, 1.02] {
            for width in [1.001, 1.01, 1.1] {
                let there = verdict(between(low, low * width), 10, 0.01);
                let back = verdict(between(1.0 / (low * width), 1.0 / low), 10, 0.01);
                let expected = match there {
                    Verdict::Faster => Verdict::Slower,
                    Verdict::Slower => Verdict::Faster,
                    other => other,
                };
                assert_eq!(back, expected);
            }
        }
    }

    #[test]
    fn half_a_width_is_a_fraction_of_the_middle() {
        assert!((half_width(between(1.0 / 1.03, 1.03)) - 0.03).abs() < 1e-12);
        assert_eq!(half_width(between(0.0, 1.5)), f64::INFINITY);
    }

    #[test]
    fn correction_splits_the_risk() {
        assert_eq!(corrected_confidence(0.95, 0), 0.95);
        assert_eq!(corrected_confidence(0.95, 1), 0.95);
        assert!((corrected_confidence(0.95, 50) - 0.999).abs() < 1e-12);
    }
}
