//! Grace periods in the result files: recorded where nodes wait for readers, and nowhere else. Nothing here depends on how long
//! they wait.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use headlock::export::{read_latency, read_trials};
use headlock::record::{Kind, LatencyRow, Pass, RECLAIM};

/// One block of these strategies, threads unbound so that no trial counts as disturbed.
fn measure(command: &[&str], strategies: &str, dir: &Path) -> Vec<LatencyRow> {
    let output = Command::new(env!("CARGO_BIN_EXE_headlock"))
        .env("HEADLOCK_STATE", "")
        .args(command)
        .args([
            "--strategies",
            strategies,
            "--blocks",
            "1",
            "--pin",
            "none",
            "--quiet",
            "--out",
        ])
        .arg(dir)
        .output()
        .unwrap();
    // 6: on a machine that is busy enough no trial has a figure.
    assert!(matches!(output.status.code(), Some(0 | 6)), "{}", String::from_utf8_lossy(&output.stderr));
    read_latency(dir).unwrap().rows
}

/// The strategies that have a row of grace periods, and how many each.
fn waited(rows: &[LatencyRow]) -> Vec<(&str, u64)> {
    let graces = rows.iter().filter(|row| row.op == RECLAIM);
    graces
        .map(|row| {
            assert_eq!(row.kind, Kind::Service);
            assert!(!row.is_service(), "it is no operation");
            (row.strategy.as_str(), row.count)
        })
        .collect()
}

#[test]
fn nodes_that_wait_for_readers_are_on_record_and_others_are_not() {
    let place = tempfile::tempdir().unwrap();
    // Long enough for several batches of 256 frees on the slowest machine.
    let churn = [
        "run",
        "-w",
        "hot",
        "--mix",
        "churn=1",
        "--threads",
        "1",
        "--trial",
        "200ms",
    ];
    let strategies = "mutex,rcu-epoch,rcu-membarrier,rcu-qsbr,hyaline,rcu-epoch-copy";
    let rows = measure(&churn, strategies, &place.path().join("churn"));
    let names: Vec<&str> = waited(&rows).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["hyaline", "rcu-epoch", "rcu-membarrier", "rcu-qsbr"]);

    let hot = ["run", "-w", "hot", "--threads", "1"];
    assert_eq!(waited(&measure(&hot, "rcu-epoch", &place.path().join("hot"))), []);
}

#[test]
fn a_replay_of_a_trace_that_frees_records_them_too() {
    const FREES: u64 = 300;
    let place = tempfile::tempdir().unwrap();
    let mut trace = "time_ns,thread,list,op,timer,expire_ns\n".to_owned();
    for number in 0..FREES {
        for op in ["create", "free"] {
            writeln!(trace, "{number},0,0,{op},{number},").unwrap();
        }
    }
    let file = place.path().join("frees.csv");
    std::fs::write(&file, trace).unwrap();
    let file = file.to_str().unwrap();
    for flags in [["--order", "strict"], ["--order=threads", "--speed=1000"]] {
        let dir = place.path().join(flags.concat());
        let rows = measure(&["replay", file, flags[0], flags[1]], "mutex,hyaline", &dir);
        let waited = waited(&rows);
        assert_eq!(waited.len(), 1, "{waited:?}");
        let (name, count) = waited[0];
        let trials = read_trials(&dir).unwrap().rows;
        let retired = trials.iter().find(|it| it.strategy == name && it.pass == Pass::Latency).unwrap().retired;
        // Nobody else reads, so each batch goes when it is full; the last one is not. Lists keep their memory from trip to trip, so
        // what the warm-up retired, a trip at most, may be released while measuring.
        assert_eq!((name, retired % FREES), ("hyaline", 0));
        assert!(count > retired / 2 && count < retired + FREES, "{count} of {retired}");
    }
}
