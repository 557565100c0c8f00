//! The files of a study, read once.

use std::fs;
use std::path::Path;

use crate::export::{
    ReadError, read_checks, read_crossings, read_latency, read_loads, read_ratios, read_study, read_trials,
};
use crate::record::{CheckRow, CrossoverRow, LatencyRow, LoadCount, Ratio, StudyRecord, StudyTrace, Trial};
use crate::study::qemu_rfc::role;

/// One measured part.
#[derive(Debug, Default)]
pub struct Part {
    /// Its directory, relative to the study's.
    pub path: String,
    /// Its trials.
    pub trials: Vec<Trial>,
    /// Every strategy against the mutex.
    pub ratios: Vec<Ratio>,
    /// Service and response times.
    pub latency: Vec<LatencyRow>,
}

/// All parts; `None` where one was not played, or has no trial yet.
#[derive(Debug)]
pub struct Files {
    /// What the study says of itself.
    pub study: StudyRecord,
    pub strict: Option<Part>,
    pub threads: Option<Part>,
    pub pace: Option<Part>,
    pub points: Option<Part>,
    pub memory: Option<Part>,
    /// Crossings over the share of changes.
    pub crossings: Vec<CrossoverRow>,
    /// Counted reads.
    pub loads: Vec<LoadCount>,
    /// What `verify` counted.
    pub checks: Vec<CheckRow>,
    /// What it found, a block of lines each.
    pub violations: Vec<String>,
}

impl Files {
    /// Reads everything that is there.
    pub fn read(dir: &Path) -> Result<Files, ReadError> {
        let study = read_study(dir)?;
        let path = |role: &str| {
            let part = study.parts.iter().find(|part| part.role == role)?;
            Some(part.path.clone()).filter(|path| dir.join(path).is_dir())
        };
        let part = |role: &str| match path(role).filter(|path| dir.join(path).join("ratios.csv").is_file()) {
            None => Ok(None),
            Some(path) => {
                let of = dir.join(&path);
                let part = Part {
                    trials: read_trials(&of)?.rows,
                    ratios: read_ratios(&of)?.rows,
                    latency: read_latency(&of)?.rows,
                    path,
                };
                Ok(Some(part).filter(|part| !part.trials.is_empty()))
            }
        };
        let has =
            |role: &str, file: &str| path(role).map(|path| dir.join(path)).filter(|path| path.join(file).is_file());
        let crossings = match has(role::CROSSOVER, "crossover.csv") {
            Some(path) => read_crossings(&path)?.rows,
            None => Vec::new(),
        };
        let loads = match has(role::LOADS, "loads.csv") {
            Some(path) => read_loads(&path)?.rows,
            None => Vec::new(),
        };
        let fresh = has(role::FRESH, "verify.csv");
        let checks = match &fresh {
            Some(path) => read_checks(path)?.rows,
            None => Vec::new(),
        };
        let violations = match &fresh {
            Some(path) => {
                let file = path.join("violations.txt");
                let text = fs::read_to_string(&file).map_err(|error| ReadError::io(&file, error))?;
                text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
            }
            None => Vec::new(),
        };
        Ok(Files {
            strict: part(role::STRICT)?,
            threads: part(role::THREADS)?,
            pace: part(role::PACE)?,
            points: part(role::POINTS)?,
            memory: part(role::MEMORY)?,
            crossings,
            loads,
            checks,
            violations,
            study,
        })
    }

    /// The parts whose times are compared, in the order in which they are told.
    pub fn compared(&self) -> impl Iterator<Item = &Part> {
        [&self.strict, &self.threads, &self.pace, &self.points].into_iter().flatten()
    }

    /// The trace behind a replay's workload.
    pub fn trace(&self, workload: &str) -> Option<&StudyTrace> {
        let of = |trace: &&StudyTrace| {
            workload
                .strip_prefix(trace.name.as_str())
                .is_some_and(|rest| ["-strict", "-threads", "-threads-x1"].contains(&rest))
        };
        self.study.traces.iter().find(of)
    }
}

impl Part {
    /// The path of one of its files, relative to the study's directory.
    pub fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// Undisturbed trials of a strategy on a workload.
    pub fn of<'a>(&'a self, workload: &'a str, strategy: &'a str) -> impl Iterator<Item = &'a Trial> {
        let wanted = move |it: &&Trial| it.workload == workload && it.strategy == strategy && !it.disturbed;
        self.trials.iter().filter(wanted)
    }
}
