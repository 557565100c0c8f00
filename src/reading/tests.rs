//! What a reading says of made-up trials: the answer by the rule, why a figure is missing, what a load came to.

use super::testing::{declarations, replayed, results};
use super::{Answer, Missing, Results, Scores};
use crate::record::{
    AA_CONTROL, Check, CheckFigures, CheckRow, CheckVerdict, LatencyRow, LeftOut, Metric, Pass, Point, Trial,
};
use crate::stats::testing::trial;
use crate::workload::Op;

fn answer(results: &Results) -> Answer {
    Scores::new(&results.reading(), &declarations(), &results.checks).answer()
}

fn hot() -> Point {
    Point { workload: "hot".to_owned(), threads: 1 }
}

/// Changes every trial of a strategy.
fn change(results: &mut Results, strategy: &str, change: impl Fn(&mut Trial)) {
    results.trials.iter_mut().filter(|it| it.strategy == strategy).for_each(change);
}

#[test]
fn the_rule_decides() {
    assert_eq!(answer(&results(&[("seqlock", 5.0), ("hazard", 8.0)])), Answer::Everywhere);
    assert_eq!(answer(&results(&[("seqlock", 10.0)])), Answer::NotHere, "the same");
    assert_eq!(
        answer(&results(&[("rcu-epoch", 5.0), ("seqlock", 12.0)])),
        Answer::NotHere,
        "a racy one never counts"
    );
    assert_eq!(answer(&results(&[("stranger", 5.0)])), Answer::NotHere, "nor does one that nobody knows");
    let mut noisy = results(&[("seqlock", 10.0)]);
    change(&mut noisy, "seqlock", |it| it.ns_per_op *= if it.block % 2 == 0 { 0.8 } else { 1.25 });
    assert_eq!(answer(&noisy), Answer::Undecided);
    let mut empty = results(&[]);
    empty.trials.clear();
    assert_eq!(answer(&empty), Answer::Nothing);
}

#[test]
fn faster_here_is_no_yes_where_harm_is_not_excluded_there() {
    let mut two = results(&[("seqlock", 5.0)]);
    let cold = |it: &Trial| Trial { workload: "cold".to_owned(), ..it.clone() };
    let more: Vec<Trial> = two.trials.iter().map(cold).collect();
    two.trials.extend(more);
    assert_eq!(answer(&two), Answer::Everywhere);
    let wide = |it: &mut Trial| {
        if it.workload == "cold" {
            it.ns_per_op = if it.block.is_multiple_of(2) { 8.0 } else { 12.0 };
        }
    };
    change(&mut two, "seqlock", wide);
    let scores = Scores::new(&two.reading(), &declarations(), &[]);
    assert_eq!(scores.answer(), Answer::Undecided);
    assert_eq!(scores.best().unwrap().faster, 1);
    assert!(scores.best().unwrap().takes.is_some_and(|times| times > 1.0));
}

#[test]
fn one_that_verify_broke_justifies_nothing() {
    let mut broken = results(&[("seqlock", 5.0)]);
    broken.checks.push(CheckRow {
        strategy: "seqlock".to_owned(),
        check: Check::Fresh,
        tried: 100,
        broken: 3,
        declared: "linearizable".to_owned(),
        seconds: 1.0,
        verdict: CheckVerdict::Broken,
        outcomes: Vec::new(),
        figures: CheckFigures { late_without_rearm: Some(3), ..CheckFigures::default() },
    });
    assert_eq!(answer(&broken), Answer::NotHere);
}

#[test]
fn a_biased_point_decides_nothing_and_is_counted_nowhere() {
    let mut biased = results(&[("seqlock", 5.0)]);
    change(&mut biased, AA_CONTROL, |it| it.ns_per_op *= 1.2);
    assert_eq!(answer(&biased), Answer::Nothing);
    assert_eq!(biased.reading().deciding().count(), 0);
}

#[test]
fn a_paced_load_has_a_ratio_of_service_times() {
    let mut paced = results(&[("seqlock", 5.0)]);
    paced.trials.iter_mut().for_each(|it| it.pass = Pass::Latency);
    let reading = paced.reading();
    assert!(reading.is_paced(&hot()));
    let ratio = reading.ratio(&hot(), "seqlock").unwrap();
    assert_eq!(ratio.metric, Metric::ServiceNs);
    assert!((ratio.ratio - 0.5).abs() < 0.01);
}

#[test]
fn what_is_missing_says_why() {
    let whole = results(&[("seqlock", 5.0)]);
    assert_eq!(whole.reading().missing(), []);

    let mut disturbed = results(&[("seqlock", 5.0)]);
    change(&mut disturbed, "seqlock", |it| {
        it.disturbed = true;
        it.disturbance = format!("{}.5 % of the threads' time went elsewhere", 50 + it.block);
    });
    let why = disturbed.reading().no_ratio(&hot(), "seqlock").unwrap().to_string();
    assert!(why.starts_with("all 16 trials disturbed: ") && why.ends_with("went elsewhere"), "{why}");

    let mut no_baseline = results(&[("seqlock", 5.0)]);
    no_baseline.trials.retain(|it| it.strategy != "mutex");
    let why = no_baseline.reading().no_ratio(&hot(), "seqlock").unwrap().to_string();
    assert_eq!(why, "no figure of mutex: not played");

    let mut few = results(&[("seqlock", 5.0)]);
    few.trials.retain(|it| it.block < 2);
    assert_eq!(few.reading().no_interval(&hot(), "seqlock").unwrap().to_string(), "2 blocks; 6 are needed");
    assert!(few.reading().missing().iter().any(|it| it.figure == "interval" && it.strategy == "seqlock"));

    let mut apart = results(&[("seqlock", 5.0)]);
    apart.trials.retain(|it| (it.strategy == "seqlock") == (it.block < 8));
    assert_eq!(apart.reading().no_ratio(&hot(), "seqlock"), Some(Missing::NoCommonBlock));
}

