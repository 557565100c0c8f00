//! Fleets that never were: does the rule hold what it says where the truth is known?

use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;
use crate::record::{ALL, Metric};

/// A kind of fleet.
#[derive(Clone, Copy, Debug)]
struct Fleet {
    name: &'static str,
    hosts: usize,
    /// Hosts of each microarchitecture; the last one may have fewer. 0 if all are of one.
    alike: usize,
    /// Runs of each host.
    runs: usize,
    /// The mean over hosts of the strategies' log ratios.
    effect: f64,
    /// What the first host's log ratios lie off.
    outlier: f64,
}

/// Of the log ratio: over microarchitectures, over hosts of one, over runs of a host, and half the width of a run's own interval.
const SPREAD: f64 = 0.08;
const HOST_SPREAD: f64 = 0.03;
const RUN_SPREAD: f64 = 0.01;
const HALF_WIDTH: f64 = 0.02;
/// Strategies of a fleet, and how far what a host does to one it does to all.
const STRATEGIES: usize = 6;
const CORRELATION: f64 = 0.7;
const MARGIN: f64 = 0.01;

/// How often each statement was made of fleets of a kind, and how often it was right.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    statements: usize,
    mean_held: usize,
    next_held: usize,
    every_faster: usize,
    falsely_every_faster: usize,
    faster: usize,
    falsely_faster: usize,
}

/// Draws fleets, pools each strategy, and holds what is said against the truth that it was drawn from.
fn simulate(fleet: &Fleet, fleets: usize, seed: u64) -> Tally {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut normal = move |spread: f64| spread * random.sample::<f64, _>(StandardNormal);
    let mut tally = Tally::default();
    let one_kind = fleet.alike == 0;
    let kinds = if one_kind { 1 } else { fleet.hosts.div_ceil(fleet.alike) };
    // What is common to all strategies and what is each one's own.
    let (common, own) = (CORRELATION.sqrt(), (1.0 - CORRELATION).sqrt());
    let names: Vec<String> = (0..kinds).map(|kind| format!("kind {kind}")).collect();
    for _ in 0..fleets {
        let of_kinds: Vec<f64> = names.iter().map(|_| normal(SPREAD)).collect();
        let of_hosts: Vec<f64> = (0..fleet.hosts).map(|_| normal(HOST_SPREAD)).collect();
        let next_common = (normal(SPREAD), normal(HOST_SPREAD));
        for _ in 0..STRATEGIES {
            let kinds_own: Vec<f64> = of_kinds.iter().map(|it| common * it + own * normal(SPREAD)).collect();
            let mut truths = Vec::new();
            let mut seen = Vec::new();
            for (host, of_host) in of_hosts.iter().enumerate() {
                let kind = if one_kind { 0 } else { host / fleet.alike };
                let off = if host == 0 { fleet.outlier } else { 0.0 };
                let truth = fleet.effect + kinds_own[kind] + common * of_host + own * normal(HOST_SPREAD) + off;
                let runs: Vec<Ratio> =
                    (0..fleet.runs).map(|_| run(truth + normal(RUN_SPREAD), normal(HALF_WIDTH / 1.96))).collect();
                let runs: Vec<&Ratio> = runs.iter().collect();
                truths.push((kind, truth));
                seen.push(joined(&runs).expect("every run has blocks enough"));
            }
            let logs = truths.iter().zip(&seen);
            let logs = logs.map(|((kind, _), host)| (names[*kind].as_str(), host.interval.estimate.ln()));
            let Some(found) = pooled(&units(logs, one_kind)) else {
                continue;
            };
            // Of one microarchitecture the statement is about it alone, so its own effect is part of the truth.
            let about = fleet.effect + if one_kind { kinds_own[0] } else { 0.0 };
            let share = fleet.outlier / fleet.hosts as f64;
            let of_kind = if one_kind {
                0.0
            } else {
                common * next_common.0 + own * normal(SPREAD)
            };
            let next = about + of_kind + common * next_common.1 + own * normal(HOST_SPREAD);
            // The next one is as likely an outlier as any that was tried.
            let is_outlier = normal(1.0).abs() < half_normal(1.0 / fleet.hosts as f64);
            let next = next + if is_outlier { fleet.outlier } else { 0.0 };
            tally.statements += 1;
            tally.mean_held += usize::from(!found.mean.excludes((about + share).exp()));
            tally.next_held += usize::from(!found.next.excludes(next.exp()));
            let slow_one = truths.iter().any(|(_, truth)| *truth >= 0.0);
            let every = is_every(&seen, Verdict::Faster);
            tally.every_faster += usize::from(every);
            tally.falsely_every_faster += usize::from(every && slow_one);
            let said = word(&seen, Some(&found), MARGIN) == Word::Faster;
            tally.faster += usize::from(said);
            tally.falsely_faster += usize::from(said && !every && about + share >= 0.0);
        }
    }
    tally
}

