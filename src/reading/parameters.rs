//! What `run.json` says that a run was told, as far as reading its figures needs it.

use serde_json::Value;

use crate::record::{Point, RunRecord, TracePlayed};

/// The parameters of a run.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a>(&'a Value);

impl<'a> Parameters<'a> {
    /// What a baseline and a threshold are if `run.json` does not say.
    const DEFAULTS: (&'static str, f64) = ("mutex", 0.01);

    pub(super) fn of(run: &'a RunRecord) -> Self {
        Parameters(&run.parameters)
    }

    pub(super) fn baseline(self) -> &'a str {
        self.0["baseline"].as_str().unwrap_or(Self::DEFAULTS.0)
    }

    /// The difference still called the same, as a fraction.
    pub(super) fn threshold(self) -> f64 {
        self.0["threshold"].as_f64().unwrap_or(Self::DEFAULTS.1)
    }

    pub(super) fn strategies(self) -> impl Iterator<Item = &'a str> {
        self.0["strategies"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// How many processors the threads were bound to, 0 for none.
    pub(super) fn cpus(self) -> Option<usize> {
        self.0["cpus"].as_array().map(Vec::len)
    }

    /// Whether latencies were not asked for.
    pub(super) fn no_latency(self) -> bool {
        self.0["deciding_only"].as_bool().unwrap_or(false)
    }

    /// The workloads in the order in which they were named; empty where a search made them up.
    pub(super) fn workloads(self) -> impl Iterator<Item = &'a str> {
        let named = |list: &'a Value, name: &'static str| {
            list.as_array().into_iter().flatten().filter_map(move |it| it[name].as_str())
        };
        named(&self.0["workloads"], "name").chain(named(&self.0["traces_played"], "workload"))
    }

    /// What the trace behind a point holds; `None` of a synthetic load.
    pub(super) fn trace(self, point: &Point) -> Option<TracePlayed> {
        let mut traces = self.0["traces_played"].as_array().into_iter().flatten();
        traces.find_map(|it| {
            serde_json::from_value::<TracePlayed>(it.clone()).ok().filter(|it| it.workload == point.workload)
        })
    }
}
