use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Cauchy, Distribution, Exp1, StandardNormal, Uniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{median, median_interval, rank_from_the_end, reach_past_range};

/// A continuous distribution whose true median is known.
struct Shape {
    name: &'static str,
    median: f64,
    draw: fn(&mut Xoshiro256PlusPlus) -> f64,
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "normal",
        median: 0.0,
        draw: |rng| StandardNormal.sample(rng),
    },
    Shape { name: "uniform", median: 0.5, draw: |rng| uniform(rng) },
    Shape {
        name: "cauchy",
        median: 0.0,
        draw: |rng| Cauchy::new(0.0, 1.0).unwrap().sample(rng),
    },
    Shape {
        name: "exponential",
        median: std::f64::consts::LN_2,
        draw: |rng| Exp1.sample(rng),
    },
    Shape { name: "two humps", median: 0.0, draw: two_humps },
];

fn uniform(rng: &mut Xoshiro256PlusPlus) -> f64 {
    Uniform::new(0.0, 1.0).unwrap().sample(rng)
}

/// A trial that lands in one of two modes, as with huge pages or a lucky layout; the median lies in the gap.
fn two_humps(rng: &mut Xoshiro256PlusPlus) -> f64 {
    let noise: f64 = StandardNormal.sample(rng);
    if rng.random::<bool>() {
        5.0 + noise
    } else {
        -5.0 - noise
    }
}

/// In how many of `trials` samples of `n` the interval holds the true median, as a share.
fn coverage(shape: &Shape, n: usize, confidence: f64, trials: usize) -> f64 {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(n as u64);
    let held = (0..trials)
        .filter(|_| {
            let values: Vec<f64> = (0..n).map(|_| (shape.draw)(&mut rng)).collect();
            let interval = median_interval(&values, confidence).unwrap();
            interval.low <= shape.median && shape.median <= interval.high
        })
        .count();
    held as f64 / trials as f64
}

#[test]
fn interval_holds_the_median_as_often_as_it_says() {
    for shape in &SHAPES {
        for n in [6, 8, 12, 20, 40, 72] {
            let held = coverage(shape, n, 0.95, 4_000);
            // 4,000 samples of a 95 % event stray by 0.35 % (one standard deviation).
            assert!(held >= 0.94, "{} n={n}: {held}", shape.name);
        }
    }
}

#[test]
fn interval_past_the_sample_holds_too_where_the_density_falls_away_from_the_median() {
    for shape in &SHAPES[..3] {
        for (n, confidence) in [(3, 0.95), (4, 0.95), (5, 0.95), (6, 0.999), (8, 0.999)] {
            let held = coverage(shape, n, confidence, 20_000);
            let tolerance = 3.0 * (confidence * (1.0 - confidence) / 20_000.0_f64).sqrt();
            assert!(held >= confidence - tolerance, "{} n={n}: {held}", shape.name);
        }
    }
}

#[test]
fn two_humps_and_few_blocks_keep_the_documented_floor() {
    for n in [3, 4, 5] {
        let floor = 1.0 - 0.5_f64.powi(n as i32 - 1);
        let held = coverage(&SHAPES[4], n, 0.95, 20_000);
        assert!(held >= floor - 0.007, "n={n}: {held}");
    }
}

#[test]
fn ranks_are_those_of_the_sign_test() {
    // From the usual table (Conover, Practical Nonparametric Statistics, A3): n, k at 95 %.
    for (n, k) in [(6, 1), (8, 1), (9, 2), (12, 3), (20, 6), (40, 14), (72, 28)] {
        assert_eq!(rank_from_the_end(n, 0.05), Some(k), "n={n}");
    }
    assert_eq!(rank_from_the_end(5, 0.05), None);
    assert!(rank_from_the_end(20_000, 0.05).is_some(), "no underflow");
}

#[test]
fn reach_is_continuous_where_the_sample_just_suffices() {
    for n in 3..20 {
        assert!(reach_past_range(n, 0.5_f64.powi(n as i32 - 1)) < 1e-12);
        assert!(reach_past_range(n, 0.4_f64.powi(n as i32 - 1)) > 0.0);
    }
}

/// The module's claim about the plain bootstrap, by resampling: its ends are sample values whose ranks follow from n, and
/// those ranks cover too rarely. Without this there would be no reason to calibrate.
#[test]
fn plain_percentile_bootstrap_ends_at_fixed_ranks_and_covers_too_rarely() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for (n, rank, covers) in [(7, 2, 0.875), (13, 4, 0.9077), (21, 7, 0.9216)] {
        let values: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let mut medians: Vec<f64> = (0..20_000).map(|_| median(&resample(&values, &mut rng)).unwrap()).collect();
        medians.sort_by(f64::total_cmp);
        assert_eq!(medians[500], sorted[rank - 1], "n={n}");
        assert_eq!(medians[19_499], sorted[n - rank], "n={n}");

        let held = (0..20_000)
            .filter(|_| {
                let mut sample: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
                sample.sort_by(f64::total_cmp);
                sample[rank - 1] <= 0.0 && 0.0 <= sample[n - rank]
            })
            .count();
        let held = held as f64 / 20_000.0;
        assert!((held - covers).abs() < 0.01, "n={n}: {held}");
    }
}

fn resample(values: &[f64], rng: &mut impl Rng) -> Vec<f64> {
    (0..values.len()).map(|_| values[rng.random_range(0..values.len())]).collect()
}

#[test]
fn what_cannot_be_bounded_is_infinite() {
    for values in [
        &[1.0][..],
        &[1.0, 1.1],
        &[1.0, 1.0, 1.0],
        &[1.0, 1.1, f64::NAN],
        &[f64::NEG_INFINITY, 1.0, 1.1],
    ] {
        let interval = median_interval(values, 0.95).unwrap();
        assert!(interval.low == f64::NEG_INFINITY && interval.high == f64::INFINITY, "{values:?}");
    }
    assert_eq!(median_interval(&[], 0.95), None);
}

#[test]
fn a_higher_level_never_gives_a_narrower_interval() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    for n in 3..30 {
        let values: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
        let mut before = 0.0;
        for confidence in [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999] {
            let interval = median_interval(&values, confidence).unwrap();
            assert!(interval.low <= interval.estimate && interval.estimate <= interval.high);
            assert!(interval.high - interval.low >= before, "n={n} at {confidence}");
            before = interval.high - interval.low;
        }
    }
}
