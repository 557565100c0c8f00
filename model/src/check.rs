//! `scripts/model check`: the model against what was measured, elsewhere and here.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use headlock::record::MachineError;

use crate::description::{self, Description, End};
use crate::plan::Actions;
use crate::trace::{self, Recorded};
use crate::{anatomy, plan, predict, table, vm};

/// `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scripts/model check --machine xeon-8176-8s --curve increment=inc.csv --curve refcount=ref.csv
  scripts/model check --machine host.toml --measure target/release/headlock --write
  scripts/model check --machine host.toml --results results/DIRECTORY

A curve is CSV with the columns threads and ns_median: what an operation takes as each thread sees it. Experiments are increment
(of one counter), refcount (acquire and release of one reference count), and read. --measure runs every strategy with 1 and 2 threads
by that program, some minutes, on a machine that does nothing else. A trace is cut to its first 65,536 rows, and its threads are folded
onto two.")]
pub struct Args {
    /// Machine description: a TOML file, or the name of one that ships
    #[arg(short, long, value_name = "FILE")]
    pub machine: String,
    /// A published curve to hold an experiment against
    #[arg(long, value_name = "EXPERIMENT=FILE")]
    pub curve: Vec<String>,
    /// Measure on this host with this headlock, built for release, and hold predictions against that
    #[arg(long, value_name = "PROGRAM", conflicts_with = "results")]
    pub measure: Option<PathBuf>,
    /// Hold predictions against this result directory
    #[arg(long, value_name = "DIR")]
    pub results: Option<PathBuf>,
    /// Workloads to measure; none that the machine was calibrated on
    #[arg(
        short,
        long,
        default_value = "hot,pollers,modify-heavy",
        value_delimiter = ',',
        value_name = "LIST"
    )]
    pub workloads: Vec<String>,
    /// Traces to measure: names of those that ship, or files
    #[arg(long, default_value = "disk", value_delimiter = ',', value_name = "LIST")]
    pub traces: Vec<String>,
    /// Time to measure each workload and trace for
    #[arg(long, default_value = "60s", value_name = "TIME")]
    pub budget: String,
    /// Write the greatest error of a time into the description's error table
    #[arg(long)]
    pub write: bool,
}

/// Rows of a trace that are measured and played: eight of the replay's slices.
const ROWS: usize = 65_536;

/// The exit status of a run of which every trial at some point was disturbed.
const DISTURBED: i32 = 6;

/// What a check found.
#[derive(Default)]
struct Found {
    /// What to print.
    text: String,
    /// The greatest error of a time, as a fraction.
    worst: f64,
    /// What predictions were held against.
    against: Vec<String>,
}

impl Found {
    fn add(&mut self, (text, errors, against): (String, Vec<f64>, String)) {
        self.text += &text;
        self.worst = errors.into_iter().map(f64::abs).fold(self.worst, f64::max);
        self.against.push(against);
    }
}

/// Checks what was asked for, and answers what to print.
pub fn run(args: &Args) -> Result<String> {
    let machine = Description::load(&args.machine)?;
    let mut found = Found::default();
    for curve in &args.curve {
        let (experiment, path) =
            curve.split_once('=').with_context(|| format!("--curve {curve}: EXPERIMENT=FILE expected"))?;
        found.add(against_curve(&machine, experiment, Path::new(path))?);
    }
    let measured = match (&args.results, &args.measure) {
        (Some(dir), _) => Some((read_results(dir)?, Vec::new())),
        (None, Some(program)) => Some(measure(program, args)?),
        (None, None) if args.curve.is_empty() => {
            bail!("nothing to check against: --curve, --measure or --results expected")
        }
        (None, None) => None,
    };
    if let Some((measured, traces)) = measured {
        found.add(against_measured(&machine, &measured, traces)?);
    }
    if args.write {
        let path = Description::path(&args.machine)?;
        let error = MachineError { time: found.worst, against: found.against.join("; ") };
        description::write_error(&path, &error)?;
        found.text += &format!("{}: error {:.0} %, against {}\n", path.display(), error.time * 100.0, error.against);
    }
    Ok(found.text)
}

