//! Claims of a made-up study: files in, sentences out.

use std::fs;
use std::path::Path;

use headlock_strategies::LockCounts;

use crate::answers::{self, StudyMaterial};
use crate::document::testing::{says, says_all};
use crate::export::{CheckDir, ResultDir, Snapshot, create_study, read_study_results, testing, write_study};
use crate::reading::testing::declarations;
use crate::record::{
    AA_CONTROL, Check, CheckFigures, CheckRow, CheckVerdict, Claim, Failure, Finding, Found, Host, Pass, RunState,
    SCHEMA_VERSION, StudyPart, StudyRecord, StudyTrace, Trial,
};
use crate::stats::testing::trial;
use crate::stats::{Latencies, ratios};
use crate::study::qemu_rfc::role;

/// A trace of 100 rows: 60 polls, 30 run calls that fire 2 timers, 10 changes.
fn trace() -> StudyTrace {
    StudyTrace {
        name: "short".to_owned(),
        file: "traces/short.csv".to_owned(),
        length_ns: 1_000_000_000,
        cut_from: Some("long".to_owned()),
        rows: 100,
        deadline: 60,
        expired: 0,
        run: 30,
        changes: 10,
        free: 0,
        fire: 2,
        active: 1,
        most_active: 3,
    }
}

fn record(played: &[&str]) -> StudyRecord {
    let part = |role: &&str| StudyPart {
        role: (*role).to_owned(),
        path: (*role).to_owned(),
        command: Vec::new(),
        state: Some(RunState::Complete),
        pilot: None,
    };
    StudyRecord {
        schema_version: SCHEMA_VERSION,
        study: "qemu-rfc".to_owned(),
        headlock_version: "0.1.0".to_owned(),
        command: Vec::new(),
        budget_ns: 1,
        host: Host::default(),
        parts: played.iter().map(part).collect(),
        traces: vec![trace()],
        left_out: Vec::new(),
        started: "2026-11-24T18:06:42Z".parse().unwrap(),
        ended: None,
        state: RunState::Complete,
    }
}

fn write_part(dir: &Path, trials: &[Trial]) {
    let mut result = ResultDir::create(dir).unwrap();
    trials.iter().for_each(|trial| result.append_trial(trial).unwrap());
    let written = result.rewrite(&Snapshot {
        blocks: &[],
        latency: &[],
        histograms: &Latencies::default(),
        ratios: &ratios(trials, "mutex", 0.01),
        run: &testing::run(),
    });
    written.unwrap();
}

/// What is played of the trace: name, ns, lock acquisitions.
const PLAYED: [(&str, f64, u64); 5] = [
    ("mutex", 10.0, 102),
    (AA_CONTROL, 10.0, 102),
    ("rcu-epoch", 8.0, 12),
    ("atomic-deadline", 2.0, 12),
    ("floor", 1.0, 0),
];

/// Ten blocks of the trace, with 0.1 % of jitter.
fn replayed(workload: &str, pass: Pass) -> Vec<Trial> {
    played(workload, pass, &PLAYED, 1e-4)
}

/// Ten blocks in which all but the first and the floor jitter by this step from block to block.
fn played(workload: &str, pass: Pass, strategies: &[(&str, f64, u64)], step: f64) -> Vec<Trial> {
    let mut trials = Vec::new();
    for block in 0..10 {
        let jitter = 1.0 + (block as f64 - 4.5) * step;
        for (name, ns, locks) in strategies.iter().copied() {
            let steady = ["mutex", "qemu-2013", "floor", "floor@c"].contains(&name);
            let ns = if steady { ns } else { ns * jitter };
            trials.push(Trial {
                workload: workload.to_owned(),
                pass,
                ops: 100,
                ns_per_op: ns,
                elapsed_ns: 1_000_000,
                busy_ns: (pass == Pass::Latency).then_some((ns * 1_000.0) as u64),
                lock: LockCounts { acquisitions: locks, ..LockCounts::default() },
                fired: 2,
                ..trial(name, block)
            });
        }
    }
    trials
}

fn fresh(dir: &Path, late: u64) {
    let row = |strategy: &str, late: u64| CheckRow {
        strategy: strategy.to_owned(),
        check: Check::Fresh,
        tried: 5_000,
        broken: 0,
        declared: "racy".to_owned(),
        seconds: 1.0,
        verdict: CheckVerdict::Racy,
        outcomes: Vec::new(),
        figures: CheckFigures {
            late_without_rearm: Some(late),
            changes: Some(700),
            ..CheckFigures::default()
        },
    };
    let finding = Finding {
        strategy: "rcu-epoch".to_owned(),
        check: Check::Fresh,
        rule: "never_oversleeps".to_owned(),
        failure: Failure::Wrong,
        allowed: true,
        what: "late".to_owned(),
        events: vec!["   0 ns  before".to_owned(), "   9 ns  after".to_owned()],
    };
    let dir = CheckDir::create(dir).unwrap();
    dir.rewrite(&[row("rcu-epoch", late), row("rcu-epoch-validated", 0)], &[finding]).unwrap();
}

