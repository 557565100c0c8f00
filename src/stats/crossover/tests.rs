//! The search on made-up curves: no clock, no strategy. Each seed is one whole search.

use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;

const RUNGS: usize = 257;
const SEEDS: u64 = 100;

/// What a search came to, and what it spent.
struct Outcome {
    answer: Answer,
    observed: Observed,
}

impl Outcome {
    fn blocks(&self) -> usize {
        self.observed.rungs.values().map(|rung| rung.played).sum()
    }
}

/// Searches until the search has enough or `most` blocks are played. `curve` gives the true log ratio at a rung; each block
/// adds `noise`, and every twentieth or so is off by ten times as much, as on a machine that others use.
fn search(curve: impl Fn(f64) -> f64, noise: f64, seed: u64, most: usize) -> Outcome {
    let search = Search::new(RUNGS, 9, 4, 1, 0.01);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let normal = Normal::new(0.0, 1.0).unwrap();
    let mut draw = || {
        let spread = if normal.sample(&mut rng) > 1.65 {
            10.0 * noise
        } else {
            noise
        };
        spread * normal.sample(&mut rng)
    };
    let mut observed = Observed::default();
    let mut played = 0;
    while played < most {
        let wanted = search.wants(&observed);
        if wanted.is_empty() {
            break;
        }
        for number in wanted {
            let rung = observed.rungs.entry(number).or_default();
            // As many as bring the next look.
            for _ in 0..LOOKS[0] {
                rung.played += 1;
                rung.ratios.push(curve(number as f64) + draw());
                rung.control.push(draw());
                played += 1;
            }
        }
    }
    Outcome { answer: search.answer(&observed), observed }
}

fn line(crossing: f64, slope: f64) -> impl Fn(f64) -> f64 {
    move |rung| slope * (crossing - rung)
}

/// How many of the seeds satisfy `holds`.
fn count(curve: impl Fn(f64) -> f64, noise: f64, most: usize, holds: impl Fn(&Outcome) -> bool) -> u64 {
    (0..SEEDS).filter(|seed| holds(&search(&curve, noise, *seed, most))).count() as u64
}

const ENOUGH: u64 = SEEDS * 95 / 100;

#[test]
fn a_known_crossing_lies_in_its_interval() {
    for (crossing, slope, noise) in [
        (100.0, 0.004, 0.02),
        (31.7, 0.01, 0.05),
        (200.2, -0.002, 0.01),
        (128.0, 0.05, 0.02),
    ] {
        let covered = count(line(crossing, slope), noise, 4_000, |outcome| match &outcome.answer {
            Answer::Crosses(found) => matches!(found[..], [Crossing { low, high, at, starts, beyond }]
                if (low as f64..=high as f64).contains(&crossing)
                    && (low as f64..=high as f64).contains(&at)
                    && starts == (slope > 0.0)
                    && beyond == Verdict::Slower),
            _ => false,
        });
        assert!(covered >= ENOUGH, "crossing at {crossing}: covered by {covered} of {SEEDS}");
    }
}

#[test]
fn the_interval_is_narrow_where_the_noise_allows_it() {
    // 2 % of noise and 0.4 % a rung: six rungs on either side are worth one standard deviation.
    let narrow = count(line(100.0, 0.004), 0.02, 4_000, |outcome| match &outcome.answer {
        Answer::Crosses(found) => found[0].high - found[0].low <= 24 && (found[0].at - 100.0).abs() < 12.0,
        _ => false,
    });
    assert!(narrow >= ENOUGH, "{narrow}");
    let sharp = count(line(100.5, 0.2), 0.02, 4_000, |outcome| match &outcome.answer {
        Answer::Crosses(found) => found[0].high - found[0].low <= 4,
        _ => false,
    });
    assert!(sharp >= ENOUGH, "{sharp}");
}

#[test]
fn most_blocks_are_spent_near_the_crossing() {
    let outcome = search(line(100.0, 0.004), 0.02, 1, 4_000);
    let near = outcome.observed.rungs.range(68..=132).map(|(_, rung)| rung.played).sum::<usize>();
    assert!(near * 2 > outcome.blocks(), "{near} of {}", outcome.blocks());
}

