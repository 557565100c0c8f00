//! Counts: what a load really did, what a replayed pass took, who could not keep up.

use serde::Serialize;

use super::{Reading, is_at};
use crate::record::{self, Kind, LatencyRow, PlayedTrace, Point, RECLAIM, Trial};
use crate::stats::median;
use crate::workload::{Op, Workload};

/// What a load came to, over the undisturbed trials of the latency pass, which counts operations by kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// Share of each operation, the most frequent first.
    pub ops: Vec<(String, f64)>,
    /// Changes that made their timer the head, as a share of all changes; `None` without any change.
    pub head_share: Option<f64>,
    /// The same as the workload asks for it; what lands at the head by chance comes on top. `None` in a replay.
    pub asked_head_share: Option<f64>,
    /// Timers fired per call that runs timers; `None` without such a call.
    pub fired_per_run: Option<f64>,
    /// Operations, of which these are shares.
    #[serde(skip)]
    pub all: f64,
}

/// Operations that give a timer a deadline, in synthetic loads and in traces.
const CHANGES: [&str; 4] = ["modify", "mod", "anticipate", "churn"];
/// The operation that runs timers.
const RUN: &str = "run";

/// One pass over a trace under a strategy. Of strict order each figure is the same in every trial; else the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pass {
    /// Lock acquisitions.
    pub locks: (f64, f64),
    /// Timers fired.
    pub fired: (f64, f64),
}

/// A share that was not played as asked, or not by all strategies alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Uneven {
    /// What it is a share of: an operation's name, or `head`.
    pub of: String,
    /// What was asked; `None` where the load does not say, as in a replay and between roles.
    pub asked: Option<f64>,
    /// What each strategy came to.
    pub played: Vec<(String, f64)>,
    /// Whether so few operations were played that chance explains it.
    pub by_chance: bool,
}

/// What shares may differ by, relative to each other, before it is told.
const EVEN: f64 = 0.01;
/// What chance explains: so many standard deviations. One of many shares lies beyond three.
const CHANCE: f64 = 3.5;

/// A strategy that could not keep up with an open load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Saturated {
    /// Its name.
    pub strategy: String,
    /// Operations a second that were to start.
    pub offered_per_s: f64,
    /// Operations a second that were done.
    pub served_per_s: f64,
}

/// How long nodes wait to be reclaimed under a strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Graces<'a> {
    /// Its name.
    pub strategy: &'a str,
    /// Times from retiring to reclaiming.
    pub waits: &'a LatencyRow,
    /// The most that waited at one moment.
    pub peak: u64,
}

impl<'a> Reading<'a> {
    /// What the load came to under a strategy at a point; `None` without a latency pass.
    pub fn shares(&self, point: &Point, strategy: &str) -> Option<Shares> {
        let rows = self.latency.iter().filter(|it| is_at(it, point) && it.strategy == strategy && it.is_service());
        let mut counts: Vec<(&str, f64)> = rows.map(|it| (it.op.as_str(), it.count as f64)).collect();
        counts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let all: f64 = counts.iter().map(|(_, count)| count).sum();
        let of =
            |names: &[&str]| counts.iter().filter(|(op, _)| names.contains(op)).map(|(_, count)| count).sum::<f64>();
        let stamped = || self.quiet(point, strategy).filter(|it| it.pass == record::Pass::Latency);
        let sum = |number: fn(&Trial) -> u64| stamped().map(|it| number(it) as f64).sum::<f64>();
        let fired = sum(|it| it.fired);
        // The callbacks of a replay do nothing: what they did stands in the trace.
        let rearmed = if self.trace(point).is_some() { 0.0 } else { fired };
        let asked = self.workload(point).map(|it| it.head_share * of(&[Op::Modify.name()]));
        (all > 0.0).then(|| Shares {
            head_share: share(sum(|it| it.rearms), of(&CHANGES) + rearmed),
            asked_head_share: asked.and_then(|asked| share(asked, of(&CHANGES) + rearmed)),
            fired_per_run: share(fired, of(&[RUN])),
            all,
            ops: counts.iter().map(|(op, count)| ((*op).to_owned(), count / all)).collect(),
        })
    }

