//! Whose a tail is: the strategy's, or the machine's.
//!
//! The floor does nothing, at the same point, in the same blocks, between the same clock readings. Its tail arises without any
//! list, so a strategy's tail that is hardly longer says nothing of the strategy. Hardly longer means: by no more than
//! [`CLEARANCE`], or by no more than the tails of the baseline and of the A/A control differ in this run, whichever is more. The
//! second keeps a maximum, which rests on a single operation, from being read as a property.

use crate::record::{AA_CONTROL, FLOOR, LatencyRow};

/// How many times the floor's tail a tail must exceed to be the strategy's own.
pub const CLEARANCE: f64 = 1.5;

/// The tails of a run.
#[derive(Clone, Copy, Debug)]
pub struct Tails<'a> {
    latency: &'a [LatencyRow],
    baseline: Option<&'a str>,
}

impl<'a> Tails<'a> {
    /// Of these rows; `baseline` is the strategy that the A/A control repeats.
    pub fn new(latency: &'a [LatencyRow], baseline: Option<&'a str>) -> Self {
        Self { latency, baseline }
    }

    /// Whether the percentile that `pick` takes from `row` does not clear the floor's own. `false` for the floor
    /// strategy itself, and where it has not recorded the operation.
    pub fn is_the_machines(&self, row: &LatencyRow, pick: fn(&LatencyRow) -> u64) -> bool {
        let Some(floor) = self.beside(row, FLOOR) else {
            return false;
        };
        row.strategy != FLOOR && pick(row) as f64 <= self.clearance(row, pick) * pick(floor) as f64
    }

    fn clearance(&self, row: &LatencyRow, pick: fn(&LatencyRow) -> u64) -> f64 {
        let baseline = self.baseline.and_then(|name| self.beside(row, name));
        let (Some(baseline), Some(control)) = (baseline, self.beside(row, AA_CONTROL)) else {
            return CLEARANCE;
        };
        let (one, other) = (pick(baseline).max(1) as f64, pick(control).max(1) as f64);
        CLEARANCE.max(one / other).max(other / one)
    }

    /// The same point, operation and kind under another strategy.
    fn beside(&self, row: &LatencyRow, strategy: &str) -> Option<&'a LatencyRow> {
        self.latency.iter().find(|other| {
            (&other.workload, other.threads, &other.op, other.kind) == (&row.workload, row.threads, &row.op, row.kind)
                && other.strategy == strategy
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::latency;
    use crate::stats::{Latencies, latency_rows};

    /// A row for each strategy, with this value for every percentile.
    fn rows(strategies: &[(&str, u64)]) -> Vec<LatencyRow> {
        let mut latencies = Latencies::default();
        for (name, ns) in strategies {
            latencies.add(latency(name, [*ns])).unwrap();
        }
        latency_rows(&latencies, &[])
    }

    fn machines(strategies: &[(&str, u64)], name: &str) -> bool {
        let rows = rows(strategies);
        let row = rows.iter().find(|row| row.strategy == name).unwrap();
        Tails::new(&rows, Some("mutex")).is_the_machines(row, |row| row.p999_ns)
    }

    #[test]
    fn a_tail_must_clear_the_null_strategys_by_half() {
        assert!(machines(&[("floor", 100), ("seqlock", 150)], "seqlock"));
        assert!(!machines(&[("floor", 100), ("seqlock", 151)], "seqlock"));
        assert!(!machines(&[("floor", 100)], "floor"));
        assert!(!machines(&[("seqlock", 150)], "seqlock"), "nothing is known without a floor");
    }

    #[test]
    fn where_one_strategy_differs_from_itself_more_is_asked() {
        let run = |control| {
            [
                ("floor", 100),
                ("mutex", 200),
                ("aa-control", control),
                ("seqlock", 300),
            ]
        };
        assert!(!machines(&run(240), "seqlock"));
        assert!(machines(&run(700), "seqlock"));
        assert!(machines(&run(50), "seqlock"));
    }
}
