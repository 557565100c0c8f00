//! One side of a comparison: a result directory, and the point in it if one was named.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::failure::Failure;
use crate::export::{ReadError, Rows, is_set, read_histograms, read_latency, read_ratios, read_results, read_runs};
use crate::reading::{Reading, Results};
use crate::record::{BlockRow, LatencyHistogram, LatencyRow, Point, RunRecord};
use crate::stats::{Subject, subjects};

/// What was typed: `DIR`, or `DIR:STRATEGY@WORKLOAD/THREADS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    dir: PathBuf,
    subject: Option<Subject>,
}

impl Target {
    /// Its result directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether a point of it was named.
    pub fn has_subject(&self) -> bool {
        self.subject.is_some()
    }
}

/// Parses a target. What comes after the last colon is a point if it has an `@`.
pub fn target(text: &str) -> Result<Target, String> {
    let whole = || Target { dir: text.into(), subject: None };
    let Some((dir, subject)) = text.rsplit_once(':').filter(|(_, subject)| subject.contains('@')) else {
        return Ok(whole());
    };
    let parsed = subject.split_once('@').and_then(|(strategy, point)| {
        let (workload, threads) = point.rsplit_once('/')?;
        let point = Point {
            workload: workload.to_owned(),
            threads: threads.parse().ok()?,
        };
        Some(Subject { point, strategy: strategy.to_owned() })
    });
    match parsed {
        Some(subject) => Ok(Target { dir: dir.into(), subject: Some(subject) }),
        None if Path::new(text).exists() => Ok(whole()),
        None => Err("expected a result directory, or a point of one like DIR:mutex@hot/2".to_owned()),
    }
}

/// A subject as it is typed.
pub fn describe(subject: &Subject) -> String {
    let Subject { point, strategy } = subject;
    format!("{strategy}@{}/{}", point.workload, point.threads)
}

/// The content of a result directory, or of a set of them.
pub struct Side {
    dir: PathBuf,
    /// The point named, if one was.
    pub subject: Option<Subject>,
    /// Whether it is a set of runs.
    pub is_set: bool,
    results: Results,
}

impl Side {
    /// Reads a result directory, or the runs of a set.
    ///
    /// # Errors
    /// If a file is missing or broken, or the point named was not measured.
    pub fn read(target: &Target) -> Result<Self, Failure> {
        let broken = |error: ReadError| Failure::Error(error.to_string());
        let Target { dir, subject } = target;
        let name = dir.display().to_string();
        let is_set = is_set(dir);
        let results = if is_set {
            set(dir, &name)?
        } else {
            let mut results = read_results(dir, &name).map_err(broken)?;
            // Whoever watches for regressions must not lose one with a file.
            read_ratios(dir).map_err(broken)?;
            let latency = read_latency(dir).map_err(broken)?;
            match read_histograms(dir) {
                // It is large, so directories that are kept for long have none.
                Err(ReadError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                    results.notes.push(format!("{name} has no latency.hlog to check latency.csv against"));
                }
                histograms => whole(dir, &latency, &histograms.map_err(broken)?)?,
            }
            results.notes.extend(results.cut_short().map(|it| format!("{name}: {it}")));
            results
        };
        let side = Side { dir: dir.clone(), subject: subject.clone(), is_set, results };
        match &side.subject {
            Some(subject) if !side.results.trials.iter().any(|trial| subject.owns(trial)) => {
                let there: Vec<String> = subjects(&side.results.trials).iter().map(describe).collect();
                let asked = describe(subject);
                Err(Failure::Usage(format!(
                    "{}: {asked} was not measured; there are {}",
                    dir.display(),
                    there.join(", ")
                )))
            }
            _ => Ok(side),
        }
    }

    /// A side of these results.
    #[cfg(test)]
    pub fn made(name: &str, results: Results) -> Self {
        Side { dir: name.into(), subject: None, is_set: false, results }
    }

    /// What is said of it.
    pub fn reading(&self) -> Reading<'_> {
        self.results.reading()
    }

    /// What its blocks read of the machine.
    pub fn blocks(&self) -> &[BlockRow] {
        &self.results.blocks
    }

    /// `run.json`.
    pub fn record(&self) -> &RunRecord {
        &self.results.run
    }

    /// The strategy that the others are compared with.
    pub fn baseline(&self) -> &str {
        &self.record().parameters.common.baseline
    }

    /// What reading had to leave out.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.results.notes.iter().cloned()
    }

    /// The directory as it was typed.
    pub fn name(&self) -> String {
        self.dir.display().to_string()
    }

    /// Whether both are the same directory, however it was typed.
    pub fn is_same_run(&self, other: &Side) -> bool {
        let real = |side: &Side| side.dir.canonicalize().unwrap_or_else(|_| side.dir.clone());
        real(self) == real(other)
    }
}

/// A set of runs, each in the place of a block.
fn set(dir: &Path, name: &str) -> Result<Results, Failure> {
    let runs = read_runs(dir).map_err(|error| Failure::Error(error.to_string()))?;
    runs.are_of_one_plan().map_err(Failure::Error)?;
    let count = runs.0.len();
    let cut: Vec<String> = runs.0.iter().filter_map(|it| Some(format!("{}: {}", it.name, it.cut_short()?))).collect();
    let mut results = runs.as_one(name).ok_or_else(|| Failure::Error(format!("{name} holds no run")))?;
    results.notes.push(format!("{name} is a set of {count} runs: each counts as one block"));
    results.notes.extend(cut);
    Ok(results)
}

/// Refuses a `latency.csv` that lost rows: both files are replaced as a whole, and each histogram has its row.
fn whole(dir: &Path, latency: &Rows<LatencyRow>, histograms: &[LatencyHistogram]) -> Result<(), Failure> {
    let cut = |problem: String| {
        let path = dir.join("latency.csv");
        Err(Failure::Error(format!("{}: {problem}; it was cut short, or is another run's", path.display())))
    };
    if latency.note.is_some() {
        return cut("its last row is unfinished".to_owned());
    }
    let has_row = |it: &&LatencyHistogram| {
        latency.rows.iter().any(|row| {
            (&row.workload, &row.strategy, row.threads, &row.op, row.kind)
                == (&it.workload, &it.strategy, it.threads, &it.op, it.kind)
        })
    };
    match histograms.iter().filter(|it| !it.histogram.is_empty()).find(|it| !has_row(it)) {
        Some(LatencyHistogram { workload, strategy, threads, op, .. }) => {
            cut(format!("latency.hlog has the {op} histogram of {strategy}@{workload}/{threads} and it has no row"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_directory_or_a_point_of_one() {
        let subject = |strategy: &str, workload: &str, threads| Subject {
            point: Point { workload: workload.to_owned(), threads },
            strategy: strategy.to_owned(),
        };
        assert_eq!(target("results/a"), Ok(Target { dir: "results/a".into(), subject: None }));
        assert_eq!(target("a:b"), Ok(Target { dir: "a:b".into(), subject: None }));
        let point = Target {
            dir: "a:b".into(),
            subject: Some(subject("seqlock", "disk-threads-x1", 2)),
        };
        assert_eq!(target("a:b:seqlock@disk-threads-x1/2"), Ok(point));
        for bad in ["a:mutex@hot", "a:mutex@hot/", "a:mutex@hot/two"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
