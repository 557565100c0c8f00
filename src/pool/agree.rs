//! What must agree before anything is pooled: whatever a figure depends on and a host has no part in.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::reading::Results;
use crate::record::{Common, RunRecord, RunState, differences};
use crate::text::{counted, shown};

/// Fields of the parameters that a host may have its own of: its processors, and what only says how long or which draws.
const OWN: [&str; 3] = ["cpus", "threads", "seed"];
/// The longest value that a message quotes, in characters.
const QUOTED: usize = 60;
/// The most directories that a note names.
const NAMED: usize = 3;

/// Refuses results that differ in what must agree, each difference by name; else what is to be known, and which strategies were
/// verified.
pub fn check(results: &[Results]) -> Result<(Vec<String>, Vec<String>), Vec<String>> {
    let all: Vec<Value> = results.iter().map(|it| agreed(&it.run)).collect();
    // Of most directories: so the message names those that are unlike the others.
    let count = |value: &Value| all.iter().filter(|other| *other == value).count();
    let most = all.iter().map(count).max().unwrap_or_default();
    let Some(common) = all.iter().find(|value| count(value) == most) else {
        return Err(vec!["there is no result directory".to_owned()]);
    };
    let differing = results.iter().zip(&all).filter(|(_, value)| *value != common);
    let reasons: Vec<String> = differing.map(|(it, value)| reason(&it.name, common, value)).collect();
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let verified = common["verified"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    Ok((results.iter().filter_map(unfinished).chain(sources(results)).collect(), verified.collect()))
}

/// How a directory is unlike most.
fn reason(name: &str, common: &Value, value: &Value) -> String {
    let parts = ["headlock", "crates", "parameters", "verified"].into_iter().flat_map(|part| {
        let (one, other) = (&value[part], &common[part]);
        match (one.is_object(), one == other) {
            (_, true) => Vec::new(),
            (true, _) => differences(one, other).into_iter().map(|it| (it.field, it.one, it.other)).collect(),
            (false, _) => vec![(part.to_owned(), plain(one), plain(other))],
        }
    });
    let parts: Vec<_> = parts.collect();
    // What another command was told differs throughout.
    let command: Vec<_> = parts.iter().filter(|(field, ..)| field == "command").cloned().collect();
    let parts: Vec<String> = if command.is_empty() { parts } else { command }
        .into_iter()
        .flat_map(|(field, one, other)| match field.as_str() {
            "behind_door" => behind(&value["parameters"][&field], &common["parameters"][&field]),
            _ => vec![format!(
                "{field} is {}, not {}",
                shown(&one, QUOTED),
                shown(&other, QUOTED)
            )],
        })
        .collect();
    format!("{name}: {}", parts.join(", "))
}

/// How what stands behind the C interface differs, list by list.
fn behind(one: &Value, other: &Value) -> Vec<String> {
    fn lists(of: &Value) -> Vec<(&str, &Value)> {
        of.as_array().into_iter().flatten().filter_map(|it| Some((it["name"].as_str()?, it))).collect()
    }
    let (own, common) = (lists(one), lists(other));
    let names = |of: &[(&str, &Value)]| match of.iter().map(|it| it.0).collect::<Vec<&str>>() {
        names if names.is_empty() => "none".to_owned(),
        names => names.join(", "),
    };
    let (ours, theirs) = (names(&own), names(&common));
    if ours != theirs {
        let (ours, theirs) = (shown(&ours, QUOTED), shown(&theirs, QUOTED));
        return vec![format!("behind the C interface are {ours}, not {theirs}")];
    }
    let hash =
        |of: &Value| of["sha256"].as_str().map_or("unknown".to_owned(), |it| shown(it.get(..12).unwrap_or(it), 12));
    own.iter()
        .zip(&common)
        .filter(|(own, common)| own.1 != common.1)
        .map(|((name, own), (_, common))| {
            let name = shown(name, QUOTED);
            match own["sha256"] == common["sha256"] {
                true => format!("what {name} declares is not the same"),
                false => format!("the library of {name} is ({}), not ({})", hash(own), hash(common)),
            }
        })
        .collect()
}

/// That the hosts did not play what was built from one source.
fn sources(results: &[Results]) -> Option<String> {
    let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for it in results {
        let source = it.run.host.source.as_deref().map_or("unknown", |it| it.get(..12).unwrap_or(it));
        sources.entry(source).or_default().push(&it.name);
    }
    let told = |names: &[&str]| match names.len() {
        ..=NAMED => names.join(", "),
        many => counted(many, "directory"),
    };
    let parts: Vec<String> =
        sources.iter().map(|(source, names)| format!("{} in {}", shown(source, 12), told(names))).collect();
    (parts.len() > 1).then(|| format!("Runs differ in headlock's source: {}", parts.join("; ")))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What must be the same in every directory.
fn agreed(run: &RunRecord) -> Value {
    json!({
        "headlock": run.headlock_version,
        "crates": run.host.crates,
        "parameters": parameters(run),
        "verified": verified(run),
    })
}

/// What was told, without what a host has its own of: files lie elsewhere, and are the same by what they hold.
fn parameters(run: &RunRecord) -> Map<String, Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(&run.parameters) else {
        return Map::new();
    };
    fields.retain(|name, _| !OWN.contains(&name.as_str()) && !Common::LIMITS.contains(&name.as_str()));
    for (list, local) in [("traces", "path"), ("workloads", "summary"), ("behind_door", "library")] {
        for it in fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            it.as_object_mut().map(|it| it.remove(local));
        }
    }
    fields
}

/// The strategies that the run found verified. A run that says nothing of it found none.
fn verified(run: &RunRecord) -> Vec<String> {
    run.verified
        .iter()
        .filter(|(_, stamp)| stamp.is_some())
        .map(|(strategy, _)| strategy.clone())
        .collect()
}

/// How a run ended, if not as planned.
fn unfinished(it: &Results) -> Option<String> {
    let how = match it.run.state {
        RunState::Complete => return None,
        RunState::Running => "is under way or was killed",
        RunState::Interrupted => "was interrupted",
        RunState::Failed => "ended with an error",
    };
    Some(format!("{} {how}; what it has counts", it.name))
}
