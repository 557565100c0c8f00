//! `--config`: a run's `run.json` runs again what was run. Real runs of a block, of threads that are not bound, so that no machine is
//! too busy for them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use headlock::export::read_run;
use headlock::record::{Parameters, RunState};
use serde_json::{Value, json};

fn headlock(words: &[&OsStr]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
        .args(words)
        .output()
        .expect("headlock starts")
}

fn typed(words: &[&str]) -> Output {
    headlock(&words.iter().map(OsStr::new).collect::<Vec<_>>())
}

/// Whether it measured. On a machine that is busy enough no trial has a figure, which is another matter.
fn measured(output: &Output) -> bool {
    matches!(output.status.code(), Some(0 | 6))
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A directory for results, and what is measured into it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Measures into the directory `name`, and gives what the run was told.
    fn measured(&self, name: &str, words: &[&str]) -> Parameters {
        let out = self.path(name);
        let output = typed(&[words, &["--quiet", "--out", out.to_str().unwrap()]].concat());
        assert!(measured(&output), "{words:?}: {}", complaint(&output));
        read_run(&out).unwrap().parameters
    }

    fn config(&self, name: &str) -> String {
        self.path(name).join("run.json").to_str().unwrap().to_owned()
    }
}

const RUN: [&str; 24] = [
    "run",
    "-w",
    "hot,paced",
    "--mix",
    "deadline=50,modify=50",
    "--timers",
    "1000",
    "--head-share",
    "0.5",
    "--threads",
    "1",
    "-s",
    "mutex,seqlock",
    "-b",
    "seqlock",
    "--seed",
    "77",
    "--threshold",
    "3%",
    "--trial",
    "3ms",
    "--blocks",
    "1",
    "--no-latency",
];

#[test]
fn a_run_is_run_again_with_everything_that_its_file_states() {
    let place = Place::new();
    let further: Vec<&str> = "--pin none --patience 50s --inject 10% --inject-beyond 500ns".split(' ').collect();
    let first = place.measured("first", &[&RUN[..], &further].concat());
    assert_eq!((first.common.inject, first.common.inject_beyond_ns), (Some(0.1), 500));
    assert_eq!(place.measured("again", &["run", "--config", &place.config("first")]), first);

    let flags = ["--seed", "5", "--timers", "500", "--strategies", "mutex,rwlock,seqlock"];
    let other = place.measured("other", &[&["run", "--config", &place.config("first")][..], &flags].concat());
    let differing: Vec<String> = first.differences(&other).into_iter().map(|it| it.field).collect();
    assert_eq!(differing, ["seed", "strategies", "workloads"]);
    assert!(
        other
            .command
            .workloads()
            .iter()
            .all(|workload| workload.timers == 500 && workload.head_share == 0.5)
    );
    let named = place.measured(
        "named",
        &[
            "run",
            "--config",
            &place.config("first"),
            "-w",
            "pollers",
            "--seed",
            "77",
        ],
    );
    assert_eq!(named.command.workloads()[0].name, "pollers");
    assert_eq!(named.common, first.common);
}

fn trace(path: &Path, expire: u64) {
    let rows = (0..200)
        .map(|row| format!("{},1,1,mod,1,{}\n{},1,1,deadline,,\n", row * 1000, row * 1000 + expire, row * 1000 + 500));
    fs::write(path, format!("time_ns,thread,list,op,timer,expire_ns\n{}", rows.collect::<String>())).unwrap();
}

