//! The parts of a study as the claims know them, each with its reading.

use crate::reading::{Reading, StudyResults};
use crate::record::{CrossoverRow, Metric, Point, StudyPart, StudyTrace};
use crate::stats::{CONFIDENCE, Held, corrected_confidence};
use crate::study::qemu_rfc::role;

/// One measured part.
pub struct Part<'a> {
    /// What the study says of it.
    pub record: &'a StudyPart,
    /// What is said of its results.
    pub reading: Reading<'a>,
}

/// All parts that have a trial.
pub struct Files<'a> {
    /// The study.
    pub study: &'a StudyResults,
    parts: Vec<Part<'a>>,
    /// Crossings over the share of changes.
    pub crossings: &'a [CrossoverRow],
}

/// A strategy over a baseline at one point of a part.
pub struct At<'f, 'a> {
    /// The part.
    pub part: &'f Part<'a>,
    /// The point.
    pub point: Point,
    /// What is compared.
    pub metric: Metric,
    /// The ratio, with an interval that holds over all points of the study together.
    pub held: Held,
}

impl<'a> Files<'a> {
    /// Tells the parts apart.
    pub fn of(study: &'a StudyResults) -> Files<'a> {
        let results = |part: &StudyPart| study.parts.iter().find(|it| it.name == part.path);
        let parts = study.record.parts.iter().filter_map(|record| {
            let results = results(record).filter(|it| !it.trials.is_empty())?;
            Some(Part { record, reading: results.reading() })
        });
        let crossover = study.record.parts.iter().find(|it| it.role == role::CROSSOVER).and_then(results);
        Files {
            study,
            parts: parts.collect(),
            crossings: crossover.map_or(&[], |it| &it.crossings),
        }
    }

    /// The parts that have a role.
    pub fn of_role<'f>(&'f self, role: &'f str) -> impl Iterator<Item = &'f Part<'a>> {
        self.parts.iter().filter(move |part| part.record.role == role)
    }

    /// The parts whose times are compared, in the order in which they are told.
    pub fn compared(&self) -> impl Iterator<Item = &Part<'a>> {
        [role::STRICT, role::THREADS, role::PACE, role::POINTS]
            .into_iter()
            .flat_map(|role| self.of_role(role))
    }

    /// A strategy over a baseline at every point that is not biased. The level of the intervals is corrected for the number of points.
    pub fn over<'f>(&'f self, strategy: &str, baseline: &str) -> Vec<At<'f, 'a>> {
        let points = self.compared().map(|part| part.reading.points.len()).sum();
        let confidence = corrected_confidence(CONFIDENCE, points);
        let of_part = |part: &'f Part<'a>| {
            let reading = &part.reading;
            let all = reading.log_ratios(baseline).into_iter();
            all.filter(|it| it.strategy == strategy && !reading.is_biased(&it.point)).filter_map(move |it| {
                let bias = reading.bias(&it.point);
                let held = Held::of(&it.logs, confidence, reading.threshold, bias)?;
                Some(At { part, point: it.point, metric: it.metric, held })
            })
        };
        self.compared().flat_map(of_part).collect()
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
        format!("{}/{name}", self.record.path)
    }

    /// What a block of it took, ns.
    pub fn block_ns(&self) -> Option<f64> {
        let run = self.reading.run;
        let ns = run.ended?.duration_since(run.started).as_nanos() as f64;
        Some(ns / self.reading.blocks().max(1) as f64)
    }
}

/// These files, each once.
pub fn once(files: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for file in files {
        if !once.contains(&file) {
            once.push(file);
        }
    }
    once
}
