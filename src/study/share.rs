//! Who gets how much of the time: what a pilot says of the rest.
//!
//! The half-width of an interval over `n` blocks is in proportion to `spread / sqrt(n)`. So for the same half-width everywhere a part
//! needs blocks in proportion to the square of its spread, and time in proportion to that times what its block takes. Pilot blocks
//! steer and count for nothing, so where the intervals will lie has no part in how wide they are (Stein, *A two-sample test for a linear
//! hypothesis whose power is independent of the variance*, 1945).

use super::claims::PATCHES;
use crate::reading::Results;

/// Blocks of a pilot.
pub const PILOT_BLOCKS: usize = 4;
/// Blocks that a part is to have at least, for an interval over ten points.
const FLOOR_BLOCKS: f64 = 10.0;
/// The share of the time that no part may go beyond.
const CAP: f64 = 0.3;

/// What a pilot says of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// The standard deviation over blocks of the logarithm of a ratio; `None` if too few blocks were undisturbed. Such a part counts
    /// as one that varies most.
    pub spread: Option<f64>,
    /// What a block takes, ns.
    pub block_ns: f64,
}

impl Need {
    /// Of a pilot's results: the patch that varies most, and the number of blocks. `None` if it did not end.
    pub fn of(pilot: &Results) -> Option<(Need, usize)> {
        let reading = pilot.reading();
        let spreads = PATCHES.iter().flat_map(|(patch, baseline)| {
            reading
                .log_ratios(baseline)
                .into_iter()
                .filter(|it| it.strategy == *patch)
                .filter_map(|it| deviation(&it.logs))
        });
        let spread = spreads.reduce(f64::max);
        let blocks = reading.blocks();
        let ns = reading.run.ended?.duration_since(reading.run.started).as_nanos() as f64;
        Some((Need { spread, block_ns: ns / blocks.max(1) as f64 }, blocks))
    }

    fn floor_ns(self) -> f64 {
        FLOOR_BLOCKS * self.block_ns
    }
}

fn deviation(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()).filter(|it| it.is_finite())
}

/// The time of each part, ns: its floor, and of the rest in proportion to its need, up to the cap. `None` where there is not even
/// time for the floor; the dearest part goes first.
pub fn shares(needs: &[Need], time_ns: f64) -> Vec<Option<f64>> {
    let mut kept: Vec<usize> = (0..needs.len()).collect();
    let floors = |kept: &[usize]| kept.iter().map(|part| needs[*part].floor_ns()).sum::<f64>();
    kept.sort_by(|a, b| needs[*a].floor_ns().total_cmp(&needs[*b].floor_ns()));
    while floors(&kept) > time_ns {
        kept.pop();
    }
    // A few parts must be able to use all of it.
    let most_ns = CAP.max(1.2 / kept.len() as f64) * time_ns;
    let cap = |part: usize| needs[part].floor_ns().max(most_ns);
    let widest = needs.iter().filter_map(|need| need.spread).fold(0.0, f64::max).max(1e-6);
    let mut shares: Vec<Option<f64>> = vec![None; needs.len()];
    let mut growing = kept;
    growing.iter().for_each(|part| shares[*part] = Some(needs[*part].floor_ns()));
    let mut rest = time_ns - floors(&growing);
    // What one cannot use under its cap goes to the others.
    while rest > 1.0 && !growing.is_empty() {
        let weight = |part: usize| needs[part].spread.unwrap_or(widest).max(1e-6).powi(2) * needs[part].block_ns;
        let whole: f64 = growing.iter().map(|part| weight(*part)).sum();
        let offered = rest;
        for part in &growing {
            let has = shares[*part].unwrap_or(0.0);
            let given = (offered * weight(*part) / whole).min(cap(*part) - has);
            shares[*part] = Some(has + given);
            rest -= given;
        }
        growing.retain(|part| shares[*part].is_some_and(|has| has < cap(*part)));
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(spread: f64, block_ns: f64) -> Need {
        Need { spread: Some(spread), block_ns }
    }

    #[test]
    fn what_varies_more_gets_more_within_floor_and_cap() {
        let usual = need(0.02, 1.0);
        let needs = [
            need(0.01, 1.0),
            usual,
            need(0.02, 2.0),
            need(0.5, 1.0),
            usual,
            usual,
            usual,
            usual,
        ];
        let shares: Vec<f64> = shares(&needs, 1_000.0).into_iter().flatten().collect();
        assert!((shares.iter().sum::<f64>() - 1_000.0).abs() < 2.0, "{shares:?}");
        assert_eq!(shares[3], 300.0);
        assert!(shares[0] < shares[1] && shares[1] < shares[2], "{shares:?}");
        assert!(shares[0] >= 10.0);
    }

    #[test]
    fn the_dearest_is_dropped_where_time_is_too_short() {
        let shares = shares(&[need(0.1, 1.0), need(0.1, 100.0), need(0.1, 2.0)], 40.0);
        assert!(shares[1].is_none() && shares[0].is_some() && shares[2].is_some(), "{shares:?}");
        assert_eq!(super::shares(&[need(0.1, 5.0)], 40.0), [None]);
    }

    #[test]
    fn a_pilot_without_figures_counts_as_the_widest() {
        let shares = shares(&[need(0.01, 1.0), need(0.1, 1.0), Need { spread: None, block_ns: 1.0 }], 100.0);
        assert_eq!(shares[1], shares[2]);
    }

    #[test]
    fn a_spread_takes_two_blocks() {
        assert_eq!((deviation(&[]), deviation(&[0.1])), (None, None));
        assert!((deviation(&[0.0, 0.2]).unwrap() - 0.02_f64.sqrt()).abs() < 1e-12);
    }
}
