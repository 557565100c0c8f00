//! Runs that stop after whole blocks, and go on in the same directory. Trials are short, and nothing here depends on what comes
//! out of them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use headlock::export::{read_histograms, read_latency, read_run, read_trials};
use headlock::record::{Pass, RunState, Trial};
use serde_json::Value;

/// `headlock run` of two strategies at one point.
fn run(flags: &[&str]) -> Output {
    let fixed = [
        "run",
        "-w",
        "hot",
        "--threads",
        "1",
        "--strategies",
        "mutex,seqlock",
        "--trial",
        "1ms",
        // Threads that are not bound are not judged, so a busy machine spoils no trial.
        "--pin",
        "none",
    ];
    Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
        .args(fixed)
        .args(flags)
        .output()
        .unwrap()
}

/// Whether it measured. On a machine that is busy enough no trial has a figure, which is another matter.
fn measured(output: &Output) -> bool {
    matches!(output.status.code(), Some(0 | 6))
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn blocks(trials: &[Trial]) -> Vec<usize> {
    let mut blocks: Vec<usize> = trials.iter().map(|trial| trial.block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks
}

/// A run of two blocks.
fn two_blocks(dir: &Path) {
    let output = run(&["--blocks", "2", "--out", dir.to_str().unwrap()]);
    assert!(measured(&output), "{}", complaint(&output));
}

#[test]
fn resuming_adds_blocks_and_keeps_what_was_there() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    two_blocks(&dir);
    let before = read_trials(&dir).unwrap().rows;
    let spins = read_run(&dir).unwrap().conditions.spins_per_ns;
    assert_eq!(blocks(&before), [0, 1]);

    // What a killed process leaves behind.
    let mut file = OpenOptions::new().append(true).open(dir.join("trials.csv")).unwrap();
    file.write_all(b"hot,mutex,1,2,through").unwrap();
    let output = run(&["--blocks", "3", "--resume", dir.to_str().unwrap()]);
    assert!(measured(&output), "{}", complaint(&output));
    assert!(complaint(&output).contains("left out the last row, which is unfinished"), "{}", complaint(&output));

    let after = read_trials(&dir).unwrap();
    assert_eq!(after.note, None);
    assert_eq!(after.rows[..before.len()], before);
    assert_eq!(blocks(&after.rows), [0, 1, 2, 3, 4]);
    let record = read_run(&dir).unwrap();
    assert_eq!((record.state, record.resumed.len()), (RunState::Complete, 1));
    assert_eq!(record.conditions.spins_per_ns, spins);
}

#[test]
fn a_run_without_latencies_measures_what_decides_alone_and_stays_without() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    let words = ["--blocks", "1", "--no-latency", "--out", dir.to_str().unwrap()];
    assert!(measured(&run(&words)));
    let trials = read_trials(&dir).unwrap().rows;
    assert!(!trials.is_empty() && trials.iter().all(|trial| trial.pass == Pass::Throughput), "{trials:?}");
    assert!(read_latency(&dir).unwrap().rows.is_empty());

    let with = run(&["--blocks", "1", "--resume", dir.to_str().unwrap()]);
    assert!(!measured(&with) && complaint(&with).contains("deciding_only"), "{}", complaint(&with));
}

#[test]
fn histograms_are_merged_with_those_read_back() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    two_blocks(&dir);
    let recorded = |dir: &Path| -> u64 { read_histograms(dir).unwrap().iter().map(|it| it.histogram.len()).sum() };
    let quiet_ops = |dir: &Path| -> u64 {
        let stamped = |trial: &&Trial| trial.clock_ns.is_some() && !trial.disturbed;
        read_trials(dir).unwrap().rows.iter().filter(stamped).map(|trial| trial.ops).sum()
    };
    assert_eq!(recorded(&dir), quiet_ops(&dir));
    assert!(measured(&run(&["--blocks", "1", "--resume", dir.to_str().unwrap()])));
    assert_eq!(recorded(&dir), quiet_ops(&dir));
    let rows = read_latency(&dir).unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), recorded(&dir));
}

#[test]
fn other_parameters_are_refused_by_name() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    two_blocks(&dir);
    let before = std::fs::read(dir.join("trials.csv")).unwrap();
    for (flags, says) in [
        (["--seed", "2"], "seed was 1 and is 2"),
        (["--timers", "10"], "workloads was "),
        (["--baseline", "seqlock"], "baseline was mutex and is seqlock"),
    ] {
        let output = run(&[&["--blocks", "1", "--resume", dir.to_str().unwrap()], &flags[..]].concat());
        assert_eq!(output.status.code(), Some(1));
        let complaint = complaint(&output);
        assert!(complaint.contains(says) && complaint.contains("it was started as `"), "{complaint}");
    }
    assert_eq!(std::fs::read(dir.join("trials.csv")).unwrap(), before);

    let nowhere = place.path().join("nowhere");
    let output = run(&["--resume", nowhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("cannot read "), "{}", complaint(&output));
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    two_blocks(&dir);
    let held = OpenOptions::new().append(true).open(dir.join("trials.csv")).unwrap();
    held.lock().unwrap();
    let output = run(&["--blocks", "1", "--resume", dir.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("is being written by a run that is under way"), "{}", complaint(&output));
}

#[test]
fn a_precision_that_was_not_reached_is_said() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    let output = run(&["--blocks", "1", "--precision", "1%", "--out", dir.to_str().unwrap()]);
    assert!(measured(&output));
    assert!(complaint(&output).contains("--precision 1%: not reached, none yet"), "{}", complaint(&output));
}

#[test]
fn the_doctors_facts_are_in_the_run_and_markdown_is_printed() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("run");
    let output = run(&["--blocks", "1", "--markdown", "--out", dir.to_str().unwrap()]);
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.starts_with("# mutex and its rivals on hot\n"), "{answer}");
    assert!(
        answer.contains("\n## hot, 1 thread\n") && answer.contains("\n| strategy | ns/op | ratio |"),
        "{answer}"
    );
    let record = read_run(&dir).unwrap();
    assert_eq!(record.conditions.hiccups.len(), record.conditions.affinity.len());
    assert!(record.conditions.clock.is_some());
}

#[test]
fn the_doctor_answers_in_json_and_its_exit_status_is_its_verdict() {
    let doctor = |flags: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_headlock"))
            .env("HEADLOCK_STATE", "")
            .arg("doctor")
            .args(flags)
            .output()
            .unwrap()
    };
    let output = doctor(&["--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bad = answer["severity"] == "bad";
    assert_eq!(output.status.code(), Some(i32::from(bad)), "{answer}");
    assert_eq!(complaint(&output).contains("headlock: this host is not fit for measuring"), bad);
    assert!(
        answer["findings"].as_array().unwrap().iter().any(|it| it["topic"] == "clock resolution"),
        "{answer}"
    );
}
