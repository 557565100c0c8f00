//! The interval of a median over blocks: a calibrated bootstrap in closed form.
//!
//! **Why no resampling.** The percentile bootstrap of a median always ends at two of the sample's own values, and
//! which ones depends on the number of values alone (Efron, *Bootstrap methods: another look at the jackknife*, 1979,
//! section 3). So its coverage can be computed, and it falls short: the plain 95 % interval of 7 values holds the median
//! in 87.5 % of all cases, that of 13 in 90.8 %, that of 21 in 92.2 %. Calibrating it (Loh, *Calibrating confidence coefficients*, 1987: move the
//! ends until the coverage is what was asked for) needs no simulation either: the ends are the order statistics `k` from
//! below and from above, `k` as large as the binomial distribution allows (Thompson 1936; the interval of the sign test).
//! The result covers at least as often as asked, whatever the distribution, and has neither a seed nor noise of its own.
//!
//! **Few blocks.** `n` values can bound their median at a level of at most 1 - 2^(1-n): 96.9 % for 6 values, 93.75 %
//! for 5. Where more is asked (fewer than 6 values at 95 %, or a level corrected for many comparisons) the interval
//! reaches past the smallest and largest value by a multiple of their distance (Lanke, *Interval estimation of a
//! median*, 1974): `(1 - confidence)^(-1/(n-1)) / 2 - 1` times. That keeps the level if the density falls away on both
//! sides of the median; if it has two humps, only 1 - 2^(1-n) is certain. Fewer than 3 values bound nothing, and
//! neither do equal ones there: a range of 0 says that the values are not what the rule is made for.

use serde::Serialize;

/// The fewest values that bound their median at all.
const MIN_VALUES: usize = 3;

/// An estimate and the interval around it, closed, in the estimate's unit. The ends are infinite where the sample cannot
/// bound them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The sample's median.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval of a ratio, from that of its natural logarithm.
    pub fn exp(self) -> Self {
        Self {
            estimate: self.estimate.exp(),
            low: self.low.exp(),
            high: self.high.exp(),
        }
    }
}

/// The median, the mean of the two middle values if their number is even; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    median_of_sorted(&sorted(values))
}

/// The interval that holds the median of the distribution behind `values` with at least `confidence` (0 to 1,
/// exclusive), and their own median as the estimate. `None` of nothing. The module says what few values do.
pub fn median_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let sorted = sorted(values);
    let estimate = median_of_sorted(&sorted)?;
    let unbounded = Interval { estimate, low: f64::NEG_INFINITY, high: f64::INFINITY };
    let (smallest, largest) = (sorted[0], sorted[sorted.len() - 1]);
    // `total_cmp` sorts a NaN to either end.
    if sorted.len() < MIN_VALUES || !smallest.is_finite() || !largest.is_finite() {
        return Some(unbounded);
    }
    let miss = 1.0 - confidence;
    if let Some(k) = rank_from_the_end(sorted.len(), miss) {
        return Some(Interval { estimate, low: sorted[k - 1], high: sorted[sorted.len() - k] });
    }
    let reach = (largest - smallest) * reach_past_range(sorted.len(), miss);
    if reach > 0.0 {
        Some(Interval { estimate, low: smallest - reach, high: largest + reach })
    } else {
        Some(unbounded)
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median_of_sorted(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    Some(if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[sorted.len() / 2 - 1], upper)
    } else {
        upper
    })
}

/// The largest `k` for which the `k`-th values from below and from above miss the median with at most `miss`: fewer than
/// `k` of `n` values lie on one side of it as often as a fair coin shows heads fewer than `k` times. `None` if even the
/// outermost values miss it too often.
fn rank_from_the_end(n: usize, miss: f64) -> Option<usize> {
    let mut ln_probability = -(n as f64) * std::f64::consts::LN_2;
    let mut fewer_than_k = 0.0;
    let mut fitting = None;
    for k in 1..=n.div_ceil(2) {
        fewer_than_k += ln_probability.exp();
        if 2.0 * fewer_than_k > miss {
            break;
        }
        fitting = Some(k);
        ln_probability += ((n - k + 1) as f64 / k as f64).ln();
    }
    fitting
}

/// How far past the sample's ends the interval must reach, in units of its range. For values whose density falls away
/// from the median the worst case is a uniform one: all `n` fall on one side with 2^(1-n), and then the nearest is further
/// than `reach` ranges away with (1 + reach)^(1-n).
fn reach_past_range(n: usize, miss: f64) -> f64 {
    (miss.powf(-1.0 / (n - 1) as f64) / 2.0 - 1.0).max(0.0)
}

#[cfg(test)]
mod tests;
