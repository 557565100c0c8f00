//! `scripts/model describe`: from a table of core-to-core latencies to the levels of a machine description.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

/// `describe`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The table is CSV without a header: in row i, column j the nanoseconds that a cache line takes between processors i and j, as
core-to-core-latency --csv writes it; one triangle is enough. Without --cuts it shows how the latencies are spread; they come in
groups, and the cuts go between those. With --cuts it prints the levels to put into a description.

Example:
  scripts/model describe latencies.csv
  scripts/model describe latencies.csv --threads-per-core 2 --cuts 15,60,180"
)]
pub struct Args {
    /// Table of latencies
    pub table: PathBuf,
    /// Where one level ends and the next begins, ns, ascending, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    pub cuts: Vec<f64>,
    /// Threads that a core executes at once; pairs below the first cut are then taken for two of one core, and make no level
    #[arg(long, default_value_t = 1)]
    pub threads_per_core: usize,
}

/// Reads the table, and answers what to print.
pub fn run(args: &Args) -> Result<String> {
    let text = std::fs::read_to_string(&args.table).with_context(|| args.table.display().to_string())?;
    let table = Latencies::parse(&text).with_context(|| args.table.display().to_string())?;
    ensure!(args.cuts.is_sorted(), "the cuts are not in ascending order");
    if args.cuts.is_empty() {
        return Ok(table.spread());
    }
    Ok(table.levels(&args.cuts, args.threads_per_core))
}

/// Latencies of pairs of processors.
struct Latencies {
    processors: usize,
    pairs: Vec<f64>,
}

impl Latencies {
    fn parse(text: &str) -> Result<Latencies> {
        let mut pairs = Vec::new();
        let rows: Vec<&str> = text.lines().collect();
        for (i, row) in rows.iter().enumerate() {
            for (j, cell) in row.split(',').enumerate().filter(|(j, _)| *j < i) {
                let cell = cell.trim();
                let ns: f64 =
                    cell.parse().with_context(|| format!("row {}, column {}: {cell:?} is no number", i + 1, j + 1))?;
                ensure!(ns > 0.0, "row {}, column {}: {ns} ns", i + 1, j + 1);
                pairs.push(ns);
            }
        }
        let expected = rows.len() * rows.len().saturating_sub(1) / 2;
        ensure!(
            rows.len() >= 2 && pairs.len() == expected,
            "{} rows with {} pairs below the diagonal; {expected} expected",
            rows.len(),
            pairs.len()
        );
        pairs.sort_by(f64::total_cmp);
        Ok(Latencies { processors: rows.len(), pairs })
    }

    fn spread(&self) -> String {
        let mut text = format!("{} processors, {} pairs\n\n   ns  pairs\n", self.processors, self.pairs.len());
        for bin in self.pairs.chunk_by(|a, b| (a / 10.0).floor() == (b / 10.0).floor()) {
            text.push_str(&format!("{:>5}  {}\n", (bin[0] / 10.0).floor() * 10.0, bin.len()));
        }
        text
    }

    fn levels(&self, cuts: &[f64], threads_per_core: usize) -> String {
        let mut text = String::new();
        let ends: Vec<f64> = cuts.iter().copied().chain([f64::INFINITY]).collect();
        let mut below = 0;
        for (number, end) in ends.iter().enumerate() {
            let upto = self.pairs.partition_point(|ns| ns < end);
            let of = &self.pairs[below..upto];
            below = upto;
            if of.is_empty() || (number == 0 && threads_per_core > 1) {
                continue;
            }
            // How many others a processor has within this level, itself included.
            let processors = 1.0 + 2.0 * upto as f64 / self.processors as f64;
            let cores = (processors / threads_per_core as f64).round().max(1.0);
            let at = |share: f64| of[((of.len() - 1) as f64 * share) as usize];
            text.push_str(&format!(
                "[[level]]\nname = \"level {number}\"\ncores = {cores}\nlatency_ns = {{ value = {}, low = {}, high = {}, source = \"median, 10th and 90th percentile of {} pairs\" }}\n",
                at(0.5),
                at(0.1),
                at(0.9),
                of.len()
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sockets of two cores with two threads each: 8 ns in a core, 50 in a socket, 140 beyond.
    fn table() -> String {
        let of = |i: usize, j: usize| match (i / 2 == j / 2, i / 4 == j / 4) {
            (true, _) => "8",
            (_, true) => "50",
            _ => "140",
        };
        (0..8)
            .map(|i| (0..8).map(|j| if j < i { of(i, j) } else { "" }).collect::<Vec<_>>().join(",") + "\n")
            .collect()
    }

    #[test]
    fn levels_are_found_between_the_cuts() {
        let levels = Latencies::parse(&table()).unwrap().levels(&[20.0, 100.0], 2);
        let lines: Vec<&str> =
            levels.lines().filter(|line| line.starts_with("cores") || line.starts_with("latency")).collect();
        assert_eq!(lines[0], "cores = 2");
        assert!(lines[1].starts_with("latency_ns = { value = 50, low = 50, high = 50,"), "{levels}");
        assert_eq!(lines[2], "cores = 4");
        assert!(lines[3].starts_with("latency_ns = { value = 140,"), "{levels}");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn a_table_with_a_hole_is_refused() {
        let broken = table().replacen("50", "", 1);
        let error = Latencies::parse(&broken).err().unwrap().to_string();
        assert_eq!(error, "row 3, column 1: \"\" is no number");
    }
}
