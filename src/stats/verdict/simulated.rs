//! The rule beside an A/A control, on made-up points whose contestants are each biased by a draw of their own: how often alike is called
//! different, and how often a difference is seen. Beside it the two rules that it was chosen over.

use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;

const MARGIN: f64 = 0.01;
/// Intervals of normal estimates: the control's at 95 %, and one of six rows' at 95 % together.
const CONTROL: f64 = 1.96;
const ROW: f64 = 2.64;

/// A verdict from the control's interval and the row's.
type Rule = fn(Interval, Interval) -> Verdict;

/// Nothing counts where the control excludes 1.
fn silence(control: Interval, row: Interval) -> Verdict {
    match control.excludes(1.0) {
        true => Verdict::Unclear,
        false => verdict(row, 10, MARGIN),
    }
}

/// A ratio must lie further from 1 than the control reaches, where that excludes 1.
fn reach(control: Interval, row: Interval) -> Verdict {
    match bias(control) {
        bias if bias > MARGIN => Verdict::Unclear,
        bias => verdict(widened(row, bias), 10, MARGIN),
    }
}

/// The rule of the module.
fn ours(control: Interval, row: Interval) -> Verdict {
    verdict_beside(bias(control), row, 10, MARGIN)
}

const RULES: [Rule; 3] = [silence, reach, ours];

/// How often each rule calls a contestant that is `truth` times the baseline one of `wanted`, as a share of `points`. `error` is the
/// deviation of an estimated logarithm, `own` that of each contestant's bias.
fn called(points: u32, error: f64, own: f64, truth: f64, wanted: &[Verdict]) -> [f64; 3] {
    let (error, own) = (Normal::new(0.0, error).unwrap(), Normal::new(0.0, own).unwrap());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(19);
    let mut found = [0; 3];
    for _ in 0..points {
        let baseline = own.sample(&mut rng);
        let mut interval = |log: f64, reach: f64| {
            let estimate = log + own.sample(&mut rng) - baseline + error.sample(&mut rng);
            let half = reach * error.std_dev();
            Interval { estimate, low: estimate - half, high: estimate + half }.exp()
        };
        let (control, row) = (interval(0.0, CONTROL), interval(truth.ln(), ROW));
        for (found, rule) in found.iter_mut().zip(RULES) {
            *found += u32::from(wanted.contains(&rule(control, row)));
        }
    }
    found.map(|found| f64::from(found) / f64::from(points))
}

const DIFFERENT: &[Verdict] = &[Verdict::Faster, Verdict::Slower];
const SLOWER: &[Verdict] = &[Verdict::Slower];
const SAME: &[Verdict] = &[Verdict::Same];

#[test]
fn what_biases_within_the_margin_make_is_not_called_a_difference() {
    for error in [0.0002, 0.001] {
        for own in [0.0, 0.001, 0.002, 0.003] {
            let [_, _, alike] = called(4_000, error, own, 1.0, DIFFERENT);
            assert!(alike <= 0.05, "{alike} of twins are called different with errors of {error} and biases of {own}");
            let [silenced, _, seen] = called(4_000, error, own, 1.1, SLOWER);
            assert!(
                seen >= 0.9 && seen >= silenced,
                "{seen} of 10 % is seen with errors of {error} and biases of {own}"
            );
        }
    }
    let [silenced, _, seen] = called(4_000, 0.0002, 0.002, 1.1, SLOWER);
    assert!(
        silenced < 0.2 && seen > 0.95,
        "the biases are such that silence throws most answers away: {silenced} {seen}"
    );
}

/// `just biases-simulated`
#[test]
#[ignore = "prints the table of docs/METHOD.md"]
fn the_table_of_biases() {
    println!(
        "| error | bias of each | alike called different | 2 % called slower | 10 % called slower | 1.2 % called same |"
    );
    println!("|---:|---:|---|---|---|---|");
    for error in [0.0002, 0.001] {
        for own in [0.0, 0.001, 0.002, 0.003, 0.005] {
            let cells = [(1.0, DIFFERENT), (1.02, SLOWER), (1.1, SLOWER), (1.012, SAME)];
            let cells = cells.map(|(truth, wanted)| {
                called(100_000, error, own, truth, wanted).map(|share| format!("{:.1}", share * 100.0)).join(", ")
            });
            println!("| {} % | {} % | {} |", error * 100.0, own * 100.0, cells.join(" | "));
        }
    }
}
