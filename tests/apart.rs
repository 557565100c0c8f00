//! What a run asks of the machine beside it, of the minutes after it, and of other layouts of the program. Trials are short, and nothing
//! here depends on what comes out of them.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use headlock::export::{read_blocks, read_ratios, read_run, read_trials};
use headlock::harness::pin::allowed_cpus;
use headlock::record::{Neighbour, RunState};
use serde_json::Value;
use tempfile::TempDir;

const HEADLOCK: &str = env!("CARGO_BIN_EXE_headlock");

/// A directory of one test's own, in which headlock runs.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().expect("a scratch directory"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn headlock(&self, words: &str) -> Output {
        let words = words.split_whitespace();
        Command::new(HEADLOCK).current_dir(self.0.path()).args(words).output().expect("headlock starts")
    }

    /// A short `headlock run` of two strategies at one thread.
    fn run(&self, words: &str) -> Output {
        let fixed = "run --quiet -w hot --threads 1 --strategies mutex,seqlock --trial 1ms --no-latency";
        self.headlock(&format!("{fixed} {words}"))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is said is UTF-8")
}

/// It measured, whether or not a busy machine left any trial with a figure.
#[track_caller]
fn measured(output: &Output) {
    assert!(matches!(output.status.code(), Some(0 | 6)), "{output:?}");
}

/// It ended with this status and one line.
#[track_caller]
fn refused(output: &Output, status: i32, says: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(status), 1), "{said}");
    assert!(says.iter().all(|words| said.contains(words)), "{said}");
}

fn blocks(dir: &Path) -> usize {
    let trials = read_trials(dir).expect("trials.csv").rows;
    trials.iter().map(|trial| trial.block + 1).max().unwrap_or(0)
}

#[test]
fn a_set_of_runs_is_runs_in_a_directory_and_goes_on_where_it_was_cut_off() {
    let place = Place::new();
    let output = place.run("--pin none --blocks 1 --runs 2 --gap 1ms --out set");
    measured(&output);
    assert!(text(&output.stdout).contains("too few runs"), "{output:?}");
    for name in ["run-1", "run-2"] {
        let run = read_run(&place.file("set").join(name)).expect("run.json");
        assert_eq!(run.state, RunState::Complete, "{name}");
        assert_eq!((run.parameters.common.runs, run.parameters.common.gap_ns), (Some(2), Some(1_000_000)));
    }
    assert!(!place.file("set/run-3").exists());
    refused(&place.run("--pin none --blocks 1 --resume set"), 2, &["all of its 2 runs are there"]);
    refused(&place.run("--pin none --blocks 1 --seed 2 --runs 3 --resume set"), 1, &["seed was 1 and is 2"]);

    // As if it had been killed in its last run, after a block of three.
    let file = place.file("set/run-2/run.json");
    let killed = fs::read_to_string(&file).expect("run.json").replace("\"complete\"", "\"running\"");
    fs::write(&file, killed).expect("run.json");
    let output = place.run("--pin none --blocks 3 --runs 3 --json --resume set");
    measured(&output);
    assert_eq!(["run-1", "run-2", "run-3"].map(|name| blocks(&place.file("set").join(name))), [1, 3, 3]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["runs"].as_array().map(Vec::len), Some(3), "{answer}");
}

#[test]
fn two_sets_are_compared_run_by_run() {
    let place = Place::new();
    for name in ["before", "after"] {
        measured(&place.run(&format!("--pin none --blocks 1 --runs 2 --out {name}")));
    }
    let output = place.headlock("compare before after");
    let said = text(&output.stdout);
    assert!(said.contains("before is a set of 2 runs: each counts as one block"), "{output:?}");
    assert!(said.contains("too few runs") && !said.contains("too few blocks"), "{said}");
    let strict = place.headlock("compare before after --strict");
    assert_eq!(strict.status.code(), Some(4), "{strict:?}");

    let report = place.headlock("report before");
    assert_eq!(
        (report.status.code(), text(&report.stdout).as_str()),
        (Some(0), "before/report.html: 2 runs\n"),
        "{report:?}"
    );
    let page = fs::read_to_string(place.file("before/report.html")).expect("the page");
    assert!(page.contains("The unit is the run") && page.contains("too few runs"), "{page}");
    let markdown = text(&place.headlock("report before --markdown").stdout);
    assert!(markdown.contains("headlock report before/run-1"), "{markdown}");

    // Runs of two plans are no set.
    fs::remove_dir_all(place.file("after/run-2")).expect("a run");
    measured(&place.run("--pin none --blocks 1 --seed 2 --out after/run-2"));
    for words in ["compare before after", "report after"] {
        refused(&place.headlock(words), 1, &["after/run-2: seed is 2", "expected runs of one plan"]);
    }
}

#[test]
fn a_gap_wants_runs_to_lie_between() {
    refused(&Place::new().run("--gap 1s"), 2, &["--gap", "add --runs N"]);
    let place = Place::new();
    measured(&place.run("--pin none --blocks 1 --out one"));
    refused(&place.run("--pin none --blocks 1 --runs 2 --resume one"), 2, &["holds no run-1"]);
}

