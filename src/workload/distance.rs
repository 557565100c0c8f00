//! How far ahead of now timers are armed.

use super::error::{Invalid, WorkloadError, within};
use super::trace::{Trace, TraceOp};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp, LogNormal, Uniform};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The longest distance, ns: some 36 years. Draws are clamped to 1 up to this, so that a deadline never overflows.
pub(super) const MAX_NS: u64 = (1 << 60) - 1;

/// How many values stand for the distances of a trace.
const QUANTILES: usize = 1024;

/// The distribution of the distance from now to a new deadline, ns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Distance {
    /// Always the same: every new deadline goes to the end of the list.
    Fixed {
        /// The distance, ns.
        ns: u64,
    },
    /// Any whole number of ns from `min_ns` to `max_ns`, equally likely.
    Uniform {
        /// The shortest, ns.
        min_ns: u64,
        /// The longest, ns.
        max_ns: u64,
    },
    /// Exponential: many short ones, few long ones.
    Exponential {
        /// The mean, ns.
        mean_ns: u64,
    },
    /// Lognormal: spread over orders of magnitude.
    Lognormal {
        /// The median, ns.
        median_ns: u64,
        /// The standard deviation of the natural logarithm; 2.3 is a factor of ten.
        sigma: f64,
    },
    /// Those of a trace's mods: each row's expire_ns less its time_ns.
    Trace {
        /// The trace.
        path: PathBuf,
        /// What was read from it: 1024 quantiles in ascending order, ns. Filled on first use and kept with the workload,
        /// so that a later run draws from the same values whether or not the trace is still there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quantiles_ns: Vec<u64>,
    },
}

impl Distance {
    /// Reads the trace, if that has not been done.
    pub(super) fn resolve(&mut self, origin: &str) -> Result<(), WorkloadError> {
        let Distance::Trace { path, quantiles_ns } = self else {
            return Ok(());
        };
        if !quantiles_ns.is_empty() {
            return Ok(());
        }
        let trace = Trace::load(&*path).map_err(|source| WorkloadError::Trace { origin: origin.to_owned(), source })?;
        let Some(read) = quantiles(&trace) else {
            let found = format!("{}, which has no mod rows", path.display());
            return Err(Invalid::new("distance.path", found, "a trace that has some").in_origin(origin));
        };
        *quantiles_ns = read;
        Ok(())
    }

    /// Those of a trace that has been read from `path`; none if it has no mods.
    pub(super) fn of_trace(trace: &Trace, path: &Path) -> Option<Distance> {
        quantiles(trace).map(|quantiles_ns| Distance::Trace { path: path.to_owned(), quantiles_ns })
    }

    /// The distribution, ready to draw from.
    pub(super) fn sampler(&self) -> Result<Sampler, Invalid> {
        Ok(match *self {
            Distance::Fixed { ns } => {
                within("distance.ns", ns, 1, MAX_NS, "ns")?;
                Sampler::Fixed(ns as i64)
            }
            Distance::Uniform { min_ns, max_ns } => {
                within("distance.min_ns", min_ns, 1, MAX_NS, "ns")?;
                within("distance.max_ns", max_ns, min_ns, MAX_NS, "ns")?;
                let wrong = |error| Invalid::new("distance", format!("no distribution ({error})"), "min_ns <= max_ns");
                Sampler::Uniform(Uniform::new_inclusive(min_ns as i64, max_ns as i64).map_err(wrong)?)
            }
            Distance::Exponential { mean_ns } => {
                within("distance.mean_ns", mean_ns, 1, MAX_NS, "ns")?;
                let wrong = |error| Invalid::new("distance", format!("no distribution ({error})"), "a mean above 0");
                Sampler::Exponential(Exp::new(1.0 / mean_ns as f64).map_err(wrong)?)
            }
            Distance::Lognormal { median_ns, sigma } => {
                within("distance.median_ns", median_ns, 1, MAX_NS, "ns")?;
                within("distance.sigma", sigma, 0.0, 10.0, "")?;
                let wrong = |error| Invalid::new("distance", format!("no distribution ({error})"), "a finite sigma");
                Sampler::Lognormal(LogNormal::new((median_ns as f64).ln(), sigma).map_err(wrong)?)
            }
            Distance::Trace { ref quantiles_ns, .. } => {
                within("distance.quantiles_ns: the number of values", quantiles_ns.len(), 1, QUANTILES, "")?;
                for &ns in quantiles_ns {
                    within("distance.quantiles_ns", ns, 1, MAX_NS, "ns")?;
                }
                Sampler::Values(quantiles_ns.iter().map(|&ns| ns as i64).collect())
            }
        })
    }
}

/// The distances of a trace's mods, as so many values that stand for equal shares of them; none if it has no mods.
fn quantiles(trace: &Trace) -> Option<Vec<u64>> {
    let mods = trace.rows.iter().filter(|row| row.op == TraceOp::Mod);
    let mut distances: Vec<u64> =
        mods.map(|row| clamp(row.expire.0.saturating_sub(row.time.0)).unsigned_abs()).collect();
    distances.sort_unstable();
    let quantile = |i| distances[(2 * i + 1) * distances.len() / (2 * QUANTILES)];
    (!distances.is_empty()).then(|| (0..QUANTILES).map(quantile).collect())
}

fn clamp(ns: i64) -> i64 {
    ns.clamp(1, MAX_NS as i64)
}

/// Draws distances.
pub(super) enum Sampler {
    Fixed(i64),
    Uniform(Uniform<i64>),
    Exponential(Exp<f64>),
    Lognormal(LogNormal<f64>),
    Values(Box<[i64]>),
}

impl Sampler {
    /// A distance in ns, from 1 to [`MAX_NS`].
    pub(super) fn draw(&self, rng: &mut impl Rng) -> i64 {
        match self {
            Sampler::Fixed(ns) => *ns,
            Sampler::Uniform(uniform) => uniform.sample(rng),
            // The conversion from f64 saturates.
            Sampler::Exponential(exponential) => clamp(exponential.sample(rng) as i64),
            Sampler::Lognormal(lognormal) => clamp(lognormal.sample(rng) as i64),
            Sampler::Values(values) => values[rng.random_range(0..values.len())],
        }
    }

    /// A distance that is about as often shorter as longer than another draw, even if all draws are the same: a draw
    /// times a factor between 0.5 and 1.5.
    pub(super) fn draw_near(&self, rng: &mut impl Rng) -> i64 {
        clamp((self.draw(rng) as f64 * rng.random_range(0.5..1.5)) as i64)
    }
}

/// A duration with its unit, such as `100ns`, `10us`, `1.5ms` or `2s`, in ns.
///
/// # Errors
/// One line that says what was expected.
pub fn parse_duration_ns(text: &str) -> Result<u64, String> {
    const EXPECTED: &str = "expected a number and a unit, such as 100ns, 10us, 1.5ms or 2s";
    match text.parse::<jiff::SignedDuration>() {
        Ok(duration) if duration.is_negative() => Err(format!("`{text}` is negative; {EXPECTED}")),
        Ok(duration) => u64::try_from(duration.as_nanos()).map_err(|_| format!("`{text}` is too long; {EXPECTED}")),
        Err(_) => Err(format!("`{text}` is no duration; {EXPECTED}")),
    }
}
