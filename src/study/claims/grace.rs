//! "timer_mod is unchanged and only timer_free has to wait for a grace period."

use super::files::{Files, Part};
use super::words::count;
use super::{RFC, open};
use crate::record::{Claim, Kind, Pass, StudyTrace, Trial};

const ID: &str = "only-free-waits";
const CLAIM: &str = "Only freeing a timer waits for a grace period; modifying and cancelling one do not.";

/// Nodes retired on a workload, where so many timers were freed.
struct Retired {
    what: String,
    ops: u64,
    freed: u64,
    retired: u64,
    peak: u64,
    file: String,
}

pub fn claim(files: &Files<'_>) -> Claim {
    let mut all: Vec<Retired> = Vec::new();
    if let Some(part) = &files.strict {
        all.extend(files.study.record.traces.iter().filter_map(|trace| replayed(part, trace)));
    }
    if let Some(part) = &files.memory {
        all.extend(["modify-heavy", "churn"].iter().filter_map(|workload| synthetic(part, workload)));
    }
    let without: Vec<&Retired> = all.iter().filter(|it| it.freed == 0).collect();
    let with: Vec<&Retired> = all.iter().filter(|it| it.freed > 0).collect();
    if without.is_empty() || with.is_empty() {
        return open(ID, CLAIM, "a load that frees timers, beside one that only changes them,");
    }
    let sum = |of: &[&Retired], number: fn(&Retired) -> u64| of.iter().map(|it| number(it)).sum::<u64>();
    let idle = sum(&without, |it| it.retired);
    let (freed, retired) = (sum(&with, |it| it.freed), sum(&with, |it| it.retired));
    let peak = all.iter().map(|it| it.peak).max().unwrap_or(0);
    // Of a synthetic load the operations and the nodes are counted a moment apart, while the last operations are under way.
    let alike = freed.abs_diff(retired) * 100 <= freed;
    let answer = match (idle, alike) {
        (0, true) => format!(
            "{} operations that freed no timer retired no node, and {} frees retired {} nodes; at most {} waited at one moment. \
             The free itself does not wait: the node does.",
            count(sum(&without, |it| it.ops)),
            count(freed),
            count(retired),
            count(peak)
        ),
        (0, false) => format!(
            "{} operations that freed no timer retired no node; {} frees retired {} nodes.",
            count(sum(&without, |it| it.ops)),
            count(freed),
            count(retired)
        ),
        _ => format!("{} nodes were retired where no timer was freed.", count(idle)),
    };
    let found = match (idle, alike) {
        (0, true) => "Holds",
        (0, false) => "Holds for changes",
        _ => "Does not hold",
    };
    let evidence = all.iter().map(|it| {
        format!(
            "{} under {RFC}: {} operations, {} of them frees; {} nodes retired, {} waiting at most.",
            it.what,
            count(it.ops),
            count(it.freed),
            count(it.retired),
            count(it.peak)
        )
    });
    let mut sources: Vec<String> = all.iter().map(|it| it.file.clone()).collect();
    sources.dedup();
    Claim {
        id: ID.to_owned(),
        claim: CLAIM.to_owned(),
        found: found.to_owned(),
        answer,
        evidence: evidence.collect(),
        files: sources,
    }
}

/// All trials of a trace, disturbed or not: counts of strict order are the same.
fn replayed(part: &Part<'_>, trace: &StudyTrace) -> Option<Retired> {
    let workload = format!("{}-strict", trace.name);
    let trials: Vec<&Trial> =
        part.reading.trials.iter().filter(|it| it.workload == workload && it.strategy == RFC).collect();
    let ops: u64 = trials.iter().map(|it| it.ops).sum();
    (!trials.is_empty()).then(|| Retired {
        what: workload.clone(),
        ops,
        freed: ops / trace.rows.max(1) * trace.free,
        retired: trials.iter().map(|it| it.retired).sum(),
        peak: trials.iter().map(|it| it.peak_unreclaimed).max().unwrap_or(0),
        file: part.file("trials.csv"),
    })
}

/// The latency pass of a workload, which counts operations by kind.
fn synthetic(part: &Part<'_>, workload: &str) -> Option<Retired> {
    let of_workload = |it: &&Trial| it.workload == workload && it.strategy == RFC && !it.disturbed;
    let trials: Vec<&Trial> =
        part.reading.trials.iter().filter(of_workload).filter(|it| it.pass == Pass::Latency).collect();
    let churn = part
        .reading
        .latency
        .iter()
        .filter(|it| it.workload == workload && it.strategy == RFC && it.op == "churn" && it.kind == Kind::Service);
    (!trials.is_empty()).then(|| Retired {
        what: workload.to_owned(),
        ops: trials.iter().map(|it| it.ops).sum(),
        freed: churn.map(|it| it.count).sum(),
        retired: trials.iter().map(|it| it.retired).sum(),
        peak: trials.iter().map(|it| it.peak_unreclaimed).max().unwrap_or(0),
        file: part.file("trials.csv"),
    })
}
