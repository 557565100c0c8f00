//! "So there is a net advantage."

use super::files::{Files, Part};
use super::words::{self, count};
use super::{RUST, Side};
use crate::document::words::{at, capital, counted};
use crate::reading::Tally;
use crate::record::{Claim, CrossoverRow, CrossoverVerdict, Found, Kind, LatencyRow, Metric};

const ID: &str = "net-advantage";
const CLAIM: &str = "So there is a net advantage.";

pub fn claim(files: &Files<'_>) -> Claim {
    let measured = files.compared().flat_map(|part| [part.file("trials.csv"), part.file("latency.csv")]);
    let crossings = (!files.crossings.is_empty()).then(|| "crossover/crossover.csv".to_owned());
    super::claim(ID, CLAIM, "the time under both strategies", measured.chain(crossings), |side| found(files, side))
}

fn found(files: &Files<'_>, side: Side) -> Option<Found> {
    let Side { baseline, patch, .. } = side;
    let points = files.over(patch, baseline);
    if points.is_empty() {
        return None;
    }
    let tally = words::tally(&points);
    let word = match tally {
        Tally { faster: 0, slower: 0, .. } => "Not shown in time",
        Tally { slower: 0, .. } if tally.faster == tally.all() => "Holds in time",
        Tally { slower: 0, .. } => "Holds in part",
        Tally { faster: 0, .. } => "Does not hold in time",
        _ => "Depends on the load",
    };
    let ratios = points.iter().map(|it| {
        let (figure, blocks) = (figure(it.metric), it.held.blocks);
        format!("{}: {figure} over {baseline} {}, {blocks} blocks.", capital(&at(&it.point)), words::ratio(&it.held))
    });
    let tails = files.compared().flat_map(|part| tails(part, side));
    let crossings = files.crossings.iter().filter(|row| row.strategy == patch).map(crossing);
    Some(Found {
        found: word.to_owned(),
        answer: format!("Against {baseline}, {patch} is {}.", tally.say()),
        evidence: ratios.chain(tails).chain(crossings).collect(),
    })
}

fn figure(metric: Metric) -> &'static str {
    match metric {
        Metric::NsPerOp | Metric::NetNsPerOp => "time per operation",
        _ => "service time",
    }
}

/// The tail of a poll at each point of a part, under what the patch replaces, under the patch, and the machine's own.
fn tails(part: &Part<'_>, side: Side) -> Vec<String> {
    let tails = part.reading.tails();
    let points = part.reading.points.iter();
    points
        .filter_map(|point| {
            let of = |strategy| part.reading.latency(point, strategy, "deadline", Kind::Service);
            let rows = [of(side.baseline)?, of(side.patch)?, of(side.floor)?];
            // Whose a tail is is known of what is compared with the run's own baseline.
            let owned = side == RUST;
            let own = |pick: fn(&LatencyRow) -> u64| {
                let of_row = |row: &LatencyRow| {
                    let machines = owned && tails.is_the_machines(row, pick);
                    format!("{} ns{}", count(pick(row)), if machines { " (the machine's)" } else { "" })
                };
                rows.map(of_row).join(" / ")
            };
            Some(format!(
                "{}, service time of a poll, {} / {} / doing nothing: p50 {}, p99 {}, p99.9 {}.",
                capital(&at(point)),
                side.baseline,
                side.patch,
                own(|row| row.p50_ns),
                own(|row| row.p99_ns),
                own(|row| row.p999_ns),
            ))
        })
        .collect()
}

/// What the search over the share of changes found.
fn crossing(row: &CrossoverRow) -> String {
    let per_cent = |share: f64| format!("{:.3} %", share * 100.0);
    let range = format!("Of changes from {} to {} of all operations", per_cent(row.from), per_cent(row.to));
    let interval = match (row.crossing, row.ci_low, row.ci_high) {
        (Some(at), Some(low), Some(high)) => format!("{} ({} to {})", per_cent(at), per_cent(low), per_cent(high)),
        _ => String::new(),
    };
    let said = match row.verdict {
        CrossoverVerdict::Starts => format!("beats {} from {interval} on", row.baseline),
        CrossoverVerdict::Stops => format!("beats {} up to {interval}", row.baseline),
        CrossoverVerdict::Always => format!("is faster than {} at every value of the grid", row.baseline),
        CrossoverVerdict::Never => format!("is faster than {} at no value of the grid", row.baseline),
        CrossoverVerdict::Unclear => {
            format!("shows no crossing, with {} of {} undecided", row.undecided, counted(row.values, "value"))
        }
    };
    format!("{range}, {} {said}; {}.", row.strategy, counted(row.blocks, "block"))
}
