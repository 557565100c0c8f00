//! A question put to a fresh process of this program, a block to play or a check to carry out: it goes in as JSON on standard
//! input, the answer comes back on standard output.
//!
//! Fresh, because a process carries its past: heap layout, address-space layout, frequency of its threads' cores, and glibc's
//! cheaper locks while it has had one thread only.
//!
//! Standard input is a file in memory that both processes have. Behind the question the other process notes whom it is playing, so
//! that this one knows whose fault it was however the other one ends, and no reader is woken while it measures.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering as Memory};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::clock::Moment;
use super::job::{BlockOutcome, Job};
use super::proc::runqueues_ns;
use crate::json;

/// The hidden subcommand that plays one job; its argument is the number of the process that wants it played.
pub const SUBCOMMAND: &str = "trial-process";

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The process could not be started.
    #[error("cannot start a process of its own: {0}")]
    Spawn(String),
    /// It did not end in time and was killed.
    #[error("did not end within {0} s and was killed")]
    Hung(u64),
    /// It ended without an outcome.
    #[error("{0}")]
    Failed(String),
    /// A sanitizer ended it, whose report follows what it begins with.
    #[error("{what}; {rest}", what = .0, rest = .1.join("; "))]
    Sanitized(String, Vec<String>),
}

/// Why there is no answer, and which contestant was at work then, if it is known.
pub type Broken = (ChildError, Option<usize>);

/// Plays a job in a fresh process of this program, which dies with the calling thread: call it from one that lives as long as
/// the job is of use. It is given twice the time that it should take and `patience_ns` on top, for loading, arming and
/// calibrating, before it counts as hung.
///
/// # Errors
/// If the process cannot be started, hangs, crashes or reports an error, or if `stop` is raised meanwhile.
pub fn play(job: &Job, expected_ns: u64, patience_ns: u64, stop: &AtomicBool) -> Result<BlockOutcome, Broken> {
    play_with(None, job, expected_ns, patience_ns, stop)
}

/// As [`play`], in a process of `program` if one is named.
///
/// # Errors
/// As [`play`].
pub fn play_with(
    program: Option<&Path>,
    job: &Job,
    expected_ns: u64,
    patience_ns: u64,
    stop: &AtomicBool,
) -> Result<BlockOutcome, Broken> {
    let limit = Duration::from_nanos(expected_ns) * 2 + Duration::from_nanos(patience_ns);
    let (answer, noted) = put(program, SUBCOMMAND, &text(job).map_err(nobodys)?, limit, stop)?;
    read(&answer).map_err(|error| (error, noted))
}

/// Puts a question to a fresh process of this program, which `subcommand` makes answer it, and gives up after `limit`.
///
/// # Errors
/// As [`play`].
pub fn ask<A: DeserializeOwned>(
    subcommand: &str,
    question: &impl Serialize,
    limit: Duration,
    stop: &AtomicBool,
) -> Result<A, ChildError> {
    let (answer, _) = put(None, subcommand, &text(question)?, limit, stop).map_err(|(error, _)| error)?;
    read(&answer)
}

/// As [`ask`], of a process that writes down what it is at in the words of [`words`], which come with an error.
///
/// # Errors
/// As [`play`].
pub fn ask_at_work<A: DeserializeOwned>(
    subcommand: &str,
    question: &impl Serialize,
    limit: Duration,
    stop: &AtomicBool,
) -> Result<A, (ChildError, Vec<u64>)> {
    let at_rest = |error| (error, Vec::new());
    let question = text(question).map_err(at_rest)?;
    let mut told = Vec::new();
    let answer =
        put_and_look(None, subcommand, &question, limit, stop, &mut |shared| told = written(shared, &question));
    match answer.map_err(|(error, _)| error).and_then(|(answer, _)| read(&answer)) {
        Ok(answer) => Ok(answer),
        Err(error) => Err((error, told)),
    }
}

/// Words that a process shares with the one that asked it.
const WORDS: usize = 64 * 8;

/// Where they begin: behind the question, at the beginning of a page, whatever the size of one.
fn words_from(question: usize) -> u64 {
    (question as u64 + NOTE as u64).next_multiple_of(1 << 16)
}

/// The words of this process, which was asked a question of that length on standard input; none if it was asked otherwise.
pub fn words(question: usize) -> Option<&'static [AtomicU64]> {
    let shared = File::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    headlock_sealed::shared_words(&shared, words_from(question), WORDS).ok()
}

/// What a process wrote there.
fn written(shared: &File, question: &str) -> Vec<u64> {
    let mut bytes = vec![0; WORDS * size_of::<u64>()];
    match shared.read_exact_at(&mut bytes, words_from(question.len())) {
        Ok(()) => bytes.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word)).collect(),
        Err(_) => Vec::new(),
    }
}