/// An experiment beside a published curve.
fn against_curve(machine: &Description, experiment: &str, path: &Path) -> Result<(String, Vec<f64>, String)> {
    let curve = read_curve(path)?;
    let curve: Vec<(usize, f64)> = curve.into_iter().filter(|(threads, _)| *threads <= machine.processors()).collect();
    ensure!(!curve.is_empty(), "{}: no row with as few threads as the machine has processors", path.display());
    let jobs: Vec<(usize, End)> = curve.iter().flat_map(|&(threads, _)| End::ALL.map(|end| (threads, end))).collect();
    let answers = vm::for_each(&jobs, |&(threads, end)| {
        let plan = plan::experiment(machine, end, experiment, threads, 0.0)?;
        Ok(vm::play(experiment, &[&plan])?.ns_per_op())
    })?;
    let mut rows = Vec::new();
    let mut errors = Vec::new();
    for ((threads, published), model) in curve.iter().zip(answers.chunks(End::ALL.len())) {
        let error = model[1] / published - 1.0;
        errors.push((error, *threads));
        rows.push(vec![
            threads.to_string(),
            table::ns(*published),
            table::ns(model[1]),
            format!("{}..{}", table::ns(model[0].min(model[2])), table::ns(model[0].max(model[2]))),
            format!("{:+.0} %", error * 100.0),
        ]);
    }
    let (worst, at) = errors.iter().copied().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())).expect("no empty curve");
    let mut sizes: Vec<f64> = errors.iter().map(|(error, _)| error.abs()).collect();
    let text = format!(
        "{experiment} on {}, beside {}\n\n{}\nerror: median {:.0} %, worst {:+.0} % at {at} threads\n\n",
        machine.name,
        path.display(),
        table::plain(&["threads", "published ns", "model ns", "range", "error"], 0, rows),
        median(&mut sizes) * 100.0,
        worst * 100.0,
    );
    let (least, most) = (curve[0].0, curve[curve.len() - 1].0);
    let errors = errors.into_iter().map(|(error, _)| error).collect();
    Ok((text, errors, format!("a published curve of {experiment} at {least} to {most} threads")))
}

fn read_curve(path: &Path) -> Result<Vec<(usize, f64)>> {
    #[derive(serde::Deserialize)]
    struct Row {
        threads: usize,
        ns_median: f64,
    }
    let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
    let rows = reader.deserialize().map(|row| row.map(|Row { threads, ns_median }| (threads, ns_median)));
    rows.collect::<Result<_, _>>().with_context(|| path.display().to_string())
}

/// A measured time per operation.
#[derive(Debug)]
pub struct Measured {
    /// The workload's name.
    pub workload: String,
    /// The strategy's name.
    pub strategy: String,
    /// Threads.
    pub threads: usize,
    /// Thread-nanoseconds per operation.
    pub ns: f64,
    /// Whether every block of it was disturbed.
    pub disturbed: bool,
}

/// Measures every strategy with 1 and 2 threads, and under traces with 2. Answers these traces too.
fn measure(program: &Path, args: &Args) -> Result<(Vec<Measured>, Vec<Recorded>)> {
    let dir = std::env::temp_dir().join(format!("headlock-model-check-{}", std::process::id()));
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let mut measured = Vec::new();
    for workload in &args.workloads {
        let roles = predict::load_workload(workload)?.roles.is_some();
        let threads = if roles { "2" } else { "1,2" };
        measured.extend(headlock(program, &["run", "--workload", workload, "--threads", threads], &args.budget, &dir)?);
    }
    let mut traces = Vec::new();
    for name in &args.traces {
        let whole = Recorded::load(&trace::path(name)?)?;
        let file = trace::fold(&whole.trace, 2, ROWS, &dir)?;
        let path = file.to_string_lossy();
        measured.extend(headlock(program, &["replay", &path, "--order", "threads"], &args.budget, &dir)?);
        traces.push(Recorded::load(&file)?);
    }
    std::fs::remove_dir_all(&dir)?;
    Ok((measured, traces))
}

/// Has that program measure every strategy, and reads what it found.
pub fn headlock(program: &Path, what: &[&str], budget: &str, dir: &Path) -> Result<Vec<Measured>> {
    let out = dir.join("results");
    let status = Command::new(program)
        .args(what)
        .args(["--strategies", "all", "--budget", budget, "--quiet", "--out"])
        .arg(&out)
        .stdout(std::process::Stdio::null())
        .status()
        .with_context(|| program.display().to_string())?;
    // Where others kept the machine busy all the time there are figures all the same, and they say so.
    ensure!(
        status.success() || status.code() == Some(DISTURBED),
        "{} {} ended with {status}; what it measured is in {}",
        program.display(),
        what.join(" "),
        dir.display()
    );
    let measured = read_results(&out)?;
    std::fs::remove_dir_all(&out)?;
    Ok(measured)
}

