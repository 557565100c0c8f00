use std::collections::BTreeMap;

use super::*;
use crate::document::testing::{says, says_all};
use crate::document::{Html, Writer};
use crate::reading::testing::{declarations, replayed, results};
use crate::record::{BehindDoor, Declaration, Host as Facts, RunRecord};

/// A run of one host, in which seqlock takes `seqlock` ns beside the mutex's 10, and hazard 10.
fn run(host: &str, kind: &str, seqlock: f64) -> Results {
    let mut made = results(&[("seqlock", seqlock), ("hazard", 10.0)]);
    made.name = format!("results/{host}");
    made.run.host = Facts {
        hostname: host.to_owned(),
        cpu_model: Some(format!("{kind} 3000")),
        microarchitecture: Some(kind.to_owned()),
        ..Facts::default()
    };
    made
}

fn pooled(results: &[Results]) -> Pool {
    Pool::of(results).unwrap()
}

fn answer<'a>(pool: &'a Pool, strategy: &str) -> &'a Answer {
    pool.answers.iter().find(|it| it.decides() && it.strategy == strategy).unwrap()
}

#[test]
fn three_kinds_of_host_become_a_mean_and_a_next_host() {
    let pool = pooled(&[run("a", "Zen", 5.0), run("b", "Lake", 6.0), run("c", "Neoverse", 7.2)]);
    let seqlock = answer(&pool, "seqlock");
    assert_eq!((seqlock.word, seqlock.on_every_host, seqlock.hosts_differ), (Word::Faster, true, true));
    let found = seqlock.pooled.unwrap();
    assert!((found.mean.estimate - 0.6).abs() < 1e-3, "{found:?}");
    assert!(found.next.low < found.mean.low && found.mean.high < found.next.high);
    assert_eq!(answer(&pool, "hazard").word, Word::Same);
    for in_detail in [false, true] {
        let document = document(&pool, in_detail);
        says_all("pool", &document);
        says(
            &document,
            &[
                "Of 2 comparisons, 1 faster, 1 same on every host tried",
                "3 hosts of 3 microarchitectures; hosts of one count once.",
                "hot, 1 thread: faster on every host tried: seqlock.",
                "hot, 1 thread: same on every host tried: hazard.",
                "mean over hosts",
                "next host",
                "The hosts differ by more than their own intervals",
                "Not verified where they were measured: hazard and seqlock.",
            ],
        );
        assert!(Html.write(&document).contains("Lake 3000"));
    }
    let data = document(&pool, false).data;
    assert_eq!(data["answers"][0]["hosts"].as_array().unwrap().len(), 3);
}

#[test]
fn the_answer_depends_on_the_host_and_says_on_which() {
    let pool = pooled(&[run("a", "Zen", 5.0), run("b", "Lake", 12.0), run("c", "Neoverse", 10.0)]);
    assert_eq!(answer(&pool, "seqlock").word, Word::Depends);
    says(&document(&pool, false), &["depends on the host: seqlock (faster on a; same on c; slower on b)"]);
}

#[test]
fn where_many_hosts_differ_the_few_are_named() {
    let fast = ["a", "b", "c", "d"].map(|host| run(host, host, 5.0));
    let all = [&fast[..], &[run("e", "e", 12.0)]].concat();
    says(&document(&pooled(&all), false), &["depends on the host: seqlock (faster on 4 hosts; slower on e)"]);
}

#[test]
fn two_hosts_stand_side_by_side() {
    let pool = pooled(&[run("a", "Zen", 5.0), run("b", "Lake", 5.0)]);
    let seqlock = answer(&pool, "seqlock");
    assert_eq!((seqlock.pooled, seqlock.word, seqlock.hosts_differ), (None, Word::Faster, false));
    says(
        &document(&pool, false),
        &[
            "2 hosts of 2 microarchitectures: too few kinds to be pooled, so the hosts stand side by side.",
            "No two hosts differ by more than their own intervals",
        ],
    );
}

#[test]
fn hosts_of_one_microarchitecture_count_once_unless_there_is_no_other() {
    let four = [("a", "Zen"), ("b", "Zen"), ("c", "Lake"), ("d", "Neoverse")].map(|(host, kind)| run(host, kind, 5.0));
    assert_eq!(answer(&pooled(&four), "seqlock").pooled.unwrap().units, 3);
    let alike = ["a", "b", "c", "d"].map(|host| run(host, "Zen", 5.0));
    let pool = pooled(&alike);
    assert_eq!(answer(&pool, "seqlock").pooled.unwrap().units, 4);
    says(&document(&pool, false), &["All 4 hosts are of one microarchitecture (Zen)"]);
}