/// As [`ask`], of another program.
///
/// # Errors
/// As [`play`].
pub fn ask_program<A: DeserializeOwned>(
    program: &Path,
    subcommand: &str,
    question: &impl Serialize,
    limit: Duration,
) -> Result<A, ChildError> {
    let stop = AtomicBool::new(false);
    let (answer, _) = put(Some(program), subcommand, &text(question)?, limit, &stop).map_err(|(error, _)| error)?;
    read(&answer)
}

fn text(question: &impl Serialize) -> Result<String, ChildError> {
    json::text(question).map_err(|error| ChildError::Spawn(error.to_string()))
}

fn read<A: DeserializeOwned>(answer: &str) -> Result<A, ChildError> {
    json::read(answer.as_bytes()).map_err(|error| ChildError::Failed(format!("its answer is not one: {error}")))
}

fn nobodys(error: ChildError) -> Broken {
    (error, None)
}

/// Puts a question as text. The answer and an error come with what the process noted last. A process that cannot be started is tried
/// again a few times: too many processes or too little memory at the moment is the machine's doing, and may pass.
fn put(
    program: Option<&Path>,
    subcommand: &str,
    question: &str,
    limit: Duration,
    stop: &AtomicBool,
) -> Result<(String, Option<usize>), Broken> {
    put_and_look(program, subcommand, question, limit, stop, &mut |_| ())
}

/// As [`put`]; looks at the file that both processes have once the other one has ended.
fn put_and_look(
    program: Option<&Path>,
    subcommand: &str,
    question: &str,
    limit: Duration,
    stop: &AtomicBool,
    look: &mut dyn FnMut(&File),
) -> Result<(String, Option<usize>), Broken> {
    /// Pauses before each further try; a second and a half in all.
    const PAUSES_MS: [u64; 4] = [100, 200, 400, 800];
    for pause_ms in PAUSES_MS {
        match put_once(program, subcommand, question, limit, stop, look) {
            Err((ChildError::Spawn(_), _)) if !stop.load(Memory::Acquire) => {
                std::thread::sleep(Duration::from_millis(pause_ms));
            }
            answer => return answer,
        }
    }
    put_once(program, subcommand, question, limit, stop, look)
}

fn put_once(
    program: Option<&Path>,
    subcommand: &str,
    question: &str,
    limit: Duration,
    stop: &AtomicBool,
    look: &mut dyn FnMut(&File),
) -> Result<(String, Option<usize>), Broken> {
    let spawn_error = |error: std::io::Error| nobodys(ChildError::Spawn(error.to_string()));
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut shared = File::from(memfd_create("headlock", flags).map_err(|error| spawn_error(error.into()))?);
    shared.write_all(question.as_bytes()).and_then(|()| shared.rewind()).map_err(spawn_error)?;
    let mut child = command(program)
        .arg(subcommand)
        .arg(std::process::id().to_string())
        // Of its own, so that the terminal sends Ctrl-C to this process alone, which then decides what becomes of the trial.
        .process_group(0)
        .stdin(Stdio::from(shared.try_clone().map_err(spawn_error)?))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(spawn_error)?;
    let (ended, watch) = channel();
    let pid = Pid::from_child(&child);
    let answer = std::thread::scope(|scope| {
        let watchdog = scope.spawn(move || watch_over(pid, limit, stop, &watch));
        let answer = converse(&mut child, ended);
        let killed = watchdog.join().expect("the watchdog does not panic");
        match (killed, answer) {
            (Some(reason), _) => Err(reason),
            (None, Err(error)) => Err(ChildError::Failed(format!("cannot talk to its process: {error}"))),
            (None, Ok((status, output, complaint))) => understand(status, output, &complaint),
        }
    });
    look(&shared);
    let noted = noted(&shared, question.len());
    answer.map(|answer| (answer, noted)).map_err(|reason| (reason, noted))
}

/// That program, or this one, even if another one has taken its place on the disk since it was started.
fn command(program: Option<&Path>) -> Command {
    let mut command = Command::new(program.unwrap_or(Path::new("/proc/self/exe")));
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    command
}

/// What the process noted behind a question of that length, if anything.
fn noted(shared: &File, question: usize) -> Option<usize> {
    let mut note = [0; NOTE];
    shared.read_exact_at(&mut note, question as u64).ok()?;
    let number = u32::from_le_bytes(note);
    usize::try_from(number).ok().filter(|_| number != NOBODY)
}

/// Bytes of a note.
const NOTE: usize = size_of::<u32>();

/// Notes a contestant's number behind the question, of that length, on the standard input of the process that was asked. One that was
/// asked otherwise, through a pipe, has nobody to note it for.
pub fn note(question: usize, contestant: usize) {
    write_note(question, u32::try_from(contestant).unwrap_or(NOBODY));
}

