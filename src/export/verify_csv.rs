//! `verify.csv`, a row per strategy and check, and `violations.txt`, what was found with the events that show it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::replace::replace;
use super::result_dir::create_new;
use super::{ReadError, Rows, WriteError, table};
use crate::record::{Check, CheckFigures, CheckOutcome, CheckRow, CheckVerdict, Finding, Grade};

const ROWS: &str = "verify.csv";
const FINDINGS: &str = "violations.txt";

const COLUMNS: [&str; 17] = [
    "strategy",
    "check",
    "tried",
    "broken",
    "declared",
    "seconds",
    "verdict",
    "early",
    "late_with_rearm",
    "late_without_rearm",
    "unjudged",
    "changes",
    "frees",
    "frees_in_crowds",
    "peak_unreclaimed",
    "unreclaimed",
    "outcomes",
];

/// A row as it is written; what a check does not count stays empty.
#[derive(Serialize, Deserialize)]
struct Row {
    strategy: String,
    check: Check,
    tried: u64,
    broken: u64,
    declared: String,
    #[serde(serialize_with = "to_the_millisecond")]
    seconds: f64,
    verdict: CheckVerdict,
    early: Option<u64>,
    late_with_rearm: Option<u64>,
    late_without_rearm: Option<u64>,
    unjudged: Option<u64>,
    changes: Option<u64>,
    frees: Option<u64>,
    frees_in_crowds: Option<u64>,
    peak_unreclaimed: Option<u64>,
    unreclaimed: Option<u64>,
    #[serde(serialize_with = "in_one_field", deserialize_with = "from_one_field")]
    outcomes: Vec<CheckOutcome>,
}

/// `true: 17 acceptable; early: 2 interesting`.
fn in_one_field<S: Serializer>(outcomes: &[CheckOutcome], serializer: S) -> Result<S::Ok, S::Error> {
    let field = outcomes.iter().map(|it| format!("{}: {} {}", it.outcome, it.met, it.grade.word()));
    serializer.serialize_str(&field.collect::<Vec<_>>().join("; "))
}

fn from_one_field<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<CheckOutcome>, D::Error> {
    let field = String::deserialize(deserializer)?;
    let outcome = |part: &str| {
        let (outcome, rest) = part.rsplit_once(": ")?;
        let (met, word) = rest.split_once(' ')?;
        let grade = Grade::ALL.into_iter().find(|grade| grade.word() == word)?;
        Some(CheckOutcome::new(outcome, met.parse().ok()?, grade))
    };
    let parts = field.split("; ").filter(|part| !part.is_empty());
    parts
        .map(|part| {
            outcome(part).ok_or_else(|| {
                D::Error::custom(format!(
                    "{part:?} is no outcome; right is \"true: 17 acceptable\"; they are parted by semicolons"
                ))
            })
        })
        .collect()
}

fn to_the_millisecond<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{seconds:.3}"))
}

impl From<&CheckRow> for Row {
    fn from(row: &CheckRow) -> Self {
        let figures = row.figures;
        Row {
            strategy: row.strategy.clone(),
            check: row.check,
            tried: row.tried,
            broken: row.broken,
            declared: row.declared.clone(),
            seconds: row.seconds,
            verdict: row.verdict,
            early: figures.early,
            late_with_rearm: figures.late_with_rearm,
            late_without_rearm: figures.late_without_rearm,
            unjudged: figures.unjudged,
            changes: figures.changes,
            frees: figures.frees,
            frees_in_crowds: figures.frees_in_crowds,
            peak_unreclaimed: figures.peak_unreclaimed,
            unreclaimed: figures.unreclaimed,
            outcomes: row.outcomes.clone(),
        }
    }
}

