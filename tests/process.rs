//! What becomes of a run that is interrupted, killed, or has nowhere to write to: real processes, real signals.
//!
//! Nothing here depends on how fast the machine is: a test waits for a state, and [`PATIENCE`] only bounds how long.
#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_types,
    reason = "a test of the process from outside has no clock of its own"
)]

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use headlock::export::{read_histograms, read_latency, read_ratios, read_run, read_trials};
use headlock::harness::clock::Moment;
use headlock::record::{Pass, RunRecord, RunState, Trial};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

const HEADLOCK: &str = env!("CARGO_BIN_EXE_headlock");
/// Long enough for the slowest machine; what does not happen by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

/// A `headlock run` under way.
struct Run {
    child: Child,
    dir: PathBuf,
    _scratch: TempDir,
}

/// Starts a run over so many blocks of two strategies and their controls.
fn start(rounds: &str) -> Run {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let dir = scratch.path().join("results");
    let child = measuring(rounds)
        .arg("--out")
        .arg(&dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Of its own, as a shell would give it.
        .process_group(0)
        .spawn()
        .expect("headlock starts");
    Run { child, dir, _scratch: scratch }
}

fn measuring(rounds: &str) -> Command {
    let mut command = Command::new(HEADLOCK);
    command.env("HEADLOCK_STATE", "");
    command.args([
        "run",
        "--workload",
        "hot",
        "--threads",
        "1",
        "--strategies",
        "mutex,seqlock",
        "--pin",
        "none",
    ]);
    command.args(["--trial", "50ms", "--blocks", rounds]);
    command
}

impl Run {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits until some trials are written and another one is under way, and answers with its process.
    fn under_way(&mut self) -> Pid {
        wait_for("the first trials", || {
            fs::read_to_string(self.dir.join("trials.csv")).ok()?.lines().nth(3).map(|_| ())
        });
        wait_for("a trial process", || children(self.pid()).first().copied())
    }

    fn end(self) -> Ended {
        let Run { child, dir, _scratch } = self;
        let output = child.wait_with_output().expect("headlock is waited for");
        Ended { output, dir, _scratch }
    }
}

/// A run that has ended.
struct Ended {
    output: Output,
    dir: PathBuf,
    _scratch: TempDir,
}

impl Ended {
    fn complaint(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("complaints are UTF-8")
    }

    /// Reads every file, each of which must be whole, and answers with the trials.
    fn files(&self) -> (RunRecord, Vec<Trial>) {
        let trials = whole_trials(&self.dir);
        read_latency(&self.dir).expect("latency.csv");
        read_ratios(&self.dir).expect("ratios.csv");
        read_histograms(&self.dir).expect("latency.hlog");
        (read_run(&self.dir).expect("run.json"), trials)
    }
}

/// The rows of `trials.csv`, the last of which must be finished.
fn whole_trials(dir: &Path) -> Vec<Trial> {
    let trials = read_trials(dir).expect("trials.csv");
    assert_eq!(trials.note, None);
    trials.rows
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Moment::now();
    loop {
        match look() {
            Some(found) => return found,
            None if Duration::from_nanos(start.elapsed_ns()) > PATIENCE => panic!("waited in vain for {what}"),
            None => sleep(Duration::from_millis(5)),
        }
    }
}

/// State and parent of a process that exists: the fields after the name, which may itself hold spaces and parentheses.
fn stat(pid: &str) -> Option<(String, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// The living children of a process.
fn children(parent: Pid) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.file_name());
    let numbers = processes.filter_map(|name| name.to_str()?.parse::<i32>().ok());
    let born_of = |number: &i32| {
        stat(&number.to_string()).is_some_and(|(state, of)| state != "Z" && of == parent.as_raw_nonzero().get())
    };
    numbers.filter(born_of).filter_map(Pid::from_raw).collect()
}

/// Whether a process is gone, but perhaps for an entry that nobody has asked for yet.
fn gone(pid: Pid) -> bool {
    stat(&pid.as_raw_nonzero().to_string()).is_none_or(|(state, _)| state == "Z")
}