/// Notes that no contestant is at work, as [`note`] does.
pub fn note_nobody(question: usize) {
    write_note(question, NOBODY);
}

/// The number of no contestant.
const NOBODY: u32 = u32::MAX;

fn write_note(question: usize, number: u32) {
    let _ = rustix::io::pwrite(std::io::stdin(), &number.to_le_bytes(), question as u64);
}

/// So many bytes of what a process says on standard error are kept.
const COMPLAINT: u64 = 64 << 10;

/// Reads everything, and waits for the end.
fn converse(child: &mut Child, watched: Sender<()>) -> std::io::Result<(ExitStatus, String, String)> {
    // Both at once, since a process that fills a pipe waits until somebody reads it.
    let complaint = child.stderr.take().map(|pipe| std::thread::spawn(move || beginning(pipe)));
    let mut output = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut output)?;
    }
    let complaint = match complaint {
        Some(reader) => reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
        None => String::new(),
    };
    // Before the process is waited for, since its number may be given to another one from then on.
    drop(watched);
    Ok((child.wait()?, output, complaint))
}

/// The beginning of what comes through a pipe, which is read to its end.
fn beginning(mut pipe: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    pipe.by_ref().take(COMPLAINT).read_to_end(&mut bytes)?;
    std::io::copy(&mut pipe, &mut std::io::sink())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// For how long a process that is watched could have run and had no processor.
#[derive(Debug, Default)]
struct Starved {
    /// What each of its threads has waited in all, at the last look, ns.
    threads: HashMap<OsString, u64>,
    time: Duration,
}

impl Starved {
    /// Adds what the thread that waited most has waited since the last look.
    fn look(&mut self, now: HashMap<OsString, u64>) {
        let since = |(thread, ns): (&OsString, &u64)| Some(ns.saturating_sub(*self.threads.get(thread)?));
        self.time += Duration::from_nanos(now.iter().filter_map(since).max().unwrap_or(0));
        self.threads = now;
    }
}

/// Kills the process when it has hung or the user wants to stop; `ended` disconnects when there is nothing left to watch.
///
/// On a machine that is too busy a process may need many times as long. When half of its time is over, the time in which it waits for a
/// processor does not count any more. Before, nobody looks: that would cost measured threads some time.
fn watch_over(
    pid: Pid,
    limit: Duration,
    stop: &AtomicBool,
    ended: &std::sync::mpsc::Receiver<()>,
) -> Option<ChildError> {
    /// Often enough for a user who waits, seldom enough to leave the measured threads alone.
    const LOOK: Duration = Duration::from_millis(200);
    let began = Moment::now();
    let mut starved = Starved::default();
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        let watched = Duration::from_nanos(began.elapsed_ns()).saturating_sub(starved.time);
        if watched >= limit / 2 {
            starved.look(runqueues_ns(pid.as_raw_pid()));
        }
        let reason = if stop.load(Memory::Acquire) {
            ChildError::Interrupted
        } else if watched >= limit {
            ChildError::Hung(limit.as_secs())
        } else {
            continue;
        };
        // With whatever it has started, which may hold its pipes open.
        let _ = kill_process_group(pid, Signal::KILL);
        return Some(reason);
    }
    None
}

fn understand(status: ExitStatus, output: String, complaint: &str) -> Result<String, ChildError> {
    if status.signal() == Some(Signal::INT.as_raw()) {
        // Ctrl-C reached it in the moment between its birth and its leaving this process's group.
        return Err(ChildError::Interrupted);
    }
    if !status.success() {
        // Whatever brought the process down, the C library's words included, is said on one line.
        let lines = complaint.lines().map(|line| line.trim().trim_start_matches("headlock: "));
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        if let Some((begins, report)) = sanitized(&lines) {
            return Err(ChildError::Sanitized(begins, report));
        }
        let complaint = lines.join("; ");
        return Err(ChildError::Failed(match (complaint.as_str(), status.code()) {
            ("", _) => format!("its process ended with {status}"),
            (said, Some(_)) => said.to_owned(),
            (said, None) => format!("{said} ({status})"),
        }));
    }
    if output.is_empty() {
        return Err(ChildError::Failed(format!("its process ended before it answered ({status})")));
    }
    Ok(output)
}

