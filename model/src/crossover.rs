//! `scripts/model crossover`: from how many threads on a strategy pays against the baseline.

use anyhow::{Result, bail, ensure};
use headlock::stats::{PaysFrom, pays_from};

use crate::plan::Actions;
use crate::predict::{self, Point, Wanted};
use crate::results::MARGIN;
use crate::table;

/// `crossover`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  scripts/model crossover --machine graviton3
  scripts/model crossover --machine epyc-7742-2s -w pollers --vary threads=2:128 --strategies all --out results/crossover-model

Plays powers of two, then halves the gap in which a strategy begins to pay until no number of threads lies between. A strategy pays
from a number of threads on if it is faster than the baseline, by more than 1 %, there and at every higher number that was played. The
range is of the description's costs at their lowest and highest.")]
pub struct Args {
    #[command(flatten)]
    pub wanted: Wanted,
    /// What is varied, and from where to where, like threads=1:64 [default: threads, from 1 to all processors]
    #[arg(long, default_value = "threads", value_name = "threads[=FROM:TO]")]
    pub vary: String,
}

/// Searches, and answers what to print.
pub fn run(args: &Args) -> Result<String> {
    let started = jiff::Timestamp::now();
    let wanted = &args.wanted;
    wanted.check_out()?;
    let read = wanted.read()?;
    let (from, to) = span(&args.vary, read.machine.processors())?;
    let mut points: Vec<Point> = Vec::new();
    for workload in &read.workloads {
        if let Actions::Recorded(trace) = workload {
            bail!("--workload {}: a trace has its own number of threads; a workload expected", trace.name);
        }
        // Where roles are given, fewer threads than those that do not poll cannot be.
        let Some(from) = (from..=to).find(|&threads| workload.check_threads(threads).is_ok()) else {
            bail!("--vary {}: workload {} needs more threads", args.vary, workload.name());
        };
        let mut wave: Vec<(&Actions, &'static str, usize)> = Vec::new();
        for threads in predict::powers_of_two(to).into_iter().filter(|threads| *threads > from).chain([from]) {
            wave.extend(read.strategies.iter().map(|&strategy| (workload, strategy, threads)));
        }
        while !wave.is_empty() {
            points.extend(predict::points(&read.machine, &wave, wanted.seed)?);
            wave = next(&points, workload, &read.strategies, read.baseline);
        }
    }
    points.sort_by_key(|point| {
        let workload = read.workloads.iter().position(|it| it.name() == point.workload);
        let strategy = read.strategies.iter().position(|it| *it == point.strategy);
        (workload, point.threads, strategy)
    });
    wanted.write(&read, started, &points)?;
    let mut rows = Vec::new();
    for workload in &read.workloads {
        for strategy in read.strategies.iter().filter(|it| **it != read.baseline) {
            let by_threads = by_threads(&points, workload.name(), strategy, read.baseline);
            let found = pays_from(&by_threads, MARGIN);
            let last = by_threads.last().map_or([f64::NAN; 3], |(_, ratios)| *ratios);
            let (low, high) = (last.into_iter().fold(f64::MAX, f64::min), last.into_iter().fold(0.0, f64::max));
            rows.push(vec![
                workload.name().to_owned(),
                (*strategy).to_owned(),
                word(found.stated),
                range(found),
                format!("{:.3}", last[0]),
                format!("{low:.3} to {high:.3}"),
            ]);
        }
    }
    let ratio = format!("ratio at {to}");
    let header = ["workload", "strategy", "pays from", "range", &ratio, "range of it"];
    if wanted.csv {
        let rows: Vec<Vec<String>> = rows.into_iter().map(|row| [row, vec!["model".to_owned()]].concat()).collect();
        let header = [
            "workload",
            "strategy",
            "pays_from",
            "range",
            "last_ratio",
            "last_range",
            "kind",
        ];
        return table::csv(&header, &rows);
    }
    Ok(format!(
        "model, not measured: {} ({})\nfrom how many threads on a strategy pays against {}, of {from} to {to}\n\n{}\n{}",
        read.machine.name,
        read.machine.summary,
        read.baseline,
        table::plain(&header, 2, rows),
        predict::footer(&read.machine)?
    ))
}

/// `threads` or `threads=FROM:TO`.
fn span(vary: &str, processors: usize) -> Result<(usize, usize)> {
    let (what, span) = vary.split_once('=').map_or((vary, None), |(what, span)| (what, Some(span)));
    ensure!(what == "threads", "--vary {vary}: a model varies threads; threads or threads=1:64 expected");
    let Some(span) = span else { return Ok((1, processors)) };
    let numbers = span.split_once(':').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match numbers {
        Some((from, to)) if from >= 1 && from < to && to <= processors => Ok((from, to)),
        _ => bail!("--vary {vary}: threads=FROM:TO with 1 <= FROM < TO <= {processors} expected"),
    }
}

/// Ratios of a strategy to the baseline by threads, with costs stated, lowest and highest.
fn by_threads(points: &[Point], workload: &str, strategy: &str, baseline: &str) -> Vec<(usize, [f64; 3])> {
    let of = |wanted: &str, threads: usize| {
        points.iter().find(|it| it.workload == workload && it.strategy == wanted && it.threads == threads)
    };
    let mut rows: Vec<(usize, [f64; 3])> = points
        .iter()
        .filter(|it| it.workload == workload && it.strategy == strategy)
        .filter_map(|it| {
            let base = of(baseline, it.threads)?;
            // The ends are fast, middle, slow; what is stated comes first in results.
            Some((it.threads, [1, 0, 2].map(|end| it.played[end].ns_per_op() / base.played[end].ns_per_op())))
        })
        .collect();
    rows.sort_by_key(|(threads, _)| *threads);
    rows
}

/// The next numbers of threads to play: the middle of each gap in which a strategy begins to pay with some costs.
fn next<'a>(
    points: &[Point],
    workload: &'a Actions,
    strategies: &[&'static str],
    baseline: &'static str,
) -> Vec<(&'a Actions, &'static str, usize)> {
    let mut wave = Vec::new();
    for &strategy in strategies.iter().filter(|it| **it != baseline) {
        let rows = by_threads(points, workload.name(), strategy, baseline);
        for end in 0..3 {
            let one_end: Vec<(usize, [f64; 3])> = rows.iter().map(|(threads, of)| (*threads, [of[end]; 3])).collect();
            let Some(first) = pays_from(&one_end, MARGIN).stated else {
                continue;
            };
            let Some(&(before, _)) = rows.iter().rev().find(|(threads, _)| *threads < first) else {
                continue;
            };
            let middle = before.midpoint(first);
            if middle > before {
                wave.extend([(workload, strategy, middle), (workload, baseline, middle)]);
            }
        }
    }
    wave.sort_by_key(|(_, strategy, threads)| (*threads, *strategy));
    wave.dedup_by_key(|(_, strategy, threads)| (*threads, *strategy));
    let played = |strategy: &str, threads: usize| {
        points
            .iter()
            .any(|it| it.workload == workload.name() && it.strategy == strategy && it.threads == threads)
    };
    wave.retain(|(_, strategy, threads)| !played(strategy, *threads));
    wave
}

fn word(threads: Option<usize>) -> String {
    threads.map_or("never".to_owned(), |threads| threads.to_string())
}

fn range(found: PaysFrom) -> String {
    match found.least {
        None => "never".to_owned(),
        least => format!("{} to {}", word(least), word(found.most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::{Played, ThreadPlayed};

    /// A play that takes `ns` for an operation.
    fn point(strategy: &'static str, threads: usize, ns: i64) -> Point {
        let played = Played {
            threads: vec![ThreadPlayed { ops: 1, elapsed_ps: ns * 1000, ..ThreadPlayed::default() }],
            ..Played::default()
        };
        Point {
            workload: "hot".to_owned(),
            strategy,
            threads,
            played: std::array::from_fn(|_| played.clone()),
        }
    }

    #[test]
    fn the_gap_is_halved_until_nothing_lies_in_it() {
        let workload = Actions::Drawn(headlock::workload::Workload::preset("hot").unwrap());
        // It pays from 11 threads on.
        let play = |strategy, threads| {
            point(
                strategy,
                threads,
                if strategy == "mutex" {
                    100
                } else {
                    1_050 / threads as i64
                },
            )
        };
        let mut points: Vec<Point> =
            [1, 2, 4, 8, 16].into_iter().flat_map(|n| [play("mutex", n), play("seqlock", n)]).collect();
        let mut waves = Vec::new();
        loop {
            let wave = next(&points, &workload, &["mutex", "seqlock"], "mutex");
            if wave.is_empty() {
                break;
            }
            waves.push(wave[0].2);
            points.extend(wave.into_iter().map(|(_, strategy, threads)| play(strategy, threads)));
        }
        assert_eq!(waves, [12, 10, 11]);
        let found = pays_from(&by_threads(&points, "hot", "seqlock", "mutex"), MARGIN);
        assert_eq!(found.stated, Some(11));
    }

    #[test]
    fn what_is_varied_is_threads_of_the_machine() {
        assert_eq!(span("threads", 64).unwrap(), (1, 64));
        assert_eq!(span("threads=2:16", 64).unwrap(), (2, 16));
        for bad in ["timers=1:8", "threads=0:4", "threads=8:2", "threads=1:65", "threads=x"] {
            assert!(span(bad, 64).is_err(), "{bad}");
        }
    }
}
