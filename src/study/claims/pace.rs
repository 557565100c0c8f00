//! What a program pays for its timer list at the rate at which it really uses it: no strategy can save more.

use std::collections::BTreeMap;

use super::files::Files;
use super::words::{core, count};
use super::{C, Side};
use crate::reading::Reading;
use crate::record::{Claim, Found, Point};
use crate::stats::{CONFIDENCE, Interval, median_interval};
use crate::study::qemu_rfc::role;

const ID: &str = "cost-at-the-own-rate";
const CLAIM: &str = "The list costs enough at the recorded program's own rate to be worth a change.";

/// One strategy at the trace's own pace. Shares of one core, medians over blocks with intervals of 95 %.
struct Cost {
    strategy: String,
    /// Lock acquisitions a second, all lists and threads together; median over trials.
    locks_per_s: f64,
    /// What operations take, the floor's in the same block subtracted, which is the clock and the harness.
    takes: Interval,
    /// What the baseline takes more than this, in the same block. `None` of the baseline.
    saves: Option<Interval>,
}

/// What is measured of a side at the trace's own pace.
struct Pace {
    point: Point,
    base: Cost,
    others: Vec<Cost>,
}

impl Pace {
    fn of(files: &Files<'_>, side: Side) -> Option<Pace> {
        let reading = &files.of_role(role::PACE).next()?.reading;
        let point = reading.points.first()?.clone();
        let (floor, base) = (reading.busy(&point, side.floor), reading.busy(&point, side.baseline));
        let cost = |strategy: &str| {
            let own = reading.busy(&point, strategy);
            Some(Cost {
                strategy: strategy.to_owned(),
                locks_per_s: reading.locks_per_s(&point, strategy)?,
                takes: median_interval(&less(&own, &floor), CONFIDENCE)?,
                saves: median_interval(&less(&base, &own), CONFIDENCE).filter(|_| strategy != side.baseline),
            })
        };
        let others = reading
            .strategies
            .iter()
            .filter(|name| **name != side.baseline && **name != side.floor && is_behind(reading, name) == (side == C));
        let (base, others) = (cost(side.baseline)?, others.filter_map(|name| cost(name)).collect());
        Some(Pace { point, base, others })
    }
}

/// Whether a strategy is played through the C interface.
fn is_behind(reading: &Reading<'_>, name: &str) -> bool {
    reading.run.parameters.common.behind_door.iter().any(|it| it.declaration.name == name)
}

/// The difference in each block that has both.
fn less(one: &BTreeMap<usize, f64>, other: &BTreeMap<usize, f64>) -> Vec<f64> {
    one.iter().filter_map(|(block, share)| Some(share - other.get(block)?)).collect()
}

/// What the patch saves at the recorded pace, in words, if that is decided.
pub fn saved(files: &Files<'_>, side: Side) -> Option<String> {
    let pace = Pace::of(files, side)?;
    let cost = pace.others.into_iter().find(|it| it.strategy == side.patch)?;
    cost.saves.filter(|it| it.excludes(0.0)).map(saving)
}

/// An interval, per cent of a core.
fn between(it: Interval) -> String {
    match it.low.is_finite() && it.high.is_finite() {
        true => format!("{} to {}", core(it.low), core(it.high)),
        false => "too few blocks for an interval".to_owned(),
    }
}

/// What a strategy saves, or takes more, with its interval.
fn saving(saves: Interval) -> String {
    match saves.estimate < 0.0 {
        true => {
            let more = Interval {
                estimate: -saves.estimate,
                low: -saves.high,
                high: -saves.low,
            };
            format!("takes {} of a core more ({})", core(more.estimate), between(more))
        }
        false => format!("saves {} of a core ({})", core(saves.estimate), between(saves)),
    }
}

pub fn claim(files: &Files<'_>) -> Claim {
    let path = files.of_role(role::PACE).map(|part| part.file("trials.csv"));
    super::claim(ID, CLAIM, "the recorded pace", path.chain(["study.json".to_owned()]), |side| found(files, side))
}

fn found(files: &Files<'_>, side: Side) -> Option<Found> {
    let Pace { point, base, others } = Pace::of(files, side)?;
    let shown = |cost: &&Cost| cost.saves.is_some_and(|saves| saves.low > 0.0);
    let best = others.iter().filter(shown).filter_map(|cost| Some((cost, cost.saves?)));
    let best = best.max_by(|a, b| a.1.estimate.total_cmp(&b.1.estimate));
    let most = match best {
        Some((cost, saves)) => format!("The most is saved by {}, which {}.", cost.strategy, saving(saves)),
        None => "No strategy was shown to save any of it.".to_owned(),
    };
    let cut = files.trace(&point.workload).and_then(|trace| {
        let from = trace.cut_from.as_ref()?;
        Some(format!(
            " The trace is the first {:.1} s of {from}, cut to fit the budget.",
            trace.length_ns as f64 / 1e9
        ))
    });
    let evidence = std::iter::once(&base).chain(&others).map(|cost| {
        let saves = cost.saves.map_or(String::new(), |it| format!("; {}", saving(it)));
        format!(
            "{}: {} lock acquisitions a second, {} of a core ({}){saves}.",
            cost.strategy,
            count(cost.locks_per_s.round() as u64),
            core(cost.takes.estimate),
            between(cost.takes)
        )
    });
    let note = "Shares are net of the floor's in the same block, which holds the cost of reading the clock.";
    Some(Found {
        found: if best.is_some() {
            "Some can be saved"
        } else {
            "No saving shown"
        }
        .to_owned(),
        answer: format!(
            "At the pace of {} the list takes {} of a core under {} ({}), and no strategy can save more; {} lock acquisitions a second. \
             {most}{}",
            point.workload,
            core(base.takes.estimate),
            side.baseline,
            between(base.takes),
            count(base.locks_per_s.round() as u64),
            cut.unwrap_or_default()
        ),
        evidence: evidence.chain([note.to_owned()]).collect(),
    })
}
