//! From the ratios of each run to the answers over hosts.

use std::collections::BTreeMap;

use super::{Answer, Host, HostAnswer, hosts};
use crate::document::words;
use crate::reading::{Reading, Results};
use crate::record::{AA_CONTROL, Metric, Point, Ratio, Verdict};
use crate::stats::pool::{HostRatio, differ, is_every, joined, pooled, units, word};

/// The points of all readings, those of the first one first.
pub fn points(readings: &[Reading<'_>]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for point in readings.iter().flat_map(|it| &it.points) {
        if !points.contains(point) {
            points.push(point.clone());
        }
    }
    points
}

/// What makes two rows of different runs the same comparison, in the order of the tables.
type Key<'a> = (usize, Metric, &'a str, &'a str, usize, &'a str);

/// Every comparison that any host has a figure for.
pub fn answers(readings: &[Reading<'_>], hosts: &[Host], points: &[Point]) -> Vec<Answer> {
    let alike = hosts::microarchitectures(hosts).len() == 1;
    let mut rows: BTreeMap<Key<'_>, BTreeMap<usize, Vec<&Ratio>>> = BTreeMap::new();
    for (number, host) in hosts.iter().enumerate() {
        for reading in host.runs.iter().map(|run| &readings[*run]) {
            for ratio in reading.ratios.iter().filter(|it| it.strategy != AA_CONTROL) {
                let at = points.iter().position(|it| (&it.workload, it.threads) == (&ratio.workload, ratio.threads));
                let order = reading.strategies.iter().position(|it| *it == ratio.strategy);
                let order = order.unwrap_or(usize::MAX);
                let Some(at) = at else { continue };
                let key = (at, ratio.metric, ratio.op.as_str(), ratio.state.as_str(), order, ratio.strategy.as_str());
                rows.entry(key).or_default().entry(number).or_default().push(ratio);
            }
        }
    }
    let answer = |((at, metric, op, state, _, strategy), found): (Key<'_>, BTreeMap<usize, Vec<&Ratio>>)| {
        let margin = found.values().flatten().next()?.threshold;
        let of_hosts: Vec<HostAnswer> = found
            .iter()
            .filter_map(|(host, runs)| Some(HostAnswer { host: *host, ratio: joined(runs)? }))
            .collect();
        let ratios: Vec<HostRatio> = of_hosts.iter().map(|it| it.ratio).collect();
        let logs = of_hosts.iter().map(|it| (&hosts[it.host].microarchitecture[..], it.ratio.interval.estimate.ln()));
        let pooled = pooled(&units(logs, alike));
        (!ratios.is_empty()).then(|| Answer {
            point: points[at].clone(),
            strategy: strategy.to_owned(),
            metric,
            op: op.to_owned(),
            state: state.to_owned(),
            word: word(&ratios, pooled.as_ref(), margin),
            on_every_host: is_every(&ratios, Verdict::Faster) || is_every(&ratios, Verdict::Slower),
            hosts_differ: ratios
                .iter()
                .enumerate()
                .any(|(at, it)| ratios[at + 1..].iter().any(|other| differ(it, other))),
            hosts: of_hosts,
            pooled,
        })
    };
    rows.into_iter().filter_map(answer).collect()
}

/// What was left out, and what not every host has.
pub fn notes(readings: &[Reading<'_>], results: &[Results], hosts: &[Host], points: &[Point]) -> Vec<String> {
    let mut notes = Vec::new();
    for point in points {
        let has = |host: &&Host| host.runs.iter().any(|run| readings[*run].points.contains(point));
        let (with, without): (Vec<&Host>, Vec<&Host>) = hosts.iter().partition(has);
        if !without.is_empty() {
            let names: Vec<&str> = with.iter().map(|it| it.name.as_str()).collect();
            notes.push(format!("only {} measured {}", words::list(&names), words::at(point)));
        }
    }
    for (reading, result) in readings.iter().zip(results) {
        for point in reading.points.iter().filter(|point| reading.is_biased(point)) {
            notes.push(format!(
                "{}: the A/A control differs from {} by more than the margin at {}, so this run does not count there",
                result.name,
                reading.baseline,
                words::at(point)
            ));
        }
        notes.extend(result.cut_short().map(|it| format!("{}: {it}", result.name)));
        notes.extend(result.notes.iter().cloned());
    }
    notes
}