#[test]
fn a_strategy_that_failed_and_a_point_without_figures_are_told() {
    let mut failed = results(&[("seqlock", 5.0)]);
    for strategy in ["mutex", "seqlock"] {
        failed.run.left_out.push(LeftOut {
            workload: "cold".to_owned(),
            threads: 2,
            strategy: strategy.to_owned(),
            reason: "it hung".to_owned(),
        });
    }
    let reading = failed.reading();
    let cold = Point { workload: "cold".to_owned(), threads: 2 };
    assert_eq!(reading.points, [hot(), cold.clone()]);
    assert_eq!(reading.points_without_figures(), [(&cold, Missing::LeftOut("it hung".to_owned()))]);
}

#[test]
fn latencies_that_were_not_asked_for_are_not_called_lost() {
    let mut without = results(&[("seqlock", 5.0)]);
    without.latency = None;
    assert_eq!(without.reading().no_latency(&hot(), "seqlock"), Some(Missing::NeverDone));
    without.run.parameters.common.deciding_only = true;
    assert_eq!(without.reading().no_latency(&hot(), "seqlock"), Some(Missing::NoLatency));
}

#[test]
fn a_load_is_told_by_what_was_done() {
    let mut results = results(&[]);
    let row = results.latency.as_ref().unwrap().iter().find(|it| it.strategy == "mutex").unwrap().clone();
    let counted = |op: &str, count| LatencyRow { op: op.to_owned(), count, ..row.clone() };
    results.latency = Some(vec![counted("deadline", 800), counted("run", 100), counted("modify", 100)]);
    results.trials.push(Trial {
        pass: Pass::Latency,
        fired: 50,
        rearms: 30,
        ..trial("mutex", 0)
    });
    let shares = results.reading().shares(&hot(), "mutex").unwrap();
    assert_eq!(shares.ops[0], ("deadline".to_owned(), 0.8));
    assert_eq!((shares.head_share, shares.fired_per_run), (Some(0.2), Some(0.5)));
}

#[test]
fn shares_that_were_not_played_as_asked_are_told() {
    let mut results = results(&[("seqlock", 5.0)]);
    let row = results.latency.as_ref().unwrap()[0].clone();
    let asked = results.run.parameters.command.workloads()[0].mix.unwrap();
    let whole: f64 = asked.shares().iter().sum();
    let played = |strategy: &str, polls: f64| {
        let counts = Op::ALL.into_iter().zip(asked.shares()).filter(|(_, share)| *share > 0.0);
        let more = |op| if op == Op::Deadline { polls } else { 1.0 };
        let row = LatencyRow { strategy: strategy.to_owned(), ..row.clone() };
        let rows = counts.map(move |(op, share)| LatencyRow {
            op: op.name().to_owned(),
            count: (share / whole * more(op) * 1e9) as u64,
            ..row.clone()
        });
        rows.collect::<Vec<LatencyRow>>()
    };
    let uneven = |results: &Results| -> Vec<String> {
        results.reading().uneven(&hot()).into_iter().map(|it| it.of).filter(|of| of != "head").collect()
    };
    results.latency = Some([played("mutex", 1.0), played("seqlock", 1.0)].concat());
    assert_eq!(uneven(&results), [""; 0]);
    results.latency = Some([played("mutex", 1.0), played("seqlock", 1.5)].concat());
    assert!(uneven(&results).contains(&"deadline".to_owned()));
}

#[test]
fn what_chance_explains_is_called_so_and_rearms_count_in_both_passes() {
    let mut results = results(&[("seqlock", 5.0)]);
    let row = results.latency.as_ref().unwrap()[0].clone();
    // Asked are 85 %, 9 %, 5 % and 1 %, and a quarter of the modifies at the head.
    let mut play = |times: u64, modifies: u64, rearms: u64| {
        let rows = ["mutex", "seqlock"].into_iter().flat_map(|name| {
            [("deadline", 8_500), ("run", 900), ("modify", modifies), ("cancel", 100)].map(|(op, count)| LatencyRow {
                strategy: name.to_owned(),
                op: op.to_owned(),
                count: count * times,
                ..row.clone()
            })
        });
        results.latency = Some(rows.collect());
        results.trials.iter_mut().for_each(|it| (it.ops, it.rearms) = (10_000 * times, rearms * times));
        let told = results.reading().uneven(&hot()).into_iter().map(|it| (it.of, it.by_chance));
        told.collect::<Vec<(String, bool)>>()
    };
    assert_eq!(play(1_000, 500, 125), []);
    assert_eq!(play(1_000, 500, 130), [("head".to_owned(), false)]);
    assert_eq!(play(1_000, 480, 125), [("modify".to_owned(), false)]);
    assert_eq!(play(1, 480, 125), [("modify".to_owned(), true)]);
}

#[test]
fn a_pass_is_counted_once_for_each_time_it_was_played() {
    let mut replayed = replayed(results(&[]));
    change(&mut replayed, "mutex", |it| (it.ops, it.lock.acquisitions, it.fired) = (1_000, 900, 6));
    let reading = replayed.reading();
    let pass = reading.pass(&hot(), "mutex").unwrap();
    assert_eq!((pass.locks, pass.fired), ((450.0, 450.0), (3.0, 3.0)));
    assert_eq!(reading.trace(&hot()).unwrap().recorded_fires, 3);
}
