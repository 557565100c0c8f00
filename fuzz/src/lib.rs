//! One function for each kind of file that headlock reads: takes what may be anything for its content, reads it as the program
//! does, and panics if what comes of it is neither valid nor refused in one line.
//!
//! The fuzz targets call these with what libFuzzer makes up; `tests/corpus.rs` of the main workspace calls them with every
//! file of `corpus/`, so that what was found once is tested by everybody, without a nightly compiler.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use headlock::Registry;
use headlock::export::{ReadError, Rows, read_histograms, read_latency, read_ratios, read_run, read_trials};
use headlock::record::Trial;
use headlock::stats::{Latencies, fewest_blocks, latency_rows, ratios, summarize};
use headlock::workload::Workload;
use headlock::workload::script::Script;
use headlock::workload::trace::{NO_TIMER, Trace, TraceOp};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// Whether a trace that begins so is compressed: with gzip, or with zstd, whose first frame may be one to be skipped.
fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        || bytes.starts_with(&[0x1f, 0x8b])
        || bytes.get(1..4) == Some(&[0x2a, 0x4d, 0x18])
}

/// A trace, plain or compressed, or up to four files with a zero byte between them: the trace, its lists, threads and initial timers.
pub fn trace(bytes: &[u8]) {
    let dir = scratch();
    let mut parts: Vec<&[u8]> = if is_packed(bytes) {
        vec![bytes]
    } else {
        bytes.splitn(4, |byte| *byte == 0).collect()
    };
    parts.resize(4, &[]);
    for (name, content) in ["it.lists.csv", "it.threads.csv", "it.init.csv"].into_iter().zip(&parts[1..]) {
        place_or_remove(&dir.join(name), content);
    }
    let path = dir.join("it.csv");
    place(&path, parts[0]);
    match Trace::load(&path) {
        Ok(trace) => {
            check_trace(&trace);
            if !is_packed(bytes) {
                let compressed = compress_to_vec(parts[0], CompressionLevel::Fastest);
                place(&path, &compressed);
                assert_eq!(Trace::load(&path).expect("it could be read uncompressed"), trace);
            }
        }
        Err(error) => check_complaint(&error),
    }
}

/// What [`Trace`] promises.
fn check_trace(trace: &Trace) {
    assert!(!trace.rows.is_empty());
    assert_eq!(trace.counts().total(), trace.rows.len() as u64);
    let mut latest = vec![0; trace.threads.len()];
    for row in &trace.rows {
        let latest = &mut latest[usize::from(row.thread)];
        assert!(*latest <= row.time.0, "time goes back within a thread");
        *latest = row.time.0;
        assert!(usize::from(row.list) < trace.lists.len());
        assert_eq!(row.timer == NO_TIMER, matches!(row.op, TraceOp::Expired | TraceOp::Deadline | TraceOp::Run));
        assert!(row.timer == NO_TIMER || trace.timers[row.timer as usize].list == row.list);
    }
    for (timer, _) in &trace.init {
        assert!(!trace.timers[*timer as usize].created_in_trace);
    }
    assert!(trace.lists.is_sorted_by(|a, b| a.id < b.id));
    assert!(trace.threads.is_sorted_by(|a, b| a.id < b.id));
}

/// A workload's TOML. One that is accepted must be fit to be played.
pub fn workload(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Workload::from_toml(text, "it.toml") {
        Ok(workload) => check_workload(&workload),
        Err(error) => check_complaint(&error),
    }
}

fn check_workload(workload: &Workload) {
    for threads in [1, 2, 5] {
        match workload.check(threads) {
            Ok(()) => {
                for thread in 0..threads {
                    let script = Script::draw(workload, thread, threads, 1, Script::STEPS).expect("it was checked");
                    assert!(script.steps.iter().all(|step| (step.timer as usize) < workload.timers));
                }
            }
            Err(error) => check_complaint(&error),
        }
    }
}

