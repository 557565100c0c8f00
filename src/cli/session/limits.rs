//! When a run has measured enough, and how far it is.

use super::super::common::CommonArgs;
use crate::stats::FEWEST_BLOCKS;

/// The budget of a run that is given no other limit, ns.
const DEFAULT_BUDGET_NS: u64 = 30_000_000_000;
/// The budget of a run that is given a precision alone, ns: a machine may be too restless ever to reach it.
const PRECISION_BUDGET_NS: u64 = 600_000_000_000;

/// The limits of a run; the first that is met ends it, after a whole block.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Blocks of this invocation.
    blocks: Option<u64>,
    /// Time of this invocation, ns.
    budget_ns: Option<u64>,
    /// Width of the widest interval, as a fraction.
    precision: Option<f64>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Reached {
    /// Blocks played by this invocation, with a fraction for the one under way.
    pub blocks: f64,
    /// The fewest whole blocks that any interval rests on, those of a resumed run included.
    pub fewest_blocks: usize,
    /// Time since this invocation began, ns.
    pub elapsed_ns: u64,
    /// The widest interval so far, as a fraction; `None` if there is none yet.
    pub precision: Option<f64>,
}

impl Limits {
    /// As asked for, with a budget where nothing else bounds the run.
    pub fn new(common: &CommonArgs) -> Self {
        let default = match (common.blocks, common.precision) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(PRECISION_BUDGET_NS),
            (None, None) => Some(DEFAULT_BUDGET_NS),
        };
        Limits {
            blocks: common.blocks,
            budget_ns: common.budget.or(default),
            precision: common.precision.map(|share| share.0),
        }
    }

    /// Whether any limit is met.
    pub fn met(&self, at: Reached) -> bool {
        self.blocks.is_some_and(|blocks| at.blocks >= blocks as f64)
            || self.budget_ns.is_some_and(|budget| at.elapsed_ns >= budget)
            || self.precise(at)
    }

    /// Whether the precision asked for is reached.
    pub fn precise(&self, at: Reached) -> bool {
        let narrow = |wanted| at.precision.is_some_and(|precision| precision <= wanted);
        at.fewest_blocks >= FEWEST_BLOCKS && self.precision.is_some_and(narrow)
    }

    /// The precision asked for, if it is not reached.
    pub fn missed(&self, at: Reached) -> Option<f64> {
        self.precision.filter(|_| !self.precise(at))
    }

    /// Time left, ns, by whichever limit is nearest. `None` while that cannot be told.
    pub fn left_ns(&self, at: Reached) -> Option<u64> {
        let block_ns = (at.blocks > 0.0).then(|| at.elapsed_ns as f64 / at.blocks);
        let by_budget = self.budget_ns.map(|budget| budget.saturating_sub(at.elapsed_ns) as f64);
        let by_blocks = self.blocks.and_then(|blocks| Some((blocks as f64 - at.blocks).max(0.0) * block_ns?));
        // The width of an interval falls with the root of the number of blocks.
        let by_precision = self.precision.and_then(|wanted| {
            let rests_on = at.fewest_blocks as f64;
            let needed = rests_on * (at.precision? / wanted).powi(2);
            Some((needed.max(FEWEST_BLOCKS as f64) - rests_on).max(0.0) * block_ns?)
        });
        [by_budget, by_blocks, by_precision].into_iter().flatten().reduce(f64::min).map(|ns| ns as u64)
    }

    /// How much of the run is done, 0 to 100.
    pub fn percent(&self, at: Reached) -> u64 {
        let left = self.left_ns(at).unwrap_or(u64::MAX) as f64;
        let elapsed = at.elapsed_ns as f64;
        (elapsed / (elapsed + left).max(1.0) * 100.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(blocks: Option<u64>, budget_s: Option<u64>, precision: Option<f64>) -> Limits {
        Limits {
            blocks,
            budget_ns: budget_s.map(|s| s * 1_000_000_000),
            precision,
        }
    }

    fn at(blocks: f64, elapsed_s: u64, precision: Option<f64>) -> Reached {
        Reached {
            blocks,
            fewest_blocks: blocks as usize,
            elapsed_ns: elapsed_s * 1_000_000_000,
            precision,
        }
    }

    #[test]
    fn the_first_limit_that_is_met_ends_the_run() {
        let all = limits(Some(20), Some(60), Some(0.02));
        assert!(!all.met(at(19.0, 59, Some(0.03))));
        assert!(all.met(at(20.0, 10, None)), "blocks");
        assert!(all.met(at(3.0, 60, None)), "budget");
        assert!(all.met(at(10.0, 10, Some(0.02))), "precision");
        assert!(!all.met(at(9.0, 10, Some(0.0001))), "too few blocks to be believed");
        assert_eq!(all.missed(at(19.0, 60, Some(0.03))), Some(0.02));
        assert_eq!(all.missed(at(19.0, 60, Some(0.01))), None);
        assert_eq!(limits(None, Some(60), None).missed(at(1.0, 60, None)), None);
    }

    #[test]
    fn the_time_left_is_that_of_the_nearest_limit() {
        let left_s = |limits: Limits, at| limits.left_ns(at).map(|ns| ns / 1_000_000_000);
        assert_eq!(left_s(limits(None, Some(60), None), at(3.0, 12, None)), Some(48));
        assert_eq!(left_s(limits(Some(20), Some(600), None), at(10.0, 50, None)), Some(50));
        assert_eq!(left_s(limits(None, Some(600), Some(0.01)), at(10.0, 50, Some(0.02))), Some(150));
        assert_eq!(left_s(limits(None, Some(600), Some(0.05)), at(4.0, 40, Some(0.02))), Some(60), "up to ten blocks");
        assert_eq!(left_s(limits(Some(20), None, None), at(0.0, 0, None)), None);
        assert_eq!(limits(None, Some(60), None).percent(at(3.0, 15, None)), 25);
        assert_eq!(limits(Some(20), None, None).percent(at(0.0, 0, None)), 0);
    }
}
