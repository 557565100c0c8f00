//! `headlock trace` counts what `headlock replay` counts, and the workload that it writes can be run. The trace is one that
//! `scripts/record-qemu-trace` took from a stock QEMU.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The answer as JSON; the command must succeed.
fn headlock(words: &[&str]) -> Value {
    let done = Command::new(env!("CARGO_BIN_EXE_headlock"))
        .args(words)
        .arg("--json")
        .output()
        .expect("headlock starts");
    // 6: on a machine that is busy enough no trial has a figure.
    assert!(matches!(done.status.code(), Some(0 | 6)), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON")
}

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/record/seabios.csv.zst")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn locks_and_fires_are_those_of_a_strict_replay() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out = scratch.path().join("replay");
    let (trace, out) = (recorded(), out.to_str().expect("UTF-8").to_owned());
    let trace = trace.to_str().expect("UTF-8");
    let all = ["--strategies", "mutex,mutex-peek,rcu-epoch,rwlock,atomic-deadline"];
    let measure = [
        "--order", "strict", "--blocks", "1", "--trial", "1ms", "--pin", "none", "--quiet", "--out", &out,
    ];
    headlock(&[&["replay", trace], &all[..], &measure[..]].concat());
    let profiled = headlock(&[&["trace", trace], &all[..]].concat());
    let ops = profiled["profile"]["rows"].as_object().expect("rows").values().map(number).sum::<u64>();
    let trials = headlock::export::read_trials(Path::new(&out)).expect("trials.csv").rows;
    let played = profiled["strict_replay"].as_array().expect("strategies");
    assert_eq!(played.len(), 5);
    for strategy in played {
        let name = strategy["strategy"].as_str().expect("a name");
        let of_strategy: Vec<_> = trials.iter().filter(|trial| trial.strategy == name).collect();
        assert!(!of_strategy.is_empty(), "{name}");
        for trial in of_strategy {
            let passes = trial.ops / ops;
            assert_eq!(
                (trial.ops % ops, trial.lock.acquisitions),
                (0, passes * number(&strategy["lock_acquisitions"])),
                "{name}"
            );
            assert_eq!(trial.fired, passes * number(&strategy["fired"]), "{name}");
        }
    }
    // What is known of this recording: a main loop's timers, fired again and again, and lists that stay empty.
    assert!(number(&profiled["profile"]["met"]["fired"]) > 20);
    assert_eq!(
        (number(&profiled["profile"]["pending"]["min"]), number(&profiled["profile"]["pending"]["max"])),
        (2, 4)
    );
}

#[test]
fn the_workload_that_is_written_can_be_run() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let path = |name: &str| scratch.path().join(name).to_str().expect("UTF-8").to_owned();
    let (toml, out, trace) = (path("fitted.toml"), path("run"), recorded());
    let profiled = headlock(&[
        "trace",
        trace.to_str().expect("UTF-8"),
        "-s",
        "mutex",
        "--as-workload",
        &toml,
    ]);
    assert!(!profiled["workload_notes"].as_array().expect("notes").is_empty());
    let measure = [
        "--blocks",
        "1",
        "--trial",
        "20ms",
        "--pin",
        "none",
        "--quiet",
        "--threads",
        "1,2",
        "--out",
        &out,
    ];
    let run = headlock(&[&["run", "--workload", &toml, "-s", "mutex,mutex-peek"], &measure[..]].concat());
    let played = &run["run"]["parameters"]["workloads"][0];
    assert_eq!(played, &profiled["workload"]);
    let trials = headlock::export::read_trials(Path::new(&out)).expect("trials.csv").rows;
    for trial in trials.iter().filter(|trial| trial.workload == "seabios-fit" && trial.strategy.starts_with("mutex")) {
        assert_eq!(trial.active_start, number(&played["timers"]), "{trial:?}");
    }
}

#[test]
fn polls_of_an_empty_list_take_its_lock_unless_the_strategy_looks_first() {
    // Paced, since a poll that looks and finds nothing is hardly told from doing nothing, and refused where it is compared.
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let out = scratch.path().join("run").to_str().expect("UTF-8").to_owned();
    let load = [
        "run",
        "-w",
        "hot",
        "--mix",
        "deadline=1",
        "--run-due",
        "0",
        "--empty-share",
        "1",
        "--think",
        "1us",
        "--threads",
        "2",
    ];
    let measure = [
        "-s",
        "mutex,mutex-peek",
        "--blocks",
        "1",
        "--trial",
        "5ms",
        "--pin",
        "none",
        "--quiet",
        "--out",
        &out,
    ];
    headlock(&[&load[..], &measure[..]].concat());
    for trial in headlock::export::read_trials(Path::new(&out)).expect("trials.csv").rows {
        match trial.strategy.as_str() {
            // On a busy machine a thread may get no time at all in so short a trial.
            "mutex" | "aa-control" => assert!(trial.lock.acquisitions > 0 || trial.ops < 10_000, "{trial:?}"),
            _ => assert_eq!(trial.lock.acquisitions, 0, "{trial:?}"),
        }
    }
}
