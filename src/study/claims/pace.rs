//! What a program pays for its timer list at the rate at which it really uses it.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use super::words::{core, count};
use super::{BASELINE, open};
use crate::record::{AA_CONTROL, Claim, FLOOR, Trial};
use crate::stats::{Interval, median, median_interval};

const ID: &str = "cost-at-the-own-rate";
const CLAIM: &str = "The list costs enough at the recorded program's own rate to be worth a change.";

/// One strategy at the trace's own pace.
#[derive(Clone, Debug)]
pub struct Cost {
    pub strategy: String,
    /// Lock acquisitions a second, all lists and threads together; median over trials.
    pub locks_per_s: f64,
    /// Share of one core that operations take, the floor's in the same block subtracted (which is the clock and the
    /// harness); median over blocks.
    pub core: f64,
    /// What the baseline takes more than this, in the same block, with an interval of 95 %.
    pub saves: Option<Interval>,
}

/// The part that was played at the recorded pace.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    pub workload: String,
    pub costs: Vec<Cost>,
}

impl Pace {
    /// From the trials of that part; empty without one.
    pub fn of(files: &Files) -> Pace {
        let Some(part) = &files.pace else {
            return Pace::default();
        };
        let Some(workload) = part.trials.first().map(|it| it.workload.clone()) else {
            return Pace::default();
        };
        let strategies: BTreeSet<&str> = part.trials.iter().map(|it| it.strategy.as_str()).collect();
        let shares: BTreeMap<&str, BTreeMap<usize, f64>> =
            strategies.iter().map(|name| (*name, by_block(part.of(&workload, name)))).collect();
        let floor = shares.get(FLOOR).cloned().unwrap_or_default();
        let base = shares.get(BASELINE).cloned().unwrap_or_default();
        let less = |one: &BTreeMap<usize, f64>, other: &BTreeMap<usize, f64>| {
            one.iter().filter_map(|(block, share)| Some(share - other.get(block)?)).collect::<Vec<f64>>()
        };
        let costs = strategies.iter().filter(|name| ![FLOOR, AA_CONTROL].contains(*name)).filter_map(|name| {
            let rates =
                part.of(&workload, name).map(|it| it.lock.acquisitions as f64 * 1e9 / it.elapsed_ns.max(1) as f64);
            Some(Cost {
                strategy: (*name).to_owned(),
                locks_per_s: median(&rates.collect::<Vec<f64>>())?,
                core: median(&less(&shares[name], &floor))?,
                saves: if *name == BASELINE {
                    None
                } else {
                    median_interval(&less(&base, &shares[name]), 0.95)
                },
            })
        });
        let mut costs: Vec<Cost> = costs.collect();
        costs.sort_by(|a, b| (a.strategy != BASELINE, &a.strategy).cmp(&(b.strategy != BASELINE, &b.strategy)));
        Pace { workload, costs }
    }

    /// The cost of one strategy.
    pub fn cost(&self, strategy: &str) -> Option<&Cost> {
        self.costs.iter().find(|cost| cost.strategy == strategy)
    }
}

/// The share of a core that operations took, by block.
fn by_block<'a>(trials: impl Iterator<Item = &'a Trial>) -> BTreeMap<usize, f64> {
    trials.filter_map(|it| Some((it.block, it.busy_ns? as f64 / it.elapsed_ns.max(1) as f64))).collect()
}

/// What a strategy saves, or takes more, with its interval, in per cent of a core.
pub fn saving(saves: Interval) -> String {
    let (verb, more, it) = match saves.estimate < 0.0 {
        true => {
            let flipped = Interval {
                estimate: -saves.estimate,
                low: -saves.high,
                high: -saves.low,
            };
            ("takes", " more", flipped)
        }
        false => ("saves", "", saves),
    };
    let interval = match it.low.is_finite() && it.high.is_finite() {
        true => format!("{} to {}", core(it.low), core(it.high)),
        false => "too few blocks for an interval".to_owned(),
    };
    format!("{verb} {} of a core{more} ({interval})", core(it.estimate))
}

pub fn claim(files: &Files, pace: &Pace) -> Claim {
    let Some(base) = pace.cost(BASELINE) else {
        return open(ID, CLAIM, "the recorded pace");
    };
    let best = pace
        .costs
        .iter()
        .filter_map(|cost| Some((cost, cost.saves.filter(|saves| saves.low.is_finite() && saves.low > 0.0)?)))
        .max_by(|a, b| a.1.estimate.total_cmp(&b.1.estimate));
    let most = match best {
        Some((cost, saves)) => {
            format!("of those that surely save some of it, {} {}, the most", cost.strategy, saving(saves))
        }
        None => "no strategy surely saves any of it".to_owned(),
    };
    let trace = files.trace(&pace.workload);
    let cut = trace.and_then(|trace| {
        let from = trace.cut_from.as_ref()?;
        Some(format!(
            " The trace is the first {:.1} s of {from}, cut to fit the budget.",
            trace.length_ns as f64 / 1e9
        ))
    });
    let evidence = pace.costs.iter().map(|cost| {
        let saves = cost.saves.map_or(String::new(), |it| format!("; {}", saving(it)));
        format!(
            "{}: {} lock acquisitions a second, {} of a core{saves}.",
            cost.strategy,
            count(cost.locks_per_s.round() as u64),
            core(cost.core)
        )
    });
    let path = files.pace.as_ref().map(|part| part.file("trials.csv"));
    Claim {
        id: ID.to_owned(),
        claim: CLAIM.to_owned(),
        answer: format!(
            "At the pace of {} the list takes {} of a core and {} lock acquisitions a second under {BASELINE}; {most}.{}",
            pace.workload,
            core(base.core),
            count(base.locks_per_s.round() as u64),
            cut.unwrap_or_default()
        ),
        evidence: evidence
            .chain([
                "Shares are net of the floor's in the same block, which holds the cost of reading the clock."
                    .to_owned(),
            ])
            .collect(),
        files: path.into_iter().chain(["study.json".to_owned()]).collect(),
    }
}