fn study(dir: &Path) {
    create_study(dir).unwrap();
    write_study(dir, &record(&[role::STRICT, role::PACE, role::FRESH])).unwrap();
    write_part(&dir.join(role::STRICT), &replayed("short-strict", Pass::Throughput));
    write_part(&dir.join(role::PACE), &replayed("short-threads-x1", Pass::Latency));
    fresh(&dir.join(role::FRESH), 41);
}

/// What the files say.
fn claims(dir: &Path) -> Vec<Claim> {
    super::claims(&read_study_results(dir).unwrap())
}

fn answer<'c>(claims: &'c [Claim], id: &str) -> &'c Claim {
    claims.iter().find(|claim| claim.id == id).unwrap_or_else(|| panic!("{id}: {claims:?}"))
}

#[test]
fn each_answer_quotes_the_files() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    let claims = claims(&dir);
    let says = |id: &str, words: &str| {
        let claim = answer(&claims, id);
        let said = format!("{}: {}", claim.rust.found, claim.rust.answer);
        assert!(said.contains(words), "{id}: {said}");
    };
    says("lock-per-run", "Holds, exactly");
    says(
        "lock-per-run",
        "102 acquisitions become 12; the difference is one for each of 30 run calls and one for each of 60 polls",
    );
    says("loads-per-fired-timer", "Not counted: The model counts reads");
    says("net-advantage", "Holds in time: Against mutex, rcu-epoch is faster at 2 of 2 points");
    says("race-covered-by-notify", "Does not hold: 41 of 5,000 polls");
    assert!(answer(&claims, "race-covered-by-notify").rust.evidence.iter().any(|line| line == "2. 9 ns after"));
    says(
        "cost-at-the-own-rate",
        "the list takes 0.900 % of a core under mutex (0.900 % to 0.900 %), and no strategy can save more",
    );
    says("cost-at-the-own-rate", "102,000 lock acquisitions a second");
    says("cost-at-the-own-rate", "cut to fit the budget");
    says("rival-atomic-deadline", "Yes: Against rcu-epoch, atomic-deadline is faster at 2 of 2 points");
    says("rival-mutex-peek", "Open");
    says("verdict", "No, as it was sent: 41 of 5,000 polls would have overslept");
    assert!(answer(&claims, "verdict").rust.evidence[1].contains("atomic-deadline"));
    says("only-free-waits", "Open");
    for claim in &claims {
        for file in &claim.files {
            assert!(dir.join(file).is_file(), "{}: {file}", claim.id);
        }
    }
}

#[test]
fn every_form_of_a_study_says_the_same() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    let results = read_study_results(&dir).unwrap();
    let material = StudyMaterial {
        directory: "results/made-up",
        results: &results,
        claims: &super::claims(&results),
        declarations: &declarations(),
    };
    for in_detail in [false, true] {
        let document = answers::study(&material, in_detail);
        says_all("study", &document);
        says(
            &document,
            &[
                "No, as it was sent",
                "Holds, exactly, and polls save as much",
                "41 of 5,000 polls",
            ],
        );
        assert_eq!(document.data["claims"].as_array().map(Vec::len), Some(material.claims.len()));
    }
}

#[test]
fn a_changed_figure_changes_the_answer() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    let path = dir.join("strict/trials.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(",102,", ",101,")).unwrap();
    let found = claims(&dir);
    let claim = answer(&found, "lock-per-run");
    assert!(claim.rust.found == "Does not hold exactly", "{}", claim.rust.answer);
    // One trial that counts another number is no count at all.
    fs::write(&path, text.replacen(",102,", ",101,", 1)).unwrap();
    assert!(answer(&claims(&dir), "lock-per-run").rust.found == "Open");
}

#[test]
fn without_a_race_and_with_a_lead_the_answer_is_yes() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    fs::remove_dir_all(dir.join(role::FRESH)).unwrap();
    fresh(&dir.join(role::FRESH), 0);
    let claims = claims(&dir);
    assert!(answer(&claims, "verdict").rust.found.starts_with("Yes"), "{claims:?}");
}

#[test]
fn what_was_not_played_is_open() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    create_study(&dir).unwrap();
    write_study(&dir, &record(&[role::STRICT])).unwrap();
    let claims = claims(&dir);
    for claim in claims.iter().filter(|claim| !["verdict", "loads-per-fired-timer"].contains(&claim.id.as_str())) {
        assert!(claim.rust.found == "Open" && claim.in_c.is_none(), "{}: {}", claim.id, claim.rust.answer);
    }
    assert!(answer(&claims, "verdict").rust.found.starts_with("Open"));
}

