//! Which result directories are of one machine.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::reading::Results;
use crate::record;
use crate::text::printable;

/// One machine, and its result directories.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// What it is called here: its own name and, where several bear it, that of its first result directory or a number.
    pub name: String,
    /// A hash of the machine's identity, where it has one.
    pub machine_id: Option<String>,
    /// The processor's model.
    pub cpu_model: Option<String>,
    /// The microarchitecture or, where a run does not say, the model in its place.
    pub microarchitecture: String,
    /// Its result directories.
    pub directories: Vec<String>,
    /// Its results, by their places among those read.
    #[serde(skip)]
    pub runs: Vec<usize>,
}

/// Stands for a processor of which nothing is known. All of these may be of one kind, so they count as one.
const UNKNOWN: &str = "unknown";

/// The machines, in the order of their names. A run that is there twice counts once; which, is said.
pub fn told_apart(results: &[Results]) -> (Vec<Host>, Vec<String>) {
    let mut hosts: Vec<(&record::Host, Host)> = Vec::new();
    let mut notes = Vec::new();
    for (place, one) in results.iter().enumerate() {
        let copy = results[..place].iter().find(|other| is_same_run(one, other));
        if let Some(first) = copy {
            notes.push(format!("{} is a copy of {} and does not count again", one.name, first.name));
            continue;
        }
        let facts = &one.run.host;
        let at = hosts.iter().position(|(known, _)| is_same_host(known, facts)).unwrap_or_else(|| {
            hosts.push((facts, unnamed(facts)));
            hosts.len() - 1
        });
        let host = &mut hosts[at].1;
        host.runs.push(place);
        host.directories.push(one.name.clone());
    }
    let mut hosts: Vec<Host> = hosts.into_iter().map(|(_, host)| host).collect();
    hosts.sort_by(|a, b| (&a.name, &a.cpu_model, &a.machine_id).cmp(&(&b.name, &b.cpu_model, &b.machine_id)));
    for (at, name) in told_by_more(&hosts) {
        hosts[at].name = name;
    }
    (hosts, notes)
}

/// Distinct ones, in the order of their names.
pub fn microarchitectures(hosts: &[Host]) -> Vec<String> {
    let mut all: Vec<String> = hosts.iter().map(|host| host.microarchitecture.clone()).collect();
    all.sort();
    all.dedup();
    all
}

/// What a machine is told by. A name alone does not do: guests made from one image share it.
fn is_same_host(a: &record::Host, b: &record::Host) -> bool {
    let facts = |it: &record::Host| {
        (it.hostname.clone(), it.machine_id.clone(), it.cpu_model.clone(), it.microarchitecture.clone())
    };
    facts(a) == facts(b)
}

fn is_same_run(a: &Results, b: &Results) -> bool {
    is_same_host(&a.run.host, &b.run.host) && a.run.started == b.run.started && a.trials == b.trials
}

fn unnamed(facts: &record::Host) -> Host {
    let kind = facts.microarchitecture.as_deref().or(facts.cpu_model.as_deref());
    Host {
        name: printable(&facts.hostname),
        machine_id: facts.machine_id.clone(),
        cpu_model: facts.cpu_model.as_deref().map(printable),
        microarchitecture: printable(kind.unwrap_or(UNKNOWN)),
        directories: Vec::new(),
        runs: Vec::new(),
    }
}

/// New names for hosts that share one: with their directories' names where these differ, else with numbers.
fn told_by_more(hosts: &[Host]) -> Vec<(usize, String)> {
    let folder = |host: &Host| {
        let name = Path::new(host.directories.first()?).file_name()?;
        Some(printable(&name.to_string_lossy()))
    };
    let mut names = Vec::new();
    for (at, host) in hosts.iter().enumerate() {
        let namesakes: Vec<usize> = (0..hosts.len()).filter(|other| hosts[*other].name == host.name).collect();
        let folders: BTreeSet<_> = namesakes.iter().filter_map(|other| folder(&hosts[*other])).collect();
        let number = namesakes.iter().filter(|other| **other <= at).count();
        let more = folder(host).filter(|_| folders.len() == namesakes.len());
        if namesakes.len() > 1 {
            names.push((at, format!("{} ({})", host.name, more.unwrap_or(number.to_string()))));
        }
    }
    names
}
