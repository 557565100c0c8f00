//! `headlock compare` on result directories made up here: what it says, what it refuses, and how it exits.

#[cfg(target_os = "linux")]
#[path = "support/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hdrhistogram::Histogram;
use headlock::export::{ResultDir, Snapshot};
use headlock::record::{Conditions, Host, Kind, LatencyHistogram, RunRecord, RunState, SCHEMA_VERSION, Trial};
use headlock::stats::{Latencies, latency_rows, ratios};
use headlock::strategies::LockCounts;
use headlock::workload::Workload;
use serde_json::{Value, json};

/// A run of the workload `hot` that never took place: 16 blocks at 2 threads.
struct MadeUp {
    /// Strategies with their ns per operation.
    strategies: Vec<(&'static str, f64)>,
    /// Lock acquisitions of `mutex` in a trial of 1,000 operations.
    locks: u64,
    /// Half the width of the noise on every figure, as a fraction.
    noise: f64,
    parameters: Value,
    hostname: &'static str,
    cpu_model: Option<&'static str>,
    state: RunState,
    blocks: usize,
    latencies: bool,
}

impl Default for MadeUp {
    fn default() -> Self {
        MadeUp {
            strategies: vec![("mutex", 14.0), ("seqlock", 2.0), ("floor", 1.0), ("aa-control", 14.0)],
            locks: 1_000,
            noise: 0.002,
            parameters: json!({
                "command": "run",
                "workloads": [hot(64)],
                "threads": [2],
                "strategies": ["mutex", "seqlock"],
                "baseline": "mutex",
                "trial_ns": 20_000_000,
                "deciding_only": false,
                "isolation": "slices",
                "threshold": 0.01,
                "cpus": [0, 1],
                "seed": 1,
                "patience_ns": 60_000_000_000_u64,
            }),
            hostname: "box",
            cpu_model: Some("made up"),
            state: RunState::Complete,
            blocks: 16,
            latencies: true,
        }
    }
}

/// The preset with so many timers.
fn hot(timers: usize) -> Workload {
    Workload { timers, ..Workload::preset("hot").unwrap() }
}

impl MadeUp {
    fn slower(mut self, strategy: &str, factor: f64) -> Self {
        self.strategies.iter_mut().filter(|(name, _)| *name == strategy).for_each(|(_, ns)| *ns *= factor);
        self
    }

    fn with(mut self, parameter: &str, value: Value) -> Self {
        self.parameters[parameter] = value;
        self
    }

