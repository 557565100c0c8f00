//! How precise a run has become, for a run that is to stop when it is precise enough.
//!
//! Stopping at a width is not stopping at a result: the rule looks at how wide the intervals are and never at where they lie,
//! so it favours no verdict (Chow and Robbins, *On the asymptotic theory of fixed-width sequential confidence intervals*,
//! 1965). It can still stop on blocks that happen to lie close together, the more easily the fewer they are, which is
//! what [`FEWEST_BLOCKS`] is for.

use super::Interval;
use super::verdict::{half_width, reach};
use crate::record::{AA_CONTROL, Point, Ratio};

/// Intervals that rest on fewer blocks are no reason to stop.
pub const FEWEST_BLOCKS: usize = 10;

/// The widest of all intervals at these points, as a fraction: of the A/A control how far it reaches from 1, of all others half
/// the width. Of the metric that decides at each point; net figures are not waited for. `None` until every point
/// has an interval, and none is unbounded.
pub fn precision(ratios: &[Ratio], points: &[Point]) -> Option<f64> {
    let widest_at = |point: &Point| {
        let at_point = ratios.iter().filter(|ratio| {
            (&ratio.workload, ratio.threads) == (&point.workload, point.threads) && ratio.metric.decides()
        });
        at_point.map(width).reduce(f64::max)
    };
    let widest = points.iter().map(widest_at).collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)?;
    widest.is_finite().then_some(widest)
}

/// The fewest blocks that any of the intervals rests on.
pub fn fewest_blocks(ratios: &[Ratio]) -> usize {
    ratios.iter().map(|ratio| ratio.blocks).min().unwrap_or(0)
}

fn width(ratio: &Ratio) -> f64 {
    let interval = Interval {
        estimate: ratio.ratio,
        low: ratio.ci_low,
        high: ratio.ci_high,
    };
    if ratio.strategy == AA_CONTROL {
        reach(interval)
    } else {
        half_width(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Trial;
    use crate::stats::ratios;
    use crate::stats::testing::trial;

    fn point(workload: &str) -> Point {
        Point { workload: workload.to_owned(), threads: 1 }
    }

    /// `seqlock` and the control jitter by these fractions from block to block.
    fn rows(blocks: usize, seqlock: f64, control: f64) -> Vec<Ratio> {
        let trials: Vec<Trial> = (0..blocks)
            .flat_map(|block| {
                let sign = if block % 2 == 0 { 1.0 } else { -1.0 };
                [
                    ("mutex", 10.0),
                    ("seqlock", 2.0 + 2.0 * seqlock * sign),
                    ("aa-control", 10.0 + 10.0 * control * sign),
                ]
                .map(|(name, ns)| Trial { ns_per_op: ns, ..trial(name, block) })
            })
            .collect();
        ratios(&trials, "mutex", 0.01)
    }

    #[test]
    fn the_widest_interval_counts_the_controls_included() {
        let of = |seqlock, control| precision(&rows(12, seqlock, control), &[point("hot")]).unwrap();
        assert!((of(0.03, 0.01) - 0.03).abs() < 0.001);
        assert!((of(0.01, 0.04) - 0.04).abs() < 0.002);
    }

    #[test]
    fn a_point_without_an_interval_leaves_it_open() {
        let rows = rows(12, 0.01, 0.01);
        assert_eq!(precision(&rows, &[point("hot"), point("paced")]), None);
        assert_eq!(precision(&rows, &[]), None);
        assert_eq!(precision(&self::rows(2, 0.01, 0.01), &[point("hot")]), None, "two blocks bound nothing");
        assert_eq!(fewest_blocks(&rows), 12);
    }
}
