use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::record::{Pass, Verdict};
use crate::stats::testing::trial;

/// A run of `blocks` blocks: the baseline at 10 ns and the others at a multiple of it, all with `noise` (a fraction)
/// between trials and a drift that every strategy of a block shares.
fn run(blocks: usize, noise: f64, others: &[(&str, f64)]) -> Vec<Trial> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let noise = Normal::new(0.0, noise).unwrap();
    (0..blocks)
        .flat_map(|block| {
            let drift = 1.0 + (block as f64 / 3.0).sin().abs();
            [("mutex", 1.0)].iter().chain(others).map(move |(name, factor)| (block, drift, *name, *factor))
        })
        .map(|(block, drift, name, factor)| Trial {
            ns_per_op: 10.0 * drift * factor * f64::exp(noise.sample(&mut rng)),
            floor_ns: Some(0.5 * drift),
            ..trial(name, block)
        })
        .collect()
}

fn find<'a>(rows: &'a [Ratio], strategy: &str, metric: Metric) -> &'a Ratio {
    rows.iter().find(|row| row.strategy == strategy && row.metric == metric).unwrap()
}

#[test]
fn drift_cancels_inside_blocks_and_the_verdicts_follow() {
    let rows = ratios(
        &run(
            30,
            0.004,
            &[
                (AA_CONTROL, 1.0),
                ("seqlock", 0.2),
                ("slow", 1.05),
                ("twin", 1.0),
                (FLOOR, 0.05),
            ],
        ),
        "mutex",
        0.01,
    );
    assert_eq!(rows.len(), 2 * 4, "no row for the floor nor the baseline");
    let raw = |strategy| find(&rows, strategy, Metric::NsPerOp);
    assert!((raw("seqlock").ratio - 0.2).abs() < 0.002);
    assert_eq!(raw("seqlock").verdict, Verdict::Faster);
    assert_eq!(raw("slow").verdict, Verdict::Slower);
    assert_eq!(raw("twin").verdict, Verdict::Same);
    assert_eq!(raw(AA_CONTROL).verdict, Verdict::Same);
    assert_eq!(raw("slow").blocks, 30);
    let net = find(&rows, "seqlock", Metric::NetNsPerOp);
    assert!((net.ratio - 1.5 / 9.5).abs() < 0.002, "{net:?}");
}

#[test]
fn each_row_says_what_its_verdict_rests_on() {
    let rows = ratios(&run(12, 0.01, &[(AA_CONTROL, 1.0), ("slow", 1.02), ("seqlock", 0.2)]), "mutex", 0.01);
    for row in &rows {
        assert_eq!(row.confidence, corrected_confidence(CONFIDENCE, rows.len()));
        let interval = Interval { estimate: row.ratio, low: row.ci_low, high: row.ci_high };
        let control = find(&rows, AA_CONTROL, row.metric);
        let reach = reach(Interval {
            estimate: control.ratio,
            low: control.ci_low,
            high: control.ci_high,
        });
        assert_eq!(row.resolution, Some(reach));
        let judged_by = row.resolution.filter(|_| row.strategy != AA_CONTROL);
        assert_eq!(row.verdict, verdict(interval, row.threshold, judged_by));
    }
}

#[test]
fn more_comparisons_widen_every_interval() {
    let few = ratios(&run(20, 0.01, &[("a", 1.0)]), "mutex", 0.01);
    let names: Vec<String> = (0..40).map(|i| format!("s{i}")).collect();
    let others: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
    let many = ratios(&run(20, 0.01, &others), "mutex", 0.01);
    let width = |rows: &[Ratio]| {
        let widths: f64 = rows.iter().map(|row| row.ci_high / row.ci_low).sum();
        widths / rows.len() as f64
    };
    assert!(width(&many) > width(&few));
}

#[test]
fn a_disturbed_side_or_a_missing_one_costs_the_block() {
    let mut trials = run(10, 0.001, &[("seqlock", 0.2)]);
    trials.iter_mut().find(|t| t.block == 3 && t.strategy == "mutex").unwrap().disturbed = true;
    trials.iter_mut().find(|t| t.block == 5 && t.strategy == "seqlock").unwrap().disturbed = true;
    trials.retain(|t| !(t.block == 7 && t.strategy == "mutex"));
    assert_eq!(find(&ratios(&trials, "mutex", 0.01), "seqlock", Metric::NsPerOp).blocks, 7);
}

#[test]
fn the_repeat_of_a_disturbed_trial_stands_for_it() {
    let mut trials = run(10, 0.001, &[("seqlock", 0.2)]);
    let quiet = ratios(&trials, "mutex", 0.01);
    let disturbed = Trial { disturbed: true, ns_per_op: 900.0, ..trials[1].clone() };
    trials.insert(0, disturbed);
    assert_eq!(ratios(&trials, "mutex", 0.01), quiet);
}

