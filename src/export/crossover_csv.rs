//! `crossover.csv`, a row per crossing or lack of one; `crossover_points.csv`, a row per strategy and value; `crossover_map.csv`, a
//! row per strategy and pair of values.

use std::path::Path;

use super::replace::replace;
use super::{ReadError, Rows, WriteError, table};
use crate::record::{CrossoverPoint, CrossoverRow, MapCell};

const CROSSINGS: &str = "crossover.csv";
const POINTS: &str = "crossover_points.csv";
const MAP: &str = "crossover_map.csv";

/// The columns up to `verdict` are what other tools rely on; later ones were added at the end.
const CROSSING_COLUMNS: [&str; 16] = [
    "strategy",
    "baseline",
    "vary",
    "from",
    "to",
    "crossing",
    "ci_low",
    "ci_high",
    "verdict",
    "beyond",
    "values",
    "faster",
    "slower",
    "undecided",
    "blocks",
    "confidence",
];

const POINT_COLUMNS: [&str; 12] = [
    "strategy", "baseline", "vary", "value", "workload", "threads", "ratio", "ci_low", "ci_high", "blocks", "verdict",
    "biased",
];

const MAP_COLUMNS: [&str; 13] = [
    "strategy", "baseline", "vary_x", "x", "vary_y", "y", "workload", "threads", "ratio", "ci_low", "ci_high",
    "blocks", "verdict",
];

/// Brings both files of a search in a result directory up to date.
///
/// # Errors
/// If one cannot be written. It keeps its last version.
pub fn write_crossings(dir: &Path, crossings: &[CrossoverRow], points: &[CrossoverPoint]) -> Result<(), WriteError> {
    let failed = |name: &str, source| WriteError::Replace { path: dir.join(name), source };
    replace(dir, POINTS, |out| table::write(&POINT_COLUMNS, points, out)).map_err(|source| failed(POINTS, source))?;
    replace(dir, CROSSINGS, |out| table::write(&CROSSING_COLUMNS, crossings, out))
        .map_err(|source| failed(CROSSINGS, source))
}

/// Writes the map of two parameters into a result directory.
///
/// # Errors
/// If it cannot be written. The last version stays.
pub fn write_map(dir: &Path, cells: &[MapCell]) -> Result<(), WriteError> {
    replace(dir, MAP, |out| table::write(&MAP_COLUMNS, cells, out))
        .map_err(|source| WriteError::Replace { path: dir.join(MAP), source })
}

/// The crossings of a result directory.
///
/// # Errors
///
/// If there is no readable `crossover.csv`, or its content is not one; the message names the line.
pub fn read_crossings(dir: &Path) -> Result<Rows<CrossoverRow>, ReadError> {
    table::read(&dir.join(CROSSINGS), &CROSSING_COLUMNS)
}

/// The values that a search in a result directory measured.
///
/// # Errors
///
/// If there is no readable `crossover_points.csv`, or its content is not one; the message names the line.
pub fn read_crossover_points(dir: &Path) -> Result<Rows<CrossoverPoint>, ReadError> {
    table::read(&dir.join(POINTS), &POINT_COLUMNS)
}

/// The map of a result directory.
///
/// # Errors
///
/// If there is no readable `crossover_map.csv`, or its content is not one; the message names the line.
pub fn read_map(dir: &Path) -> Result<Rows<MapCell>, ReadError> {
    table::read(&dir.join(MAP), &MAP_COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CrossoverVerdict, Verdict};

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let row = |verdict, crossing: Option<f64>| CrossoverRow {
            strategy: "rcu-epoch".to_owned(),
            baseline: "mutex".to_owned(),
            vary: "mods".to_owned(),
            from: 0.001,
            to: 0.9,
            crossing,
            ci_low: crossing.map(|at| at / 1.1),
            ci_high: crossing.map(|at| at * 1.1),
            verdict,
            beyond: crossing.map(|_| Verdict::Slower),
            values: 12,
            faster: 7,
            slower: 4,
            undecided: 1,
            blocks: 100,
            confidence: 0.95,
        };
        let crossings = [
            row(CrossoverVerdict::Stops, Some(0.27)),
            row(CrossoverVerdict::Never, None),
        ];
        let point = CrossoverPoint {
            strategy: "rcu-epoch".to_owned(),
            baseline: "mutex".to_owned(),
            vary: "mods".to_owned(),
            value: 0.001,
            workload: "hot-mods-0.001".to_owned(),
            threads: 1,
            ratio: 0.5,
            ci_low: 0.0,
            ci_high: f64::INFINITY,
            blocks: 2,
            verdict: Verdict::Unclear,
            biased: false,
        };
        write_crossings(dir.path(), &crossings, std::slice::from_ref(&point)).unwrap();
        assert_eq!(read_crossings(dir.path()).unwrap().rows, crossings);
        assert_eq!(read_crossover_points(dir.path()).unwrap().rows, [point]);
        let cell = MapCell {
            strategy: "seqlock".to_owned(),
            baseline: "mutex".to_owned(),
            vary_x: "mods".to_owned(),
            x: 0.01,
            vary_y: "timers".to_owned(),
            y: 1000.0,
            workload: "hot-mods-0.01-timers-1000".to_owned(),
            threads: 2,
            ratio: 0.25,
            ci_low: 0.24,
            ci_high: 0.26,
            blocks: 8,
            verdict: Verdict::Faster,
        };
        write_map(dir.path(), std::slice::from_ref(&cell)).unwrap();
        assert_eq!(read_map(dir.path()).unwrap().rows, [cell]);
    }
}