#[test]
fn hosts_are_told_apart_and_their_runs_joined() {
    let later = |mut it: Results, name: &str| {
        it.name = name.to_owned();
        it.run.started = "2026-11-25T00:00:00Z".parse().unwrap();
        it
    };
    let a = run("vm", "Zen", 5.0);
    let again = later(run("vm", "Zen", 5.4), "results/again");
    let other = later(run("vm", "Lake", 5.0), "results/other");
    let copy = Results { name: "results/copy".to_owned(), ..a.clone() };
    let named = |pool: &Pool| -> Vec<(String, usize)> {
        pool.hosts.iter().map(|it| (it.name.clone(), it.runs.len())).collect()
    };
    let elsewhere = Results { name: "elsewhere/vm".to_owned(), ..other.clone() };
    let pool = pooled(&[a.clone(), again.clone(), copy.clone(), elsewhere]);
    assert_eq!(named(&pool), [("vm (1)".to_owned(), 1), ("vm (2)".to_owned(), 2)]);
    let pool = pooled(&[a, again, copy, other]);
    assert_eq!(named(&pool), [("vm (other)".to_owned(), 1), ("vm (vm)".to_owned(), 2)]);
    assert_eq!(answer(&pool, "seqlock").hosts[1].ratio.runs, 2);
    says(&document(&pool, false), &["results/copy is a copy of results/vm and does not count again."]);
}

#[test]
fn what_must_agree_is_named_where_it_does_not() {
    let two = || [run("a", "Zen", 5.0), run("b", "Lake", 5.0)];
    type Change = fn(&mut RunRecord);
    let changes: [(Change, &str); 4] = [
        (|run| run.parameters.common.trial_ns = 7, "results/c: trial_ns is 7, not 20000000"),
        (|run| run.headlock_version = "9.9".to_owned(), "results/c: headlock is 9.9, not 0.1.0"),
        (
            |run| run.host.crates = BTreeMap::from([("seize".to_owned(), "9.9".to_owned())]),
            "results/c: seize is 9.9, not none",
        ),
        (
            |run| run.parameters.common.baseline = "hazard".to_owned(),
            "results/c: baseline is hazard, not mutex",
        ),
    ];
    for (change, says) in changes {
        let [a, b] = two();
        let mut c = run("c", "Neoverse", 5.0);
        change(&mut c.run);
        assert_eq!(Pool::of(&[a, b, c]).unwrap_err(), [says]);
    }
    let [a, b] = two();
    let replay = replayed(run("c", "Neoverse", 5.0));
    assert_eq!(Pool::of(&[a, b, replay]).unwrap_err(), ["results/c: command is replay, not run"]);
    // What a host has its own of.
    let own: [Change; 3] = [
        |run| run.parameters.common.cpus = vec![3],
        |run| run.parameters.common.seed = 9,
        |run| run.parameters.common.budget_ns = Some(1),
    ];
    for change in own {
        let [a, mut b] = two();
        change(&mut b.run);
        assert!(Pool::of(&[a, b]).is_ok());
    }
}

#[test]
fn other_libraries_and_sources_are_told_by_their_hashes() {
    let loaded = |host: &str, hash: &str| {
        let mut made = run(host, host, 5.0);
        made.run.parameters.common.behind_door = vec![BehindDoor {
            declaration: Declaration { name: "qemu-rfc".to_owned(), ..declarations()[0].clone() },
            library: Some(format!("/{host}/qemu-rfc.so")),
            sha256: Some(hash.repeat(16)),
        }];
        made
    };
    let refused = |results: &[Results]| Pool::of(results).unwrap_err();
    let differing = [loaded("a", "53a1"), loaded("b", "e778")];
    assert_eq!(refused(&differing), ["results/b: the library of qemu-rfc is (e778e778e778), not (53a153a153a1)"]);
    let none = [loaded("a", "53a1"), loaded("b", "53a1"), run("c", "c", 5.0)];
    assert_eq!(refused(&none), ["results/c: behind the C interface are none, not qemu-rfc"]);

    let of = |host: &str, source: &str| {
        let mut made = run(host, host, 5.0);
        made.run.host.source = Some(source.repeat(16));
        made
    };
    let said = |results: &[Results]| document(&pooled(results), false).notices.join(" ");
    assert!(!said(&[of("a", "53a1"), of("b", "53a1")]).contains("source"));
    let differ = said(&[of("a", "53a1"), of("b", "e778")]);
    let expected = "Runs differ in headlock's source: 53a153a153a1 in results/a; e778e778e778 in results/b";
    assert!(differ.contains(expected), "{differ}");
}

#[test]
fn a_run_whose_control_is_off_does_not_count() {
    let mut c = run("c", "Neoverse", 5.0);
    c.trials.iter_mut().filter(|it| it.strategy == "aa-control").for_each(|it| it.ns_per_op *= 1.5);
    let pool = pooled(&[run("a", "Zen", 5.0), run("b", "Lake", 5.0), c]);
    assert_eq!(answer(&pool, "seqlock").hosts.len(), 2);
    says(
        &document(&pool, false),
        &[
            "results/c: the A/A control differs from mutex by more than the margin at hot with 1 thread, so this run does not count there.",
        ],
    );
}