#[test]
fn several_trials_in_a_block_count_as_one() {
    let mut trials = Vec::new();
    for block in 0..8 {
        for (strategy, ns) in [("mutex", 10.0), ("seqlock", 2.0), ("seqlock", 8.0), ("mutex", 10.0)] {
            trials.push(Trial { ns_per_op: ns, ..trial(strategy, block) });
        }
    }
    let rows = ratios(&trials, "mutex", 0.01);
    assert_eq!(rows.len(), 1, "without a floor there is no net row");
    assert_eq!(rows[0].blocks, 8);
    assert!((rows[0].ratio - 0.4).abs() < 1e-12, "the geometric mean of 2 and 8 over 10");
}

#[test]
fn the_latency_pass_takes_no_part_where_there_is_a_throughput_pass() {
    let mut trials = run(8, 0.001, &[("seqlock", 0.2)]);
    let before = ratios(&trials, "mutex", 0.01);
    let mut stamped = run(8, 0.001, &[("seqlock", 3.0)]);
    stamped.iter_mut().for_each(|trial| trial.pass = Pass::Latency);
    trials.extend(stamped);
    assert_eq!(ratios(&trials, "mutex", 0.01), before);
}

#[test]
fn net_needs_both_sides_clear_of_the_floor() {
    let mut trials = run(10, 0.001, &[("atomic-deadline", 0.06)]);
    for trial in trials.iter_mut().filter(|t| t.strategy == "atomic-deadline") {
        trial.floor_ns = Some(trial.ns_per_op * if trial.block == 4 { 1.01 } else { 0.9 });
    }
    let rows = ratios(&trials, "mutex", 0.01);
    assert!(rows.iter().all(|row| row.metric == Metric::NsPerOp), "one block below the floor voids the net row");
    assert_eq!(rows.len(), 1);
}

#[test]
fn few_blocks_give_wide_intervals_and_no_false_certainty() {
    for blocks in 1..3 {
        let rows = ratios(&run(blocks, 0.001, &[("seqlock", 0.1)]), "mutex", 0.01);
        assert_eq!((rows[0].ci_low, rows[0].ci_high), (0.0, f64::INFINITY));
        assert_eq!(rows[0].verdict, Verdict::Unclear);
    }
    let rows = ratios(&run(3, 0.01, &[(AA_CONTROL, 1.0), ("seqlock", 0.1), ("slow", 1.03)]), "mutex", 0.01);
    assert_eq!(find(&rows, "seqlock", Metric::NsPerOp).verdict, Verdict::Faster, "tenfold shows in 3 blocks");
    assert_eq!(find(&rows, "slow", Metric::NsPerOp).verdict, Verdict::Unclear, "3 % does not");
}

#[test]
fn a_control_that_was_always_disturbed_shows_no_resolution() {
    let mut trials = run(10, 0.001, &[(AA_CONTROL, 1.0), ("seqlock", 0.1)]);
    for trial in trials.iter_mut().filter(|t| t.strategy == AA_CONTROL) {
        trial.disturbed = true;
    }
    let rows = ratios(&trials, "mutex", 0.01);
    assert_eq!(rows[0].resolution, Some(f64::INFINITY));
    assert_eq!(rows[0].verdict, Verdict::Unclear);
}

#[test]
fn a_biased_control_says_so() {
    let rows = ratios(&run(20, 0.001, &[(AA_CONTROL, 1.05), ("twin", 1.05)]), "mutex", 0.01);
    assert_eq!(find(&rows, AA_CONTROL, Metric::NsPerOp).verdict, Verdict::Slower);
}

/// Of 200 runs without any real difference, at most 5 % may call one, over all rows of their tables.
#[test]
fn true_nulls_are_called_a_difference_no_more_often_than_promised() {
    let noise = Normal::new(0.0, 0.02).unwrap();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let others = ["mutex", AA_CONTROL, "a", "b", "c", "d"];
    let false_alarms = (0..200)
        .filter(|_| {
            let trials: Vec<Trial> = (0..15)
                .flat_map(|block| others.map(|name| (block, name)))
                .map(|(block, name)| Trial {
                    ns_per_op: 10.0 * f64::exp(noise.sample(&mut rng)),
                    ..trial(name, block)
                })
                .collect();
            let rows = ratios(&trials, "mutex", 0.001);
            rows.iter().any(|row| matches!(row.verdict, Verdict::Faster | Verdict::Slower))
        })
        .count();
    assert!(false_alarms <= 16, "{false_alarms} of 200");
}

#[test]
fn a_paced_point_is_decided_by_service_time() {
    let mut trials = run(12, 0.001, &[("seqlock", 0.5)]);
    trials.iter_mut().for_each(|trial| trial.pass = Pass::Latency);
    let rows = ratios(&trials, "mutex", 0.01);
    assert!(!rows.is_empty() && rows.iter().all(|row| row.metric == Metric::ServiceNs));
    assert_eq!(find(&rows, "seqlock", Metric::ServiceNs).verdict, Verdict::Faster);
}
