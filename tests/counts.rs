//! Lock acquisitions as the files state them, though the throughput pass counts a sample: where every operation takes the lock
//! once, there are as many as operations, in each trial and for each thread.

use std::path::Path;
use std::process::Command;

use headlock::export::read_trials;
use headlock::record::{Pass, Trial};

/// The trials of one block, of strategies that lock for every poll and one that locks for none.
fn trials(out: &Path) -> Vec<Trial> {
    let fixed = [
        "run",
        "-w",
        "hot",
        "--mix",
        "deadline=1",
        "--strategies",
        "mutex,rwlock,seqlock",
    ];
    let mut headlock = Command::new(env!("CARGO_BIN_EXE_headlock"));
    headlock.env("HEADLOCK_STATE", "");
    headlock
        .args(fixed)
        .args([
            "--threads",
            "1,2",
            "--blocks",
            "1",
            "--trial",
            "20ms",
            "--pin",
            "none",
            "--quiet",
            "--out",
        ])
        .arg(out);
    let done = headlock.output().unwrap();
    assert!(matches!(done.status.code(), Some(0 | 6)), "{}", String::from_utf8_lossy(&done.stderr));
    read_trials(out).unwrap().rows
}

#[test]
fn a_sample_states_as_many_acquisitions_as_operations_where_each_takes_the_lock() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("run");
    for trial in trials(&out) {
        match trial.strategy.as_str() {
            "seqlock" | "floor" => assert_eq!(trial.lock.acquisitions, 0, "{trial:?}"),
            // The list's own counts, which the latency pass states, are read while threads are in the middle of a batch.
            _ if trial.pass == Pass::Latency => assert!(trial.lock.acquisitions > 0 || trial.ops == 0, "{trial:?}"),
            _ => assert_eq!(trial.lock.acquisitions, trial.ops, "{trial:?}"),
        }
    }
    let mut rows = csv::Reader::from_path(out.join("threads.csv")).unwrap();
    let header = rows.headers().unwrap().clone();
    let mut checked = 0;
    for row in rows.records() {
        let row = row.unwrap();
        let cell = |name: &str| &row[header.iter().position(|column| column == name).unwrap()];
        if cell("pass") == "throughput" && ["mutex", "rwlock"].contains(&cell("strategy")) {
            assert_eq!(cell("lock_acquisitions"), cell("ops"), "{row:?}");
            checked += 1;
        }
    }
    assert!(checked >= 2 * (1 + 2), "each strategy at one thread and at two: {checked}");
}