#[test]
fn always_and_never_are_said_of_the_whole_grid() {
    let always = count(|_| -0.1, 0.02, 1_000, |outcome| outcome.answer == Answer::Always);
    let never = count(|_| 0.1, 0.02, 1_000, |outcome| outcome.answer == Answer::Never);
    assert!(always >= ENOUGH && never >= ENOUGH, "{always} {never}");
}

#[test]
fn no_difference_is_never_called_a_crossing() {
    let silent = count(|_| 0.0, 0.02, 1_500, |outcome| matches!(outcome.answer, Answer::Unclear | Answer::Never));
    assert!(silent >= ENOUGH, "{silent}");
    let settled = count(|_| 0.0, 0.001, 1_500, |outcome| outcome.answer == Answer::Never);
    assert!(settled >= ENOUGH, "the same everywhere is no lead anywhere: {settled}");
}

#[test]
fn two_crossings_are_both_found() {
    // Faster from rung 64 to rung 192.
    let curve = |rung: f64| ((rung - 128.0).abs() - 64.0) * 0.005;
    let both = count(curve, 0.02, 4_000, |outcome| match &outcome.answer {
        Answer::Crosses(found) => matches!(found[..], [first, second]
            if first.starts && !second.starts
                && (first.low..=first.high).contains(&64)
                && (second.low..=second.high).contains(&192)),
        _ => false,
    });
    assert!(both >= ENOUGH, "{both}");
}

#[test]
fn a_curve_that_turns_without_crossing_has_no_crossing() {
    let curve = |rung: f64| -0.08 - 0.1 * (rung / 40.0).sin().abs();
    let always = count(curve, 0.02, 2_000, |outcome| outcome.answer == Answer::Always);
    assert!(always >= ENOUGH, "{always}");
    // Up and down on its way across: wherever it crosses, it does so inside the interval.
    let wavy = |rung: f64| 0.003 * (rung - 120.0) + 0.05 * (rung / 12.0).sin();
    let crosses = |low: usize, high: usize| {
        (low..high).any(|rung| wavy(rung as f64).signum() != wavy(rung as f64 + 1.0).signum())
    };
    let right = count(wavy, 0.02, 4_000, |outcome| match &outcome.answer {
        Answer::Crosses(found) => found.iter().all(|it| crosses(it.low, it.high)),
        _ => false,
    });
    assert!(right >= ENOUGH, "{right}");
}

#[test]
fn a_lead_that_fades_ends_in_the_same() {
    let curve = |rung: f64| if rung < 128.0 { -0.2 } else { 0.0 };
    let faded = count(curve, 0.002, 4_000, |outcome| match &outcome.answer {
        Answer::Crosses(found) => matches!(found[..], [it]
            if !it.starts && it.beyond == Verdict::Same && (it.low..=it.high).contains(&128) && it.high - it.low <= 4),
        _ => false,
    });
    assert!(faded >= ENOUGH, "{faded}");
}

#[test]
fn a_search_ends_and_opens_no_more_rungs_than_it_answers_for() {
    for noise in [0.0, 0.002, 0.3] {
        let outcome = search(line(100.0, 0.004), noise, 3, usize::MAX);
        assert!(outcome.observed.rungs.len() <= MOST_RUNGS);
        assert!(outcome.blocks() <= MOST_RUNGS * (LOOKS[LOOKS.len() - 1] + 1));
    }
}

#[test]
fn a_short_ladder_is_searched_rung_by_rung() {
    let search = Search::new(2, 9, 1, 1, 0.01);
    let mut observed = Observed::default();
    assert_eq!(search.wants(&observed), [0, 1]);
    for (number, log) in [(0, 0.2), (1, -0.2)] {
        let ratios: Vec<f64> = (0..6).map(|n| log + f64::from(n) * 1e-3).collect();
        observed.rungs.insert(
            number,
            Rung {
                played: 6,
                control: ratios.iter().map(|ratio| ratio - log).collect(),
                ratios,
            },
        );
    }
    assert_eq!(search.wants(&observed), [] as [usize; 0]);
    let Answer::Crosses(found) = search.answer(&observed) else {
        panic!("{observed:?}")
    };
    assert!((found[0].at - 0.5).abs() < 0.02 && found[0].starts, "{found:?}");
    assert_eq!(Search::new(1, 9, 1, 1, 0.01).wants(&Observed::default()), [0]);
}

