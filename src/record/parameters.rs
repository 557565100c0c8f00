//! What a run was told: everything that it takes to run it again.
//!
//! One type, whoever needs it: the plan is made from it, `--config` and `--resume` read it, `compare` and the page look into
//! it. In `run.json` it is one flat object, `command` beside all fields. It is read field by field, so that an error names
//! the field, and a field that is not known is refused: who cannot tell what it means cannot run it again.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{BehindDoor, Neighbour, Predict};
use crate::json;
use crate::workload::{Isolation, Order, Range, Speed, Workload};

/// What a run was told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameters {
    /// The command, and what it alone is told.
    #[serde(flatten)]
    pub command: Command,
    /// What every command is told.
    #[serde(flatten)]
    pub common: Common,
}

/// A command that measures, and what it alone is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub enum Command {
    /// Synthetic workloads.
    Run(Run),
    /// Recorded traces.
    Replay(Replay),
    /// A workload of which one or two things are varied.
    Crossover(Box<Crossover>),
    /// Synthetic workloads on a machine that is not there: of `scripts/model`.
    Predict(Box<Predict>),
}

/// What `run` is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The workloads, complete.
    pub workloads: Vec<Workload>,
    /// Thread counts of those whose roles do not fix them.
    pub threads: Vec<usize>,
}

/// What `replay` is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The traces.
    pub traces: Vec<PlayedTrace>,
    /// In which order.
    pub order: Order,
    /// At which speed.
    pub speed: Speed,
}

/// A trace that is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayedTrace {
    /// The file.
    pub path: String,
    /// The workload's name in the result files.
    pub workload: String,
    /// What the trace holds, as a checksum, so that another one under the same name is not taken for it.
    pub checksum: String,
    /// Rows that are played: all but those that say what fired.
    pub rows: u64,
    /// Timers that fired in the recorded program.
    pub recorded_fires: u64,
}

/// What `crossover` is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crossover {
    /// What is varied, and from where to where; two for a map.
    pub vary: Vec<Range>,
    /// Of which workload.
    pub workload: Workload,
    /// Threads, where they do not vary.
    pub threads: usize,
    /// Values of the grid that is measured first; `None` for the default.
    pub grid: Option<usize>,
}

/// What every command that measures is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// The strategies, in the order of the tables.
    pub strategies: Vec<String>,
    /// Those that are played through the C interface.
    #[serde(default)]
    pub behind_door: Vec<BehindDoor>,
    /// What the others are compared with.
    pub baseline: String,
    /// Length of a trial, ns.
    pub trial_ns: u64,
    /// Whether only the pass that decides is played.
    pub deciding_only: bool,
    /// Whether strategies take turns in one process: `slices` or `process`.
    pub isolation: Isolation,
    /// The difference that is still called the same, as a fraction.
    pub threshold: f64,
    /// Seed of scripts and orders.
    pub seed: u64,
    /// Processors that threads are bound to, in turn; empty leaves them to the scheduler.
    pub cpus: Vec<usize>,
    /// Share by which `injected` is made slower than the baseline, if it plays.
    pub inject: Option<f64>,
    /// Above 0, operations that take no longer are left as they are, ns.
    #[serde(default)]
    pub inject_beyond_ns: u64,
    /// Stop after so many blocks.
    pub blocks: Option<u64>,
    /// Stop after so much time, ns.
    pub budget_ns: Option<u64>,
    /// Stop once the widest interval is as narrow as this, as a fraction.
    pub precision: Option<f64>,
    /// How long a trial may take beyond twice its length before it counts as hung, ns.
    pub patience_ns: u64,
    /// Whether a neighbour was brought about, or blocks beside one are left out.
    pub neighbour: Option<Neighbour>,
    /// The programs of which each block drew one; none if all blocks played this one.
    #[serde(default)]
    pub layouts: Vec<Layout>,
    /// How many runs the set has that this one is of.
    pub runs: Option<u64>,
    /// From the end of one run of the set to the start of the next, ns.
    pub gap_ns: Option<u64>,
}

/// A program that differs from others in the layout of its code alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// The name of its file.
    pub name: String,
    /// The SHA-256 of that file, in hexadecimal digits.
    pub sha256: String,
}

/// A field in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name in `run.json`.
    pub field: String,
    /// One's value.
    pub one: String,
    /// The other's.
    pub other: String,
}

impl Common {
    /// Fields that say when to stop, and not what to measure.
    pub const LIMITS: [&str; 6] = ["blocks", "budget_ns", "precision", "patience_ns", "runs", "gap_ns"];
}

impl Command {
    /// The word that is typed for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Command::Run(_) => "run",
            Command::Replay(_) => "replay",
            Command::Crossover(_) => "crossover",
            Command::Predict(_) => "predict",
        }
    }

    /// The synthetic workloads, as they were before anything was varied.
    pub fn workloads(&self) -> &[Workload] {
        match self {
            Command::Run(run) => &run.workloads,
            Command::Replay(_) => &[],
            Command::Crossover(crossover) => std::slice::from_ref(&crossover.workload),
            Command::Predict(predict) => &predict.workloads,
        }
    }

    /// The traces.
    pub fn traces(&self) -> &[PlayedTrace] {
        match self {
            Command::Replay(replay) => &replay.traces,
            Command::Predict(predict) => &predict.traces,
            Command::Run(_) | Command::Crossover(_) => &[],
        }
    }
}

impl Parameters {
    /// The fields that differ, by name. Both are typed, so a number is the same number however a file spells it.
    pub fn differences(&self, other: &Parameters) -> Vec<Difference> {
        differences(self, other)
    }
}

