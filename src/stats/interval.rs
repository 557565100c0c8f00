//! The interval of a median over blocks, from interpolated order statistics.
//!
//! The plain interval ends at the sample's own values: the `k`-th from below and the `k`-th from above hold the median with the
//! probability that a fair coin shows between `k` and `n - k` heads (Thompson 1936; the sign test inverted), whatever the
//! distribution. These levels are few: with 8 values there is 99.2 % and then 93.0 %, so that who asks for 95 % gets 99.2 % and
//! pays for it in width. Hettmansperger and Sheather (*Confidence intervals based on interpolated order statistics*, 1986) go
//! between the two: with `g` the level asked for and `g(k) >= g > g(k+1)` the plain ones, the ends lie at
//!
//! ```text
//! i = (g(k) - g) / (g(k) - g(k+1))        w = (n - k) i / (k + (n - 2k) i)
//! low  = (1 - w) x(k)     + w x(k+1)
//! high = (1 - w) x(n-k+1) + w x(n-k)
//! ```
//!
//! That holds the level almost exactly wherever the density does not vanish at the median. Between two humps it may, and then only
//! `g(k+1)` is certain.
//!
//! **Few blocks.** Fewer than [`MIN_BLOCKS`] values bound nothing here. `n` values hold their median between the smallest and the
//! largest with 1 - 2^(1-n), 96.9 % for 6. Where a level that is corrected for many comparisons asks for more, the interval
//! goes past the sample's ends by a multiple of its range (Lanke, *Interval estimation of a median*, 1974):
//! `(1 - confidence)^(-1/(n-1)) / 2 - 1` times. That keeps the level if the density falls away on both sides of the median. Equal
//! values bound nothing there: a range of 0 says that they are not what the rule is made for.
//!
//! **Neighbours in time.** All of this takes the values for independent. Blocks of short processes are not quite: what a machine does
//! outlasts one. Let `s(i)` be the side of the median, 1 or -1, on which the `i`-th value in the order of measurement lies. How
//! many lie on either side then varies by more than a fair coin's heads, by the factor
//!
//! ```text
//! f = 1 + 2 sum over l = 1 .. L of (1 - l / (L+1)) r(l)        L = cube root of n        r(l) = mean of s(i) s(i+l) + 1/n
//! ```
//!
//! in variance (Newey and West, *A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance
//! matrix*, 1987; the last term mends what counting from the sample's own median takes away). An interval is therefore taken at the
//! level whose normal deviate is the square root of `f` times that of the level asked for. `f` is never taken below 1, so that
//! independent values get an interval that is wider by 2 to 8 %. Fewer than [`ORDER_TELLS`] values say nothing of their order.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// The fewest blocks that have an interval and a verdict.
pub const MIN_BLOCKS: usize = 6;

/// The fewest values whose order says how much neighbours have in common.
const ORDER_TELLS: usize = 12;

/// The median of a sample and the interval around it, closed, in the unit of its values. The ends are infinite where the sample
/// cannot bound them.
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

    /// Whether it excludes `value`, which lies on neither end.
    pub fn excludes(self, value: f64) -> bool {
        self.high < value || self.low > value
    }
}

/// The median, the mean of the two middle values if their number is even; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    median_of_sorted(&sorted(values))
}

/// The interval that holds the median of the distribution behind `values` with `confidence` (0 to 1, exclusive), and their own
/// median as the estimate; the values stand in the order in which they were measured. `None` of nothing. The module says what few
/// values do.
pub fn median_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let sorted = sorted(values);
    let estimate = median_of_sorted(&sorted)?;
    let unbounded = Interval { estimate, low: f64::NEG_INFINITY, high: f64::INFINITY };
    let n = sorted.len();
    let (smallest, largest) = (sorted[0], sorted[n - 1]);
    if n < MIN_BLOCKS || sorted.iter().any(|value| value.is_nan()) {
        return Some(unbounded);
    }
    let miss = missed(confidence, dependence(values, estimate));
    if let Some(rank) = rank(n, miss) {
        let (outer, inner) = (rank.k - 1, (rank.k).min(n - 1));
        // An infinite value has its place in the order, and no distance to the next one.
        let between = |outer: f64, inner: f64| match outer.is_finite() {
            true => outer + rank.inward * (inner - outer),
            false => outer,
        };
        return Some(Interval {
            estimate,
            low: between(sorted[outer], sorted[inner]).min(estimate),
            high: between(sorted[n - 1 - outer], sorted[n - 1 - inner]).max(estimate),
        });
    }
    let past = (largest - smallest) * past_range(n, miss);
    if past > 0.0 && past.is_finite() {
        Some(Interval { estimate, low: smallest - past, high: largest + past })
    } else {
        Some(unbounded)
    }
}

/// By how much the number of values on either side of the median varies more, in variance, than if they were independent.
fn dependence(values: &[f64], median: f64) -> f64 {
    if values.len() < ORDER_TELLS {
        return 1.0;
    }
    let n = values.len() as f64;
    let side = |value: &f64| f64::from(i8::from(*value > median) - i8::from(*value < median));
    let sides: Vec<f64> = values.iter().map(side).collect();
    // A cube is not to fall short of its root.
    let lags = (n.cbrt() + 1e-9) as usize;
    let in_common = |lag: usize| {
        let both: f64 = sides.iter().zip(&sides[lag..]).map(|(one, later)| one * later).sum();
        (both + (n - lag as f64) / n) / n
    };
    let weight = |lag: usize| 1.0 - lag as f64 / (lags + 1) as f64;
    (1.0 + 2.0 * (1..=lags).map(|lag| weight(lag) * in_common(lag)).sum::<f64>()).max(1.0)
}

/// How often an interval for independent values may miss, for one that holds with `confidence` where they depend on each other.
fn missed(confidence: f64, dependence: f64) -> f64 {
    let miss = 1.0 - confidence;
    if dependence <= 1.0 {
        return miss;
    }
    let normal = Normal::standard();
    2.0 * normal.cdf(dependence.sqrt() * normal.inverse_cdf(miss / 2.0))
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

/// Where an interval ends: at the `k`-th value from either end, moved towards the next one by the share `inward`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rank {
    k: usize,
    inward: f64,
}

/// The rank at which the interval of `n` values misses the median with `miss`. `None` if even the outermost values miss it
/// more often.
fn rank(n: usize, miss: f64) -> Option<Rank> {
    let mut ln_probability = -(n as f64) * std::f64::consts::LN_2;
    let mut fewer_than_k = 0.0;
    let mut outer: Option<(usize, f64)> = None;
    for k in 1..=n.div_ceil(2) {
        fewer_than_k += ln_probability.exp();
        let missed = 2.0 * fewer_than_k;
        if missed > miss {
            let (k, missed_outside) = outer?;
            let share = (miss - missed_outside) / (missed - missed_outside);
            let (n, k_) = (n as f64, k as f64);
            let inward = (n - k_) * share / (k_ + (n - 2.0 * k_) * share);
            return Some(Rank { k, inward });
        }
        outer = Some((k, missed));
        ln_probability += ((n - k + 1) as f64 / k as f64).ln();
    }
    outer.map(|(k, _)| Rank { k, inward: 0.0 })
}

/// How far past the sample's ends the interval must go, in units of its range. For values whose density falls away
/// from the median the worst case is a uniform one: all `n` fall on one side with 2^(1-n), and then the nearest is further
/// than `x` ranges away with (1 + x)^(1-n).
fn past_range(n: usize, miss: f64) -> f64 {
    (miss.powf(-1.0 / (n - 1) as f64) / 2.0 - 1.0).max(0.0)
}

#[cfg(test)]
mod tests;