impl From<Row> for CheckRow {
    fn from(row: Row) -> Self {
        CheckRow {
            strategy: row.strategy,
            check: row.check,
            tried: row.tried,
            broken: row.broken,
            declared: row.declared,
            seconds: row.seconds,
            verdict: row.verdict,
            outcomes: row.outcomes,
            figures: CheckFigures {
                early: row.early,
                late_with_rearm: row.late_with_rearm,
                late_without_rearm: row.late_without_rearm,
                unjudged: row.unjudged,
                changes: row.changes,
                frees: row.frees,
                frees_in_crowds: row.frees_in_crowds,
                peak_unreclaimed: row.peak_unreclaimed,
                unreclaimed: row.unreclaimed,
            },
        }
    }
}

/// The checks of a directory that `verify` wrote.
///
/// # Errors
///
/// If there is no readable `verify.csv`, or its content is not one; the message names the line.
pub fn read_checks(dir: &Path) -> Result<Rows<CheckRow>, ReadError> {
    let Rows { rows, note } = table::read::<Row>(&dir.join(ROWS), &COLUMNS)?;
    Ok(Rows { rows: rows.into_iter().map(CheckRow::from).collect(), note })
}

/// The result directory of `verify`. Both files are replaced as a whole after each check, so that whatever ends the program
/// leaves whole ones.
pub struct CheckDir {
    path: PathBuf,
}

impl CheckDir {
    /// Creates the directory and both files, so that a place that cannot be written is known before anything is checked.
    ///
    /// # Errors
    /// If something is there already, or it cannot be created or written.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        create_new(path)?;
        let dir = CheckDir { path: path.to_owned() };
        dir.rewrite(&[], &[])?;
        Ok(dir)
    }

    /// Brings both files up to date.
    ///
    /// # Errors
    /// If one cannot be written. It keeps its last version.
    pub fn rewrite(&self, rows: &[CheckRow], findings: &[Finding]) -> Result<(), WriteError> {
        let rows: Vec<Row> = rows.iter().map(Row::from).collect();
        self.replace(ROWS, |out| table::write(&COLUMNS, &rows, out))?;
        self.replace(FINDINGS, |out| findings.iter().try_for_each(|finding| write!(out, "{finding}\n\n")))
    }

    fn replace(&self, name: &str, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
        let failed = |source| WriteError::Replace { path: self.path.join(name), source };
        replace(&self.path, name, content).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::record::{Check, CheckFigures, CheckVerdict, Failure};

    #[test]
    fn both_files_are_written_whole() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let dir = CheckDir::create(&path).unwrap();
        assert_eq!(fs::read_to_string(path.join(ROWS)).unwrap(), format!("{}\n", COLUMNS.join(",")));
        let row = CheckRow {
            strategy: "seqlock".to_owned(),
            check: Check::Fresh,
            tried: 7,
            broken: 1,
            declared: "linearizable".to_owned(),
            seconds: 0.5,
            verdict: CheckVerdict::Broken,
            outcomes: vec![
                CheckOutcome::new("true", 6, Grade::Acceptable),
                CheckOutcome::new("late, rearm", 1, Grade::Forbidden),
            ],
            figures: CheckFigures { early: Some(1), ..CheckFigures::default() },
        };
        let finding = Finding {
            strategy: "seqlock".to_owned(),
            check: Check::Fresh,
            rule: "was_true".to_owned(),
            failure: Failure::Wrong,
            allowed: false,
            what: "one answer was early".to_owned(),
            events: vec!["first".to_owned(), "second".to_owned()],
        };
        dir.rewrite(std::slice::from_ref(&row), &[finding]).unwrap();
        assert_eq!(read_checks(&path).unwrap().rows, [row]);
        let rows = fs::read_to_string(path.join(ROWS)).unwrap();
        assert_eq!(
            rows.lines().nth(1),
            Some(
                "seqlock,fresh,7,1,linearizable,0.500,broken,1,,,,,,,,,\"true: 6 acceptable; late, rearm: 1 forbidden\""
            )
        );
        let findings = fs::read_to_string(path.join(FINDINGS)).unwrap();
        assert_eq!(findings, "seqlock, fresh, was_true: one answer was early\n  1. first\n  2. second\n\n");
        assert!(matches!(CheckDir::create(&path), Err(WriteError::Exists { .. })));
    }
}
