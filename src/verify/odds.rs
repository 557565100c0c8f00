//! How likely a fault of each kind is to be found: measured on lists that were broken by somebody who did not know the checks, and compiled
//! in. `scripts/referee odds` plays each with 20 seeds.

use serde::{Deserialize, Serialize};

use crate::record::Check;

/// The table: a row per list, below lines that say where and how it was measured.
const TABLE: &str = include_str!("../../results/verify/odds.csv");
/// The line that says where, and the one that says how long a list was verified, s.
const MEASURED: &str = "# measured: ";
const SECONDS: &str = "# seconds a list: ";

/// What became of one list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Row {
    /// What it takes for its fault to show.
    kind: String,
    /// The check that found it first, in most of the runs that found it.
    check: Option<Check>,
    /// Runs that found it.
    caught: u32,
    /// Runs.
    of: u32,
    /// From the start of the list's checks to the end of the check that found it, s.
    median_seconds: Option<f64>,
}

/// What became of the lists of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Odds {
    /// What it takes for the fault to show.
    pub kind: String,
    /// Lists.
    pub lists: usize,
    /// Lists that were found in 19 of 20 runs or more.
    pub sure: usize,
    /// Runs that found the fault of their list, of all runs; nothing where there was no run.
    pub found: Option<f64>,
    /// The median of the lists' median times until they were found, s.
    pub median_seconds: Option<f64>,
}

/// The table, as far as some checks go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// On which machine and when.
    pub machine: String,
    /// How long each list was verified, s.
    pub seconds: f64,
    /// By kind, in the order of the table.
    pub odds: Vec<Odds>,
}

/// What these checks found in the table.
///
/// # Errors
/// If the table is not one.
pub fn measured(checks: &[Check]) -> Result<Measured, String> {
    read(TABLE, checks)
}

fn read(table: &str, checks: &[Check]) -> Result<Measured, String> {
    let line = |name: &str| table.lines().find_map(|line| line.strip_prefix(name)).ok_or(format!("no line {name:?}"));
    let seconds = line(SECONDS)?.parse().map_err(|error| format!("{SECONDS}{error}"))?;
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(table.as_bytes());
    let mut rows: Vec<Row> = reader.deserialize().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    for row in &mut rows {
        if row.check.is_none_or(|check| !checks.contains(&check)) {
            (row.caught, row.median_seconds) = (0, None);
        }
    }
    let mut kinds: Vec<&str> = Vec::new();
    for row in &rows {
        if !kinds.contains(&row.kind.as_str()) {
            kinds.push(&row.kind);
        }
    }
    let odds = |kind: &&str| {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.kind == **kind).collect();
        let sum = |of: fn(&Row) -> u32| f64::from(rows.iter().map(|row| of(row)).sum::<u32>());
        let mut medians: Vec<f64> = rows.iter().filter_map(|row| row.median_seconds).collect();
        medians.sort_by(f64::total_cmp);
        Odds {
            kind: (*kind).to_owned(),
            lists: rows.len(),
            sure: rows.iter().filter(|row| row.caught * 20 >= row.of * 19 && row.of > 0).count(),
            found: (sum(|row| row.of) > 0.0).then(|| sum(|row| row.caught) / sum(|row| row.of)),
            median_seconds: medians.get(medians.len() / 2).copied(),
        }
    };
    Ok(Measured {
        machine: line(MEASURED)?.to_owned(),
        seconds,
        odds: kinds.iter().map(odds).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_is_compiled_in_is_one() {
        let all = measured(&Check::ALL).unwrap();
        assert!(all.seconds > 0.0 && !all.machine.is_empty());
        assert!(all.odds.iter().map(|it| it.lists).sum::<usize>() >= 25, "{all:?}");
        assert!(
            all.odds
                .iter()
                .all(|it| it.found.is_none_or(|found| (0.0..=1.0).contains(&found)) && it.sure <= it.lists),
            "{all:?}"
        );
        // What is found by nothing that is asked for is not found.
        assert!(
            measured(&[])
                .unwrap()
                .odds
                .iter()
                .all(|it| it.found.is_none_or(|found| found == 0.0) && it.sure == 0)
        );
    }

    #[test]
    fn lists_are_put_together_by_kind_and_counted_for_the_checks_that_are_asked_for() {
        let table = "# measured: here\n# seconds a list: 3\nlist,kind,check,caught,of,median_seconds\na,one,model,20,20,0.5\n\
                     b,one,fresh,19,20,2.5\nc,two,,0,20,\nd,one,fresh,1,20,1.5\n";
        let of = |checks: &[Check]| read(table, checks).unwrap().odds;
        let odds = |kind: &str, lists, sure, found, median_seconds| Odds {
            kind: kind.to_owned(),
            lists,
            sure,
            found: Some(found),
            median_seconds,
        };
        assert_eq!(of(&Check::ALL), [odds("one", 3, 2, 40.0 / 60.0, Some(1.5)), odds("two", 1, 0, 0.0, None)]);
        assert_eq!(of(&[Check::Model])[0], odds("one", 3, 1, 20.0 / 60.0, Some(0.5)));
        for wrong in [
            "",
            "# measured: here\n# seconds a list: x\n",
            "# measured: here\n# seconds a list: 3\nlist\na\n",
        ] {
            assert!(read(wrong, &Check::ALL).is_err(), "{wrong}");
        }
    }
}