    /// Shares of a synthetic load in which asked and played differ by more than 1 % under some strategy, or two strategies do.
    pub fn uneven(&self, point: &Point) -> Vec<Uneven> {
        let Some(workload) = self.workload(point) else {
            return Vec::new();
        };
        let played: Vec<(&String, Shares)> =
            self.strategies.iter().filter_map(|name| Some((name, self.shares(point, name)?))).collect();
        let asked = |op: Op| {
            let shares = workload.mix.filter(|_| workload.roles.is_none())?.shares();
            Some(shares[op as usize] / shares.iter().sum::<f64>())
        };
        let of_op = |op: Op| {
            let share = |it: &Shares| it.ops.iter().find(|(of, _)| of == op.name()).map(|(_, share)| *share);
            let parts = played.iter().filter_map(|(name, it)| Some((*name, share(it)?, it.all)));
            Uneven::of(op.name(), asked(op), parts.collect())
        };
        // Threads of different roles keep no step: who does how much is what is measured.
        let mixed = workload.roles.is_none();
        let heads = played.iter().filter_map(|(name, it)| match mixed {
            // Rearms are counted in either pass.
            true => {
                let sum = |number: fn(&Trial) -> u64| self.quiet(point, name).map(|it| number(it) as f64).sum::<f64>();
                Some((*name, share(sum(|it| it.rearms), sum(|it| it.ops))?, sum(|it| it.ops)))
            }
            false => Some((*name, it.head_share?, it.all)),
        });
        let asked_heads = match mixed {
            true => asked(Op::Modify).map(|share| share * workload.head_share),
            false => played.first().and_then(|(_, it)| it.asked_head_share),
        };
        let head = Uneven::of("head", asked_heads, heads.collect());
        let ops = Op::ALL.into_iter().filter(|_| mixed).map(of_op);
        ops.chain([head]).filter(Uneven::is_told).collect()
    }