    fn write(&self, place: &Path, name: &str) -> PathBuf {
        let path = place.join(name);
        let mut dir = ResultDir::create(&path).unwrap();
        let (mut trials, mut latencies) = (Vec::new(), Latencies::default());
        for block in 0..self.blocks {
            for (number, (strategy, ns)) in self.strategies.iter().enumerate() {
                // Evenly spread, and in another order for each strategy: any two differ one way as often as the other.
                let spread = (((block ^ number) * 7 + name.len()) % 16) as f64 / 7.5 - 1.0;
                let locks = if *strategy == "mutex" { self.locks } else { 0 };
                let trial = trial(strategy, block, ns * (1.0 + self.noise * spread), locks);
                dir.append_trial(&trial).unwrap();
                trials.push(trial);
            }
        }
        for (strategy, ns) in self.strategies.iter().filter(|_| self.latencies) {
            latencies.add(latency(strategy, *ns as u64 + 20)).unwrap();
        }
        let run = RunRecord {
            schema_version: SCHEMA_VERSION,
            headlock_version: "0.1.0".to_owned(),
            command: vec!["headlock".to_owned(), "run".to_owned()],
            parameters: serde_json::from_value(self.parameters.clone()).unwrap(),
            host: Host {
                hostname: self.hostname.to_owned(),
                cpu_model: self.cpu_model.map(str::to_owned),
                ..Host::default()
            },
            conditions: Conditions::default(),
            warnings: vec![],
            started: "2026-11-24T18:06:42Z".parse().unwrap(),
            resumed: vec![],
            ended: None,
            state: self.state,
            message: None,
            left_out: Vec::new(),
            verified: std::collections::BTreeMap::new(),
        };
        dir.rewrite(&Snapshot {
            blocks: &[],
            latency: &latency_rows(&latencies, &trials),
            histograms: &latencies,
            ratios: &ratios(&trials, "mutex", 0.01),
            run: &run,
        })
        .unwrap();
        path
    }
}

fn trial(strategy: &str, block: usize, ns_per_op: f64, lock_acquisitions: u64) -> Trial {
    Trial {
        workload: "hot".to_owned(),
        strategy: strategy.to_owned(),
        threads: 2,
        block,
        ops: 1_000,
        elapsed_ns: 10_000,
        ns_per_op,
        ops_per_s: 1e8,
        floor_ns: Some(1.0),
        lock: LockCounts { acquisitions: lock_acquisitions, ..LockCounts::default() },
        overlap: 1.0,
        ops_least: 500,
        ops_most: 500,
        ..Trial::default()
    }
}

fn latency(strategy: &str, ns: u64) -> LatencyHistogram {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    histogram.record_n(ns, 1_000).unwrap();
    LatencyHistogram {
        workload: "hot".to_owned(),
        strategy: strategy.to_owned(),
        threads: 2,
        op: "deadline".to_owned(),
        kind: Kind::Service,
        measured_ns: 1_000_000_000,
        histogram,
    }
}

fn compare(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
        .arg("compare")
        .args(args)
        .output()
        .unwrap()
}

/// Compares two made-up runs; gives the exit status, the answer and the complaint.
fn compared(a: &MadeUp, b: &MadeUp, flags: &[&str]) -> (i32, String, String) {
    let place = tempfile::tempdir().unwrap();
    let (a, b) = (a.write(place.path(), "a"), b.write(place.path(), "bb"));
    ended(compare(&[&[a.to_str().unwrap(), b.to_str().unwrap()], flags].concat()))
}

fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_run_like_the_other_is_the_same() {
    let alike = |flags: &[&str]| compared(&MadeUp::default(), &MadeUp::default(), flags);
    let (status, answer, complaint) = alike(&["--strict", "--between-runs", "0.5%"]);
    assert_eq!((status, complaint.as_str()), (0, ""), "{answer}");
    assert_eq!(answer.matches("  same").count(), 2, "mutex and seqlock: {answer}");
    assert!(!answer.contains("aa-control"), "{answer}");

    // Two threads differ by more from run to run than 5 %.
    let (status, answer, _) = alike(&["--strict"]);
    assert_eq!(status, 4, "{answer}");
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(answer.contains("allow for 2.5 % a run (--between-runs), so 3.5 % between the two"), "{answer}");
}

#[test]
fn slower_than_the_threshold_exits_with_3_and_names_it() {
    let slower = MadeUp::default().slower("seqlock", 1.2);
    let (status, answer, complaint) = compared(&MadeUp::default(), &slower, &[]);
    assert_eq!(status, 3, "{answer}");
    assert!(complaint.contains("slower than the threshold of 5 %: seqlock@hot/2 1.200"), "{complaint}");
    assert_eq!(compared(&MadeUp::default(), &slower, &["--threshold", "30%"]).0, 0);
    assert_eq!(compared(&slower, &MadeUp::default(), &[]).0, 0, "faster is no failure");
}

#[test]
fn what_is_open_exits_with_4_if_strict() {
    let noisy = || MadeUp { noise: 0.3, ..MadeUp::default() };
    let (status, answer, _) = compared(&noisy(), &noisy(), &[]);
    assert_eq!(status, 0);
    assert!(answer.contains("unclear"), "{answer}");
    let (status, _, complaint) = compared(&noisy(), &noisy(), &["--strict"]);
    assert_eq!(status, 4);
    assert!(complaint.contains("not decided: ") && complaint.contains("@hot/2"), "{complaint}");
}

#[test]
fn a_baseline_that_changed_is_pointed_at() {
    let slower = MadeUp::default().slower("mutex", 1.5).slower("aa-control", 1.5);
    let (status, answer, _) = compared(&MadeUp::default(), &slower, &[]);
    assert_eq!(status, 3);
    assert!(answer.contains("note: the baseline itself has changed"), "{answer}");
}

#[test]
fn a_limit_of_the_users_own_exits_with_3() {
    let more_locks = MadeUp { locks: 1_001, ..MadeUp::default() };
    let (status, _, complaint) = compared(&MadeUp::default(), &more_locks, &["--fail-if", "locks>0%"]);
    assert_eq!(status, 3);
    assert!(complaint.contains("--fail-if locks>0%: mutex@hot/2 went from 1 to 1.001"), "{complaint}");
    assert_eq!(compared(&MadeUp::default(), &more_locks, &["--fail-if", "locks>1%", "--fail-if", "p99>50%"]).0, 0);
    let (status, _, complaint) = compared(&MadeUp::default(), &more_locks, &["--fail-if", "speed>1%"]);
    assert_eq!(status, 2);
    assert!(complaint.contains("time, locks, p50, p99, p999 and max"), "{complaint}");
}

#[test]
fn too_few_blocks_are_open_if_strict() {
    let few = || MadeUp { blocks: 5, ..MadeUp::default() };
    assert_eq!(compared(&few(), &few(), &[]).0, 0);
    let (status, _, complaint) = compared(&few(), &few(), &["--strict"]);
    assert_eq!(status, 4, "{complaint}");
    assert!(complaint.contains("not decided: "), "{complaint}");
}

#[test]
fn a_strategy_that_vanished_is_no_pass() {
    let mut without = MadeUp::default();
    without.strategies.retain(|(name, _)| *name != "seqlock");
    let (status, answer, complaint) = compared(&MadeUp::default(), &without, &[]);
    assert_eq!(status, 6, "{answer}");
    assert!(complaint.contains("and not in") && complaint.contains("seqlock@hot/2"), "{complaint}");
    let (status, answer, _) = compared(&without, &MadeUp::default(), &[]);
    assert_eq!(status, 0, "a new one is no regression: {answer}");
    let (status, _, complaint) = compared(&MadeUp::default(), &without.slower("mutex", 1.5), &["--strict"]);
    assert_eq!(status, 3, "slower counts more: {complaint}");
    assert!(complaint.contains("slower than") && complaint.contains("not in"), "both are told: {complaint}");
}

#[test]
fn a_limit_without_a_figure_is_no_pass() {
    let without = || MadeUp { latencies: false, ..MadeUp::default() };
    let (status, _, complaint) = compared(&without(), &without(), &["--fail-if", "p999>0%"]);
    assert_eq!(status, 6, "{complaint}");
    assert!(
        complaint.contains("--fail-if p999>0%: not both sides have that figure of mutex@hot/2"),
        "{complaint}"
    );
    assert_eq!(compared(&without(), &without(), &["--fail-if", "locks>0%"]).0, 0);
}

#[test]
fn a_result_that_lost_a_file_or_rows_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let whole = MadeUp::default().write(place.path(), "whole");
    let damaged = |name: &str, file: &str, damage: &dyn Fn(&str) -> Option<String>| {
        let dir = MadeUp::default().write(place.path(), name);
        let path = dir.join(file);
        match damage(&std::fs::read_to_string(&path).unwrap()) {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let (status, _, complaint) = ended(compare(&[whole.to_str().unwrap(), dir.to_str().unwrap()]));
        assert_eq!(status, 1, "{complaint}");
        assert!(complaint.contains(file), "{complaint}");
    };
    damaged("no-ratios", "ratios.csv", &|_| None);
    damaged("no-latency", "latency.csv", &|_| None);
    damaged("no-row", "latency.csv", &|text| {
        let lines: Vec<&str> = text.lines().collect();
        Some(lines[..lines.len() - 1].join("\n") + "\n")
    });
    damaged("half-a-row", "latency.csv", &|text| Some(text[..text.len() - 5].to_owned()));
}

#[test]
fn hosts_whose_model_is_unknown_are_not_taken_for_the_same() {
    let unknown = || MadeUp { cpu_model: None, ..MadeUp::default() };
    let (status, _, complaint) = compared(&unknown(), &unknown(), &[]);
    assert_eq!(status, 1);
    assert!(complaint.contains("CPU: unknown and unknown"), "{complaint}");
    assert_eq!(compared(&unknown(), &unknown(), &["--other-host"]).0, 0);
}

/// As a run would be whose run.json another program saved again.
#[test]
fn numbers_are_compared_as_numbers() {
    let place = tempfile::tempdir().unwrap();
    let before = MadeUp::default().write(place.path(), "a");
    let after = MadeUp::default().write(place.path(), "b");
    let path = after.join("run.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"expired\": 0.0") && text.contains("\"trial_ns\": 20000000"), "{text}");
    let text = text
        .replace(": 0.0,", ": 0,")
        .replace(": 0.0\n", ": 0\n")
        .replace("\"trial_ns\": 20000000", "\"trial_ns\": 20000000.0");
    std::fs::write(&path, text).unwrap();
    let (status, _, complaint) = ended(compare(&[before.to_str().unwrap(), after.to_str().unwrap()]));
    assert_eq!((status, complaint.as_str()), (0, ""));
}

