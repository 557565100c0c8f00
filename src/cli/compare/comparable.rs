//! Which two results may be compared at all.
//!
//! Whatever a figure depends on and the comparison is not about must be equal: the schema, the command, the length of a
//! trial, the threads' placement, the definition of each common workload (of a trace, its content), and the machine. What may
//! differ but should be known is a note.

use serde::Serialize;
use serde_json::Value;

use super::super::failure::Failure;
use super::side::Side;
use crate::record::{BehindDoor, Difference, Host, PlayedTrace, RunRecord, RunState, Verified, differences};
use crate::workload::Workload;

/// Parameters that must be equal, and what to call them.
const PARAMETERS: [(&str, &str); 7] = [
    ("command", "the command"),
    ("trial_ns", "the length of a trial, ns"),
    ("order", "the order of a replay"),
    ("speed", "the speed of a replay"),
    ("cpus", "the CPUs that threads are bound to"),
    ("inject", "the injected slow-down"),
    ("inject_beyond_ns", "what is slowed down, ns"),
];

/// Refuses what is not comparable, with every reason; else says what is to be known.
pub fn check(a: &Side, b: &Side, other_host_allowed: bool) -> Result<Vec<String>, Failure> {
    let mut reasons = Vec::new();
    let (of_a, of_b) = (&a.record().parameters, &b.record().parameters);
    for Difference { field, one, other } in of_a.differences(of_b) {
        let Some((_, words)) = PARAMETERS.iter().find(|(name, _)| *name == field) else {
            continue;
        };
        // Another host numbers its CPUs in its own way.
        if field != "cpus" || !other_host_allowed {
            reasons.push(format!("{words}: {one} and {other}"));
        }
    }
    reasons.extend(differing_workloads(of_a.command.workloads(), of_b.command.workloads()));
    reasons.extend(differing_traces(of_a.command.traces(), of_b.command.traces()));
    if other_host(a, b) && !other_host_allowed {
        let parts = hosts(a, b).join(", ");
        reasons.push(format!("the host ({parts}); --other-host compares ratios to the baseline all the same"));
    }
    if reasons.is_empty() {
        return Ok(notes(a, b));
    }
    Err(Failure::Error(format!(
        "{} and {} are not comparable: they differ in {}",
        a.name(),
        b.name(),
        reasons.join("; ")
    )))
}

/// Whether the two were measured on machines that differ in what decides figures.
pub fn other_host(a: &Side, b: &Side) -> bool {
    !hosts(a, b).is_empty()
}

fn hosts(a: &Side, b: &Side) -> Vec<String> {
    type Fact = fn(&Host) -> Value;
    /// What a machine is told by, and the settings under which it is another one.
    const FACTS: [(&str, Fact); 8] = [
        ("name", |host| host.hostname.clone().into()),
        ("CPU", |host| host.cpu_model.clone().into()),
        ("cores", |host| host.cores.into()),
        ("logical CPUs", |host| host.logical_cpus.into()),
        ("SMT", |host| host.smt.into()),
        ("hypervisor", |host| host.hypervisor.clone().into()),
        ("governor", |host| host.governor.clone().into()),
        ("turbo", |host| host.turbo.into()),
    ];
    let unlike = |(name, fact): &&(&str, Fact)| {
        let (of_a, of_b) = (fact(&a.record().host), fact(&b.record().host));
        // Two models that nobody knows need not be the same.
        of_a != of_b || (*name == "CPU" && of_a.is_null())
    };
    FACTS
        .iter()
        .filter(unlike)
        .map(|(name, fact)| differ(name, &fact(&a.record().host), &fact(&b.record().host)))
        .collect()
}

/// A workload of the same name must be the same one, field by field.
pub fn differing_workloads(a: &[Workload], b: &[Workload]) -> Vec<String> {
    let pairs = a.iter().filter_map(|of_a| Some((of_a, b.iter().find(|of_b| of_b.name == of_a.name)?)));
    let reasons = pairs.flat_map(|(of_a, of_b)| {
        let differing = differences(of_a, of_b).into_iter().filter(|it| it.field != "summary");
        differing.map(|it| format!("{} of workload {}: {} and {}", it.field, of_a.name, it.one, it.other))
    });
    reasons.collect()
}

