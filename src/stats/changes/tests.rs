use rand::SeedableRng;
use rand_distr::{Distribution, Exp1, Normal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::record::Point;
use crate::stats::machines::tests::blocks;
use crate::stats::testing::trial;

fn subject(strategy: &str) -> Subject {
    Subject {
        point: Point { workload: "hot".to_owned(), threads: 1 },
        strategy: strategy.to_owned(),
    }
}

fn same(strategies: &[&str]) -> Vec<(Subject, Subject)> {
    strategies.iter().map(|name| (subject(name), subject(name))).collect()
}

/// Sixteen blocks of these strategies with these ns per operation, each block all faster or slower than the last, and each
/// trial with a little noise of its own.
fn run(seed: u64, strategies: &[(&str, f64)]) -> Vec<Trial> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let noise = Normal::new(0.0, 0.002).unwrap();
    let mood = Normal::new(0.0, 0.02).unwrap();
    let mut trials = Vec::new();
    for block in 0..16 {
        let mood: f64 = mood.sample(&mut random);
        for (name, ns) in strategies {
            let noise: f64 = noise.sample(&mut random);
            trials.push(Trial { ns_per_op: ns * (mood + noise).exp(), ..trial(name, block) });
        }
    }
    trials
}

fn side(trials: &[Trial]) -> Side<'_> {
    Side { trials, baseline: "mutex", blocks: &[], is_set: false }
}

const QUIET: [(&str, f64); 4] = [("mutex", 14.0), ("aa-control", 14.0), ("floor", 1.0), ("seqlock", 2.0)];

/// Strategies that took turns in slices are compared by what the slices said, as the run's own table compares them, and not by all time,
/// in which one slice that met a stall weighs as much as many.
#[test]
fn what_was_played_in_slices_is_compared_slice_by_slice() {
    let in_slices = |seed, ratio: f64| {
        let mut trials = run(seed, &QUIET);
        for trial in &mut trials {
            let of_slices = match trial.strategy.as_str() {
                "aa-control" => 1.0,
                "seqlock" => ratio,
                _ => continue,
            };
            trial.log_ratio = Some(of_slices.ln() + 0.001 * (trial.block as f64 - 7.5));
        }
        trials
    };
    let (a, b) = (in_slices(1, 0.2), in_slices(2, 0.25));
    let between = changes(side(&a), Some(side(&b)), &same(&["seqlock"]), 0.05, true, BetweenRuns::of(0.0));
    assert!((between[0].ratio - 1.25).abs() < 1e-9, "{between:?}");
    let pair = [(subject("mutex"), subject("seqlock"))];
    let inside = changes(side(&a), None, &pair, 0.05, true, BetweenRuns::of(0.0));
    assert!((inside[0].ratio - 0.2).abs() < 1e-9, "{inside:?}");
}

#[test]
fn a_machine_that_is_slower_all_over_changes_nothing_relative_to_the_baseline() {
    let a = run(1, &QUIET);
    let b = run(2, &QUIET.map(|(name, ns)| (name, ns * 1.3)));
    let changes = changes(side(&a), Some(side(&b)), &same(&["mutex", "seqlock"]), 0.05, true, BetweenRuns::of(0.0));
    let [mutex, seqlock] = &changes[..] else {
        panic!("{changes:?}")
    };

    assert_eq!((seqlock.basis, seqlock.verdict), (Basis::Relative, Verdict::Same), "{seqlock:?}");
    assert!(
        (seqlock.ratio - 1.0).abs() < 0.01 && (seqlock.b_ns / seqlock.a_ns - 1.3).abs() < 0.05,
        "{seqlock:?}"
    );
    assert_eq!(mutex.basis, Basis::Raw);
    assert_eq!(mutex.verdict, Verdict::Unclear, "the floor has moved as far: {mutex:?}");
    assert!(mutex.control.unwrap()[0] > 1.2, "{mutex:?}");
}

#[test]
fn a_strategy_that_got_slower_is_called_so_and_the_others_are_not() {
    let a = run(1, &QUIET);
    let mut slower = QUIET;
    slower[3].1 *= 1.2;
    let b = run(2, &slower);
    let changes = changes(side(&a), Some(side(&b)), &same(&["mutex", "seqlock"]), 0.05, true, BetweenRuns::of(0.0));
    assert!(changes[1].is_slower_than(0.05) && !changes[1].is_open(0.05), "{:?}", changes[1]);
    assert!((changes[1].ratio - 1.2).abs() < 0.02);
    assert!(!changes[0].is_slower_than(0.05), "{:?}", changes[0]);
}

