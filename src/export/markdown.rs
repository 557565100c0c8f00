//! The summary as Markdown, to paste into a review: per point a table of throughput and one of latency.

use std::fmt::Write;

use crate::record::{LatencyRow, Metric, Point, Ratio};
use crate::stats::{Summary, Tails};

/// Stands before a tail that is the machine's.
const MACHINES: &str = "~";

/// The text, in the order of `summaries`. Ratios are those of raw ns/op; ops/s and counts are of the throughput pass,
/// percentiles of the latency pass.
pub fn markdown(summaries: &[Summary], ratios: &[Ratio], latency: &[LatencyRow]) -> String {
    let mut text = String::new();
    for of_point in summaries.chunk_by(|a, b| a.point == b.point) {
        let point = &of_point[0].point;
        let threads = if point.threads == 1 {
            "1 thread".to_owned()
        } else {
            format!("{} threads", point.threads)
        };
        line(&mut text, format_args!("### {}, {threads}\n", cell(&point.workload)));
        throughput(&mut text, of_point, ratios);
        certainty(&mut text, point, ratios);
        percentiles(&mut text, point, latency, ratios.first().map(|ratio| ratio.baseline.as_str()));
    }
    text
}

fn throughput(text: &mut String, summaries: &[Summary], ratios: &[Ratio]) {
    line(
        text,
        format_args!(
            "| strategy | ns/op | net of floor | ratio (interval) | verdict | Mops/s | locks/op | contended | blocks |"
        ),
    );
    line(text, format_args!("|---|---:|---:|---:|---|---:|---:|---:|---:|"));
    for summary in summaries {
        let ratio = ratios.iter().find(|ratio| {
            let Point { workload, threads } = &summary.point;
            ratio.metric == Metric::NsPerOp
                && (&ratio.workload, &ratio.threads, &ratio.strategy) == (workload, threads, &summary.strategy)
        });
        line(
            text,
            format_args!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                cell(&summary.strategy),
                number(summary.ns_per_op),
                number(summary.net_ns_per_op),
                ratio.map_or_else(String::new, interval),
                ratio.map_or("", |ratio| ratio.verdict.as_str()),
                number(summary.ops_per_s.map(|ops| ops / 1e6)),
                number(summary.acquisitions_per_op),
                summary.contended_share.map_or_else(String::new, |share| format!("{:.1} %", share * 100.0)),
                summary.blocks,
            ),
        );
    }
    text.push('\n');
}

/// What the intervals promise, and what `same` means.
fn certainty(text: &mut String, point: &Point, ratios: &[Ratio]) {
    let mut of_point = ratios.iter().filter(|ratio| {
        ratio.metric == Metric::NsPerOp && (&ratio.workload, ratio.threads) == (&point.workload, point.threads)
    });
    let Some(ratio) = of_point.next() else { return };
    line(
        text,
        format_args!(
            "Ratios are to {}, with simultaneous 95 % intervals over all points. `same` means within {:.2} %.\n",
            cell(&ratio.baseline),
            ratio.threshold * 100.0,
        ),
    );
}

fn percentiles(text: &mut String, point: &Point, latency: &[LatencyRow], baseline: Option<&str>) {
    let tails = Tails::new(latency, baseline);
    let mut marked = false;
    let mut rows = latency
        .iter()
        .filter(|row| (&row.workload, row.threads) == (&point.workload, point.threads))
        .peekable();
    if rows.peek().is_none() {
        return;
    }
    line(
        text,
        format_args!("| strategy | operation | time | p50 ns | p99 ns | p99.9 ns | max ns | clock ns |"),
    );
    line(text, format_args!("|---|---|---|---:|---:|---:|---:|---:|"));
    for row in rows {
        let mut tail = |pick: fn(&LatencyRow) -> u64| {
            let machines = tails.is_the_machines(row, pick);
            marked |= machines;
            format!("{}{}", if machines { MACHINES } else { "" }, pick(row))
        };
        let (p99, p999, max) = (tail(|row| row.p99_ns), tail(|row| row.p999_ns), tail(|row| row.max_ns));
        line(
            text,
            format_args!(
                "| {} | {} | {} | {} | {p99} | {p999} | {max} | {} |",
                cell(&row.strategy),
                cell(&row.op),
                row.kind.as_str(),
                row.p50_ns,
                number(Some(row.clock_ns)),
            ),
        );
    }
    if marked {
        line(
            text,
            format_args!("\n`{MACHINES}` does not clear the floor's own tail: the machine's, not the strategy's."),
        );
    }
    text.push('\n');
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a String takes any text");
}

fn interval(ratio: &Ratio) -> String {
    let Ratio { ratio, ci_low, ci_high, .. } = ratio;
    if ci_high.is_infinite() {
        return format!("{ratio:.3} (unbounded)");
    }
    format!("{ratio:.3} ({ci_low:.3} to {ci_high:.3})")
}

/// Three significant digits at least, and never more decimals than three.
fn number(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
        Some(value) if value.abs() >= 1.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.3}"),
    }
}

/// A name that ends no cell and no line.
fn cell(name: &str) -> String {
    name.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests;