/// A trace of the same name must have the same content.
pub fn differing_traces(a: &[PlayedTrace], b: &[PlayedTrace]) -> Vec<String> {
    let differing = a
        .iter()
        .filter(|of_a| b.iter().any(|of_b| of_b.workload == of_a.workload && of_b.checksum != of_a.checksum));
    differing.map(|trace| format!("the content of trace {}", trace.workload)).collect()
}

/// What does not forbid a comparison and yet may explain a difference.
fn notes(a: &Side, b: &Side) -> Vec<String> {
    let (run_a, run_b) = (a.record(), b.record());
    let mut notes = Vec::new();
    let mut note = |what: &str, of_a: Value, of_b: Value| {
        if of_a != of_b {
            notes.push(format!("they differ in {}", differ(what, &of_a, &of_b)));
        }
    };
    note("headlock's version", run_a.headlock_version.clone().into(), run_b.headlock_version.clone().into());
    let source = |run: &RunRecord| run.host.source.as_ref().and_then(|it| it.get(..12)).map(str::to_owned);
    note("headlock's source", source(run_a).into(), source(run_b).into());
    note("the compiler", run_a.host.rustc.clone().into(), run_b.host.rustc.clone().into());
    note("the kernel", run_a.host.kernel.clone().into(), run_b.host.kernel.clone().into());
    note("the clock source", run_a.host.clock_source.clone().into(), run_b.host.clock_source.clone().into());
    note("the seed", run_a.parameters.common.seed.into(), run_b.parameters.common.seed.into());
    note("the baseline", a.baseline().into(), b.baseline().into());
    let (behind_a, behind_b) = (&run_a.parameters.common.behind_door, &run_b.parameters.common.behind_door);
    for a in behind_a.iter().filter(|a| a.library.is_some()) {
        let other = behind_b.iter().find(|b| b.declaration.name == a.declaration.name && b.sha256 != a.sha256);
        if let Some(b) = other {
            note(&format!("the library of {}", a.declaration.name), library(a).into(), library(b).into());
        }
    }
    let crates = run_a.host.crates.iter().filter_map(|(name, version)| {
        let other = run_b.host.crates.get(name)?;
        (version != other).then(|| format!("{name} {version} and {other}"))
    });
    let crates: Vec<String> = crates.collect();
    if !crates.is_empty() {
        notes.push(format!("they differ in crates: {}", crates.join(", ")));
    }
    notes.extend(differently_verified(a, b));
    for side in [a, b] {
        let state = match side.record().state {
            RunState::Complete => continue,
            RunState::Running => "is under way or was killed",
            RunState::Interrupted => "was interrupted",
            RunState::Failed => "ended with an error",
        };
        notes.push(format!("{} {state}; what it has is compared", side.name()));
    }
    notes
}

/// Strategies of both that only one had passed `headlock verify` with before it was measured.
fn differently_verified(a: &Side, b: &Side) -> Vec<String> {
    let has = |side: &Side, name: &str| side.record().verified(name).is_some_and(Verified::is_whole);
    let of_b = &b.record().parameters.common.strategies;
    let both = || a.record().parameters.common.strategies.iter().filter(|name| of_b.contains(name));
    let only = |one: &Side, other: &Side| -> Option<String> {
        let names = both().filter(|name| has(one, name) && !has(other, name)).map(String::as_str);
        let names: Vec<&str> = names.collect();
        (!names.is_empty())
            .then(|| format!("verified before {} and not before {}: {}", one.name(), other.name(), names.join(", ")))
    };
    [only(a, b), only(b, a)].into_iter().flatten().collect()
}

/// A library's file and the beginning of its content's hash.
fn library(behind: &BehindDoor) -> String {
    let hash = behind.sha256.as_deref().unwrap_or_default();
    format!("{} ({})", behind.file_name().unwrap_or("this program"), hash.get(..12).unwrap_or(hash))
}

fn differ(what: &str, a: &impl Serialize, b: &impl Serialize) -> String {
    format!("{what}: {} and {}", shown(a), shown(b))
}

/// A value as it would be typed.
fn shown(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::Null) | Err(_) => "unknown".to_owned(),
        Ok(Value::String(text)) => text,
        Ok(value) => value.to_string(),
    }
}