#[test]
fn a_control_within_the_margin_takes_no_rung_that_is_clear() {
    let rung = |ratio: f64, control: f64| Rung {
        played: 6,
        ratios: (0..6).map(|block| ratio + f64::from(block) * 1e-5).collect(),
        control: (0..6).map(|block| control + f64::from(block) * 1e-5).collect(),
    };
    for (ratio, control, verdict, biased) in [
        (0.05, 0.004, Verdict::Slower, false),
        (-0.05, 0.004, Verdict::Faster, false),
        (0.012, 0.004, Verdict::Unclear, false),
        (0.012, 0.0, Verdict::Slower, false),
        (0.05, 0.02, Verdict::Unclear, true),
    ] {
        let judged = judge(&rung(ratio, control), confidence(1), 0.01).unwrap();
        assert_eq!((judged.verdict, judged.biased), (verdict, biased), "{ratio} {control}");
    }
}

#[test]
fn disturbed_blocks_count_as_played_and_say_nothing() {
    use crate::stats::testing::trial;
    let point = Point { workload: "hot".to_owned(), threads: 1 };
    let mut trials: Vec<Trial> = (0..4).flat_map(|block| [trial("mutex", block), trial("seqlock", block)]).collect();
    trials[3].disturbed = true;
    let rung = Rung::of(&trials, &point, "seqlock", "mutex").unwrap();
    assert_eq!((rung.played, rung.ratios.len(), rung.control.len()), (4, 3, 0));
    assert_eq!(Rung::of(&trials, &point, "rcu-epoch", "mutex"), None);
}

#[test]
fn a_sweep_tells_of_trials_what_was_found() {
    use crate::record::{AA_CONTROL, CrossoverVerdict};
    use crate::stats::testing::trial;
    let values = [1.0, 10.0, 100.0];
    let points = values.map(|value| Point { workload: format!("hot-hold-{value}"), threads: 1 });
    let names = ["seqlock", "arc-swap"].map(str::to_owned);
    let sweep = Sweep::new("hold", "mutex", &names, &values, &points, 3, 1, 0.01);
    assert_eq!(sweep.wants(&[], &[]), [(0, names.to_vec()), (1, names.to_vec()), (2, names.to_vec())]);
    assert_eq!(sweep.wants(&[], &names[..1])[0], (0, vec!["arc-swap".to_owned()]), "seqlock has failed");
    let mut trials = Vec::new();
    for (point, factor) in points.iter().zip([0.5, 0.8, 2.0]) {
        for block in 0..6 {
            let noise = 1.0 + block as f64 * 1e-4;
            for (name, ns) in [
                ("mutex", 10.0),
                (AA_CONTROL, 10.0 * noise),
                ("seqlock", 10.0 * factor * noise),
                ("arc-swap", 20.0 * noise),
            ] {
                trials.push(Trial {
                    ns_per_op: ns,
                    workload: point.workload.clone(),
                    ..trial(name, block)
                });
            }
        }
    }
    assert_eq!(sweep.wants(&trials, &[]), []);
    let (rows, seen) = sweep.findings(&trials);
    assert_eq!(seen.len(), 6);
    assert_eq!((rows[0].strategy.as_str(), rows[0].verdict), ("seqlock", CrossoverVerdict::Stops));
    assert_eq!((rows[0].ci_low, rows[0].ci_high), (Some(10.0), Some(100.0)));
    let crossing = rows[0].crossing.unwrap();
    assert!((15.0..25.0).contains(&crossing), "{crossing}");
    assert_eq!((rows[0].values, rows[0].faster, rows[0].slower, rows[0].undecided), (3, 2, 1, 0));
    assert_eq!((rows[1].verdict, rows[1].crossing), (CrossoverVerdict::Never, None));
    assert_eq!(sweep.biased(&trials), (0, 3));
}