#[test]
fn what_is_not_comparable_is_refused_with_every_reason() {
    let other = MadeUp { hostname: "other", ..MadeUp::default() }
        .with("trial_ns", json!(50_000_000))
        .with("workloads", json!([hot(1000)]));
    let (status, answer, complaint) = compared(&MadeUp::default(), &other, &[]);
    assert_eq!((status, answer.as_str()), (1, ""));
    for reason in [
        "are not comparable",
        "the length of a trial, ns: 20000000 and 50000000",
        "timers of workload hot: 64 and 1000",
        "the host (name: box and other); --other-host",
    ] {
        assert!(complaint.contains(reason), "{complaint}");
    }
    assert_eq!(complaint.lines().count(), 1);
}

#[test]
fn other_hosts_are_compared_by_their_ratios_alone() {
    let other = MadeUp { hostname: "other", ..MadeUp::default() }.slower("mutex", 2.0).slower("seqlock", 2.0);
    let (status, answer, _) = compared(&MadeUp::default(), &other, &["--other-host"]);
    assert_eq!(status, 0, "{answer}");
    assert!(answer.contains(" relative ") && !answer.contains(" raw "), "{answer}");
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        answer.contains("since it is the baseline and times of different machines are not compared: mutex@hot/2"),
        "{answer}"
    );
}