/// Median over blocks of the throughput pass, by workload, strategy and threads: over those that nothing disturbed, or over all if there
/// is none.
pub fn read_results(dir: &Path) -> Result<Vec<Measured>> {
    #[derive(serde::Deserialize)]
    struct Row {
        workload: String,
        strategy: String,
        threads: usize,
        pass: String,
        ns_per_op: f64,
        disturbed: String,
    }
    let path = dir.join("trials.csv");
    let mut reader = csv::Reader::from_path(&path).with_context(|| path.display().to_string())?;
    let mut blocks: std::collections::BTreeMap<(String, String, usize), [Vec<f64>; 2]> =
        std::collections::BTreeMap::new();
    for row in reader.deserialize() {
        let row: Row = row.with_context(|| path.display().to_string())?;
        if row.pass == "throughput" {
            let of = blocks.entry((row.workload, row.strategy, row.threads)).or_default();
            of[usize::from(row.disturbed == "true")].push(row.ns_per_op);
        }
    }
    let medians = blocks.into_iter().map(|((workload, strategy, threads), [mut quiet, mut disturbed])| {
        let is_disturbed = quiet.is_empty();
        Measured {
            workload,
            strategy,
            threads,
            ns: median(if is_disturbed { &mut disturbed } else { &mut quiet }),
            disturbed: is_disturbed,
        }
    });
    Ok(medians.collect())
}

/// What is to be said if a machine was not quiet.
pub fn not_quiet(measured: &[Measured]) -> Option<String> {
    let disturbed = measured.iter().filter(|it| it.disturbed).count();
    let all = measured.len();
    (disturbed > 0)
        .then(|| format!("The machine was not quiet: {disturbed} of {all} times were disturbed in every block."))
}

