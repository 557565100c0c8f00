//! Taking up a result directory again: what was measured, and whether the new blocks would be of the same kind.

use std::path::Path;

use super::super::failure::Failure;
use crate::export::{ResultDir, read_blocks, read_histograms, read_operations, read_run, read_threads};
use crate::record::{
    BehindDoor, BlockRow, Common, Difference, Host, OperationRow, Parameters, RunRecord, ThreadRow, Trial, differences,
};
use crate::stats::Latencies;

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
    alike(path, &record, &now.parameters, &now.host)?;
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

/// Refuses to go on in `path` with what was not told the same, or on another host.
///
/// # Errors
/// With the first thing that figures depend on and that is not as it was `then`.
pub fn alike(path: &Path, then: &RunRecord, parameters: &Parameters, host: &Host) -> Result<(), Failure> {
    match difference(then, parameters, host) {
        None => Ok(()),
        Some(difference) => Err(Failure::Error(format!(
            "--resume {}: blocks of this run would not be of the same kind: {difference}; it was started as `{}`",
            path.display(),
            then.command.join(" ")
        ))),
    }
}

/// The first thing that figures depend on and that is not as it was.
fn difference(then: &RunRecord, parameters: &Parameters, host: &Host) -> Option<String> {
    let version = (then.headlock_version != env!("CARGO_PKG_VERSION")).then(|| Difference {
        field: "headlock's version".to_owned(),
        one: then.headlock_version.clone(),
        other: env!("CARGO_PKG_VERSION").to_owned(),
    });
    let differing = then.parameters.differences(parameters).into_iter().map(|it| match it.field.as_str() {
        "behind_door" => Difference {
            one: stated(&then.parameters.common.behind_door),
            other: stated(&parameters.common.behind_door),
            ..it
        },
        _ => it,
    });
    let differing = version
        .into_iter()
        .chain(differing.filter(|it| !Common::LIMITS.contains(&it.field.as_str())))
        .chain(differences(&then.host, host));
    differing.map(|Difference { field, one, other }| format!("{field} was {one} and is {other}")).next()
}

/// Those behind the C interface, each with where it comes from.
fn stated(behind: &[BehindDoor]) -> String {
    let each = behind.iter().map(|it| match (&it.library, &it.sha256) {
        (Some(library), Some(sha256)) => format!("{} from {library} (SHA-256 {sha256})", it.declaration.name),
        _ => it.declaration.name.clone(),
    });
    match behind {
        [] => "none".to_owned(),
        _ => each.collect::<Vec<_>>().join(", "),
    }
}
