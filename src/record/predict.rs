//! What a model predicted. Nothing in it was measured.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{PlayedTrace, RunRecord};
use crate::workload::Workload;

/// What `predict` of `scripts/model` is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// The workloads, complete; where roles are given, pollers make up the number of threads.
    pub workloads: Vec<Workload>,
    /// The traces, a simulated thread for each of theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<PlayedTrace>,
    /// Thread counts.
    pub threads: Vec<usize>,
    /// The machine that is modelled.
    pub machine: Machine,
    /// The figures of its description that nobody measured or published.
    pub assumed: Vec<String>,
}

/// A machine's description, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub summary: String,
    /// How far predictions from it were found to be off; `None` if they were held against nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<MachineError>,
    /// Its cores, lines and costs, as the description has them.
    #[serde(flatten)]
    pub figures: Map<String, Value>,
}

/// How far predictions from a description were found to be off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineError {
    /// The greatest error of a time, as a fraction: 0.3 for 30 %.
    pub time: f64,
    /// What it was held against.
    pub against: String,
}

/// A predicted time. A row of a model's `operations.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name.
    pub strategy: String,
    /// Threads that operate on the list.
    pub threads: usize,
    /// The operation's name, or [`ALL`](super::ALL) for thread-nanoseconds per operation.
    pub op: String,
    /// With the description's costs as stated, ns.
    pub ns: f64,
    /// The least with costs stated, lowest and highest, ns.
    pub ns_low: f64,
    /// The greatest, ns.
    pub ns_high: f64,
}

impl Machine {
    /// What a table says of the error of its figures: `±32 %`, or `unknown`.
    pub fn error_in_short(&self) -> String {
        match &self.error {
            Some(error) => format!("±{:.0} %", error.time * 100.0),
            None => "unknown".to_owned(),
        }
    }

    /// What a sentence says of it.
    pub fn error_in_words(&self) -> String {
        match &self.error {
            Some(error) => format!("up to {:.0} %, found against {}", error.time * 100.0, error.against),
            None => "unknown: no prediction from this description was checked against its machine".to_owned(),
        }
    }
}

impl RunRecord {
    /// What was told to the model that the results come from; `None` if they were measured. No command may take the one for the other.
    pub fn prediction(&self) -> Option<&Predict> {
        match &self.parameters.command {
            super::Command::Predict(predict) => Some(predict),
            _ => None,
        }
    }
}
