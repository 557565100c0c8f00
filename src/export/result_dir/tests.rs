use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::export::testing::{Result as TestResult, result};
use crate::export::{read_histograms, read_latency, read_ratios, read_run, read_trials};
use crate::record::RunState;

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn rewrite(dir: &mut ResultDir, result: &TestResult) -> Result<(), WriteError> {
    dir.rewrite(&Snapshot {
        blocks: &[],
        latency: &result.latency,
        histograms: &result.latencies,
        ratios: &result.ratios,
        run: &result.run,
    })
}

#[test]
fn a_whole_run_is_read_back() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("results/one");
    let mut result = result();
    let mut dir = ResultDir::create(&path).unwrap();
    assert_eq!(names(&path), ["operations.csv", "threads.csv", "trials.csv"]);
    for trial in &result.trials {
        dir.append_trial(trial).unwrap();
    }
    rewrite(&mut dir, &result).unwrap();
    result.run.state = RunState::Complete;
    rewrite(&mut dir, &result).unwrap();

    assert_eq!(
        names(&path),
        [
            "blocks.csv",
            "latency.csv",
            "latency.hlog",
            "operations.csv",
            "ratios.csv",
            "run.json",
            "threads.csv",
            "trials.csv"
        ]
    );
    assert_eq!(read_trials(&path).unwrap().rows, result.trials);
    assert_eq!(read_latency(&path).unwrap().rows, result.latency);
    assert_eq!(read_ratios(&path).unwrap().rows, result.ratios);
    assert_eq!(read_run(&path).unwrap(), result.run);
    let histograms = read_histograms(&path).unwrap();
    assert!(histograms.iter().eq(result.latencies.histograms()));
}

#[test]
fn every_trial_is_in_the_file_as_soon_as_it_is_appended() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("one");
    let mut dir = ResultDir::create(&path).unwrap();
    for (i, trial) in result().trials.iter().enumerate() {
        dir.append_trial(trial).unwrap();
        assert_eq!(read_trials(&path).unwrap().rows.len(), i + 1);
    }
}

#[test]
fn what_exists_is_never_overwritten() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "mine").unwrap();
    for path in [place.path(), &file] {
        let error = ResultDir::create(path).err().unwrap().to_string();
        assert!(error.starts_with(&format!("{} already exists", path.display())), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_place_that_cannot_be_is_named_at_once() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = ResultDir::create(&file.join("results/one")).err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot create {}", file.join("results").display())), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn a_file_that_cannot_be_replaced_costs_no_other() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("one");
    let result = result();
    let mut dir = ResultDir::create(&path).unwrap();
    dir.append_trial(&result.trials[0]).unwrap();
    // A directory in the way of the name stops even the superuser.
    fs::create_dir(path.join("ratios.csv")).unwrap();
    let error = rewrite(&mut dir, &result).unwrap_err().to_string();
    let expected = format!("cannot write {}: ", path.join("ratios.csv").display());
    assert!(error.starts_with(&expected) && error.ends_with("trials.csv has 1 trial so far"), "{error}");
    assert_eq!(
        names(&path),
        [
            "blocks.csv",
            "latency.csv",
            "latency.hlog",
            "operations.csv",
            "ratios.csv",
            "run.json",
            "threads.csv",
            "trials.csv"
        ]
    );
    assert_eq!(read_run(&path).unwrap(), result.run);
}

#[test]
fn a_read_only_place_is_refused() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o500)).unwrap();
    if fs::write(place.path().join("probe"), "").is_ok() {
        return; // The superuser may write anywhere.
    }
    let error = ResultDir::create(&place.path().join("one")).err().unwrap().to_string();
    assert!(error.starts_with("cannot create ") && error.contains("ermission denied"), "{error}");
}

#[test]
fn names_sort_by_time_and_hold_nothing_odd() {
    let started: ZonedDateTime = "2026-01-02T03:04:05+01:00[Europe/Berlin]".parse().unwrap();
    assert_eq!(directory_name(&started, "my host/a", "run"), "2026-01-02-030405-my-host-a-run");
}

#[test]
fn names_fit_a_file_system_however_long_what_is_measured() {
    let started: ZonedDateTime = "2026-01-02T03:04:05+01:00[Europe/Berlin]".parse().unwrap();
    // Three bytes each, so that the limit lies inside one.
    let name = directory_name(&started, &"h".repeat(300), &"\u{6642}".repeat(100));
    assert_eq!(name, format!("2026-01-02-030405-{}-{}", "h".repeat(63), "\u{6642}".repeat(42)));
    let place = tempfile::tempdir().unwrap();
    ResultDir::create(&place.path().join(name)).unwrap();
}

#[test]
fn a_default_name_that_is_taken_gets_a_number() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("2026-01-02-030405-h-run");
    let starts = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                starts.wait();
                create_beside(&path, ResultDir::create).map(|_| ()).unwrap();
            });
        }
    });
    let taken = ["", "-2", "-3", "-4"].map(|end| format!("2026-01-02-030405-h-run{end}"));
    assert_eq!(names(place.path()), taken);
    // Any other failure stands.
    fs::write(place.path().join("file"), "").unwrap();
    let error = create_beside(&place.path().join("file/run"), ResultDir::create).err().unwrap().to_string();
    assert!(error.starts_with("cannot create "), "{error}");
}
