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
//! **The A/A control.** The baseline against itself has a ratio of 1. Where the control's interval holds 1 it has no part in the
//! others' verdicts: a rule that asks a ratio to lie further from 1 than the control's interval ends has a second random variable decide.
//! Where it excludes 1 the run is biased there, and how far it reaches from 1 bounds what the bias may be ([`bias`]):
//!
//! - Beyond the margin (the control is itself called `faster` or `slower`), nothing counts: every verdict is `unclear`.
//! - Within the margin (it is called `same`), the others' intervals are taken to be wider by that much at either end, and one that wide
//!   must lie inside the margin for `same`, and beyond it for `faster` or `slower`. A bias is a draw of its own for each contestant, and
//!   the control's says what size they have, not how large the next one is; so no difference that the margin would hold is believed.
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

/// How far from 1 the A/A control's interval of ratios reaches, as a fraction, if it excludes 1; else 0.
pub fn bias(control: Interval) -> f64 {
    match control.excludes(1.0) {
        true => furthest(control),
        false => 0.0,
    }
}

/// The verdict on an interval of ratios that rests on `blocks` blocks, by the rule above, where no bias was found. `margin` is a
/// fraction: 0.01 for 1 %.
pub fn verdict(interval: Interval, blocks: usize, margin: f64) -> Verdict {
    verdict_beside(0.0, interval, blocks, margin)
}

/// The same beside an A/A control with this [`bias`].
pub fn verdict_beside(bias: f64, interval: Interval, blocks: usize, margin: f64) -> Verdict {
    let Interval { low, high, .. } = widened(interval, bias);
    let beyond = 1.0 + if bias > 0.0 { margin } else { 0.0 };
    if blocks < MIN_BLOCKS {
        Verdict::TooFewBlocks
    } else if bias > margin {
        Verdict::Unclear
    } else if furthest(Interval { low, high, ..interval }) <= margin {
        Verdict::Same
    } else if high < 1.0 / beyond {
        Verdict::Faster
    } else if low > beyond {
        Verdict::Slower
    } else {
        Verdict::Unclear
    }
}

/// An interval of ratios with what a bias may have done to it, at either end.
pub fn widened(interval: Interval, bias: f64) -> Interval {
    Interval {
        low: interval.low / (1.0 + bias),
        high: interval.high * (1.0 + bias),
        ..interval
    }
}

/// How far from 1 an interval of ratios reaches.
fn furthest(interval: Interval) -> f64 {
    distance(interval.low).max(distance(interval.high))
}

/// A ratio's distance from 1, the same for `r` and `1 / r`.
fn distance(ratio: f64) -> f64 {
    ratio.max(1.0 / ratio) - 1.0
}

#[cfg(test)]
mod simulated;

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
    fn a_bias_within_the_margin_widens_and_one_beyond_it_silences() {
        let within = bias(between(0.9962, 0.9995));
        assert!((within - 0.0038).abs() < 1e-4, "{within}");
        assert_eq!(bias(between(0.9962, 1.0001)), 0.0, "an interval that holds 1 shows no bias");
        for (bias, low, high, expected) in [
            (within, 1.0181, 1.0226, Verdict::Slower),
            (within, 0.55, 0.62, Verdict::Faster),
            (within, 0.9950, 1.0050, Verdict::Same),
            // Inside the margin, and not with what the bias may have hidden.
            (within, 0.9930, 1.0070, Verdict::Unclear),
            // Further from 1 than the bias reaches, and not beyond the margin by as much.
            (within, 1.0060, 1.0120, Verdict::Unclear),
            (within, 1.0120, 1.0200, Verdict::Unclear),
            (0.011, 0.55, 0.62, Verdict::Unclear),
            (0.011, 0.9999, 1.0001, Verdict::Unclear),
        ] {
            assert_eq!(verdict_beside(bias, between(low, high), 10, 0.01), expected, "{bias} {low} {high}");
        }
        assert_eq!(verdict_beside(0.5, between(0.5, 0.6), 5, 0.01), Verdict::TooFewBlocks);
    }

    /// The control silences where it is itself called faster or slower, and nowhere else.
    #[test]
    fn a_control_that_is_called_different_is_biased_beyond_the_margin() {
        for low in [0.9, 0.985, 0.992, 0.999, 1.001, 1.008, 1.05] {
            for width in [1.0005, 1.003, 1.1] {
                let control = between(low, low * width);
                let called = matches!(verdict(control, 10, 0.01), Verdict::Faster | Verdict::Slower);
                assert_eq!(bias(control) > 0.01, called, "{control:?}");
            }
        }
    }

    #[test]
    fn exchanging_the_sides_exchanges_faster_and_slower() {
        for low in [0.9, 0.98, 0.995, 1.001, 1.02] {
            for width in [1.001, 1.01, 1.1] {
                for bias in [0.0, 0.004] {
                    let there = verdict_beside(bias, between(low, low * width), 10, 0.01);
                    let back = verdict_beside(bias, between(1.0 / (low * width), 1.0 / low), 10, 0.01);
                    let expected = match there {
                        Verdict::Faster => Verdict::Slower,
                        Verdict::Slower => Verdict::Faster,
                        other => other,
                    };
                    assert_eq!(back, expected);
                }
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