/// A `run.json`: read as a result's, and as the configuration of another run, which is refused for a strategy that does not exist
/// once all else has been found in order.
pub fn run_json(bytes: &[u8]) {
    let dir = scratch();
    let path = dir.join("run.json");
    place(&path, bytes);
    if let Err(error) = read_run(&dir) {
        check_complaint(&error);
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err() {
        return;
    }
    let words = ["headlock", "run", "--strategies", "no-such-strategy", "--config"].map(OsString::from);
    let status = headlock::cli::main_with(Registry::builtin(), words.into_iter().chain([path.into_os_string()]));
    assert_eq!(status, ExitCode::from(2), "what can only be refused");
}

/// A table of results, read as each of those that there are. What is accepted must be fit for statistics.
pub fn tables(bytes: &[u8]) {
    let dir = scratch();
    for name in ["trials.csv", "latency.csv", "ratios.csv"] {
        place(&dir.join(name), bytes);
    }
    if let Some(trials) = accepted(read_trials(&dir)) {
        check_trials(&trials);
    }
    accepted(read_latency(&dir));
    if let Some(ratios) = accepted(read_ratios(&dir)) {
        fewest_blocks(&ratios);
    }
}

fn accepted<T>(read: Result<Rows<T>, ReadError>) -> Option<Vec<T>> {
    match read {
        Ok(Rows { rows, note }) => {
            note.iter().for_each(check_complaint);
            Some(rows)
        }
        Err(error) => {
            check_complaint(&error);
            None
        }
    }
}

fn check_trials(trials: &[Trial]) {
    summarize(trials);
    ratios(trials, "mutex", 0.01);
}

/// A `latency.hlog`.
pub fn histograms(bytes: &[u8]) {
    let dir = scratch();
    place(&dir.join("latency.hlog"), bytes);
    match read_histograms(&dir) {
        Ok(histograms) => {
            let mut latencies = Latencies::default();
            for histogram in histograms {
                if let Err(error) = latencies.add(histogram) {
                    check_complaint(&error);
                }
            }
            latency_rows(&latencies, &[]);
        }
        Err(error) => check_complaint(&error),
    }
}

/// The header of `ratios.csv`.
const RATIOS: &[u8] =
    b"workload,threads,metric,strategy,baseline,ratio,ci_low,ci_high,blocks,verdict,state,op,ns,baseline_ns,confidence,threshold,bias\n";

/// A result directory, its `run.json`, `trials.csv` and `latency.csv` with zero bytes between them, compared with itself.
pub fn compare(bytes: &[u8]) {
    let dir = scratch();
    let (one, other) = (dir.join("one"), dir.join("other"));
    for side in [&one, &other] {
        fs::create_dir_all(side).expect("the scratch directory can be written");
        let mut parts = bytes.splitn(3, |byte| *byte == 0);
        for name in ["run.json", "trials.csv", "latency.csv"] {
            place(&side.join(name), parts.next().unwrap_or_default());
        }
        // What else a comparison wants to be there.
        place(&side.join("ratios.csv"), RATIOS);
        place(&side.join("latency.hlog"), b"");
        read_ratios(side).expect("a table without rows");
    }
    let words = ["headlock", "compare", "--other-host", "--fail-if", "p99>0%"].map(OsString::from);
    let status = headlock::cli::main_with(Registry::builtin(), words.into_iter().chain([one, other].map(Into::into)));
    let documented = [0, 1, 2, 3, 6];
    assert!(documented.map(ExitCode::from).contains(&status), "{status:?}");
}

/// An error is one line that a terminal can show.
fn check_complaint(error: &impl Display) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
    assert!(text.len() < 4096, "{} bytes: {text:?}", text.len());
}

/// This process's directory for what it reads. Whoever starts the process says where such directories are, and removes them.
fn scratch() -> PathBuf {
    static SCRATCH: OnceLock<PathBuf> = OnceLock::new();
    let make = || tempfile::Builder::new().prefix("headlock-fuzz-").tempdir().expect("a scratch directory").keep();
    SCRATCH.get_or_init(make).clone()
}

fn place(path: &Path, content: &[u8]) {
    fs::write(path, content).expect("the scratch directory can be written");
}

fn place_or_remove(path: &Path, content: &[u8]) {
    if content.is_empty() {
        // It need not have been there.
        let _ = fs::remove_file(path);
    } else {
        place(path, content);
    }
}