#[test]
fn a_replay_is_run_again_if_the_trace_is_what_it_was() {
    let place = Place::new();
    let path = place.path("small.csv");
    trace(&path, 1_000_000);
    let words = [
        "--order", "threads", "-s", "mutex", "--blocks", "1", "--trial", "2ms", "--pin", "none", "--seed", "9",
    ];
    let first = place.measured("first", &[&["replay", path.to_str().unwrap()][..], &words].concat());
    assert_eq!(place.measured("again", &["replay", "--config", &place.config("first")]), first);
    let strict = place.measured("strict", &["replay", "--config", &place.config("first"), "--order", "strict"]);
    let differing: Vec<String> = first.differences(&strict).into_iter().map(|it| it.field).collect();
    assert_eq!(differing, ["order", "traces"]);

    trace(&path, 2_000_000);
    let output = typed(&["replay", "--config", &place.config("first")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("traces[0].checksum: "), "{}", complaint(&output));
    place.measured("as-it-is", &["replay", path.to_str().unwrap(), "--config", &place.config("first")]);

    let output = typed(&["run", "--config", &place.config("first")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("`headlock replay --config`"), "{}", complaint(&output));
}

#[test]
fn a_crossover_is_run_again() {
    let place = Place::new();
    let words = [
        "crossover",
        "--vary",
        "hold",
        "--from",
        "100ns",
        "--to",
        "10us",
        "--grid",
        "3",
        "-w",
        "churn",
        "--threads",
        "1",
    ];
    let common = [
        "-s",
        "mutex,seqlock",
        "--blocks",
        "2",
        "--trial",
        "1ms",
        "--pin",
        "none",
        "--precision",
        "20%",
    ];
    let first = place.measured("first", &[&words[..], &common].concat());
    assert_eq!(place.measured("again", &["crossover", "--config", &place.config("first")]), first);
    let wider = place.measured("wider", &["crossover", "--config", &place.config("first"), "--to", "20us"]);
    let differing: Vec<String> = first.differences(&wider).into_iter().map(|it| it.field).collect();
    assert_eq!(differing, ["vary"]);
}

#[test]
fn nonsense_is_refused_with_the_fields_name_and_nothing_is_written() {
    let place = Place::new();
    place.measured("first", &[&RUN[..], &["--pin", "none"]].concat());
    let text = fs::read_to_string(place.config("first")).unwrap();
    let nonsense: [(&str, Value, &str); 13] = [
        ("/parameters/seed", json!(1e30), "seed: "),
        ("/parameters/trial_ns", json!(5), "trial_ns: a trial lasts from"),
        ("/parameters/threshold", json!(2), "threshold: "),
        ("/parameters/blocks", json!(0), "blocks: "),
        ("/parameters/precision", json!("narrow"), "precision: "),
        ("/parameters/cpus", json!([99_999]), "cpus: 99999"),
        ("/parameters/baseline", json!("nobody"), "--baseline nobody"),
        ("/parameters/threads", json!([0]), "threads is 0"),
        ("/parameters/workloads/0/timers", json!(0), "timers"),
        ("/parameters/workloads/1/mix/modify", json!(-3), "mix"),
        ("/parameters/workloads/0/clock", json!("sundial"), "workloads[0].clock: "),
        ("/parameters/command", json!("walk"), "command: "),
        ("/schema_version", json!(1), "schema_version 1 is older than this headlock's 2"),
    ];
    for (pointer, value, says) in nonsense {
        let mut record: Value = serde_json::from_str(&text).unwrap();
        *record.pointer_mut(pointer).unwrap() = value;
        let path = place.path("nonsense.json");
        fs::write(&path, record.to_string()).unwrap();
        let out = place.path("out");
        let output = typed(&[
            "run",
            "--config",
            path.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(2), "{pointer}: {}", complaint(&output));
        assert!(complaint(&output).contains(says), "{pointer}: {}", complaint(&output));
        assert_eq!(complaint(&output).lines().count(), 1, "{pointer}");
        assert!(!out.exists());
    }
}

/// As jq saves it: 0.0 becomes 0, and the order of fields another.
#[test]
fn a_file_that_another_program_saved_is_run_again_and_taken_up() {
    let place = Place::new();
    let words = [
        "run",
        "-w",
        "hot",
        "--threads",
        "1",
        "-s",
        "mutex",
        "--blocks",
        "1",
        "--trial",
        "1ms",
        "--pin",
        "none",
    ];
    let first = place.measured("first", &words);
    let path = place.config("first");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(": 0.0"), "{text}");
    fs::write(&path, text.replace(": 0.0,", ": 0,").replace(": 0.0\n", ": 0\n")).unwrap();
    assert_eq!(place.measured("again", &["run", "--config", &path]), first);
    let dir = place.path("first");
    let output = typed(&[&words[..], &["--quiet", "--resume", dir.to_str().unwrap()]].concat());
    assert!(measured(&output), "{}", complaint(&output));
    let resumed = typed(&["run", "--config", &path, "--resume", dir.to_str().unwrap(), "--quiet"]);
    assert!(measured(&resumed), "{}", complaint(&resumed));
    assert_eq!(read_run(&dir).unwrap().state, RunState::Complete);
}

#[test]
fn a_directory_whose_name_is_no_utf8_is_written() {
    let place = Place::new();
    let out = place.0.path().join(OsStr::from_bytes(b"r\xff"));
    let words = [
        "run",
        "-w",
        "hot",
        "--threads",
        "1",
        "-s",
        "mutex",
        "--blocks",
        "1",
        "--trial",
        "1ms",
        "--pin",
        "none",
        "--json",
        "--out",
    ];
    let words: Vec<&OsStr> = words.iter().map(OsStr::new).chain([out.as_os_str()]).collect();
    let output = headlock(&words);
    assert!(measured(&output), "{}", complaint(&output));
    assert!(read_run(&out).is_ok());
    serde_json::from_slice::<Value>(&output.stdout).unwrap();
    for command in ["report", "compare"] {
        let mut words = vec![OsStr::new(command), out.as_os_str()];
        words.extend((command == "compare").then_some(out.as_os_str()));
        let output = headlock(&words);
        assert_ne!(output.status.code(), Some(101), "{}", complaint(&output));
    }
    // A trial of a program whose own path is none either.
    let program = place.0.path().join(OsStr::from_bytes(b"h\xff"));
    fs::copy(env!("CARGO_BIN_EXE_headlock"), &program).unwrap();
    let words = [
        "run",
        "-w",
        "hot",
        "--threads",
        "1",
        "-s",
        "mutex",
        "--blocks",
        "1",
        "--trial",
        "1ms",
        "--pin",
        "none",
        "-q",
        "--out",
    ];
    let output = Command::new(&program)
        .env("HEADLOCK_STATE", "")
        .args(words)
        .arg(place.path("by-another-name"))
        .output()
        .unwrap();
    assert!(measured(&output), "{}", complaint(&output));
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_like_any_other() {
    let place = Place::new();
    let words = "run -w hot --threads 1 -s mutex,seqlock --blocks 3 --trial 1ms --pin none --quiet --out";
    let script = format!("ulimit -f 1; exec \"$0\" {words} \"$1\"");
    let output = Command::new("sh")
        .env("HEADLOCK_STATE", "")
        .args(["-c", &script, env!("CARGO_BIN_EXE_headlock")])
        .arg(place.path("out"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert_eq!(complaint(&output).lines().count(), 1, "{}", complaint(&output));
    assert!(complaint(&output).contains("File too large"), "{}", complaint(&output));
}

/// Whoever hands over a directory must not choose which program runs.
#[test]
fn a_report_starts_no_program_that_lies_beside_its_results() {
    let place = Place::new();
    place.measured(
        "results/run",
        &[
            "run",
            "-w",
            "hot",
            "--threads",
            "1",
            "-s",
            "mutex",
            "--blocks",
            "1",
            "--trial",
            "1ms",
            "--pin",
            "none",
        ],
    );
    let script = place.path("scripts/plot");
    fs::create_dir_all(script.parent().unwrap()).unwrap();
    fs::write(&script, format!("#!/bin/sh\ntouch {}\n", place.path("started").display())).unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let dir = place.path("results/run");
    let output = Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
        .arg("report")
        .arg(&dir)
        .current_dir(place.0.path())
        .output()
        .unwrap();
    assert!(measured(&output), "{}", complaint(&output));
    let page = fs::read_to_string(dir.join("report.html")).unwrap();
    assert!(page.contains("scripts/plot "), "it says what draws pictures");
    assert!(!place.path("started").exists());

    // Nor is anything outside the directory read or written.
    let mine = place.path("mine");
    fs::write(&mine, "<svg viewBox='0 0 1 1'><text>secret</text></svg>").unwrap();
    fs::create_dir(dir.join("plots")).unwrap();
    std::os::unix::fs::symlink(&mine, dir.join("plots/throughput.svg")).unwrap();
    let output = typed(&["report", dir.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("it is no file, but a link"), "{}", complaint(&output));
    fs::remove_file(dir.join("plots/throughput.svg")).unwrap();
    fs::remove_file(dir.join("report.html")).unwrap();
    std::os::unix::fs::symlink(&mine, dir.join("report.html")).unwrap();
    assert!(typed(&["report", dir.to_str().unwrap()]).status.success());
    assert!(fs::read_to_string(&mine).unwrap().contains("secret"));
    fs::remove_file(dir.join("threads.csv")).unwrap();
    std::os::unix::fs::symlink(&mine, dir.join("threads.csv")).unwrap();
    let output = typed(&[
        "run",
        "--config",
        &place.config("results/run"),
        "--resume",
        dir.to_str().unwrap(),
        "-q",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("threads.csv: it is no file of its own"), "{}", complaint(&output));
}