#[test]
fn a_baseline_that_got_slower_is_seen_raw() {
    let a = run(1, &QUIET);
    let mut slower = QUIET;
    slower[0].1 *= 1.5;
    slower[1].1 *= 1.5;
    let b = run(2, &slower);
    let changes = changes(side(&a), Some(side(&b)), &same(&["mutex", "seqlock"]), 0.05, true, BetweenRuns::of(0.0));
    assert!(changes[0].is_slower_than(0.05), "{:?}", changes[0]);
    assert_eq!(changes[1].verdict, Verdict::Faster, "relative to a slower baseline");
}

#[test]
fn without_a_common_baseline_times_are_compared_as_they_are_unless_that_is_barred() {
    let (a, b) = (run(1, &QUIET), run(2, &QUIET));
    let other = Side { trials: &b, baseline: "seqlock", blocks: &[], is_set: false };
    let pairs = same(&["seqlock"]);
    assert_eq!(changes(side(&a), Some(other), &pairs, 0.05, true, BetweenRuns::of(0.0))[0].basis, Basis::Raw);
    assert!(changes(side(&a), Some(other), &pairs, 0.05, false, BetweenRuns::of(0.0)).is_empty());
}

#[test]
fn single_runs_are_allowed_to_differ_as_runs_do_and_sets_and_pairs_are_not() {
    let a = run(1, &QUIET);
    let mut slower = QUIET;
    slower[3].1 *= 1.08;
    let b = run(2, &slower);
    let compared = |sets: [bool; 2]| {
        let [a, b] = [(&a, sets[0]), (&b, sets[1])].map(|(trials, is_set)| Side { is_set, ..side(trials) });
        changes(a, Some(b), &same(&["seqlock"]), 0.05, true, BetweenRuns::of(0.05)).remove(0)
    };
    let [runs, mixed, sets] = [[false, false], [false, true], [true, true]].map(compared);
    assert_eq!((runs.verdict, sets.verdict), (Verdict::Unclear, Verdict::Slower));
    assert_eq!((mixed.between_runs, sets.between_runs), (0.05, 0.0));
    // Of two equal deviations and a narrow interval: 1.96 times the root of two.
    let half = (runs.ci_high / runs.ratio).ln();
    assert!((half - 1.96 * 0.05 * f64::sqrt(2.0)).abs() < 0.001, "{runs:?}");
    assert!(runs.control.unwrap()[1] < 1.01, "the control is the same code twice: {runs:?}");

    let pair = [(subject("mutex"), subject("seqlock"))];
    let paired = &changes(side(&a), None, &pair, 0.05, true, BetweenRuns::of(0.05))[0];
    assert_eq!(paired.between_runs, 0.0);
}

#[test]
fn no_difference_is_called_between_single_runs_of_two_machines() {
    let two = |trials: Vec<Trial>| trials.into_iter().map(|trial| Trial { threads: 2, ..trial }).collect::<Vec<_>>();
    let mut slower = QUIET;
    slower[3].1 *= 1.5;
    let (a, b) = (two(run(1, &QUIET)), two(run(2, &slower)));
    let (of_a, alike, slow) = (blocks(2, 0.25, Some(60.0)), blocks(2, 0.255, Some(62.0)), blocks(2, 0.26, Some(60.0)));
    let at_two = Subject {
        point: Point { workload: "hot".to_owned(), threads: 2 },
        ..subject("seqlock")
    };
    let judged = |blocks: &[BlockRow], is_set: bool| {
        let of_a = Side { blocks: &of_a, ..side(&a) };
        let of_b = Side { blocks, is_set, ..side(&b) };
        let pair = [(at_two.clone(), at_two.clone())];
        let change = changes(of_a, Some(of_b), &pair, 0.05, true, BetweenRuns::of(0.0)).remove(0);
        (change.verdict, change.unlike.is_some())
    };
    assert_eq!(judged(&alike, false), (Verdict::Slower, false));
    assert_eq!(judged(&slow, false), (Verdict::Unclear, true));
    assert_eq!(judged(&slow, true), (Verdict::Slower, false), "a set holds several machines");
    assert_eq!(judged(&[], false), (Verdict::Slower, false), "nothing is known of it");
}