/// Predictions beside what was measured.
fn against_measured(
    machine: &Description,
    measured: &[Measured],
    traces: Vec<Recorded>,
) -> Result<(String, Vec<f64>, String)> {
    let mut known_actions: Vec<Actions> = traces.into_iter().map(Actions::Recorded).collect();
    let known = anatomy::names();
    let mut text = String::new();
    let mut errors_at_two = Vec::new();
    let mut errors = Vec::new();
    let mut played = Vec::new();
    let mut correlations = Vec::new();
    let mut points: Vec<(&str, usize)> = measured.iter().map(|it| (it.workload.as_str(), it.threads)).collect();
    points.sort_unstable();
    points.dedup();
    for (name, threads) in points {
        let of: Vec<&Measured> = measured.iter().filter(|it| it.workload == name && it.threads == threads).collect();
        let strategies: Vec<&'static str> =
            known.iter().copied().filter(|name| of.iter().any(|it| it.strategy == *name)).collect();
        if !known_actions.iter().any(|it| it.name() == name) {
            let workload = predict::load_workload(name)?;
            if let Err(why) = plan::check(&workload) {
                let _ = writeln!(text, "{name}: not modelled ({why})\n");
                continue;
            }
            known_actions.push(Actions::Drawn(workload));
        }
        let actions = known_actions.iter().find(|it| it.name() == name).expect("one was added");
        let jobs: Vec<_> = strategies.iter().map(|&strategy| (actions, strategy, threads)).collect();
        let predicted = predict::points(machine, &jobs, 1)?;
        let ns = |strategy: &str| of.iter().find(|it| it.strategy == strategy).map(|it| it.ns);
        let (Some(mutex), Some(mutex_predicted)) =
            (ns("mutex"), predicted.iter().find(|point| point.strategy == "mutex"))
        else {
            bail!("{name}, {threads} threads: the results do not hold mutex, which ratios are taken to");
        };
        let mutex_predicted = mutex_predicted.played[1].ns_per_op();
        let mut rows = Vec::new();
        let (mut model, mut real) = (Vec::new(), Vec::new());
        for point in &predicted {
            let measured = ns(point.strategy).expect("filtered above");
            let predicted = point.played[1].ns_per_op();
            let error = (predicted / mutex_predicted) / (measured / mutex) - 1.0;
            if threads == 2 && point.strategy != "mutex" {
                errors_at_two.push((error.abs(), format!("{} under {name}", point.strategy)));
            }
            errors.push(predicted / measured - 1.0);
            model.push(predicted);
            real.push(measured);
            rows.push(vec![
                point.strategy.to_owned(),
                table::ns(measured),
                table::ns(predicted),
                format!("{:+.0} %", (predicted / measured - 1.0) * 100.0),
                format!("{:.3}", measured / mutex),
                format!("{:.3}", predicted / mutex_predicted),
                format!("{:+.0} %", error * 100.0),
            ]);
        }
        let header = [
            "strategy",
            "measured ns",
            "model ns",
            "error",
            "over mutex",
            "model",
            "error",
        ];
        let _ = writeln!(
            text,
            "{name}, {threads} threads\n\n{}\nrank correlation of the strategies' times: {:.2}\n",
            table::plain(&header, 1, rows),
            rank_correlation(&model, &real)
        );
        played.push(format!("{name} at {threads}"));
        if threads == 2 {
            correlations.push(rank_correlation(&model, &real));
        }
    }
    ensure!(!played.is_empty(), "nothing that was measured can be modelled\n{text}");
    if let Some(said) = not_quiet(measured) {
        let _ = writeln!(text, "{said}\n");
    }
    if let Some((worst, which)) = errors_at_two.iter().max_by(|a, b| a.0.total_cmp(&b.0)).cloned() {
        let mut sizes: Vec<f64> = errors_at_two.iter().map(|(error, _)| *error).collect();
        let figures = sizes.len();
        let least = correlations.iter().copied().fold(1.0, f64::min);
        let rows = [
            (format!("ratio to mutex, {figures} figures: median error"), median(&mut sizes) * 100.0, "15 %"),
            (format!("ratio to mutex: worst error ({which})"), worst * 100.0, "40 %"),
        ];
        let rows = rows.map(|(what, found, asked)| vec![what, format!("{found:.0} %"), asked.to_owned()]);
        let order = vec![
            "order of the strategies: least rank correlation".to_owned(),
            format!("{least:.2}"),
            "0.9 at least".to_owned(),
        ];
        let rows = rows.into_iter().chain([order]);
        let _ =
            writeln!(text, "{}", table::plain(&["predicted over measured, 2 threads", "found", "at most"], 1, rows));
    }
    Ok((text, errors, format!("what the machine measured ({} threads)", played.join(", "))))
}

/// The median; of an even number, the mean of the middle two.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// Spearman's: the correlation of the ranks; ties share their mean rank.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    fn ranks(values: &[f64]) -> Vec<f64> {
        let rank = |value: f64| {
            let below = values.iter().filter(|&&other| other < value).count();
            let equal = values.iter().filter(|&&other| other == value).count();
            below as f64 + (equal as f64 + 1.0) / 2.0
        };
        values.iter().map(|&value| rank(value)).collect()
    }
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_and_values_do_not() {
        assert!((rank_correlation(&[1.0, 2.0, 3.0], &[10.0, 11.0, 1000.0]) - 1.0).abs() < 1e-12);
        assert!((rank_correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        // One pair of neighbours out of order among four: 1 - 6 * 2 / (4 * 15).
        assert!((rank_correlation(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 3.0, 4.0]) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 9.0]), 3.0);
        assert_eq!(median(&mut [5.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn disturbed_blocks_count_where_there_are_no_others() {
        let dir = std::env::temp_dir().join(format!("headlock-model-results-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let rows = "workload,strategy,threads,pass,ns_per_op,disturbed\n\
                    hot,mutex,2,throughput,10,false\nhot,mutex,2,throughput,90,true\nhot,mutex,2,latency,5,false\n\
                    hot,hazard,2,throughput,30,true\nhot,hazard,2,throughput,40,true\n";
        std::fs::write(dir.join("trials.csv"), rows).unwrap();
        let read = read_results(&dir).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        let found: Vec<_> = read.iter().map(|it| (it.strategy.as_str(), it.ns, it.disturbed)).collect();
        assert_eq!(found, [("hazard", 35.0, true), ("mutex", 10.0, false)]);
    }
}