/// The fields of two values of one type that differ, in the order of their names.
pub fn differences<T: Serialize>(one: &T, other: &T) -> Vec<Difference> {
    differing(&fields_of(one), &fields_of(other))
}

fn fields_of(it: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(it) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn differing(one: &Map<String, Value>, other: &Map<String, Value>) -> Vec<Difference> {
    let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differing = names.into_iter().filter(|name| one.get(*name) != other.get(*name));
    differing
        .map(|name| Difference {
            field: name.clone(),
            one: shown(one.get(name)),
            other: shown(other.get(name)),
        })
        .collect()
}

/// A value as it would be typed.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::<String, Value>::deserialize(deserializer)?;
        from_fields(fields).map_err(D::Error::custom)
    }
}

fn from_fields(mut fields: Map<String, Value>) -> Result<Parameters, String> {
    let word = fields.remove("command");
    let known = fields_of(&Common::default());
    let (common, own): (Map<_, _>, Map<_, _>) = fields.into_iter().partition(|(name, _)| known.contains_key(name));
    let own = Value::Object(own);
    let command = match word.as_ref().and_then(Value::as_str) {
        Some("run") => Command::Run(json::of(own)?),
        Some("replay") => Command::Replay(json::of(own)?),
        Some("crossover") => Command::Crossover(Box::new(json::of(own)?)),
        Some("predict") => Command::Predict(Box::new(json::of(own)?)),
        _ => {
            let found = word.map_or(Cow::Borrowed("missing"), |word| Cow::Owned(word.to_string()));
            return Err(format!("command: {found}; expected \"run\", \"replay\" or \"crossover\""));
        }
    };
    Ok(Parameters { command, common: json::of(Value::Object(common))? })
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Of a run of two presets.
    pub(crate) fn parameters() -> Parameters {
        Parameters {
            command: Command::Run(Run {
                workloads: ["hot", "paced"].map(|name| Workload::preset(name).unwrap()).to_vec(),
                threads: vec![1, 2],
            }),
            common: Common {
                strategies: vec!["mutex".to_owned()],
                baseline: "mutex".to_owned(),
                trial_ns: 20_000_000,
                threshold: 0.01,
                seed: u64::MAX,
                budget_ns: Some(3_000_000_000),
                inject: Some(0.1 + 0.2),
                ..Common::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::testing::parameters;
    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        let text = serde_json::to_string(&parameters()).unwrap();
        assert_eq!(serde_json::from_str::<Parameters>(&text).unwrap(), parameters());
        assert!(text.contains("\"command\":\"run\",\"workloads\":[{"), "{text}");
    }

    /// As other programs store it: 0.0 as 0, 20000000 as 20000000.0.
    #[test]
    fn numbers_are_compared_as_numbers() {
        let mut stored = serde_json::to_value(parameters()).unwrap();
        for path in [
            "/workloads/0/mix/expired",
            "/workloads/1/empty_share",
            "/workloads/1/mix/churn",
        ] {
            if let Some(number) = stored.pointer_mut(path) {
                *number = json!(number.as_f64().unwrap() as i64);
            }
        }
        for path in ["/trial_ns", "/threads/0", "/workloads/0/timers", "/budget_ns"] {
            let number = stored.pointer_mut(path).unwrap();
            *number = json!(number.as_f64().unwrap());
        }
        let read: Parameters = serde_json::from_value(stored).unwrap();
        assert_eq!(read, parameters());
        assert_eq!(read.differences(&parameters()), []);
    }

    #[test]
    fn nonsense_is_refused_with_the_fields_name() {
        for (path, nonsense, says) in [
            ("/seed", json!(1e30), "seed: invalid type: floating point `1e+30`, expected u64"),
            ("/seed", json!(-1), "seed: invalid value: integer `-1`, expected u64"),
            ("/trial_ns", json!("20ms"), "trial_ns: invalid type: string \"20ms\", expected u64"),
            ("/threads/1", json!(1.5), "threads[1]: invalid type: floating point `1.5`, expected usize"),
            ("/workloads/0/timers", json!([]), "workloads[0].timers: invalid type: sequence, expected usize"),
            ("/workloads/0/clock", json!("sundial"), "workloads[0].clock: unknown variant `sundial`"),
            ("/command", json!("walk"), "command: \"walk\"; expected \"run\", \"replay\" or \"crossover\""),
            ("/strategies", json!(null), "strategies: invalid type: null, expected a sequence"),
        ] {
            let mut stored = serde_json::to_value(parameters()).unwrap();
            *stored.pointer_mut(path).unwrap() = nonsense;
            let error = serde_json::from_value::<Parameters>(stored).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
        let mut stored = serde_json::to_value(parameters()).unwrap();
        stored["sede"] = json!(1);
        let error = serde_json::from_value::<Parameters>(stored.clone()).unwrap_err().to_string();
        assert!(error.contains("unknown field `sede`"), "{error}");
        stored.as_object_mut().unwrap().retain(|name, _| name != "sede" && name != "seed");
        let error = serde_json::from_value::<Parameters>(stored).unwrap_err().to_string();
        assert_eq!(error, "missing field `seed`");
    }

    #[test]
    fn differences_are_named() {
        let mut other = parameters();
        other.common.seed = 7;
        other.common.precision = Some(0.01);
        let named: Vec<String> = parameters().differences(&other).into_iter().map(|it| it.field).collect();
        assert_eq!(named, ["precision", "seed"]);
    }
}
