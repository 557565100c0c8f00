//! Taking up a result directory again: what was measured, and whether the new blocks would be of the same kind.

use std::path::Path;

use serde_json::Value;

use super::super::failure::Failure;
use crate::export::{ResultDir, read_blocks, read_histograms, read_operations, read_run, read_threads};
use crate::record::{BlockRow, OperationRow, RunRecord, ThreadRow, Trial};
use crate::stats::Latencies;

/// Parameters that say when to stop and not what to measure.
const LIMITS: [&str; 3] = ["blocks", "budget_ns", "precision"];

/// A run that is being taken up.
pub struct Earlier {
    /// Its directory, ready for more.
    pub dir: ResultDir,
    /// Its record.
    pub record: RunRecord,
    /// Its trials.
    pub trials: Vec<Trial>,
    /// Their threads' parts.
    pub threads: Vec<ThreadRow>,
    /// Their operations' latencies, by block.
    pub operations: Vec<OperationRow>,
    /// What the probes read.
    pub blocks: Vec<BlockRow>,
    /// Its histograms. Those of a block that was under way when the run was killed are not in them.
    pub latencies: Latencies,
    /// Something that had to be left out, for the user.
    pub note: Option<String>,
}

impl Earlier {
    /// The number of the first block to be added. A block that was not finished stays as it is.
    pub fn next_block(&self) -> usize {
        self.trials.iter().map(|trial| trial.block + 1).max().unwrap_or(0)
    }
}

/// Opens the run in `path` for more blocks of what `now` describes.
pub fn take_up(path: &Path, now: &RunRecord) -> Result<Earlier, Failure> {
    let error = |error: &dyn std::error::Error| Failure::Error(error.to_string());
    let record = read_run(path).map_err(|it| error(&it))?;
    if let Some(difference) = difference(&record, now) {
        return Err(Failure::Error(format!(
            "--resume {}: blocks of this run would not be of the same kind: {difference}; it was started as `{}`",
            path.display(),
            record.command.join(" ")
        )));
    }
    let (dir, rows) = ResultDir::resume(path).map_err(|it| error(&it))?;
    let mut latencies = Latencies::default();
    for latency in read_histograms(path).map_err(|it| error(&it))? {
        latencies.add(latency).map_err(|it| error(&it))?;
    }
    Ok(Earlier {
        dir,
        record,
        trials: rows.rows,
        threads: read_threads(path).map_err(|it| error(&it))?.rows,
        operations: read_operations(path).map_err(|it| error(&it))?.rows,
        blocks: read_blocks(path).map_err(|it| error(&it))?.rows,
        latencies,
        note: rows.note,
    })
}

/// The first thing that figures depend on and that is not as it was.
fn difference(then: &RunRecord, now: &RunRecord) -> Option<String> {
    let differ = |what: &str, then: &str, now: &str| (then != now).then(|| format!("{what} was {then} and is {now}"));
    // Through text, as the earlier run's have gone, so that numbers are rounded alike.
    let asked: Value = serde_json::from_str(&now.parameters.to_string()).unwrap_or_default();
    let of_then = then.parameters.as_object().into_iter().flatten();
    let of_now = asked.as_object().into_iter().flatten();
    let names = of_then.chain(of_now).map(|(name, _)| name).filter(|name| !LIMITS.contains(&name.as_str()));
    let parameter = |name: &String| differ(name, &then.parameters[name].to_string(), &asked[name].to_string());
    let host = |record: &RunRecord| serde_json::to_value(&record.host).unwrap_or_default();
    let (host_then, host_now) = (host(then), host(now));
    let facts = host_now.as_object().into_iter().flatten().map(|(name, _)| name);
    let fact = |name: &String| differ(name, &host_then[name].to_string(), &host_now[name].to_string());
    differ("headlock's version", &then.headlock_version, &now.headlock_version)
        .or_else(|| names.clone().find_map(parameter))
        .or_else(|| facts.clone().find_map(fact))
}
