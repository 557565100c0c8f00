//! Result directories of a model: the ordinary files, marked `model` in each.
//!
//! A block holds what came of the same plan with the description's ranges at one end: block 0 from the values stated, 1 with all
//! costs lowest, 2 with all highest. A ratio's interval is the least and the greatest of the three, not a confidence interval.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use headlock::record::SCHEMA_VERSION;
use headlock::workload::{Op, Workload};
use serde_json::json;

use crate::description::Description;
use crate::predict::{Args, Point};
use crate::table;
use crate::vm::Played;

/// What every file says it is.
pub const KIND: &str = "model";
/// The difference that is still called the same.
const MARGIN: f64 = 0.01;

/// Writes `run.json`, `trials.csv`, `ratios.csv`, `operations.csv` and the machine's description.
pub fn write(
    dir: &Path,
    machine: &Description,
    workload: &Workload,
    baseline: &str,
    args: &Args,
    points: &[Point],
) -> Result<()> {
    ensure!(!dir.exists(), "{} exists; results are never overwritten", dir.display());
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let now = jiff::Timestamp::now();
    let record = json!({
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "headlock_version": env!("CARGO_PKG_VERSION"),
        "command": std::env::args().collect::<Vec<_>>(),
        "parameters": {
            "command": "predict",
            "machine": machine,
            "assumed": machine.assumed(),
            "workloads": [workload],
            "threads": args.threads,
            "baseline": baseline,
            "seed": args.seed,
        },
        "host": { "hostname": machine.name, "cpu_model": machine.summary, "cores": machine.cores, "logical_cpus": machine.processors() },
        "warnings": [
            "These figures come from a model of a machine; nothing was measured.",
            machine.error_line(),
        ],
        "started": now,
        "ended": now,
        "state": "complete",
        "message": null,
    });
    let save = |name: &str, text: String| {
        std::fs::write(dir.join(name), text).with_context(|| dir.join(name).display().to_string())
    };
    save("run.json", serde_json::to_string_pretty(&record)? + "\n")?;
    save("machine.toml", toml::to_string_pretty(machine)?)?;
    save("trials.csv", trials_csv(workload, points)?)?;
    save("operations.csv", operations_csv(workload, points)?)?;
    save("ratios.csv", ratios_csv(workload, baseline, points)?)
}

fn trials_csv(workload: &Workload, points: &[Point]) -> Result<String> {
    const COLUMNS: [&str; 19] = [
        "workload",
        "strategy",
        "threads",
        "block",
        "pass",
        "ops",
        "elapsed_ns",
        "ns_per_op",
        "lock_acquisitions",
        "lock_contended",
        "retries",
        "retired",
        "peak_unreclaimed",
        "fired",
        "rearms",
        "disturbed",
        "costs",
        "parks",
        "kind",
    ];
    let mut rows = Vec::new();
    for point in points {
        for (block, (which, costs)) in [(1, "stated"), (0, "lowest"), (2, "highest")].into_iter().enumerate() {
            let played = &point.played[which];
            let sum =
                |field: fn(&crate::vm::ThreadPlayed) -> u64| played.threads.iter().map(field).sum::<u64>().to_string();
            let elapsed: i64 = played.threads.iter().map(|thread| thread.elapsed_ps).sum();
            let [acquisitions, contended, retries, retired, peak] = played.list.map(|count| count.to_string());
            rows.push(vec![
                workload.name.clone(),
                point.strategy.to_owned(),
                point.threads.to_string(),
                block.to_string(),
                "throughput".to_owned(),
                played.ops().to_string(),
                (elapsed / 1000 / point.threads as i64).to_string(),
                played.ns_per_op().to_string(),
                acquisitions,
                contended,
                retries,
                retired,
                peak,
                sum(|thread| thread.fired),
                sum(|thread| thread.rearms),
                "false".to_owned(),
                costs.to_owned(),
                sum(|thread| thread.parks),
                KIND.to_owned(),
            ]);
        }
    }
    table::csv(&COLUMNS, &rows)
}

/// Time inside each kind of operation.
pub fn operations_csv(workload: &Workload, points: &[Point]) -> Result<String> {
    let mut rows = Vec::new();
    for point in points {
        let mut row = |op: &str, (ns, low, high): (f64, f64, f64)| {
            rows.push(vec![
                workload.name.clone(),
                point.strategy.to_owned(),
                point.threads.to_string(),
                op.to_owned(),
                ns.to_string(),
                low.to_string(),
                high.to_string(),
                KIND.to_owned(),
            ]);
        };
        row("all", point.range(Played::ns_per_op));
        for op in Op::ALL.map(Op::name) {
            if point.played.iter().all(|played| played.ns_inside(op).is_some()) {
                row(op, point.range(|played| played.ns_inside(op).expect("looked at above")));
            }
        }
    }
    table::csv(
        &[
            "workload", "strategy", "threads", "op", "ns", "ns_low", "ns_high", "kind",
        ],
        &rows,
    )
}

fn ratios_csv(workload: &Workload, baseline: &str, points: &[Point]) -> Result<String> {
    const COLUMNS: [&str; 12] = [
        "workload", "threads", "metric", "strategy", "baseline", "ratio", "ci_low", "ci_high", "blocks", "verdict",
        "state", "kind",
    ];
    let mut rows = Vec::new();
    for point in points.iter().filter(|point| point.strategy != baseline) {
        let base = points.iter().find(|base| base.strategy == baseline && base.threads == point.threads);
        let base = base.context("the baseline is played wherever others are")?;
        let each: Vec<f64> =
            point.played.iter().zip(&base.played).map(|(a, b)| a.ns_per_op() / b.ns_per_op()).collect();
        let low = each.iter().copied().fold(f64::INFINITY, f64::min);
        let high = each.iter().copied().fold(0.0, f64::max);
        rows.push(vec![
            workload.name.clone(),
            point.threads.to_string(),
            "ns_per_op".to_owned(),
            point.strategy.to_owned(),
            baseline.to_owned(),
            each[1].to_string(),
            low.to_string(),
            high.to_string(),
            each.len().to_string(),
            verdict(low, high).to_owned(),
            "all".to_owned(),
            KIND.to_owned(),
        ]);
    }
    table::csv(&COLUMNS, &rows)
}

fn verdict(low: f64, high: f64) -> &'static str {
    if high < 1.0 - MARGIN {
        "faster"
    } else if low > 1.0 + MARGIN {
        "slower"
    } else if low >= 1.0 - MARGIN && high <= 1.0 + MARGIN {
        "same"
    } else {
        "unclear"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_asks_for_the_whole_range() {
        assert_eq!(verdict(0.2, 0.9), "faster");
        assert_eq!(verdict(0.2, 0.995), "unclear");
        assert_eq!(verdict(0.995, 1.005), "same");
        assert_eq!(verdict(1.02, 3.0), "slower");
        assert_eq!(verdict(1.0, 3.0), "unclear");
    }
}
