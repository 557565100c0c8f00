//! Many hosts, one answer: what the result directories of several hosts say together.
//!
//! `agree` refuses what cannot be pooled, `hosts` tells the machines apart and `answers` joins what each found, by the rule of
//! [`stats::pool`](crate::stats::pool). [`document()`] puts it into words, tables and pictures.

mod agree;
mod answers;
mod document;
mod hosts;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;

pub use document::document;
pub use hosts::Host;

use crate::reading::Results;
use crate::record::{Metric, Point};
use crate::stats::pool::{HostRatio, Pooled, Word};

/// What several hosts say together.
#[derive(Debug, Serialize)]
pub struct Pool {
    /// What the others are compared with.
    pub baseline: String,
    /// The difference still called the same, as a fraction.
    pub threshold: f64,
    /// The version of headlock that measured, the same everywhere.
    pub headlock_version: String,
    /// When the first run began, and when the last one did.
    pub began: [Timestamp; 2],
    /// The machines, by name.
    pub hosts: Vec<Host>,
    /// Distinct microarchitectures among them.
    pub microarchitectures: Vec<String>,
    /// The strategies, in the order of the tables.
    pub strategies: Vec<String>,
    /// Those of them that were verified where they were measured.
    pub verified: Vec<String>,
    /// Points that any host has measured, in the order of the tables.
    pub points: Vec<Point>,
    /// Every comparison that any host has a figure for.
    pub answers: Vec<Answer>,
    /// What must be known before any of it is believed.
    pub notes: Vec<String>,
}

/// What the hosts say of one strategy at one point, of one figure in one state of the machine.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// Where.
    #[serde(flatten)]
    pub point: Point,
    /// The strategy.
    pub strategy: String,
    /// What is compared.
    pub metric: Metric,
    /// The kind of operation, the role, or all.
    pub op: String,
    /// The state of the machine, or all.
    pub state: String,
    /// What is said of the hosts tried.
    pub word: Word,
    /// Whether every host by itself is faster, or every host by itself slower.
    pub on_every_host: bool,
    /// Whether any two hosts differ by more than their own intervals.
    pub hosts_differ: bool,
    /// Each host's own figure.
    pub hosts: Vec<HostAnswer>,
    /// The mean and the next host; nothing where too few were tried.
    pub pooled: Option<Pooled>,
}

/// One host's figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct HostAnswer {
    /// The host, by its place in [`Pool::hosts`].
    pub host: usize,
    /// The figure.
    #[serde(flatten)]
    pub ratio: HostRatio,
}

impl Answer {
    /// Whether it is of the figure that decides at its point: all operations together, raw, in all states.
    pub fn decides(&self) -> bool {
        self.is_of_all_states() && self.op == crate::record::ALL && self.metric.is_raw()
    }

    fn is_of_all_states(&self) -> bool {
        self.state == crate::record::ALL
    }
}

impl Pool {
    /// Pools result directories.
    ///
    /// # Errors
    /// In which of them what must agree does not, each difference by name.
    pub fn of(results: &[Results]) -> Result<Self, Vec<String>> {
        let (mut notes, verified) = agree::check(results)?;
        let (hosts, same) = hosts::told_apart(results);
        notes.extend(same);
        let readings: Vec<_> = results.iter().map(Results::reading).collect();
        let Some(first) = readings.first() else {
            return Err(vec!["there is no result directory".to_owned()]);
        };
        let points = answers::points(&readings);
        let answers = answers::answers(&readings, &hosts, &points);
        notes.extend(answers::notes(&readings, results, &hosts, &points));
        Ok(Pool {
            baseline: first.baseline.to_owned(),
            threshold: first.threshold,
            headlock_version: first.run.headlock_version.clone(),
            began: began(results, first.run.started),
            microarchitectures: hosts::microarchitectures(&hosts),
            strategies: first.strategies.clone(),
            verified,
            hosts,
            points,
            answers,
            notes,
        })
    }
}

fn began(results: &[Results], one: Timestamp) -> [Timestamp; 2] {
    let all = || results.iter().map(|it| it.run.started);
    [all().min().unwrap_or(one), all().max().unwrap_or(one)]
}