#[test]
fn a_set_without_one_of_its_runs_says_so_and_reads_the_others() {
    let place = tempfile::tempdir().unwrap();
    for set in ["before", "after"] {
        for number in [1, 2, 4, 5, 6, 7, 8] {
            MadeUp::default().write(&place.path().join(set), &format!("run-{number}"));
        }
    }
    let set = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (before, after) = (set("before"), set("after"));
    let (_, answer, _) = ended(compare(&[&before, &after, "--between-runs", "2.5%"]));
    let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        &format!("{before}: run-3 is missing; the 7 that are there up to run-8 count"),
        "is a set of 7 runs: each counts as one block",
        "--between-runs has no effect: both are sets of runs",
        "A/A control (the same code twice): relative 1.0",
    ] {
        assert!(answer.contains(expected), "{expected}: {answer}");
    }

    // Five runs bound nothing.
    for number in [6, 7, 8] {
        std::fs::remove_dir_all(place.path().join(format!("after/run-{number}"))).unwrap();
    }
    let (_, answer, _) = ended(compare(&[&before, &after]));
    assert!(answer.contains("too few runs") && !answer.contains("too few blocks"), "{answer}");
}

#[test]
fn a_table_that_was_cut_says_how_many_blocks_are_left() {
    let place = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| MadeUp::default().write(place.path(), name));
    let trials = std::fs::read_to_string(b.join("trials.csv")).unwrap();
    let left: Vec<&str> = trials.lines().take(1 + 4 * 8).collect();
    std::fs::write(b.join("trials.csv"), left.join("\n") + "\n").unwrap();
    let said = "trials.csv has 8 of 16 blocks, and run.json says that the run is complete";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let (_, answer, _) = ended(compare(&[a, b]));
    assert!(words(&answer).contains(&format!("{b}: {said}")), "{answer}");
    let headlock = |args: &[&str]| {
        ended(Command::new(env!("CARGO_BIN_EXE_headlock")).env("HEADLOCK_STATE", "").args(args).output().unwrap())
    };
    let (_, answer, _) = headlock(&["pool", a, b]);
    assert!(words(&answer).contains(&format!("{b}: {said}")), "{answer}");
    let (status, answer, complaint) = headlock(&["report", b]);
    assert!(status == 0 && complaint.contains(said), "{answer}{complaint}");
}

