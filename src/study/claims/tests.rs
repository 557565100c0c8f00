//! Claims of a made-up study: files in, sentences out.

use std::fs;
use std::path::Path;

use headlock_strategies::LockCounts;

use crate::export::{
    CheckDir, ResultDir, Snapshot, create_study, read_study_results, testing, write_loads, write_study,
};
use crate::record::{
    AA_CONTROL, Check, CheckFigures, CheckRow, CheckVerdict, Claim, Failure, Finding, Host, LoadCount, Pass, RunState,
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
    }
}

fn record(played: &[&str]) -> StudyRecord {
    let part = |role: &&str| StudyPart {
        role: (*role).to_owned(),
        path: (*role).to_owned(),
        command: Vec::new(),
        state: Some(RunState::Complete),
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

/// Ten blocks of the trace: mutex 10 ns, the RFC 8 ns, the atomic word 2 ns, with 0.1 % of jitter.
fn replayed(workload: &str, pass: Pass) -> Vec<Trial> {
    let mut trials = Vec::new();
    for block in 0..10 {
        let jitter = 1.0 + (block as f64 - 4.5) * 1e-4;
        for (name, ns, locks) in [
            ("mutex", 10.0, 102),
            (AA_CONTROL, 10.0 * jitter, 102),
            ("rcu-epoch", 8.0 * jitter, 12),
            ("atomic-deadline", 2.0 * jitter, 12),
            ("floor", 1.0, 0),
        ] {
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
    write_study(dir, &record(&[role::LOADS, role::STRICT, role::PACE, role::FRESH])).unwrap();
    write_part(&dir.join(role::STRICT), &replayed("short-strict", Pass::Throughput));
    write_part(&dir.join(role::PACE), &replayed("short-threads-x1", Pass::Latency));
    let load = |fired: u64| LoadCount {
        case: format!("due-{fired}"),
        strategy: "rcu-epoch".to_owned(),
        runs: 1,
        fired,
        loads_in_runs: 2 + 2 * fired,
        loads_in_polls: 0,
        locks_in_runs: fired,
    };
    write_loads(&dir.join(role::LOADS), &[load(0), load(1), load(3)]).unwrap();
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
        let said = format!("{}: {}", claim.found, claim.answer);
        assert!(said.contains(words), "{id}: {said}");
    };
    says("lock-per-run", "Holds, exactly");
    says(
        "lock-per-run",
        "102 acquisitions become 12, and the difference is one for each of 30 run calls and one for each of 60 polls",
    );
    says("loads-per-fired-timer", "Each of 1 to 3 fired timers adds 2 reads");
    says("net-advantage", "Holds in time: Against mutex, rcu-epoch is faster at 2 of 2 points");
    says("race-covered-by-notify", "Does not hold: 41 of 5,000 polls");
    assert!(answer(&claims, "race-covered-by-notify").evidence.iter().any(|line| line == "2. 9 ns after"));
    says("cost-at-the-own-rate", "102,000 lock acquisitions a second under mutex");
    says("cost-at-the-own-rate", "cut to fit the budget");
    says("rival-atomic-deadline", "Yes: Against rcu-epoch, atomic-deadline is faster at 2 of 2 points");
    says("rival-mutex-peek", "Open");
    says("verdict", "No, as it was sent: 41 of 5,000 polls would have overslept");
    assert!(answer(&claims, "verdict").evidence[1].contains("atomic-deadline"));
    says("only-free-waits", "Open");
    for claim in &claims {
        for file in &claim.files {
            assert!(dir.join(file).is_file(), "{}: {file}", claim.id);
        }
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
    assert!(claim.found == "Does not hold exactly", "{}", claim.answer);
    // One trial that counts another number is no count at all.
    fs::write(&path, text.replacen(",102,", ",101,", 1)).unwrap();
    assert!(answer(&claims(&dir), "lock-per-run").found == "Open");
}

#[test]
fn without_a_race_and_with_a_lead_the_answer_is_yes() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    study(&dir);
    fs::remove_dir_all(dir.join(role::FRESH)).unwrap();
    fresh(&dir.join(role::FRESH), 0);
    let claims = claims(&dir);
    assert!(answer(&claims, "verdict").found.starts_with("Yes"), "{claims:?}");
}

#[test]
fn what_was_not_played_is_open() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("study");
    create_study(&dir).unwrap();
    write_study(&dir, &record(&[role::STRICT])).unwrap();
    let claims = claims(&dir);
    for claim in claims.iter().filter(|claim| claim.id != "verdict") {
        assert!(claim.found == "Open", "{}: {}", claim.id, claim.answer);
    }
    assert!(answer(&claims, "verdict").found.starts_with("Open"));
}