fn check_interrupted(run: Run, playing: Pid) {
    let ended = run.end();
    assert_eq!(ended.output.status.code(), Some(130), "{}", ended.complaint());
    let (record, trials) = ended.files();
    assert!(trials.len() >= 3);
    assert_eq!(record.state, RunState::Interrupted);
    let expected = format!("headlock: interrupted; {} trials so far in {}\n", trials.len(), ended.dir.display());
    assert_eq!(ended.complaint(), expected);
    wait_for("the trial process to end", || gone(playing).then_some(()));
}

#[test]
fn a_signal_ends_a_run_with_everything_measured_so_far() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut run = start("100000");
        let playing = run.under_way();
        kill_process(run.pid(), signal).expect("headlock is there");
        check_interrupted(run, playing);
    }
}

#[test]
fn ctrl_c_at_a_terminal_goes_to_the_whole_group_and_is_one_interruption() {
    let mut run = start("100000");
    let playing = run.under_way();
    kill_process_group(run.pid(), Signal::INT).expect("headlock is there");
    check_interrupted(run, playing);
}

/// Whether a process has begun to play: it notes whom behind the question that its standard input holds, which ends with a brace. Before
/// that it notes that it has nobody to play yet, as the highest of all numbers.
fn has_begun(pid: Pid) -> bool {
    let input = fs::read(format!("/proc/{}/fd/0", pid.as_raw_nonzero())).unwrap_or_default();
    !input.is_empty() && !input.ends_with(b"}") && !input.ends_with(&u32::MAX.to_le_bytes())
}

/// Stops the first block's process while it plays, for many times as long as its trials last, and lets it go on.
fn stopped_and_continued(threads: &str) {
    const STOP: Duration = Duration::from_secs(3);
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let dir = scratch.path().join("results");
    let mut command = with(&[
        "run",
        "--workload",
        "hot",
        "--strategies",
        "mutex,seqlock",
        "--pin",
        "none",
    ]);
    command.args(["--threads", threads, "--trial", "50ms", "--blocks", "1", "--out"]).arg(&dir);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("headlock starts");
    let run = Run { child, dir, _scratch: scratch };
    let playing =
        wait_for("a process that plays", || children(run.pid()).into_iter().find(|&playing| has_begun(playing)));
    // Into its slices, on most machines. It may end, or have ended, at any moment.
    sleep(Duration::from_millis(50));
    let _ = kill_process(playing, Signal::STOP);
    sleep(STOP);
    let _ = kill_process(playing, Signal::CONT);
    let ended = run.end();
    assert!(matches!(ended.output.status.code(), Some(0 | 6)), "{}", ended.complaint());
    let (_, trials) = ended.files();
    assert!(!trials.is_empty());
    for trial in trials {
        // The processor time is that of all threads, and still little beside the stop.
        let away_ns = trial.elapsed_ns.saturating_sub(trial.cpu_ns);
        let contains_stop = Duration::from_nanos(away_ns) >= STOP - STOP / 10;
        let told = trial.disturbed && trial.disturbance.starts_with("the process stood still for ");
        assert!(told || !contains_stop, "{trial:?}");
    }
}

#[test]
fn a_block_whose_process_was_stopped_says_so_or_has_no_stop_in_its_figures() {
    for threads in ["1", "2"] {
        stopped_and_continued(threads);
    }
}

