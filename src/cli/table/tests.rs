//! The table as text: what is measured, whose each tail is, and colour.

use super::*;
use crate::record::Verdict;
use crate::stats::testing::{latency, trial};
use crate::stats::{Latencies, latency_rows, summarize};

const STRATEGIES: [&str; 3] = ["mutex", "seqlock", "arc-swap"];

fn ratio(strategy: &str, ratio: f64, verdict: Verdict) -> Ratio {
    Ratio {
        workload: "hot".to_owned(),
        threads: 1,
        metric: Metric::NsPerOp,
        strategy: strategy.to_owned(),
        baseline: "mutex".to_owned(),
        ratio,
        ci_low: ratio * 0.9,
        ci_high: ratio * 1.1,
        confidence: 0.95,
        blocks: 4,
        state: "all".to_owned(),
        op: "all".to_owned(),
        ns: 10.0,
        baseline_ns: 10.0,
        biased: false,
        threshold: 0.01,
        verdict,
    }
}

/// A table of three strategies: the tails of seqlock are no longer than the floor's, those of the others are.
fn table(paint: Paint) -> String {
    let trials: Vec<Trial> = STRATEGIES.into_iter().chain([FLOOR]).map(|strategy| trial(strategy, 0)).collect();
    let mut latencies = Latencies::default();
    for (strategy, tail) in [("mutex", 900), ("seqlock", 100), ("arc-swap", 500), (FLOOR, 90)] {
        let values = std::iter::repeat_n(10, 80).chain(std::iter::repeat_n(tail, 20));
        latencies.add(latency(strategy, values)).unwrap();
    }
    let strategies = STRATEGIES.map(str::to_owned);
    let figures = Figures {
        summaries: &summarize(&trials),
        latency: &latency_rows(&latencies, &trials),
        ratios: &[
            ratio("seqlock", 0.5, Verdict::Faster),
            ratio("arc-swap", 2.0, Verdict::Slower),
            ratio(AA_CONTROL, 1.0, Verdict::Unclear),
        ],
        trials: &trials,
        baseline: "mutex",
        strategies: &strategies,
        paint,
    };
    figures.point(&Point { workload: "hot".to_owned(), threads: 1 }, None, &[])
}

fn row<'t>(text: &'t str, strategy: &str) -> &'t str {
    text.lines().find(|line| line.contains(&format!(" {strategy} "))).expect("the strategy has a row")
}

#[test]
fn a_tail_that_is_the_machines_is_marked_and_explained() {
    let text = table(Paint::NEVER);
    let tails =
        |strategy| row(&text, strategy).split_whitespace().rev().skip(1).take(3).map(|cell| cell.starts_with('~'));
    assert!(tails("seqlock").all(|marked| marked), "{text}");
    for strategy in ["mutex", "arc-swap", "floor"] {
        assert!(tails(strategy).all(|marked| !marked), "{text}");
    }
    assert!(text.contains("~ does not clear the floor's own tail"), "{text}");
    assert!(text.starts_with("hot, 1 thread\n"), "{text}");
    assert!(text.ends_with("unclear. 4 blocks; intervals hold together with 95 %.\n"), "{text}");
}

#[test]
fn each_verdict_stands_in_its_strategys_row() {
    let text = table(Paint::NEVER);
    let verdict = |strategy| row(&text, strategy).split_whitespace().find(|word| ["faster", "slower"].contains(word));
    assert_eq!((verdict("seqlock"), verdict("arc-swap"), verdict("mutex")), (Some("faster"), Some("slower"), None));
}

#[test]
fn verdicts_are_coloured_and_the_machines_tails_grey_and_nothing_else() {
    const RESET: &str = "\u{1b}[39m";
    const GREEN: &str = "\u{1b}[38;5;10m";
    const RED: &str = "\u{1b}[38;5;9m";
    const GREY: &str = "\u{1b}[38;5;8m";
    let (plain, coloured) = (table(Paint::NEVER), table(Paint::ALWAYS));
    assert!(!plain.contains('\u{1b}'));
    let count = |code| coloured.matches(code).count();
    assert_eq!((count(GREEN), count(RED), count(GREY)), (1, 1, 3), "{coloured:?}");
    assert!(
        row(&coloured, "seqlock").contains(GREEN) && row(&coloured, "arc-swap").contains(RED),
        "{coloured:?}"
    );
    let stripped = [GREEN, RED, GREY, RESET, "\u{1b}[0m"]
        .into_iter()
        .fold(coloured, |text, code| text.replace(code, ""));
    assert_eq!(stripped, plain);
}
