//! A question put to a fresh process of this program, a trial to play or a check to carry out: it goes in as JSON on standard
//! input, the answer comes back on standard output.
//!
//! Fresh, because a process carries its past: heap layout, address-space layout, frequency of its threads' cores, and glibc's
//! cheaper locks while it has had one thread only.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering as Memory};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::job::{Job, Outcome};

/// The hidden subcommand that plays one job; its argument is the number of the process that wants it played.
pub const SUBCOMMAND: &str = "trial-process";

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The process could not be started or talked to.
    #[error("cannot run a process of its own: {0}")]
    Spawn(String),
    /// It did not end in time and was killed.
    #[error("did not end within {0} s and was killed")]
    Hung(u64),
    /// It ended without an outcome.
    #[error("{0}")]
    Failed(String),
}

/// Plays a job in a fresh process of this program, which dies with the calling thread: call it from one that lives as long as
/// the job is of use. It is given twice the time that it should take and `patience_ns` on top, for loading, arming and
/// calibrating, before it counts as hung.
///
/// # Errors
/// If the process cannot be started, hangs, crashes or reports an error, or if `stop` is raised meanwhile.
pub fn play(job: &Job, expected_ns: u64, patience_ns: u64, stop: &AtomicBool) -> Result<Outcome, ChildError> {
    ask(SUBCOMMAND, job, Duration::from_nanos(expected_ns) * 2 + Duration::from_nanos(patience_ns), stop)
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
    let spawn_error = |error: std::io::Error| ChildError::Spawn(error.to_string());
    let program = std::env::current_exe().map_err(spawn_error)?;
    let mut child = Command::new(program)
        .arg(subcommand)
        .arg(std::process::id().to_string())
        // Of its own, so that the terminal sends Ctrl-C to this process alone, which then decides what becomes of the trial.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(spawn_error)?;
    let question = serde_json::to_vec(question).map_err(|error| ChildError::Spawn(error.to_string()))?;
    let (ended, watch) = channel();
    let pid = Pid::from_child(&child);
    std::thread::scope(|scope| {
        let watchdog = scope.spawn(move || watch_over(pid, limit, stop, &watch));
        let answer = converse(&mut child, &question, ended);
        let killed = watchdog.join().expect("the watchdog does not panic");
        match (killed, answer) {
            (Some(reason), _) => Err(reason),
            (None, Err(error)) => Err(spawn_error(error)),
            (None, Ok((status, output, complaint))) => understand(status, &output, &complaint),
        }
    })
}

/// So many bytes of what a process says on standard error are kept.
const COMPLAINT: u64 = 64 << 10;

/// Writes the question, reads everything, and waits for the end.
fn converse(child: &mut Child, question: &[u8], watched: Sender<()>) -> std::io::Result<(ExitStatus, String, String)> {
    // A process that died at once has closed the pipe; what it says on standard error explains more than the broken pipe.
    let _ = child.stdin.take().map(|mut input| input.write_all(question));
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

/// Kills the process when it has hung or the user wants to stop; `ended` disconnects when there is nothing left to watch.
fn watch_over(
    pid: Pid,
    limit: Duration,
    stop: &AtomicBool,
    ended: &std::sync::mpsc::Receiver<()>,
) -> Option<ChildError> {
    /// Often enough for a user who waits, seldom enough to leave the measured threads alone.
    const LOOK: Duration = Duration::from_millis(200);
    let mut watched = Duration::ZERO;
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        watched += LOOK;
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

fn understand<A: DeserializeOwned>(status: ExitStatus, output: &str, complaint: &str) -> Result<A, ChildError> {
    if status.signal() == Some(Signal::INT.as_raw()) {
        // Ctrl-C reached it in the moment between its birth and its leaving this process's group.
        return Err(ChildError::Interrupted);
    }
    if !status.success() {
        // Whatever brought the process down, the C library's words included, is said on one line.
        let lines = complaint.lines().map(|line| line.trim().trim_start_matches("headlock: "));
        let complaint = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        return Err(ChildError::Failed(match (complaint.as_str(), status.code()) {
            ("", _) => format!("its process ended with {status}"),
            (said, Some(_)) => said.to_owned(),
            (said, None) => format!("{said} ({status})"),
        }));
    }
    if output.is_empty() {
        return Err(ChildError::Failed(format!("its process ended before it answered ({status})")));
    }
    serde_json::from_str(output).map_err(|error| ChildError::Failed(format!("its answer is not one: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_complains_at_length_is_heard_to_the_end() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "head -c 300000 /dev/zero | tr '\\0' x >&2; echo answer"]);
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (watched, _ended) = channel();
        let (status, output, complaint) = converse(&mut child, b"", watched).unwrap();
        assert!(status.success());
        assert_eq!((output.as_str(), complaint.len() as u64), ("answer\n", COMPLAINT));
    }

    #[test]
    fn ctrl_c_that_reaches_a_newborn_process_is_no_failure_of_its_strategy() {
        let ended = |signal| understand::<u64>(ExitStatus::from_raw(signal), "", "");
        assert_eq!(ended(2), Err(ChildError::Interrupted));
        assert_eq!(ended(9), Err(ChildError::Failed("its process ended with signal: 9 (SIGKILL)".to_owned())));
    }
}