#[test]
fn a_killed_process_costs_who_was_playing_and_no_other() {
    const BLOCKS: usize = 6;
    let run = start(&BLOCKS.to_string());
    let stopped = wait_for("a process that plays and can be stopped", || {
        let playing = children(run.pid()).into_iter().find(|&playing| has_begun(playing))?;
        kill_process(playing, Signal::STOP).ok()?;
        // Stopped, it cannot end well before it is killed; one that had ended already is not stopped.
        let state = || stat(&playing.as_raw_nonzero().to_string()).map_or("gone".to_owned(), |(state, _)| state);
        wait_for("it to stop or end", || Some(state()).filter(|state| ["T", "Z", "gone"].contains(&state.as_str())))
            .eq("T")
            .then_some(playing)
    });
    kill_process(stopped, Signal::KILL).expect("it is stopped");
    let ended = run.end();
    let complaint = ended.complaint();
    assert_eq!(ended.output.status.code(), Some(1), "{complaint}");
    let failed = complaint.strip_prefix("headlock: ").and_then(|text| text.split(' ').next()).expect("who failed");
    let last = complaint.lines().last().expect("a complaint");
    assert_eq!(
        last,
        format!(
            "headlock: {failed} failed on hot with 1 thread and is left out: its process ended with signal: 9 (SIGKILL)"
        )
    );
    let (record, trials) = ended.files();
    assert_eq!(record.state, RunState::Failed);
    for strategy in ["floor", "mutex", "seqlock", "aa-control"] {
        // A block in which somebody got no processor at all is played once more, and stands in the file twice.
        let played: BTreeSet<(usize, Pass)> = trials
            .iter()
            .filter(|trial| trial.strategy == strategy)
            .map(|trial| (trial.block, trial.pass))
            .collect();
        let all = (0..BLOCKS).flat_map(|block| [(block, Pass::Throughput), (block, Pass::Latency)]);
        assert_eq!(all.eq(played.iter().copied()), strategy != failed, "{strategy}: {played:?}");
    }
}

#[test]
fn a_killed_run_leaves_loadable_files_and_no_orphan() {
    let mut run = start("100000");
    let playing = run.under_way();
    run.child.kill().expect("headlock is there");
    let ended = run.end();
    wait_for("the orphan to end", || gone(playing).then_some(()));
    assert_eq!(ended.output.status.code(), None);
    // A row may have been under way.
    let trials = read_trials(&ended.dir).expect("trials.csv").rows;
    assert!(trials.len() >= 3);
    assert_eq!(read_run(&ended.dir).expect("run.json").state, RunState::Running);
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut run = measuring("1");
    run.arg("--out").arg(scratch.path().join("results"));
    for mut command in [
        with(&["list"]),
        with(&["list", "--json"]),
        with(&["run", "--help"]),
        run,
    ] {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("headlock starts");
        drop(child.stdout.take());
        let mut complaint = String::new();
        child
            .stderr
            .take()
            .expect("it is piped")
            .read_to_string(&mut complaint)
            .expect("complaints are UTF-8");
        assert_eq!((child.wait().expect("it ends").code(), complaint.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error_of_one_line() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let dir = scratch.path().join("results");
    let mut run = measuring("1");
    run.arg("--out").arg(&dir);
    for mut command in [with(&["list"]), with(&["--help"]), with(&["--version"]), run] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let output = command.stdout(full).output().expect("headlock starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {complaint}");
        assert!(complaint.starts_with("headlock: cannot write to standard output: "), "{command:?}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{command:?}: {complaint}");
    }
    assert!(!whole_trials(&dir).is_empty());
    assert_eq!(read_run(&dir).expect("run.json").state, RunState::Complete);
}

#[test]
fn complaints_that_cannot_be_written_change_nothing() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let status = with(&["replay", "missing.csv"]).stderr(full).status().expect("headlock starts");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_full_disk_is_named_and_earlier_rows_stand() {
    /// In a mount namespace of its own, so that the small disk goes with the last process on it.
    const ON_A_SMALL_DISK: &str = "mount -t tmpfs -o size=64k none \"$0\" || exit 99
        \"$@\" --out \"$0/results\"; status=$?
        cp -r \"$0/results\" \"$0.kept\" && exit $status";
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (disk, kept) = (scratch.path().join("disk"), scratch.path().join("disk.kept"));
    fs::create_dir(&disk).expect("the mount point");
    let Some(output) = with_mounts(ON_A_SMALL_DISK, &disk, &measuring("100000")) else {
        return;
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains(&*disk.join("results").to_string_lossy()), "{complaint}");
    assert!(complaint.contains("No space left on device"), "{complaint}");
    let trials = whole_trials(&kept).len();
    assert!(trials > 0);
    assert!(complaint.contains(&format!("has {trials} trial")), "{complaint}");
}

/// Runs `script` in a mount namespace of its own, where it may mount what it likes over `place`, which is its `$0`; the rest of
/// its arguments are the command. `None` if this process may not do that, which the test then says.
fn with_mounts(script: &str, place: &Path, command: &Command) -> Option<Output> {
    let output = Command::new("unshare")
        .env("HEADLOCK_STATE", "")
        .args(["--mount", "--map-root-user", "sh", "-c", script])
        .arg(place)
        .arg(command.get_program())
        .args(command.get_args())
        .output();
    match output {
        Ok(output) if output.status.code() != Some(99) && !output.stderr.starts_with(b"unshare") => Some(output),
        refused => {
            eprintln!("skipped: this process may not mount: {refused:?}");
            None
        }
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_named_before_anything_is_measured() {
    const READ_ONLY: &str = "mount -t tmpfs -o ro none \"$0\" || exit 99; \"$@\" --out \"$0/results\"";
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut verify = with(&["verify", "--strategies", "mutex", "--checks", "model", "--passes", "1"]);
    for command in [&measuring("100000"), &verify] {
        let Some(output) = with_mounts(READ_ONLY, scratch.path(), command) else {
            return;
        };
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        let dir = scratch.path().join("results");
        assert!(complaint.starts_with(&format!("headlock: --out: cannot create {}: ", dir.display())), "{complaint}");
        assert!(complaint.contains("Read-only file system") && complaint.lines().count() == 1, "{complaint}");
        assert!(output.stdout.is_empty());
    }
    // Where nobody may mount, there still is a place that not even root can write to.
    let output = verify.args(["--out", "/proc/self/results"]).output().expect("headlock starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), complaint.lines().count()), (Some(1), 1), "{complaint}");
    assert!(complaint.starts_with("headlock: --out: cannot create /proc/self/results: "), "{complaint}");
}

#[test]
fn a_closed_standard_output_is_no_failure() {
    let output = Command::new("sh").args(["-c", "exec \"$0\" list >&-", HEADLOCK]).output().expect("sh starts");
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]));
}

/// A wall clock that jumps a year back and forth at every look; the other clocks are as they are.
const JUMPING_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    static _Atomic unsigned looks;
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME && looks++ % 2) now->tv_sec -= 365 * 86400;
    return failed;
}
"#;

