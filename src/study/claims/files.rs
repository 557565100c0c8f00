//! The parts of a study as the claims know them, each with its reading.

use crate::reading::{Reading, StudyResults};
use crate::record::{CrossoverRow, Ratio, StudyTrace};
use crate::study::qemu_rfc::role;

/// One measured part.
pub struct Part<'a> {
    /// Its directory, relative to the study's.
    path: &'a str,
    /// What is said of it.
    pub reading: Reading<'a>,
}

/// All parts; `None` where one was not played, or has no trial yet.
pub struct Files<'a> {
    /// The study.
    pub study: &'a StudyResults,
    pub strict: Option<Part<'a>>,
    pub threads: Option<Part<'a>>,
    pub pace: Option<Part<'a>>,
    pub points: Option<Part<'a>>,
    pub memory: Option<Part<'a>>,
    /// Crossings over the share of changes.
    pub crossings: &'a [CrossoverRow],
}

impl<'a> Files<'a> {
    /// Tells the parts apart.
    pub fn of(study: &'a StudyResults) -> Files<'a> {
        let results = |role: &str| study.parts.iter().find(|it| it.name == role);
        let part = |role: &str| {
            let path = study.record.parts.iter().find(|it| it.role == role)?.path.as_str();
            let results = results(role).filter(|it| !it.trials.is_empty())?;
            Some(Part { path, reading: results.reading() })
        };
        Files {
            study,
            strict: part(role::STRICT),
            threads: part(role::THREADS),
            pace: part(role::PACE),
            points: part(role::POINTS),
            memory: part(role::MEMORY),
            crossings: results(role::CROSSOVER).map_or(&[], |it| &it.crossings),
        }
    }

    /// The parts whose times are compared, in the order in which they are told.
    pub fn compared(&self) -> impl Iterator<Item = &Part<'a>> {
        [&self.strict, &self.threads, &self.pace, &self.points].into_iter().flatten()
    }

    /// The ratios of a strategy that decide, at every point that is not biased.
    pub fn deciding<'f>(&'f self, strategy: &'f str) -> impl Iterator<Item = (&'f Part<'a>, &'f Ratio)> {
        self.compared().flat_map(move |part| {
            part.reading.deciding().filter(move |it| it.strategy == strategy).map(move |ratio| (part, ratio))
        })
    }

    /// The trace behind a replay's workload.
    pub fn trace(&self, workload: &str) -> Option<&'a StudyTrace> {
        let of = |trace: &&StudyTrace| {
            workload
                .strip_prefix(trace.name.as_str())
                .is_some_and(|rest| ["-strict", "-threads", "-threads-x1"].contains(&rest))
        };
        self.study.record.traces.iter().find(of)
    }
}

impl Part<'_> {
    /// The path of one of its files, relative to the study's directory.
    pub fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }
}