#[test]
fn one_run_says_that_its_intervals_are_of_its_minutes() {
    let output = Place::new().run("--pin none --blocks 1 --out one");
    let said = text(&output.stdout);
    assert_eq!(said.matches("for this run's minutes").count(), 1, "{said}");
}

#[test]
fn a_busy_neighbour_wants_a_processor_of_its_own() {
    let place = Place::new();
    let cpus = allowed_cpus();
    let all = format!("run --quiet -w hot --threads {} --neighbour busy --out never", cpus.len());
    refused(&place.headlock(&all), 2, &["--neighbour busy: ", "no other may be used"]);
    refused(
        &place.run("--pin none --neighbour busy --out never"),
        2,
        &["--neighbour busy: the threads are not bound"],
    );
    assert!(!place.file("never").exists());
    if cpus.len() > 1 {
        let output = place.run(&format!("--pin {} --neighbour busy --blocks 1 --out run", cpus[0]));
        assert_asked(&output, &place.file("run"), Neighbour::Busy);
        let run = read_run(&place.file("run")).expect("run.json").parameters;
        assert_eq!(run.common.neighbour, Some(Neighbour::Busy));
        let again = place.headlock("run --quiet --config run/run.json --out again");
        assert_asked(&again, &place.file("again"), Neighbour::Busy);
        assert_eq!(read_run(&place.file("again")).expect("run.json").parameters.differences(&run), []);
        let without = place.run(&format!("--pin {} --blocks 1 --resume run", cpus[0]));
        refused(&without, 1, &["neighbour was busy and is none"]);
    }
}

#[test]
fn an_idle_neighbour_marks_blocks_and_deletes_none() {
    let place = Place::new();
    let output = place.run("--neighbour idle --blocks 4 --out run");
    let dir = place.file("run");
    assert_eq!(blocks(&dir), 4, "all are played and kept");
    assert_asked(&output, &dir, Neighbour::Idle);
}

/// The blocks in the state that was asked for count, whichever the machine was in, the others are kept, and the output says how many.
fn assert_asked(output: &Output, dir: &Path, neighbour: Neighbour) {
    let rows = read_blocks(dir).expect("blocks.csv").rows;
    assert!(rows.iter().all(|row| row.counted == neighbour.counts(row.threads, row.state)), "{rows:?}");
    // A block that was disturbed was played again, and its second process stands for it.
    let last: BTreeMap<usize, bool> = rows.iter().map(|row| (row.block, row.counted)).collect();
    let counted = last.values().filter(|counted| **counted).count();
    let said = text(&output.stdout) + &text(&output.stderr);
    let line = format!("--neighbour {}: {counted} of {} blocks {}", neighbour.word(), last.len(), neighbour.asks());
    assert!(said.contains(&line), "{said}");
    if counted == 0 {
        refused(output, 6, &["--neighbour ", "No figure is left"]);
    }
    for ratio in read_ratios(dir).expect("ratios.csv").rows {
        assert!(ratio.blocks <= counted, "{ratio:?}");
    }
}

#[test]
fn a_block_plays_one_of_the_layouts_and_all_are_of_one_source() {
    let place = Place::new();
    let layouts = place.file("layouts");
    fs::create_dir(&layouts).expect("a directory");
    let words = "--pin none --blocks 8 --layouts layouts --out";
    refused(
        &place.run(&format!("{words} never")),
        2,
        &["--layouts layouts: ", "holds 0 programs; expected two or more"],
    );
    let copy = |name: &str| fs::copy(HEADLOCK, layouts.join(name)).expect("the program can be copied");
    copy("one");
    refused(&place.run(&format!("{words} never")), 2, &["holds 1 program; expected two or more"]);
    copy("other");
    measured(&place.run(&format!("{words} run")));
    let rows = read_blocks(&place.file("run")).expect("blocks.csv").rows;
    assert!(rows.iter().all(|row| ["one", "other"].contains(&row.layout.as_str())), "{rows:?}");
    let run = read_run(&place.file("run")).expect("run.json");
    assert_eq!(run.parameters.common.layouts.len(), 2);
    assert!(run.host.source.is_some_and(|source| source.len() == 64));
    refused(&place.headlock("run --config run/run.json"), 2, &["layouts: blocks drew from 2 programs"]);

    let stranger = layouts.join("stranger");
    fs::write(&stranger, "#!/bin/sh\nexit 0\n").expect("a script");
    fs::set_permissions(&stranger, fs::Permissions::from_mode(0o755)).expect("a program");
    refused(&place.run(&format!("{words} never")), 2, &["stranger does not say what it was built from"]);
    let answer = "#!/bin/sh\necho '{\"source\":\"0123\",\"strategies\":[]}'\n";
    fs::write(&stranger, answer).expect("a script");
    refused(
        &place.run(&format!("{words} never")),
        2,
        &["stranger was built from source 0123, this program from "],
    );
    assert!(!place.file("never").exists());
}