#[test]
fn a_wall_clock_that_jumps_spoils_nothing_but_the_dates() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (source, shim) = (scratch.path().join("clock.c"), scratch.path().join("clock.so"));
    fs::write(&source, JUMPING_CLOCK).expect("the source can be written");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&shim, &source]).status();
    assert!(compiled.expect("the C compiler that headlock needs to be built").success());
    let dir = scratch.path().join("results");
    let mut run = measuring("2");
    // Too long to be up, whichever way the clock goes.
    run.args(["--budget", "300s", "--out"]).arg(&dir).env("LD_PRELOAD", &shim);
    let output = run.output().expect("headlock starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let trials = whole_trials(&dir);
    assert!(trials.iter().all(|trial| trial.elapsed_ns > 0 && trial.elapsed_ns < 3_600_000_000_000));
    let record = read_run(&dir).expect("run.json");
    assert_eq!(record.state, RunState::Complete);
    let ended = record.ended.expect("it has ended");
    assert!(ended.duration_since(record.started).abs().as_hours() > 24, "the clock has not jumped");
    read_histograms(&dir).expect("latency.hlog");
    let compared = with(&["compare"]).args([&dir, &dir]).output().expect("headlock starts");
    assert!(!String::from_utf8_lossy(&compared.stderr).contains("panicked"));
}

fn with(args: &[&str]) -> Command {
    let mut command = Command::new(HEADLOCK);
    command.env("HEADLOCK_STATE", "");
    command.args(args);
    command
}