#[test]
fn one_thread_and_several_have_deviations_of_their_own() {
    let seen = BetweenRuns::SEEN;
    assert_eq!((seen.at(1), seen.at(2), seen.at(64)), (seen.one_thread, seen.threads, seen.threads));
}

#[test]
fn two_strategies_of_one_run_are_paired_by_block() {
    let a = run(1, &QUIET);
    let pair = [(subject("mutex"), subject("seqlock"))];
    let change = &changes(side(&a), None, &pair, 0.05, true, BetweenRuns::of(0.0))[0];
    assert_eq!((change.basis, change.verdict), (Basis::Paired, Verdict::Faster));
    assert_eq!((change.a_blocks, change.b_blocks), (16, 16));
    assert!(change.ci_high / change.ci_low < 1.01, "the mood of each block divides out: {change:?}");
    let [low, high] = change.control.unwrap();
    assert!(0.99 < low && high < 1.01);
}

#[test]
fn the_control_of_a_pair_tests_by_the_rule_of_every_table() {
    let judged = |control: f64, factor: f64| {
        let mut contestants = QUIET;
        contestants[1].1 *= control;
        contestants[3].1 = 14.0 * factor;
        let a = run(1, &contestants);
        changes(side(&a), None, &[(subject("mutex"), subject("seqlock"))], 0.05, true, BetweenRuns::of(0.0))[0].verdict
    };
    assert_eq!(judged(1.0, 1.04), Verdict::Same);
    assert_eq!(judged(1.02, 1.04), Verdict::Unclear, "with a bias of 2 % it may lie beyond the margin");
    assert_eq!(judged(1.02, 1.2), Verdict::Slower);
    assert_eq!(judged(1.1, 1.2), Verdict::Unclear, "nothing counts");
}

#[test]
fn disturbed_trials_and_differing_metrics_are_left_out() {
    let mut a = run(1, &QUIET);
    let b = run(2, &QUIET);
    for trial in a.iter_mut().filter(|trial| trial.block < 6) {
        trial.disturbed = true;
    }
    let change = &changes(side(&a), Some(side(&b)), &same(&["seqlock"]), 0.05, true, BetweenRuns::of(0.0))[0];
    assert_eq!((change.a_blocks, change.b_blocks), (10, 16));

    let paced: Vec<Trial> =
        b.iter().map(|trial| Trial { pass: crate::record::Pass::Latency, ..trial.clone() }).collect();
    assert!(changes(side(&a), Some(side(&paced)), &same(&["seqlock"]), 0.05, true, BetweenRuns::of(0.0)).is_empty());
}

#[test]
fn an_unbounded_side_leaves_the_ratio_unbounded_and_unclear() {
    let few: Vec<Trial> = run(1, &QUIET).into_iter().filter(|trial| trial.block < 2).collect();
    let b = run(2, &QUIET);
    let change = &changes(side(&few), Some(side(&b)), &same(&["seqlock"]), 0.05, true, BetweenRuns::of(0.0))[0];
    assert_eq!((change.ci_low, change.ci_high, change.verdict), (0.0, f64::INFINITY, Verdict::TooFewBlocks));
    assert!(change.is_open(0.05));
}

/// The interval holds the true difference at least as often as it says, for skewed and for unequal samples too.
#[test]
fn the_interval_of_a_difference_covers_it() {
    const RUNS: usize = 2_000;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    for (n, m, spread) in [(8, 8, 1.0), (8, 24, 1.0), (16, 16, 5.0), (40, 12, 0.2)] {
        let mut held = 0;
        for _ in 0..RUNS {
            let a: Vec<f64> = (0..n).map(|_| Exp1.sample(&mut random)).collect();
            let b: Vec<f64> = (0..m).map(|_| spread * Distribution::<f64>::sample(&Exp1, &mut random)).collect();
            let (a, b) = (median_interval(&a, 0.95).unwrap(), median_interval(&b, 0.95).unwrap());
            let difference = difference(a, b);
            let truth = (spread - 1.0) * std::f64::consts::LN_2;
            held += usize::from(difference.low <= truth && truth <= difference.high);
        }
        let coverage = held as f64 / RUNS as f64;
        assert!(coverage >= 0.94, "{n} and {m} blocks, spread {spread}: {coverage}");
    }
}
