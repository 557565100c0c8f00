use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::record::{FLOOR, Kind};
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

fn of(trials: &[Trial], margin: f64) -> Vec<Ratio> {
    ratios(trials, "mutex", margin)
}

fn find<'a>(rows: &'a [Ratio], strategy: &str, metric: Metric) -> &'a Ratio {
    rows.iter().find(|row| row.strategy == strategy && row.metric == metric).unwrap()
}

#[test]
fn drift_cancels_inside_blocks_and_the_verdicts_follow() {
    let rows = of(
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
    let rows = of(&run(12, 0.01, &[(AA_CONTROL, 1.0), ("slow", 1.02), ("seqlock", 0.2)]), 0.01);
    for row in &rows {
        // Two rows decide; their net rows repeat them, and the control only tests.
        let decide = if row.strategy == AA_CONTROL { 1 } else { 2 };
        assert_eq!(row.confidence, corrected_confidence(CONFIDENCE, decide), "{row:?}");
        let interval = Interval { estimate: row.ratio, low: row.ci_low, high: row.ci_high };
        let bias = if row.strategy == AA_CONTROL { 0.0 } else { row.bias };
        assert_eq!(row.verdict, verdict_beside(bias, interval, row.blocks, row.threshold));
        assert!((row.ns / row.baseline_ns - row.ratio).abs() < 1e-12);
    }
}

#[test]
fn more_comparisons_widen_every_interval() {
    let few = of(&run(20, 0.01, &[("a", 1.0)]), 0.01);
    let names: Vec<String> = (0..40).map(|i| format!("s{i}")).collect();
    let others: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
    let many = of(&run(20, 0.01, &others), 0.01);
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
    assert_eq!(find(&of(&trials, 0.01), "seqlock", Metric::NsPerOp).blocks, 7);
}

#[test]
fn the_repeat_of_a_disturbed_trial_stands_for_it() {
    let mut trials = run(10, 0.001, &[("seqlock", 0.2)]);
    let quiet = of(&trials, 0.01);
    let disturbed = Trial { disturbed: true, ns_per_op: 900.0, ..trials[1].clone() };
    trials.insert(0, disturbed);
    assert_eq!(of(&trials, 0.01), quiet);
}

#[test]
fn several_trials_in_a_block_count_as_one() {
    let mut trials = Vec::new();
    for block in 0..8 {
        for (strategy, ns) in [("mutex", 10.0), ("seqlock", 2.0), ("seqlock", 8.0), ("mutex", 10.0)] {
            trials.push(Trial { ns_per_op: ns, ..trial(strategy, block) });
        }
    }
    let rows = of(&trials, 0.01);
    assert_eq!(rows.len(), 1, "without a floor there is no net row");
    assert_eq!(rows[0].blocks, 8);
    assert!((rows[0].ratio - 0.4).abs() < 1e-12, "the geometric mean of 2 and 8 over 10");
}

#[test]
fn the_latency_pass_takes_no_part_where_there_is_a_throughput_pass() {
    let mut trials = run(8, 0.001, &[("seqlock", 0.2)]);
    let before = of(&trials, 0.01);
    let mut stamped = run(8, 0.001, &[("seqlock", 3.0)]);
    stamped.iter_mut().for_each(|trial| trial.pass = Pass::Latency);
    trials.extend(stamped);
    assert_eq!(of(&trials, 0.01), before);
}

#[test]
fn net_needs_both_sides_clear_of_the_floor() {
    let mut trials = run(40, 0.001, &[("atomic-deadline", 0.06)]);
    for trial in trials.iter_mut().filter(|t| t.strategy == "atomic-deadline") {
        trial.floor_ns = Some(trial.ns_per_op * if trial.block == 4 { 1.01 } else { 0.9 });
    }
    let rows = of(&trials, 0.01);
    let net = find(&rows, "atomic-deadline", Metric::NetNsPerOp);
    assert!(net.ratio < 0.1, "one block of forty keeps its place in the order: {net:?}");
    trials.iter_mut().filter(|t| t.block < 3).for_each(|t| t.at_floor = t.strategy == "atomic-deadline");
    let rows = of(&trials, 0.01);
    assert!(rows.iter().all(|row| row.metric == Metric::NsPerOp), "three of forty are too many");
}

#[test]
fn a_block_at_the_floor_is_marked_and_never_dropped() {
    let mut trials = run(40, 0.002, &[(AA_CONTROL, 1.0), ("seqlock", 0.5)]);
    for trial in trials.iter_mut().filter(|it| it.strategy == "mutex" && it.block == 4) {
        trial.floor_ns = Some(trial.ns_per_op);
        trial.at_floor = true;
    }
    let rows = of(&trials, 0.01);
    let net = find(&rows, "seqlock", Metric::NetNsPerOp);
    assert_eq!((net.blocks, find(&rows, "seqlock", Metric::NsPerOp).blocks), (40, 40));
    assert!(net.ratio.is_finite() && net.ratio < 0.5, "{net:?}");
}

#[test]
fn few_blocks_have_no_interval_and_no_verdict() {
    for blocks in 1..6 {
        let rows = of(&run(blocks, 0.001, &[("seqlock", 0.1)]), 0.01);
        assert_eq!((rows[0].ci_low, rows[0].ci_high), (0.0, f64::INFINITY));
        assert_eq!(rows[0].verdict, Verdict::TooFewBlocks);
    }
    let rows = of(&run(6, 0.01, &[(AA_CONTROL, 1.0), ("seqlock", 0.1), ("slow", 1.01)]), 0.01);
    assert_eq!(find(&rows, "seqlock", Metric::NsPerOp).verdict, Verdict::Faster, "tenfold shows in 6 blocks");
    assert_eq!(find(&rows, "slow", Metric::NsPerOp).verdict, Verdict::Unclear, "1 % does not");
}

#[test]
fn a_control_beyond_the_margin_takes_every_verdict_at_its_point() {
    let rows = of(&run(20, 0.001, &[(AA_CONTROL, 1.05), ("twin", 1.05), ("half", 0.5)]), 0.01);
    assert_eq!(find(&rows, AA_CONTROL, Metric::NsPerOp).verdict, Verdict::Slower);
    for name in ["twin", "half"] {
        let row = find(&rows, name, Metric::NsPerOp);
        assert!(row.is_biased() && row.verdict == Verdict::Unclear, "{row:?}");
    }
}

#[test]
fn a_control_within_the_margin_takes_what_its_bias_may_have_made() {
    let contestants = [
        (AA_CONTROL, 0.996),
        ("twin", 1.0),
        ("near", 1.012),
        ("slow", 1.03),
        ("half", 0.5),
    ];
    let rows = of(&run(60, 0.001, &contestants), 0.01);
    let raw = |name| find(&rows, name, Metric::NsPerOp);
    assert_eq!(raw(AA_CONTROL).verdict, Verdict::Same);
    for (name, verdict) in [
        ("twin", Verdict::Same),
        ("near", Verdict::Unclear),
        ("slow", Verdict::Slower),
        ("half", Verdict::Faster),
    ] {
        let row = raw(name);
        assert!((0.004..0.006).contains(&row.bias) && !row.is_biased(), "{row:?}");
        assert_eq!(row.verdict, verdict, "{row:?}");
    }
}

/// Every contestant, the control too, has a bias of its own of some third of the margin, far more than an interval is wide. A twin is
/// called faster or slower no more often than promised, and a rival that is 10 % faster is called so.
#[test]
fn biases_below_the_margin_make_no_difference_and_hide_none() {
    const RUNS: usize = 300;
    let (bias, noise) = (Normal::new(0.0, 0.003).unwrap(), Normal::new(0.0, 0.001).unwrap());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(17);
    let (mut controls, mut twins, mut rivals) = (0, 0, 0);
    for _ in 0..RUNS {
        let contestants = [
            ("mutex", 0.0),
            (AA_CONTROL, 0.0),
            ("twin", 0.0),
            ("rival", 0.9_f64.ln()),
        ];
        let own = contestants.map(|(name, log)| (name, log + bias.sample(&mut rng)));
        let trials: Vec<Trial> = (0..40)
            .flat_map(|block| own.map(|(name, log)| (block, name, log)))
            .map(|(block, name, log)| Trial {
                ns_per_op: 10.0 * f64::exp(log + noise.sample(&mut rng)),
                ..trial(name, block)
            })
            .collect();
        let rows = of(&trials, 0.01);
        let called = |name, wanted: &[Verdict]| wanted.contains(&find(&rows, name, Metric::NsPerOp).verdict);
        controls += usize::from(find(&rows, AA_CONTROL, Metric::NsPerOp).bias > 0.0);
        twins += usize::from(called("twin", &[Verdict::Faster, Verdict::Slower]));
        rivals += usize::from(called("rival", &[Verdict::Faster]));
    }
    assert!(controls * 2 > RUNS, "{controls} controls of {RUNS} show a bias");
    assert!(twins * 20 <= RUNS, "{twins} twins of {RUNS} are called different");
    assert!(rivals * 10 >= RUNS * 9, "{rivals} rivals of {RUNS} are called faster");
}

#[test]
fn a_wide_control_takes_none() {
    let mut trials = run(20, 0.001, &[(AA_CONTROL, 1.0), ("slow", 1.03)]);
    for trial in trials.iter_mut().filter(|trial| trial.strategy == AA_CONTROL) {
        trial.ns_per_op *= if trial.block % 2 == 0 { 1.1 } else { 0.9 };
    }
    let rows = of(&trials, 0.01);
    assert_eq!(find(&rows, AA_CONTROL, Metric::NsPerOp).verdict, Verdict::Unclear);
    assert_eq!(find(&rows, "slow", Metric::NsPerOp).verdict, Verdict::Slower);
}

#[test]
fn what_was_played_in_slices_is_compared_slice_by_slice() {
    let mut trials = run(10, 0.2, &[("seqlock", 0.2)]);
    for trial in trials.iter_mut().filter(|trial| trial.strategy == "seqlock") {
        trial.log_ratio = Some(0.25_f64.ln());
        trial.log_net_ratio = Some(0.2_f64.ln());
    }
    let rows = of(&trials, 0.01);
    let raw = find(&rows, "seqlock", Metric::NsPerOp);
    assert!((raw.ratio - 0.25).abs() < 1e-12 && raw.ci_high < 0.251, "{raw:?}");
    assert!((find(&rows, "seqlock", Metric::NetNsPerOp).ratio - 0.2).abs() < 1e-12);
}

#[test]
fn each_state_with_blocks_enough_has_its_answer() {
    let mut trials = run(30, 0.001, &[(AA_CONTROL, 1.0), ("seqlock", 0.5)]);
    for trial in &mut trials {
        let shared = trial.block % 3 == 0;
        let word = match trial.block {
            28 => "mixed",
            _ if shared => "core shared",
            _ => "core to itself",
        };
        trial.state = word.to_owned();
        if shared && trial.strategy == "seqlock" {
            trial.ns_per_op *= 1.6;
        }
    }
    let rows = of(&trials, 0.01);
    let in_state = |state: &str| {
        rows.iter()
            .find(|row| row.strategy == "seqlock" && row.state == state && row.metric == Metric::NsPerOp)
    };
    assert!((in_state("core to itself").unwrap().ratio - 0.5).abs() < 0.01);
    assert!((in_state("core shared").unwrap().ratio - 0.8).abs() < 0.01);
    assert_eq!((in_state("core shared").unwrap().blocks, in_state(ALL).unwrap().blocks), (10, 30));
    assert!(in_state("mixed").is_none(), "one block is no answer");
    let level = corrected_confidence(CONFIDENCE, 3);
    assert!(in_state(ALL).unwrap().confidence == level, "the mixture and two states decide");
}

#[test]
fn a_state_that_holds_all_blocks_is_counted_once() {
    let mut trials = run(10, 0.001, &[("seqlock", 0.5)]);
    trials.iter_mut().for_each(|trial| trial.state = "core shared".to_owned());
    let rows = of(&trials, 0.01);
    assert!(rows.iter().all(|row| row.confidence == corrected_confidence(CONFIDENCE, 1)), "{rows:?}");
}

/// A row of `operations.csv` whose percentiles are all `ns`.
fn operation(strategy: &str, block: usize, op: &str, ns: u64) -> OperationRow {
    OperationRow {
        workload: "hot".to_owned(),
        strategy: strategy.to_owned(),
        threads: 1,
        block,
        op: op.to_owned(),
        kind: Kind::Service,
        count: 1_000_000,
        typical_ns: ns as f64,
        p50_ns: Some(ns),
        p99_ns: Some(ns),
        p999_ns: Some(ns),
    }
}

#[test]
fn each_kind_of_operation_has_its_ratio_and_so_have_its_percentiles() {
    let trials = run(10, 0.001, &[("seqlock", 0.98)]);
    let operations: Vec<OperationRow> = (0..10)
        .flat_map(|block| {
            let ns = 1_000 + block as u64;
            [("deadline", ns / 5), ("modify", ns * 3), ("cancel", ns + 5)]
                .into_iter()
                .flat_map(move |(op, own)| [operation("mutex", block, op, ns), operation("seqlock", block, op, own)])
        })
        .collect();
    let measured = Measured {
        trials: &trials,
        operations: &operations,
        clock_step_ns: 10.0,
        ..Measured::default()
    };
    let rows = ratios(measured, "mutex", 0.001);
    let of = |op: &str, metric| rows.iter().find(|row| (row.op.as_str(), row.metric) == (op, metric)).unwrap();
    assert_eq!(of("deadline", Metric::ServiceNs).verdict, Verdict::Faster);
    assert_eq!(of("modify", Metric::ServiceNs).verdict, Verdict::Slower);
    assert_eq!(of("modify", Metric::P99Ns).verdict, Verdict::Slower);
    assert_eq!(of("cancel", Metric::P999Ns).verdict, Verdict::Unclear, "5 ns are less than the clock's step");
    assert_eq!(of(ALL, Metric::NsPerOp).confidence, corrected_confidence(CONFIDENCE, 1));
    assert_eq!(of("modify", Metric::ServiceNs).confidence, corrected_confidence(CONFIDENCE, 3));
    assert_eq!(of("modify", Metric::P99Ns).confidence, corrected_confidence(CONFIDENCE, 9));
}

#[test]
fn each_role_has_its_ratio_where_there_are_several() {
    let trials = run(8, 0.001, &[("seqlock", 0.9)]);
    let threads: Vec<ThreadRow> = trials
        .iter()
        .flat_map(|trial| {
            let factor = if trial.strategy == "mutex" { 1 } else { 4 };
            [("poller", 1_000 * factor), ("modifier", 1_000)].map(|(role, ops)| ThreadRow {
                workload: trial.workload.clone(),
                strategy: trial.strategy.clone(),
                threads: 1,
                block: trial.block,
                pass: trial.pass,
                thread: 0,
                role: role.to_owned(),
                ops,
                elapsed_ns: 10_000,
                cpu_ns: 10_000,
                lock: headlock_strategies::LockCounts::default(),
            })
        })
        .collect();
    let measured = Measured { trials: &trials, threads: &threads, ..Measured::default() };
    let rows = ratios(measured, "mutex", 0.01);
    let of = |role: &str| rows.iter().find(|row| row.op == role).unwrap().ratio;
    assert!((of("poller") - 0.25).abs() < 1e-9 && (of("modifier") - 1.0).abs() < 1e-9);
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
            let rows = of(&trials, 0.001);
            rows.iter().any(|row| matches!(row.verdict, Verdict::Faster | Verdict::Slower))
        })
        .count();
    assert!(false_alarms <= 16, "{false_alarms} of 200");
}

#[test]
fn a_paced_point_is_decided_by_service_time() {
    let mut trials = run(12, 0.001, &[("seqlock", 0.5)]);
    trials.iter_mut().for_each(|trial| trial.pass = Pass::Latency);
    let rows = of(&trials, 0.01);
    assert!(!rows.is_empty() && rows.iter().all(|row| row.metric == Metric::ServiceNs));
    assert_eq!(find(&rows, "seqlock", Metric::ServiceNs).verdict, Verdict::Faster);
}
