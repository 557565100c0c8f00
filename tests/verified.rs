//! What passed `headlock verify` is stamped, and the commands that measure say of everything else that it is not verified.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use headlock::export::read_run;
use headlock::record::{Check, RunRecord};

fn headlock(state: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headlock"));
    command.env("HEADLOCK_STATE", state).env("COLUMNS", "200").args(words.split_whitespace());
    command.output().expect("headlock starts")
}

/// A run of one block: what it said, and its record.
fn run(state: &Path, dir: &Path) -> (String, RunRecord) {
    let words = "run -w hot --threads 1 -s mutex,seqlock --blocks 1 --trial 1ms --pin none --quiet";
    let output = headlock(state, &format!("{words} --out {}", dir.display()));
    // On a machine that is busy enough no trial has a figure, which is another matter.
    assert!(matches!(output.status.code(), Some(0 | 6)), "{}", complaint(&output));
    (String::from_utf8(output.stdout).unwrap(), read_run(dir).unwrap())
}

#[track_caller]
fn verify(state: &Path, flags: &str) -> Output {
    let output = headlock(state, &format!("verify -s mutex --passes 1 --timers 100 --quiet {flags}"));
    assert!(output.status.success(), "{}", complaint(&output));
    output
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_says_what_was_not_verified_before_it() {
    let place = tempfile::tempdir().unwrap();
    let state = place.path().join("state");
    let (said, record) = run(&state, &place.path().join("before"));
    assert!(said.contains("Not verified before this run: all 2 strategies (headlock verify)."), "{said}");
    assert_eq!(record.verified.len(), 2);
    assert_eq!(record.verified("mutex"), None);
    assert!(!state.exists(), "only verify writes");

    verify(&state, "--checks model,progress");
    let (said, record) = run(&state, &place.path().join("in-part"));
    let expected = "Not verified before this run: seqlock; in part only: mutex (model, progress) (headlock verify).";
    assert!(said.contains(expected), "{said}");
    assert_eq!(record.verified("mutex").unwrap().checks, [Check::Model, Check::Progress]);

    verify(&state, "");
    let (said, record) = run(&state, &place.path().join("after"));
    assert!(said.contains("Not verified before this run: seqlock (headlock verify)."), "{said}");
    assert!(record.verified("mutex").unwrap().is_whole());
    assert_eq!(record.verified("seqlock"), None);

    let words = ["before", "after"].map(|name| place.path().join(name).display().to_string()).join(" ");
    let compared = headlock(&state, &format!("compare {words}"));
    let said = String::from_utf8(compared.stdout).unwrap();
    assert!(
        said.replace("\n", " ").contains("not before"),
        "{said}{}",
        String::from_utf8_lossy(&compared.stderr)
    );
}

#[test]
fn stamps_that_cannot_be_kept_or_read_are_one_line_and_no_failure() {
    let place = tempfile::tempdir().unwrap();
    let state = place.path().join("state");
    fs::write(&state, "a file").unwrap();
    let line = complaint(&verify(&state, "--checks model"));
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains("what this came to is not written down: "), "{line}");
    let (_, record) = run(&state, &place.path().join("run"));
    assert_eq!(record.unverified().never, ["mutex", "seqlock"]);
}

#[test]
fn without_a_place_for_stamps_none_is_kept() {
    let place = tempfile::tempdir().unwrap();
    let output = verify(Path::new(""), "--checks model");
    assert_eq!(complaint(&output), "");
    let (said, _) = run(Path::new(""), &place.path().join("run"));
    assert!(said.contains("all 2 strategies"), "{said}");
}

#[test]
fn a_stamp_is_written_where_the_user_keeps_state() {
    let place = tempfile::tempdir().unwrap();
    for (name, directory) in [("XDG_STATE_HOME", ""), ("HOME", ".local/state")] {
        let home = place.path().join(name);
        let output = Command::new(env!("CARGO_BIN_EXE_headlock"))
            .args([
                "verify", "-s", "mutex", "--checks", "model", "--passes", "1", "--timers", "100", "--quiet",
            ])
            .env_remove("HEADLOCK_STATE")
            .env_remove("XDG_STATE_HOME")
            .env_remove("HOME")
            .env(name, &home)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", complaint(&output));
        let stamps = fs::read_dir(home.join(directory).join("headlock/verified")).unwrap();
        let names = stamps.map(|it| it.unwrap().file_name().into_string().unwrap());
        assert_eq!(names.filter(|name| name.ends_with(".json")).count(), 1);
    }
}