#[test]
fn what_may_differ_is_noted() {
    let other = MadeUp { state: RunState::Interrupted, ..MadeUp::default() }.with("seed", json!(2));
    let (status, answer, _) = compared(&MadeUp::default(), &other, &[]);
    assert_eq!(status, 0);
    assert!(answer.contains("they differ in the seed: 1 and 2"), "{answer}");
    assert!(answer.contains("was interrupted; what it has is compared"), "{answer}");
}

#[test]
fn two_points_of_one_run_are_paired() {
    let place = tempfile::tempdir().unwrap();
    let dir = MadeUp::default().write(place.path(), "a");
    let point = |point: &str| format!("{}:{point}", dir.display());
    let (status, answer, _) = ended(compare(&[&point("mutex@hot/2"), &point("seqlock@hot/2"), "--json"]));
    assert_eq!(status, 0);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let change = &answer["changes"][0]["change"];
    assert_eq!((&change["basis"], &change["verdict"]), (&json!("paired"), &json!("faster")));
    assert!((change["ratio"].as_f64().unwrap() - 1.0 / 7.0).abs() < 0.01, "{change}");

    let (_, answer, _) = ended(compare(&[&point("mutex@hot/2"), &point("seqlock@hot/2"), "--between-runs", "2.5%"]));
    for expected in [
        "paired: both are of one run",
        "--between-runs has no effect: both points are of one run",
        "A/A control (the same code twice): paired ",
    ] {
        assert!(answer.contains(expected), "{expected}: {answer}");
    }

    for (args, says) in [
        ([point("mutex@hot/2"), point("mutex@hot/2")], "compared with itself"),
        ([point("mutex@hot/2"), dir.display().to_string()], "either both sides are directories"),
        ([dir.display().to_string(), dir.display().to_string()], "two points of one like"),
        (
            [point("mutex@hot/2"), point("hazard@hot/2")],
            "hazard@hot/2 was not measured; there are aa-control@hot/2, floor@hot/2, mutex@hot/2, seqlock@hot/2",
        ),
        ([point("mutex@hot/2"), point("seqlock@hot")], "expected a result directory, or a point"),
    ] {
        let (status, _, complaint) = ended(compare(&[&args[0], &args[1]]));
        assert_eq!(status, 2, "{complaint}");
        assert!(complaint.contains(says), "{complaint}");
    }
}

#[test]
fn markdown_is_a_table_to_paste() {
    let (status, answer, _) = compared(&MadeUp::default(), &MadeUp::default(), &["--markdown"]);
    assert_eq!(status, 0);
    assert!(answer.contains("## hot, 2 threads\n\n| strategy"), "{answer}");
}

