//! "So there is a net advantage."

use super::files::{Files, Part};
use super::words::{self, Tally};
use super::{BASELINE, RFC, open};
use crate::record::{Claim, CrossoverRow, CrossoverVerdict, FLOOR, Kind, LatencyRow, Metric, Ratio};
use crate::stats::Tails;

const ID: &str = "net-advantage";
const CLAIM: &str = "So there is a net advantage.";

/// The ratios of a strategy that decide at each point: times as measured, and not net of the floor.
pub fn deciding<'a>(files: &'a Files, strategy: &'a str) -> impl Iterator<Item = (&'a Part, &'a Ratio)> {
    files.compared().flat_map(move |part| {
        let wanted = move |it: &&Ratio| it.strategy == strategy && it.metric.decides();
        part.ratios.iter().filter(wanted).map(move |ratio| (part, ratio))
    })
}

pub fn claim(files: &Files) -> Claim {
    let ratios: Vec<&Ratio> = deciding(files, RFC).map(|(_, ratio)| ratio).collect();
    if ratios.is_empty() {
        return open(ID, CLAIM, "the time under both strategies");
    }
    let tally = Tally::of(ratios.iter().copied());
    let word = match tally {
        Tally { faster: 0, slower: 0, .. } => "Not shown in time",
        Tally { slower: 0, .. } if tally.faster == tally.points() => "Holds in time",
        Tally { slower: 0, .. } => "Holds in part",
        Tally { faster: 0, .. } => "Does not hold in time",
        _ => "Depends on the load",
    };
    let mut evidence: Vec<String> = deciding(files, RFC)
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
        answer: format!("{word}: {RFC} is {} against {BASELINE}.", tally.say()),
        evidence,
        files: sources,
    }
}

fn figure(metric: Metric) -> &'static str {
    match metric {
        Metric::ServiceNs => "service time",
        Metric::NsPerOp | Metric::NetNsPerOp => "time per operation",
    }
}

/// The tail of a poll at each point of a part, under the mutex, under the RFC, and the machine's own.
fn tails(part: &Part) -> Vec<String> {
    let tails = Tails::new(&part.latency, Some(BASELINE));
    let of = |row: &LatencyRow, strategy: &str| {
        part.latency.iter().find(|it| {
            (&it.workload, it.threads, it.kind, it.op.as_str()) == (&row.workload, row.threads, row.kind, "deadline")
                && it.strategy == strategy
        })
    };
    let polls = part
        .latency
        .iter()
        .filter(|it| it.strategy == RFC && it.op == "deadline" && it.kind == Kind::Service);
    polls
        .filter_map(|rfc| {
            let (mutex, floor) = (of(rfc, BASELINE)?, of(rfc, FLOOR)?);
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
