//! `scripts/model anatomy`: exact counts.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use headlock_strategies::{TimerList, Visitor, visit_builtin};

use crate::{library, table, vm};

/// `anatomy`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Counts are sums over the rounds in the CSV, and per operation in the table. A line is fetched where another thread
wrote it since, and taken where this one writes what another has. docs/MODEL.md says what each column is."
)]
pub struct Args {
    /// Strategies, separated by commas, or all
    #[arg(short, long, default_value = "all", value_delimiter = ',', value_name = "LIST")]
    pub strategies: Vec<String>,
    #[arg(long, value_name = "FILE.c", help = library::HELP)]
    pub load: Vec<PathBuf>,
    /// Operations to show in the table, separated by commas, or all
    #[arg(
        long,
        default_value = "deadline,run-0-due,run-1-due,modify,modify-head",
        value_delimiter = ',',
        value_name = "LIST"
    )]
    pub operations: Vec<String>,
    /// Print CSV, with all operations, and no table
    #[arg(long)]
    pub csv: bool,
    /// Write the CSV to this file too
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The columns of the table, by their names in the CSV, and their heads.
const SHOWN: [(&str, &str); 11] = [
    ("plain_loads", "plain ld"),
    ("plain_stores", "plain st"),
    ("atomic_loads", "loads"),
    ("atomic_stores", "stores"),
    ("rmws", "rmws"),
    ("fences", "fences"),
    ("lines_read", "lines rd"),
    ("lines_written", "lines wr"),
    ("lines_fetched", "fetched"),
    ("lines_taken", "taken"),
    ("allocations", "allocs"),
];

/// Counts, and answers what to print.
pub fn run(args: &Args) -> Result<String> {
    library::load(&args.load)?;
    let csv = count(&strategies(&args.strategies)?)?;
    if let Some(path) = &args.out {
        std::fs::write(path, &csv).with_context(|| path.display().to_string())?;
    }
    if args.csv {
        return Ok(csv);
    }
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers()?.clone();
    let at = |name: &str| header.iter().position(|column| column == name).with_context(|| format!("no column {name}"));
    let columns = SHOWN.iter().map(|(name, _)| at(name)).collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        if args.operations != ["all"] && !args.operations.iter().any(|name| name == &record[1]) {
            continue;
        }
        let rounds: f64 = record[3].parse()?;
        let mut row: Vec<String> = (0..3).map(|column| record[column].to_owned()).collect();
        for &column in &columns {
            let per_operation = record[column].parse::<f64>()? / rounds;
            row.push(if per_operation.fract() == 0.0 {
                format!("{per_operation}")
            } else {
                format!("{per_operation:.3}")
            });
        }
        rows.push(row);
    }
    ensure!(!rows.is_empty(), "no operation {}; see anatomy --csv for their names", args.operations.join(", "));
    let header: Vec<&str> = ["strategy", "operation", "setting"]
        .into_iter()
        .chain(SHOWN.iter().map(|(_, head)| *head))
        .collect();
    Ok(table::plain(&header, 3, rows))
}

/// The counts of these strategies, as CSV. Each is counted in a process of its own, so that none depends on another's.
pub fn count(strategies: &[&'static str]) -> Result<String> {
    let parts = vm::for_each(strategies, |strategy| vm::anatomy(strategy))?;
    let mut csv = String::new();
    for part in parts {
        let (header, rows) = part.split_once('\n').context("an empty answer")?;
        if csv.is_empty() {
            csv = format!("{header}\n");
        }
        csv.push_str(rows);
    }
    Ok(csv)
}

/// The names of all strategies, in the order of tables.
pub fn names() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl Visitor for Names {
        fn visit<L: TimerList>(&mut self) {
            self.0.push(L::STRATEGY.name);
        }
    }
    let mut names = Names(Vec::new());
    visit_builtin(&mut names);
    names.0
}

/// The strategies asked for, and the lists that were loaded; `all` stands for all that ship.
pub fn strategies(asked: &[String]) -> Result<Vec<&'static str>> {
    let mut found = if asked == ["all"] {
        names()
    } else {
        asked.iter().map(|name| strategy(name)).collect::<Result<_>>()?
    };
    let loaded: Vec<&'static str> = library::names().filter(|name| !found.contains(name)).collect();
    found.extend(loaded);
    Ok(found)
}

/// A strategy that ships, by its name; the same through the C interface, by its name with `@c` behind it; or a list that was loaded.
pub fn strategy(name: &str) -> Result<&'static str> {
    let known = names();
    let own = name.strip_suffix("@c").unwrap_or(name);
    if let Some(found) = library::names().find(|known| *known == name) {
        return Ok(found);
    }
    let found = known.iter().copied().find(|known| *known == own);
    let found = found.with_context(|| format!("no strategy {name}; there are {}", known.join(", ")))?;
    Ok(if own == name { found } else { name.to_owned().leak() })
}