/// The bound below which the size of a normal value lies with this probability.
fn half_normal(probability: f64) -> f64 {
    statrs::distribution::Normal::standard().inverse_cdf(0.5 + probability.min(1.0) / 2.0)
}

fn run(log: f64, error: f64) -> Ratio {
    let interval = Interval {
        estimate: log + error,
        low: log + error - HALF_WIDTH,
        high: log + error + HALF_WIDTH,
    }
    .exp();
    Ratio {
        workload: String::new(),
        threads: 1,
        metric: Metric::NsPerOp,
        strategy: String::new(),
        baseline: String::new(),
        ratio: interval.estimate,
        ci_low: interval.low,
        ci_high: interval.high,
        blocks: 40,
        verdict: verdict(interval, 40, MARGIN),
        state: ALL.to_owned(),
        op: ALL.to_owned(),
        ns: 1.0,
        baseline_ns: 1.0,
        confidence: CONFIDENCE,
        threshold: MARGIN,
        bias: 0.0,
    }
}

/// The kinds that are tried: each number of hosts, plainly and with what may go wrong, and several hosts a kind.
fn fleets(hosts: &[usize], thrice: &[usize]) -> Vec<Fleet> {
    let plain = Fleet {
        name: "one host a kind",
        hosts: 3,
        alike: 1,
        runs: 1,
        effect: 0.0,
        outlier: 0.0,
    };
    let kinds = |hosts: usize| {
        [
            Fleet { hosts, ..plain },
            Fleet { name: "mean 0.90", effect: 0.9_f64.ln(), hosts, ..plain },
            Fleet {
                name: "0.70, one at 1.05",
                effect: 0.7_f64.ln(),
                outlier: 1.5_f64.ln(),
                hosts,
                ..plain
            },
            Fleet { name: "four runs a host", runs: 4, hosts, ..plain },
            Fleet { name: "all of one kind", alike: 0, hosts, ..plain },
        ]
    };
    let one_each = hosts.iter().copied().flat_map(kinds);
    one_each
        .chain(thrice.iter().map(|hosts| Fleet { name: "three hosts a kind", alike: 3, hosts: *hosts, ..plain }))
        .collect()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Seeded, so it says the same each time; the bounds leave room for what so few fleets may be off by.
#[test]
fn intervals_hold_as_often_as_they_say_and_faster_on_every_host_is_seldom_false() {
    const DRAWN: usize = 1_000;
    for (seed, fleet) in fleets(&[3, 5, 12], &[9]).iter().enumerate() {
        let tally = simulate(fleet, DRAWN, seed as u64 + 1);
        let whole = tally.statements;
        assert_eq!(whole, DRAWN * STRATEGIES);
        assert!(share(tally.mean_held, whole) >= 0.93, "{fleet:?} {tally:?}");
        assert!(share(tally.next_held, whole) >= 0.93, "{fleet:?} {tally:?}");
        assert!(share(tally.falsely_every_faster, whole) <= 0.05, "{fleet:?} {tally:?}");
        assert!(share(tally.falsely_faster, whole) <= 0.05, "{fleet:?} {tally:?}");
    }
}

/// What would be said if hosts of one kind counted each: the rule that they count once is needed.
#[test]
fn hosts_of_one_microarchitecture_counted_each_would_hold_too_seldom() {
    let fleet = Fleet {
        name: "",
        hosts: 20,
        alike: 10,
        runs: 1,
        effect: 0.0,
        outlier: 0.0,
    };
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut normal = move |spread: f64| spread * random.sample::<f64, _>(StandardNormal);
    let held = (0..2_000).filter(|_| {
        let kinds = [normal(SPREAD), normal(SPREAD)];
        let logs: Vec<f64> = (0..fleet.hosts).map(|host| kinds[host / fleet.alike] + normal(HOST_SPREAD)).collect();
        pooled(&logs).is_some_and(|it| !it.mean.excludes(1.0))
    });
    assert!(share(held.count(), 2_000) < 0.8);
}

/// The table of docs/FLEET.md: `just pool-simulated`.
#[test]
#[ignore = "prints a table and takes a minute"]
fn the_table_of_fleets() {
    let fleets_drawn = std::env::var("FLEETS").ok().and_then(|it| it.parse().ok()).unwrap_or(4_000);
    println!("| hosts | fleets | mean held | next host held | `faster` on every host, falsely | `faster`, falsely |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: |");
    for (seed, fleet) in fleets(&[3, 4, 5, 8, 12, 20, 50], &[9, 20, 50]).iter().enumerate() {
        let tally = simulate(fleet, fleets_drawn, seed as u64 + 1_001);
        let per_cent = |part: usize| format!("{:.2} %", 100.0 * share(part, tally.statements));
        println!(
            "| {} | {} | {} | {} | {} of {} | {} of {} |",
            fleet.hosts,
            fleet.name,
            per_cent(tally.mean_held),
            per_cent(tally.next_held),
            per_cent(tally.falsely_every_faster),
            per_cent(tally.every_faster),
            per_cent(tally.falsely_faster),
            per_cent(tally.faster),
        );
    }
}
