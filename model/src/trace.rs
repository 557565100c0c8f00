//! Recorded traces, a simulated thread for each of the trace's.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use headlock::record::PlayedTrace;
use headlock::workload::trace::{COLUMNS, NO_TIMER, Trace, TraceOp};

use crate::description;

/// A trace to play.
pub struct Recorded {
    /// What its results are called, as in headlock's own: `disk-threads`.
    pub name: String,
    /// The file.
    path: PathBuf,
    /// What it holds.
    pub trace: Trace,
}

impl Recorded {
    /// Whether a workload's name is a trace's file.
    pub fn is_one(name: &str) -> bool {
        [".csv", ".csv.zst", ".csv.gz"].iter().any(|end| name.ends_with(end))
    }

    /// Reads a trace and the files beside it.
    pub fn load(path: &Path) -> Result<Recorded> {
        let trace = Trace::load(path)?;
        Ok(Recorded {
            name: format!("{}-threads", trace.name),
            path: path.to_owned(),
            trace,
        })
    }

    /// Its threads.
    pub fn threads(&self) -> usize {
        self.trace.threads.len()
    }

    /// As result files have it.
    pub fn recorded(&self) -> PlayedTrace {
        let counts = self.trace.counts();
        PlayedTrace {
            path: self.path.to_string_lossy().into_owned(),
            workload: self.name.clone(),
            checksum: format!("{:08x}", self.trace.checksum()),
            rows: counts.total() - counts[TraceOp::Fire],
            recorded_fires: self.trace.expected_fires(),
        }
    }
}

/// A trace that ships, by its name, or any by its path.
pub fn path(name: &str) -> Result<PathBuf> {
    if Recorded::is_one(name) {
        return Ok(name.into());
    }
    Ok(description::root()?.join("traces").join(format!("{name}.csv.zst")))
}

/// Writes the first `rows` rows of a trace into a directory, its threads folded onto so many: the first, the third and so on become one,
/// and the second, the fourth and so on another, where there are two. Each keeps its rows' order. Answers the file.
pub fn fold(trace: &Trace, threads: usize, rows: usize, dir: &Path) -> Result<PathBuf> {
    let mut text = format!("{COLUMNS}\n");
    for row in trace.rows.iter().take(rows) {
        let (thread, list) = (usize::from(row.thread) % threads, trace.lists[usize::from(row.list)].id);
        let _ = write!(text, "{},{thread},{list},{},", row.time.0, row.op.name());
        if row.timer != NO_TIMER {
            let _ = write!(text, "{}", trace.timers[row.timer as usize].id);
        }
        text.push(',');
        if matches!(row.op, TraceOp::Mod | TraceOp::Anticipate) {
            let _ = write!(text, "{}", row.expire.0);
        }
        text.push('\n');
    }
    let mut pending = "list,timer,expire_ns\n".to_owned();
    for &(timer, expire) in &trace.init {
        let timer = trace.timers[timer as usize];
        let _ = writeln!(pending, "{},{},{}", trace.lists[usize::from(timer.list)].id, timer.id, expire.0);
    }
    let name = format!("{}-on-{threads}", trace.name);
    let file = dir.join(format!("{name}.csv"));
    for (path, text) in [(dir.join(format!("{name}.init.csv")), pending), (file.clone(), text)] {
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_trace_does_what_the_trace_does_on_fewer_threads() {
        let whole = Trace::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces/idle.csv.zst")).unwrap();
        let dir = std::env::temp_dir().join(format!("headlock-model-fold-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = fold(&whole, 2, 5_000, &dir).unwrap();
        let folded = Recorded::load(&file).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!((folded.name.as_str(), folded.threads()), ("idle-on-2-threads", 2));
        assert_eq!(folded.trace.rows.len(), 5_000);
        assert_eq!(folded.trace.init.len(), whole.init.len());
        for (row, of) in folded.trace.rows.iter().zip(&whole.rows) {
            assert_eq!((row.time, row.op, row.expire), (of.time, of.op, of.expire));
            assert_eq!(row.thread, of.thread % 2);
            let id = |trace: &Trace, list: u16| trace.lists[usize::from(list)].id;
            assert_eq!(id(&folded.trace, row.list), id(&whole, of.list));
        }
    }
}