/// What a sanitizer said first, and of the rest what is about the list: each stack down to this program's own frames, and the summary.
fn sanitized(lines: &[&str]) -> Option<(String, Vec<String>)> {
    /// Frames of a stack that are told at most.
    const FRAMES: usize = 4;
    let begin = lines.iter().position(|line| line.contains("Sanitizer: ") && !line.starts_with("SUMMARY"))?;
    let what = lines[begin].split_once("ERROR: ").or_else(|| lines[begin].split_once("WARNING: "));
    let what = what.map_or(lines[begin], |(_, what)| what);
    let mut report = Vec::new();
    let (mut heading, mut frames) = (None, 0);
    for line in &lines[begin + 1..] {
        if line.starts_with("SUMMARY") {
            report.push((*line).to_owned());
            break;
        }
        if !line.starts_with('#') {
            // Who made a thread is this program's business.
            (heading, frames) = (Some(*line), if line.starts_with("Thread T") { FRAMES } else { 0 });
            continue;
        }
        let is_own = [
            "headlock",
            "src/conformance/",
            "door/src/",
            "/rustc/",
            "src/verify/",
            "library/std/",
        ];
        if frames == FRAMES || is_own.iter().any(|own| line.contains(own)) {
            frames = FRAMES;
            continue;
        }
        // A line without a frame of the list below it is of no use.
        report.extend(heading.take().map(str::to_owned));
        report.push(frame(line));
        frames += 1;
    }
    Some((what.to_owned(), report))
}

/// A frame without its address.
fn frame(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().filter(|word| !word.starts_with("0x")).collect();
    words.join(" ").replacen(" in ", " ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_sanitizers_report_the_frames_of_the_list_and_the_summary_are_told() {
        let report = "=================================================================\n\
             ==228==ERROR: AddressSanitizer: heap-use-after-free on address 0x6040 at pc 0x7f90 bp 0x7f91 sp 0x7f92\n\
             READ of size 4 at 0x6040 thread T4\n    #0 0x7f90bbee4526 in run f/f3-uaf.c:223\n\
             #1 0x557b in {closure#0}<headlock_strategies::x> door/src/list.rs:195\n    #2 0x557c in start (libc.so.6)\n\n\
             freed by thread T5 here:\n    #0 0x7f in free (libasan.so.8)\n    #1 0x7f in free_timer f/f3-uaf.c:150\n\
             #2 0x557b in headlock_door::list::free door/src/list.rs:140\nThread T4 created by T0 here:\n\
             #0 0x1 in headlock::main src/main.rs:1\nSUMMARY: AddressSanitizer: heap-use-after-free f/f3-uaf.c:223 in run\n\
             Shadow bytes around the buggy address:\n  0x60: fa fa\n==228==ABORTING\n";
        let Err(ChildError::Sanitized(what, told)) = understand(ExitStatus::from_raw(1 << 8), String::new(), report)
        else {
            panic!("it is a sanitizer's report");
        };
        assert_eq!(what, "AddressSanitizer: heap-use-after-free on address 0x6040 at pc 0x7f90 bp 0x7f91 sp 0x7f92");
        assert_eq!(
            told,
            [
                "READ of size 4 at 0x6040 thread T4",
                "#0 run f/f3-uaf.c:223",
                "freed by thread T5 here:",
                "#0 free (libasan.so.8)",
                "#1 free_timer f/f3-uaf.c:150",
                "SUMMARY: AddressSanitizer: heap-use-after-free f/f3-uaf.c:223 in run",
            ]
        );
    }

    #[test]
    fn a_process_that_complains_at_length_is_heard_to_the_end() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "head -c 300000 /dev/zero | tr '\\0' x >&2; echo answer"]);
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (watched, _ended) = channel();
        let (status, output, complaint) = converse(&mut child, watched).unwrap();
        assert!(status.success());
        assert_eq!((output.as_str(), complaint.len() as u64), ("answer\n", COMPLAINT));
    }

    #[test]
    fn ctrl_c_that_reaches_a_newborn_process_is_no_failure_of_its_strategy() {
        let ended = |signal| understand(ExitStatus::from_raw(signal), String::new(), "");
        assert_eq!(ended(2), Err(ChildError::Interrupted));
        assert_eq!(ended(9), Err(ChildError::Failed("its process ended with signal: 9 (SIGKILL)".to_owned())));
    }

    #[test]
    fn what_a_process_waits_for_a_processor_is_that_of_its_thread_that_waits_most() {
        let threads =
            |waited: &[(&str, u64)]| waited.iter().map(|&(thread, ns)| (OsString::from(thread), ns)).collect();
        let mut starved = Starved::default();
        // What was waited before the first look, and by a thread that was not seen before, is not known to have been since.
        for (now, all_ns) in [
            (threads(&[("1", 70)]), 0),
            (threads(&[("1", 80), ("2", 500)]), 10),
            (threads(&[("1", 85), ("2", 520)]), 30),
            (threads(&[("2", 520)]), 30),
            (threads(&[]), 30),
        ] {
            starved.look(now);
            assert_eq!(starved.time, Duration::from_nanos(all_ns));
        }
    }
}
