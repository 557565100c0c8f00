//! When a difference is called one.
//!
//! The rule, over the interval of a ratio (strategy over baseline):
//!
//! 1. `same`: the whole interval lies inside the threshold, so that no difference larger than it is plausible.
//! 2. `faster` or `slower`: otherwise, if the whole interval lies on one side of 1 and the ratio itself is further from 1
//!    than the A/A control's interval reaches, that is, further than the run could see where nothing is.
//! 3. `unclear`: otherwise.
//!
//! Distances are taken on the logarithm, so that exchanging strategy and baseline exchanges `faster` and `slower` and
//! changes nothing else: a threshold of 5 % means a ratio between 1/1.05 and 1.05.
//!
//! **Many comparisons.** A table of 40 true nulls at 95 % each would show two differences. So the level is corrected for
//! the number of rows (Bonferroni): all intervals of one table hold at once with 95 %. Holm's procedure is a little
//! stronger as a test but yields no interval per row, and the interval in the table must be the one that the verdict
//! follows from.

use super::Interval;
use crate::record::Verdict;

/// The level at which all intervals of one table hold at once.
pub const CONFIDENCE: f64 = 0.95;

/// The level of each of `comparisons` intervals so that all hold at once with `confidence` (0 to 1).
pub fn corrected_confidence(confidence: f64, comparisons: usize) -> f64 {
    1.0 - (1.0 - confidence) / comparisons.max(1) as f64
}

/// How far an interval of ratios reaches from 1, as a fraction: 0.02 if it ends at 1.02 or at 1/1.02, whichever is
/// further. Of the A/A control's it is the resolution. Infinite if the interval is unbounded.
pub fn reach(interval: Interval) -> f64 {
    distance(interval.low).max(distance(interval.high))
}

/// Half the width of an interval of ratios, as a fraction: 0.02 for one from 1/1.02 to 1.02 times its middle.
pub fn half_width(interval: Interval) -> f64 {
    (interval.high / interval.low).sqrt() - 1.0
}

/// The verdict on an interval of ratios, by the rule above. `threshold` and `resolution` are fractions: 0.01 for 1 %.
/// Without a resolution the interval decides alone.
pub fn verdict(interval: Interval, threshold: f64, resolution: Option<f64>) -> Verdict {
    if reach(interval) <= threshold {
        return Verdict::Same;
    }
    if distance(interval.estimate) <= resolution.unwrap_or(0.0) {
        return Verdict::Unclear;
    }
    if interval.high < 1.0 {
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
        for (low, high, resolution, expected) in [
            (0.995, 1.004, Some(0.005), Verdict::Same),
            (1.002, 1.006, Some(0.001), Verdict::Same),
            (1.006, 1.014, Some(0.005), Verdict::Slower),
            (0.980, 0.990, Some(0.005), Verdict::Faster),
            (0.980, 0.990, Some(0.020), Verdict::Unclear),
            (0.980, 0.990, Some(f64::INFINITY), Verdict::Unclear),
            (0.980, 0.990, None, Verdict::Faster),
            (0.980, 1.001, Some(0.005), Verdict::Unclear),
            (0.0, f64::INFINITY, Some(0.005), Verdict::Unclear),
            (f64::NAN, f64::NAN, None, Verdict::Unclear),
        ] {
            assert_eq!(verdict(between(low, high), 0.01, resolution), expected, "{low} {high} {resolution:?}");
        }
    }

    #[test]
    fn exchanging_the_sides_exchanges_faster_and_slower() {
        for low in [0.9, 0.98, 0.995, 1.001, 1.02] {
            for width in [1.001, 1.01, 1.1] {
                let there = verdict(between(low, low * width), 0.01, Some(0.004));
                let back = verdict(between(1.0 / (low * width), 1.0 / low), 0.01, Some(0.004));
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
    fn resolution_is_the_further_end() {
        assert!((reach(between(0.99, 1.02)) - 0.02).abs() < 1e-12);
        assert!((reach(between(1.0 / 1.03, 1.02)) - 0.03).abs() < 1e-12);
        assert_eq!(reach(between(0.0, 1.5)), f64::INFINITY);
    }

    #[test]
    fn correction_splits_the_risk() {
        assert_eq!(corrected_confidence(0.95, 0), 0.95);
        assert_eq!(corrected_confidence(0.95, 1), 0.95);
        assert!((corrected_confidence(0.95, 50) - 0.999).abs() < 1e-12);
    }
}
