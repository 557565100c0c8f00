//! Figures that cannot be squared with the workload's: too few lock acquisitions, too little time for the hold.
//!
//! The changes that count are those that every list makes under its lock, whatever it finds there: an arming of a timer. A list
//! that counts no acquisition at all may have no lock, or cannot tell, and is not judged by them.

use std::fmt;

use serde::Serialize;

use super::{Reading, is_at};
use crate::record::{self, Kind, Point, Trial};

/// Operations that take the lock once at least, in synthetic loads and in traces.
const UNDER_THE_LOCK: [&str; 3] = ["modify", "mod", "churn"];

/// Fewer acquisitions than this share of the changes are too few: the sample of the throughput pass is one round of 32.
const FEWEST: f64 = 0.8;

/// A hold is counted in turns of a loop, and a processor that has sped up since the loop was timed takes this share of it at least.
const SHORTEST: f64 = 0.75;

/// Holds that are shorter than this cannot be told from what else an operation does, ns.
const TOLD_FROM_NS: u64 = 50;

/// What cannot be, of a strategy at a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Implausible {
    /// Fewer lock acquisitions than changes, though it counts them.
    Locks {
        /// Acquisitions per change.
        per_change: f64,
    },
    /// The holds of all changes together do not fit into the time that was measured, so some overlapped.
    Overlap {
        /// Time of all holds, as a multiple of the time measured.
        times: f64,
    },
    /// A change takes less time than its hold.
    Short {
        /// The median change, ns.
        p50_ns: u64,
        /// The hold, ns.
        hold_ns: u64,
    },
}

impl fmt::Display for Implausible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Implausible::Locks { per_change } => write!(f, "{per_change:.2} lock acquisitions per change"),
            Implausible::Overlap { times } => {
                write!(f, "holds that come to {times:.2} of the time measured, so they overlapped")
            }
            Implausible::Short { p50_ns, hold_ns } => {
                write!(f, "a median change of {p50_ns} ns with a hold of {hold_ns} ns")
            }
        }
    }
}

/// Changes of the undisturbed trials of one pass, and what they took.
struct Changes {
    count: f64,
    acquisitions: f64,
    elapsed_ns: f64,
}

impl Reading<'_> {
    /// What cannot be at a point, strategy by strategy.
    pub fn implausible(&self, point: &Point) -> Vec<(&str, Implausible)> {
        let at = |name: &String| self.implausible_of(point, name);
        self.strategies
            .iter()
            .filter(|name| !record::is_floor(name))
            .flat_map(|name| at(name).into_iter().map(move |it| (name.as_str(), it)))
            .collect()
    }

    fn implausible_of(&self, point: &Point, strategy: &str) -> Vec<Implausible> {
        let Some(changes) = self.changes(point, strategy) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let per_change = changes.acquisitions / changes.count;
        if changes.acquisitions > 0.0 && per_change < FEWEST {
            found.push(Implausible::Locks { per_change });
        }
        let workload = self.run.parameters.command.workloads().iter().find(|it| it.name == point.workload);
        let hold_ns = workload.map_or(0, |it| it.hold_ns);
        let times = changes.count * hold_ns as f64 / changes.elapsed_ns.max(1.0);
        if times > 1.0 / SHORTEST {
            found.push(Implausible::Overlap { times });
        }
        let change = self.latency(point, strategy, "modify", Kind::Service);
        if let Some(row) = change.filter(|_| hold_ns >= TOLD_FROM_NS)
            && (row.p50_ns as f64) < SHORTEST * hold_ns as f64
        {
            found.push(Implausible::Short { p50_ns: row.p50_ns, hold_ns });
        }
        found
    }

    /// The latency pass counts each; without one, the mix says how many there were. `None` without any.
    fn changes(&self, point: &Point, strategy: &str) -> Option<Changes> {
        let of = |pass: record::Pass| self.quiet(point, strategy).filter(move |it| it.pass == pass);
        let sum = |pass, number: fn(&Trial) -> u64| of(pass).map(|it| number(it) as f64).sum::<f64>();
        let (pass, count) = if of(record::Pass::Latency).next().is_some() {
            let rows = self.latency.iter().filter(|it| is_at(it, point) && it.strategy == strategy && it.is_service());
            let counts = rows.filter(|it| UNDER_THE_LOCK.contains(&it.op.as_str())).map(|it| it.count as f64);
            (record::Pass::Latency, counts.sum::<f64>())
        } else {
            let workloads = self.run.parameters.command.workloads();
            let mix = workloads.iter().find(|it| it.name == point.workload)?.mix.as_ref()?;
            let share = (mix.modify + mix.churn) / mix.shares().iter().sum::<f64>();
            (record::Pass::Throughput, share * sum(record::Pass::Throughput, |it| it.ops))
        };
        (count > 0.0).then(|| Changes {
            count,
            acquisitions: sum(pass, |it| it.lock.acquisitions),
            elapsed_ns: sum(pass, |it| it.elapsed_ns),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Results;
    use crate::reading::testing::results;
    use crate::record::Command;

    /// What is said of `seqlock` where it is measured like this, with a hold on a workload half of whose operations are changes.
    fn said(hold_ns: u64, acquisitions: u64, elapsed_ns: u64, p50_ns: Option<u64>) -> Vec<Implausible> {
        let mut made: Results = results(&[("seqlock", 5.0)]);
        let Command::Run(run) = &mut made.run.parameters.command else {
            panic!("a run was made up")
        };
        let workload = &mut run.workloads[0];
        workload.hold_ns = hold_ns;
        workload.roles = None;
        workload.mix = Some(crate::workload::Mix { deadline: 1.0, modify: 1.0, ..Default::default() });
        for trial in &mut made.trials {
            trial.lock.acquisitions = acquisitions;
            trial.elapsed_ns = elapsed_ns;
        }
        if let Some(p50_ns) = p50_ns {
            let rows = made.latency.as_mut().unwrap();
            rows.iter_mut().filter(|it| it.strategy == "seqlock").for_each(|it| {
                it.op = "modify".to_owned();
                it.p50_ns = p50_ns;
            });
        }
        let reading = made.reading();
        let point = reading.points[0].clone();
        let of_seqlock = reading.implausible(&point).into_iter().filter(|(name, _)| *name == "seqlock");
        of_seqlock.map(|(_, it)| it).collect()
    }

    #[test]
    fn what_a_lock_for_each_change_gives_is_plausible() {
        // 1,000 operations a trial, 500 of them changes.
        assert_eq!(said(0, 500, 10_000, None), []);
        assert_eq!(said(0, 1_000, 10_000, None), []);
        assert_eq!(said(20, 500, 10_000, None), [], "the holds take all the time there is");
        assert_eq!(said(0, 0, 10_000, None), [], "no lock, or none that it can tell of");
    }

    #[test]
    fn fewer_locks_than_changes_are_not() {
        assert_eq!(said(0, 250, 10_000, None), [Implausible::Locks { per_change: 0.5 }]);
    }

    #[test]
    fn holds_that_overlap_are_not() {
        assert_eq!(said(40, 500, 10_000, None), [Implausible::Overlap { times: 2.0 }]);
    }

    #[test]
    fn a_change_shorter_than_its_hold_is_not() {
        let short = Implausible::Short { p50_ns: 90, hold_ns: 200 };
        assert_eq!(said(200, 500, 1_000_000, Some(90)), [short]);
        assert_eq!(said(200, 500, 1_000_000, Some(210)), []);
    }
}
