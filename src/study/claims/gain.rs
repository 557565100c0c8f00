//! "So there is a net advantage."

use super::files::{Files, Part};
use super::words;
use super::{BASELINE, RFC, open};
use crate::reading::Tally;
use crate::record::{Claim, CrossoverRow, CrossoverVerdict, FLOOR, Kind, LatencyRow, Metric, Ratio};

const ID: &str = "net-advantage";
const CLAIM: &str = "So there is a net advantage.";

pub fn claim(files: &Files<'_>) -> Claim {
    let ratios: Vec<&Ratio> = files.deciding(RFC).map(|(_, ratio)| ratio).collect();
    if ratios.is_empty() {
        return open(ID, CLAIM, "the time under both strategies");
    }
    let tally: Tally = ratios.iter().map(|it| it.verdict).collect();
    let word = match tally {
        Tally { faster: 0, slower: 0, .. } => "Not shown in time",
        Tally { slower: 0, .. } if tally.faster == tally.all() => "Holds in time",
        Tally { slower: 0, .. } => "Holds in part",
        Tally { faster: 0, .. } => "Does not hold in time",
        _ => "Depends on the load",
    };
    let mut evidence: Vec<String> = files
        .deciding(RFC)
        .map(|(_, ratio)| {
            format!(
                "{}: {} over {} {}, {} blocks.",
                words::point(&ratio.workload, ratio.threads),
                figure(ratio.metric),
                BASELINE,
                words::ratio(ratio),
                ratio.blocks
            )
        })
        .collect();
    let tails: Vec<String> = files.compared().flat_map(tails).collect();
    evidence.extend(tails);
    evidence.extend(files.crossings.iter().filter(|row| row.strategy == RFC).map(crossing));
    let mut sources: Vec<String> =
        files.compared().flat_map(|part| [part.file("ratios.csv"), part.file("latency.csv")]).collect();
    sources.extend((!files.crossings.is_empty()).then(|| "crossover/crossover.csv".to_owned()));
    Claim {
        id: ID.to_owned(),
        claim: CLAIM.to_owned(),
        found: word.to_owned(),
        answer: format!("Against {BASELINE}, {RFC} is {}.", tally.say()),
        evidence,
        files: sources,
    }
}

fn figure(metric: Metric) -> &'static str {
    match metric {
        Metric::NsPerOp | Metric::NetNsPerOp => "time per operation",
        _ => "service time",
    }
}

/// The tail of a poll at each point of a part, under the mutex, under the RFC, and the machine's own.
fn tails(part: &Part<'_>) -> Vec<String> {
    let tails = part.reading.tails();
    let points = part.reading.points.iter();
    points
        .filter_map(|point| {
            let of = |strategy| part.reading.latency(point, strategy, "deadline", Kind::Service);
            let (rfc, mutex, floor) = (of(RFC)?, of(BASELINE)?, of(FLOOR)?);
            let own = |row: &LatencyRow, pick: fn(&LatencyRow) -> u64| {
                let mark = if tails.is_the_machines(row, pick) { " (the machine's)" } else { "" };
                format!("{} ns{mark}", words::count(pick(row)))
            };
            Some(format!(
                "{}, service time of a poll, {BASELINE} / {RFC} / doing nothing: p50 {} / {} / {}, p99 {} / {} / {}, p99.9 {} / {} / {}.",
                words::point(&rfc.workload, rfc.threads),
                mutex.p50_ns,
                rfc.p50_ns,
                floor.p50_ns,
                own(mutex, |row| row.p99_ns),
                own(rfc, |row| row.p99_ns),
                own(floor, |row| row.p99_ns),
                own(mutex, |row| row.p999_ns),
                own(rfc, |row| row.p999_ns),
                own(floor, |row| row.p999_ns),
            ))
        })
        .collect()
}

/// What the search over the share of changes found.
pub fn crossing(row: &CrossoverRow) -> String {
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
            format!("shows no crossing, with {} of {} values undecided", row.undecided, row.values)
        }
    };
    format!("{range}, {} {said}; {} blocks.", row.strategy, row.blocks)
}