#[test]
fn a_models_counts_answer_for_the_lists_that_ship() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    fs::create_dir(dir.join("model")).unwrap();
    let counts = |atomic: u64| {
        format!(
            "strategy,operation,setting,rounds,plain_loads,plain_stores,atomic_loads,atomic_stores\n\
             mutex,run-1-due,alone,10,100,0,10,0\nmutex,run-2-due,alone,10,180,0,20,0\n\
             rcu-epoch,run-1-due,alone,10,100,0,30,0\nrcu-epoch,run-2-due,alone,10,180,0,{atomic},0\n\
             rcu-epoch,run-2-due,beside-writer,10,999,0,999,0\n"
        )
    };
    for (atomic, says) in [
        (
            60,
            "Holds, by count: A further fired timer makes 11 loads under rcu-epoch and 9 under mutex: 2 more, 2 of them atomic.",
        ),
        (65, "Does not hold, by count: A further fired timer makes 11.5 loads"),
    ] {
        fs::write(dir.join("model/anatomy.csv"), counts(atomic)).unwrap();
        let claims = claims(&dir);
        let Found { found, answer, .. } = &answer(&claims, "loads-per-fired-timer").rust;
        assert!(format!("{found}: {answer}").starts_with(says), "{found}: {answer}");
    }
}

#[test]
fn a_pilot_decides_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    let before = claims(&dir);
    let slow = PLAYED.map(|(name, ns, locks)| (name, if name == "rcu-epoch" { 50.0 } else { ns }, locks));
    fs::create_dir(dir.join("pilot")).unwrap();
    write_part(&dir.join("pilot/strict"), &played("short-strict", Pass::Throughput, &slow, 1e-4));
    assert_eq!(claims(&dir), before);
}

/// A study of this one point.
fn of_one_point(dir: &Path, ns: f64, step: f64) {
    let strategies = PLAYED.map(|(name, own, locks)| (name, if name == "rcu-epoch" { ns } else { own }, locks));
    let strategies = [&strategies[..], &[("rcu-epoch-validated", ns, 12)]].concat();
    create_study(dir).unwrap();
    write_study(dir, &record(&[role::STRICT, role::FRESH])).unwrap();
    // The control must not differ, so it does not jitter with the others.
    let mut trials = played("short-strict", Pass::Throughput, &strategies, step);
    trials.iter_mut().filter(|it| it.strategy == AA_CONTROL).for_each(|it| it.ns_per_op = 10.0);
    write_part(&dir.join(role::STRICT), &trials);
    fresh(&dir.join(role::FRESH), 0);
}

#[test]
fn an_open_question_says_what_it_takes() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    of_one_point(&dir, 9.7, 0.02);
    let found = claims(&dir);
    let verdict = &answer(&found, "verdict").rust;
    assert!(verdict.found.starts_with("Open"), "{verdict:?}");
    let takes = verdict
        .evidence
        .iter()
        .find(|line| line.starts_with("rcu-epoch: If the ratios stay as they are, to decide takes "));
    assert!(takes.is_some_and(|line| line.ends_with("blocks on short-strict with 1 thread.")), "{verdict:?}");
}

#[test]
fn more_points_make_wider_intervals() {
    let parent = tempfile::tempdir().unwrap();
    let [one, many] = ["one", "many"].map(|name| parent.path().join(name));
    of_one_point(&one, 9.0, 0.02);
    of_one_point(&many, 9.0, 0.02);
    let roles = [role::STRICT, role::THREADS, role::PACE, role::POINTS];
    write_study(&many, &record(&[&roles[..], &[role::FRESH]].concat())).unwrap();
    for role in &roles[1..] {
        write_part(&many.join(role), &replayed(role, Pass::Throughput));
    }
    let first = |dir: &Path| answer(&claims(dir), "net-advantage").rust.evidence[0].clone();
    let (one, many) = (first(&one), first(&many));
    assert!(one.contains("0.900 (") && many.contains("0.900 ("), "{one} {many}");
    assert_ne!(one, many, "the level holds over all points of the study");
}

#[test]
fn lists_in_c_are_answered_for_beside_those_in_rust() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    let in_c = [
        ("qemu-2013", 12.0, 102),
        ("qemu-rfc", 15.0, 12),
        ("qemu-2016", 9.0, 60),
        ("floor@c", 3.0, 0),
    ];
    let all = [&PLAYED[..], &in_c].concat();
    fs::remove_dir_all(dir.join(role::STRICT)).unwrap();
    write_part(&dir.join(role::STRICT), &played("short-strict", Pass::Throughput, &all, 1e-4));
    let claims = claims(&dir);
    let of = |id: &str| {
        let found = answer(&claims, id).in_c.as_ref().unwrap_or_else(|| panic!("{id}"));
        format!("{}: {}", found.found, found.answer)
    };
    assert!(of("lock-per-run").starts_with("Holds, exactly"), "{}", of("lock-per-run"));
    assert!(
        of("net-advantage").starts_with("Does not hold in time: Against qemu-2013, qemu-rfc is faster at 0 of 1 point")
    );
    assert!(of("rival-mutex-peek").starts_with("Yes: Against qemu-rfc, qemu-2016"), "{}", of("rival-mutex-peek"));
    assert!(of("verdict").starts_with("No"), "{}", of("verdict"));
    assert_eq!(answer(&claims, "rival-atomic-deadline").in_c, None);
    assert_eq!(answer(&claims, "race-covered-by-notify").in_c, None, "verify did not play it");
    // What was played in Rust is answered as before.
    assert!(answer(&claims, "verdict").rust.found.starts_with("No"));
}