    fn workload(&self, point: &Point) -> Option<&'a Workload> {
        self.run.parameters.command.workloads().iter().find(|it| it.name == point.workload)
    }

    /// What the trace behind a point holds; `None` of a synthetic load.
    pub fn trace(&self, point: &Point) -> Option<&'a PlayedTrace> {
        self.run.parameters.command.traces().iter().find(|it| it.workload == point.workload)
    }

    /// What one pass over the trace took under a strategy; `None` of a synthetic load, and without a trial.
    pub fn pass(&self, point: &Point, strategy: &str) -> Option<Pass> {
        self.pass_of(self.trace(point)?.rows, point, strategy)
    }

    /// The same of a trace of so many rows.
    pub fn pass_of(&self, rows: u64, point: &Point, strategy: &str) -> Option<Pass> {
        let rows = rows.max(1);
        let range = |number: fn(&Trial) -> u64| {
            let a_pass = move |it: &Trial| number(it) as f64 / (it.ops / rows).max(1) as f64;
            let each = || self.trials(point, strategy).map(a_pass);
            Some((each().reduce(f64::min)?, each().reduce(f64::max)?))
        };
        Some(Pass {
            locks: range(|it| it.lock.acquisitions)?,
            fired: range(|it| it.fired)?,
        })
    }

    /// Lock acquisitions a second at the load's own pace, median over undisturbed trials.
    pub fn locks_per_s(&self, point: &Point, strategy: &str) -> Option<f64> {
        let rate = |it: &Trial| it.lock.acquisitions as f64 * 1e9 / it.elapsed_ns.max(1) as f64;
        median(&self.quiet(point, strategy).map(rate).collect::<Vec<f64>>())
    }

    /// The share of one core that operations take at the load's own pace, clock readings included; by block, of undisturbed trials.
    pub fn busy(&self, point: &Point, strategy: &str) -> std::collections::BTreeMap<usize, f64> {
        let share = |it: &Trial| Some((it.block, it.busy_ns? as f64 / it.elapsed_ns.max(1) as f64));
        self.quiet(point, strategy).filter_map(share).collect()
    }

    /// Strategies that could not keep up with an open load at a point, in most of their trials.
    pub fn saturated(&self, point: &Point) -> Vec<Saturated> {
        let at = |strategy: &String| {
            let trials: Vec<&Trial> = self.trials(point, strategy).collect();
            if trials.iter().filter(|trial| trial.is_saturated()).count() * 2 <= trials.len() {
                return None;
            }
            Some(Saturated {
                strategy: strategy.clone(),
                offered_per_s: trials.iter().find_map(|it| it.offered_per_s)?,
                served_per_s: median(&trials.iter().map(|trial| trial.ops_per_s).collect::<Vec<_>>())?,
            })
        };
        self.strategies.iter().filter_map(at).collect()
    }

    /// How long retired nodes wait, under the strategies that make them wait.
    pub fn graces(&self, point: &Point) -> Vec<Graces<'_>> {
        let at = |strategy: &'_ String| {
            let waits = self.latency(point, strategy, RECLAIM, Kind::Service)?;
            let peak = self.quiet(point, strategy).map(|it| it.peak_unreclaimed).max()?;
            Some((waits, peak))
        };
        let told = self.strategies.iter().filter_map(|name| at(name).map(|found| (name, found)));
        told.map(|(strategy, (waits, peak))| Graces { strategy, waits, peak }).collect()
    }

    /// Strategies under which some thread did less than half as much as another with the same role; least over most.
    pub fn unfair(&self, point: &Point) -> Vec<(&str, f64)> {
        let at = |strategy: &String| {
            let share = |it: &Trial| it.ops_least as f64 / it.ops_most.max(1) as f64;
            median(&self.trials(point, strategy).map(share).collect::<Vec<f64>>()).filter(|share| *share < 0.5)
        };
        let found = self.strategies.iter().filter_map(|name| Some((name.as_str(), at(name)?)));
        found.filter(|_| point.threads > 1).collect()
    }

    /// Nodes that went through a strategy's reclaimer in all trials, and the most that waited there.
    pub fn reclaimed(&self, strategy: &str) -> (u64, u64) {
        let trials = || self.trials.iter().filter(|trial| trial.strategy == strategy);
        (trials().map(|it| it.retired).sum(), trials().map(|it| it.peak_unreclaimed).max().unwrap_or(0))
    }
}

impl Uneven {
    /// What strategies came to, each with the number of operations that it is a share of.
    fn of(of: &str, asked: Option<f64>, parts: Vec<(&String, f64, f64)>) -> Self {
        let deviation = |share: f64, all: f64| (share * (1.0 - share).max(0.0) / all.max(1.0)).sqrt();
        let by_chance = |&(_, share, all): &(&String, f64, f64)| {
            let expected = asked.unwrap_or(share);
            (share - expected).abs() <= CHANCE * deviation(expected, all)
        };
        Uneven {
            of: of.to_owned(),
            asked,
            by_chance: asked.is_some() && parts.iter().all(by_chance),
            played: parts.into_iter().map(|(name, share, _)| (name.clone(), share)).collect(),
        }
    }

    /// The least and the most that was played, each with its strategy.
    pub fn range(&self) -> Option<[&(String, f64); 2]> {
        let by_share = |a: &&(String, f64), b: &&(String, f64)| a.1.total_cmp(&b.1);
        Some([
            self.played.iter().min_by(by_share)?,
            self.played.iter().max_by(by_share)?,
        ])
    }

    fn is_told(&self) -> bool {
        let Some([(_, least), (_, most)]) = self.range() else {
            return false;
        };
        let (low, high) = (
            self.asked.map_or(*least, |asked| asked.min(*least)),
            self.asked.map_or(*most, |asked| asked.max(*most)),
        );
        high > low * (1.0 + EVEN)
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
