//! A set of runs: what several runs of one plan, minutes apart, came to.

use super::Results;
use crate::record::{Common, Ratio};
use crate::stats::{OneRun, blocks_of_runs, ratios_of_runs};

/// What a run of a set is called in the directory of the set, counted from 1.
pub fn run_name(number: u64) -> String {
    format!("run-{number}")
}

/// Runs of one plan, in the order in which they were played.
#[derive(Clone, Debug, Default)]
pub struct Runs(pub Vec<Results>);

impl Runs {
    /// The first one's baseline and margin, which are all the others' too.
    fn told(&self) -> (&str, f64) {
        let told = self.0.first().map(|run| &run.run.parameters.common);
        told.map_or(("", 0.0), |told| (told.baseline.as_str(), told.threshold))
    }

    /// Whether all are of one plan, but for their limits.
    ///
    /// # Errors
    /// Which run differs from the first, and in what.
    pub fn are_of_one_plan(&self) -> Result<(), String> {
        let Some(first) = self.0.first() else { return Ok(()) };
        for run in &self.0 {
            let differing = first.run.parameters.differences(&run.run.parameters);
            if let Some(it) = differing.into_iter().find(|it| !Common::LIMITS.contains(&it.field.as_str())) {
                return Err(format!(
                    "{}: {} is {} and in the first run of the set {}; expected runs of one plan",
                    run.name, it.field, it.other, it.one
                ));
            }
        }
        Ok(())
    }

    /// Each run's ratios, by the rule of a single run.
    fn each<T>(&self, then: impl FnOnce(&[OneRun<'_>]) -> T) -> T {
        let ratios: Vec<Vec<Ratio>> = self.0.iter().map(|run| run.reading().ratios).collect();
        let runs = self.0.iter().zip(&ratios).map(|(run, ratios)| OneRun { trials: &run.trials, ratios });
        then(&runs.collect::<Vec<OneRun<'_>>>())
    }

    /// Every strategy against the baseline, with the run as the unit.
    pub fn ratios(&self) -> Vec<Ratio> {
        let (baseline, margin) = self.told();
        self.each(|runs| ratios_of_runs(runs, baseline, margin))
    }

    /// The set as if it were one run, each of whose blocks is a run; `None` of nothing. What is counted per block, and latencies, are left
    /// out: they are not medians over runs.
    pub fn as_one(self, name: &str) -> Option<Results> {
        let (baseline, _) = self.told();
        let trials = self.each(|runs| blocks_of_runs(runs, baseline, crate::record::ALL));
        let notes = self.0.iter().flat_map(|run| run.notes.iter().cloned()).collect();
        let first = self.0.into_iter().next()?;
        Some(Results {
            name: name.to_owned(),
            trials,
            threads: Vec::new(),
            operations: Vec::new(),
            blocks: Vec::new(),
            latency: None,
            filed_ratios: None,
            notes,
            ..first
        })
    }
}