#[test]
fn each_form_holds_the_same_statements() {
    let place = tempfile::tempdir().unwrap();
    let (a, b) = (MadeUp::default(), MadeUp { locks: 1_001, ..MadeUp::default() }.slower("seqlock", 1.2));
    let (a, b) = (a.write(place.path(), "a"), b.with("seed", json!(2)).write(place.path(), "bb"));
    let said = |columns: &str, flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headlock"));
        command.env("HEADLOCK_STATE", "");
        command.arg("compare").args([&a, &b]).args(flags).env("COLUMNS", columns);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let answer: Value = serde_json::from_str(&said("80", &["--json"])).unwrap();
    let changes = answer["changes"].as_array().unwrap();
    let (text, markdown) = (said("80", &[]), said("80", &["--markdown"]));
    for it in changes {
        let number = |name: &str| it["change"][name].as_f64().unwrap();
        let interval = format!("{:.3} to {:.3}", number("ci_low"), number("ci_high"));
        let name = it["change"]["b"]["strategy"].as_str().unwrap();
        let verdict = it["change"]["verdict"].as_str().unwrap();
        for words in [name, verdict, &format!("{:.3}", number("ratio")), &interval] {
            assert!(text.contains(words) && markdown.contains(words), "{words}: {text}\n{markdown}");
        }
    }
    assert_eq!(changes.len(), 2);
    assert_eq!(answer["notes"][0], json!("they differ in the seed: 1 and 2"));
    for words in [
        "they differ in the seed: 1 and 2",
        "1.0000 → 1.0010",
        "B over A; below 1 is faster",
    ] {
        assert!(text.contains(words) && markdown.contains(words), "{words}: {text}\n{markdown}");
    }
    for columns in [80, 20] {
        // A directory's name is as long as it is.
        let text = said(&columns.to_string(), &[]);
        let wide = text.lines().filter(|line| line.chars().count() > columns);
        assert_eq!(wide.collect::<Vec<_>>(), Vec::<&str>::new(), "{columns}");
    }
}

#[test]
fn a_missing_or_newer_result_is_named() {
    let place = tempfile::tempdir().unwrap();
    let dir = MadeUp::default().write(place.path(), "a");
    let missing = place.path().join("none");
    let (status, _, complaint) = ended(compare(&[dir.to_str().unwrap(), missing.to_str().unwrap()]));
    assert_eq!(status, 1);
    assert!(complaint.contains(&format!("cannot read {}", missing.join("run.json").display())), "{complaint}");

    let newer = MadeUp::default().write(place.path(), "newer");
    let text = std::fs::read_to_string(newer.join("run.json")).unwrap();
    let text = text.replace("\"schema_version\": 2", "\"schema_version\": 999");
    std::fs::write(newer.join("run.json"), text).unwrap();
    let (status, _, complaint) = ended(compare(&[dir.to_str().unwrap(), newer.to_str().unwrap()]));
    assert_eq!(status, 1);
    assert!(complaint.contains("schema_version 999 is newer"), "{complaint}");
}

#[cfg(target_os = "linux")]
#[test]
fn verdicts_are_coloured_on_a_terminal_only_and_not_with_no_color() {
    use terminal::{ESCAPE, on_a_terminal, piped};

    let scratch = tempfile::tempdir().unwrap();
    let write = |run: MadeUp, name| run.write(scratch.path(), name).to_str().unwrap().to_owned();
    let before = write(MadeUp::default(), "before");
    let after = write(MadeUp::default().slower("seqlock", 1.5), "after");
    let words = ["compare", before.as_str(), after.as_str()];
    let coloured = on_a_terminal(&words, &[]);
    assert!(coloured.contains("\u{1b}[38;5;9m") && coloured.contains("slower"), "{coloured:?}");
    assert!(on_a_terminal(&["compare", &after, &before], &[]).contains("\u{1b}[38;5;10m"));
    assert!(piped(&words, &[("CLICOLOR_FORCE", "1")]).contains(ESCAPE));
    for plain in [
        piped(&words, &[]),
        piped(&["compare", &before, &after, "--markdown"], &[("CLICOLOR_FORCE", "1")]),
        on_a_terminal(&words, &[("NO_COLOR", "1")]),
        on_a_terminal(&words, &[("TERM", "dumb")]),
    ] {
        assert!(plain.contains("slower") && !plain.contains(ESCAPE), "{plain:?}");
    }
}

#[test]
fn without_histograms_it_compares_and_says_that_there_are_none() {
    let place = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| MadeUp::default().write(place.path(), name));
    std::fs::remove_file(b.join("latency.hlog")).unwrap();
    let (status, said, complaint) = ended(compare(&[a.to_str().unwrap(), b.to_str().unwrap(), "--markdown"]));
    assert_eq!(status, 0, "{complaint}");
    assert!(said.contains("/b has no latency.hlog to check latency.csv against"), "{said}");
}
