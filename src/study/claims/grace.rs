//! "timer_mod is unchanged and only timer_free has to wait for a grace period."

use super::Side;
use super::files::{Files, Part};
use super::words::count;
use crate::record::{Claim, Found, Kind, Pass, StudyTrace, Trial};
use crate::study::qemu_rfc::role;

const ID: &str = "only-free-waits";
const CLAIM: &str = "Only freeing a timer waits for a grace period; modifying and cancelling one do not.";

/// Nodes retired on a workload, where so many timers were freed.
struct Retired {
    what: String,
    ops: u64,
    freed: u64,
    retired: u64,
    peak: u64,
}

pub fn claim(files: &Files<'_>) -> Claim {
    let parts = [role::STRICT, role::MEMORY].into_iter().flat_map(|role| files.of_role(role));
    let missing = "a load that frees timers, beside one that only changes them,";
    super::claim(ID, CLAIM, missing, parts.map(|part| part.file("trials.csv")), |side| found(files, side))
}

fn found(files: &Files<'_>, side: Side) -> Option<Found> {
    let Side { patch, .. } = side;
    let strict = files.of_role(role::STRICT).flat_map(|part| {
        files
            .study
            .record
            .traces
            .iter()
            .filter_map(|trace| replayed(part, trace, patch))
            .collect::<Vec<_>>()
    });
    let memory = files
        .of_role(role::MEMORY)
        .flat_map(|part| ["modify-heavy", "churn"].into_iter().filter_map(|workload| synthetic(part, workload, patch)));
    let all: Vec<Retired> = strict.chain(memory).collect();
    let without: Vec<&Retired> = all.iter().filter(|it| it.freed == 0).collect();
    let with: Vec<&Retired> = all.iter().filter(|it| it.freed > 0).collect();
    if without.is_empty() || with.is_empty() {
        return None;
    }
    let sum = |of: &[&Retired], number: fn(&Retired) -> u64| of.iter().map(|it| number(it)).sum::<u64>();
    let idle = sum(&without, |it| it.retired);
    let (freed, retired) = (sum(&with, |it| it.freed), sum(&with, |it| it.retired));
    let peak = all.iter().map(|it| it.peak).max().unwrap_or(0);
    // Of a synthetic load the operations and the nodes are counted a moment apart, while the last operations are under way.
    let alike = freed.abs_diff(retired) * 100 <= freed;
    let answer = match (idle, alike) {
        (0, true) => format!(
            "{} operations that freed no timer retired no node; {} frees retired {} nodes, of which at most {} waited at one \
             moment. The free itself does not wait: the node does.",
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
            "{} under {patch}: {} operations, {} of them frees; {} nodes retired, {} waiting at most.",
            it.what,
            count(it.ops),
            count(it.freed),
            count(it.retired),
            count(it.peak)
        )
    });
    Some(Found {
        found: found.to_owned(),
        answer,
        evidence: evidence.collect(),
    })
}

/// All trials of a trace, disturbed or not: counts of strict order are the same.
fn replayed(part: &Part<'_>, trace: &StudyTrace, patch: &str) -> Option<Retired> {
    let workload = format!("{}-strict", trace.name);
    let trials: Vec<&Trial> =
        part.reading.trials.iter().filter(|it| it.workload == workload && it.strategy == patch).collect();
    let ops: u64 = trials.iter().map(|it| it.ops).sum();
    (!trials.is_empty()).then(|| Retired {
        what: workload.clone(),
        ops,
        freed: ops / trace.rows.max(1) * trace.free,
        retired: trials.iter().map(|it| it.retired).sum(),
        peak: trials.iter().map(|it| it.peak_unreclaimed).max().unwrap_or(0),
    })
}

/// The latency pass of a workload, which counts operations by kind.
fn synthetic(part: &Part<'_>, workload: &str, patch: &str) -> Option<Retired> {
    let of_workload = |it: &&Trial| it.workload == workload && it.strategy == patch && !it.disturbed;
    let trials: Vec<&Trial> =
        part.reading.trials.iter().filter(of_workload).filter(|it| it.pass == Pass::Latency).collect();
    let churn =
        part.reading.latency.iter().filter(|it| {
            it.workload == workload && it.strategy == patch && it.op == "churn" && it.kind == Kind::Service
        });
    (!trials.is_empty()).then(|| Retired {
        what: workload.to_owned(),
        ops: trials.iter().map(|it| it.ops).sum(),
        freed: churn.map(|it| it.count).sum(),
        retired: trials.iter().map(|it| it.retired).sum(),
        peak: trials.iter().map(|it| it.peak_unreclaimed).max().unwrap_or(0),
    })
}
