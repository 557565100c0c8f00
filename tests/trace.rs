//! `headlock trace` counts what `headlock replay` counts, and the workload that it writes can be run. The trace is one that
//! `scripts/record-qemu-trace` took from a stock QEMU.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The answer as JSON; the command must succeed.
fn headlock(words: &[&str]) -> Value {
    let done = Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
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

/// A poller, a timer that fires and one that is pending from the start, on a clock that began at `zero`.
fn write_trace(dir: &Path, zero: u64) -> PathBuf {
    std::fs::create_dir_all(dir).expect("a directory");
    let mut rows = String::from("time_ns,thread,list,op,timer,expire_ns\n");
    for turn in 0..20 {
        let time = zero + turn * 1_000;
        rows += &format!("{time},1,1,deadline,,\n{},2,1,mod,7,{}\n{},1,1,run,,\n", time + 1, time + 400, time + 500);
    }
    std::fs::write(dir.join("it.csv"), rows).expect("written");
    let init = format!("list,timer,expire_ns\n1,8,{}\n1,9,{}\n", zero + 7_000, i64::MAX);
    std::fs::write(dir.join("it.init.csv"), init).expect("written");
    dir.join("it.csv")
}

#[test]
fn a_clock_that_began_elsewhere_changes_nothing() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let said = [0, 10_000_000_000, 1_795_771_258_867_000_000].map(|zero| {
        let path = write_trace(&scratch.path().join(zero.to_string()), zero);
        let path = path.to_str().expect("UTF-8");
        // At its own pace such a trace takes 20 us, not the years since 1970: no figure of it but that it ends is of interest.
        let out = scratch.path().join(format!("{zero}-paced"));
        let measure = [
            "--order", "threads", "--speed", "1", "--trial", "1ms", "--blocks", "1", "--pin", "none", "--quiet",
            "--out",
        ];
        headlock(
            &[
                &["replay", path, "-s", "mutex"],
                &measure[..],
                &[out.to_str().expect("UTF-8")],
            ]
            .concat(),
        );
        headlock(&["trace", path, "-s", "mutex,rcu-epoch"])
    });
    assert_eq!(number(&said[0]["profile"]["span_ns"]), 19_500);
    assert_eq!(number(&said[0]["strict_replay"][0]["fired"]), 21);
    assert_eq!(said[1], said[0]);
    assert_eq!(said[2], said[0]);
}

#[test]
fn what_looks_like_a_file_beside_the_trace_and_is_not_read_is_told_of() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let trace = write_trace(scratch.path(), 0);
    std::fs::write(scratch.path().join("it.threads.txt"), "thread,name\n").expect("written");
    let done = Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
        .arg("trace")
        .args(["-s", "mutex"])
        .arg(trace)
        .output();
    let done = done.expect("headlock starts");
    assert!(done.status.success());
    let told = String::from_utf8(done.stderr).expect("UTF-8");
    assert!(told.contains("it.threads.txt is not read: its name is not it.threads.csv, "), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let done = Command::new("bash")
        .args([
            "-c",
            "\"$0\" replay -s mutex --blocks 1 <(sleep 0; echo x)",
            env!("CARGO_BIN_EXE_headlock"),
        ])
        .output()
        .expect("bash starts");
    let told = String::from_utf8(done.stderr).expect("UTF-8");
    assert_eq!(done.status.code(), Some(1), "{told}");
    assert!(told.contains("a pipe, a device and standard input can be read only once, "), "{told}");
}

#[test]
fn a_name_of_any_bytes_and_length_is_one_line_or_a_result() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let trace = write_trace(scratch.path(), 0);
    let run = |name: &std::ffi::OsStr, command: &str| {
        std::fs::copy(&trace, scratch.path().join(name)).expect("copied");
        let measure = [
            "-s", "mutex", "--order", "strict", "--blocks", "1", "--trial", "1ms", "--pin", "none", "--quiet",
        ];
        let mut headlock = Command::new(env!("CARGO_BIN_EXE_headlock"));
        headlock.env("HEADLOCK_STATE", "");
        headlock.current_dir(scratch.path()).arg(command).arg(name);
        if command == "replay" {
            headlock.args(measure);
        }
        let done = headlock.output().expect("headlock starts");
        (
            done.status.code(),
            String::from_utf8(done.stdout).expect("UTF-8"),
            String::from_utf8(done.stderr).expect("UTF-8"),
        )
    };
    for command in ["trace", "replay"] {
        let (status, _, told) = run(std::ffi::OsStr::from_bytes(b"no\xfftext.csv"), command);
        assert_eq!((status, told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.contains("is not UTF-8 text"), "{told}");
        let escape = |text: &str| text.contains(|c: char| c.is_control() && c != '\n');
        let (status, said, told) = run(std::ffi::OsStr::new("red\u{1b}[31m\u{9b}.csv"), command);
        assert_eq!(status, Some(0), "{told}");
        assert!(!escape(&said) && !escape(&told), "{said:?} {told:?}");
        let (status, _, told) = run(std::ffi::OsStr::new(&format!("{}.csv", "n".repeat(240))), command);
        assert_eq!(status, Some(0), "{told}");
    }
}
