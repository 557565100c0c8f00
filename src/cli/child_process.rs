//! What the hidden commands share: a job comes on standard input, from a parent without which it is of no use, and the answer
//! goes to what was standard output when the process began.

use std::fs::File;
use std::io::{Read, Write, stderr, stdin, stdout};

use clap::Args;
use headlock_strategies::conformance::trial::Fault;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use rustix::stdio::dup2_stdout;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::Failure;
use crate::json;

/// The hidden commands behind every trial and check.
#[derive(Debug, Args)]
pub struct ChildArgs {
    /// The process that wants it done, and without which it is of no use
    pub parent: u32,
}

/// Ties this process to its parent and reads the job that the parent writes; also tells how many bytes it has.
pub fn receive<J: DeserializeOwned>(args: &ChildArgs) -> Result<(J, usize), Failure> {
    end_with_parent(args.parent)?;
    let mut text = String::new();
    stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::Error(format!("cannot read the job from standard input: {error}")))?;
    let job = json::read(text.as_bytes()).map_err(|error| {
        Failure::Error(format!("standard input holds no job (this command is headlock's own): {error}"))
    })?;
    Ok((job, text.len()))
}

/// The way back to whoever asked. While it exists, what the process prints otherwise goes to standard error: a list may print what
/// it likes, in C from a constructor on, and the answer stays whole.
pub struct WayBack(File);

impl WayBack {
    /// Takes standard output for the answer alone.
    pub fn keep() -> Result<Self, Failure> {
        let failed = |error| Failure::Error(format!("cannot keep standard output for the answer: {error}"));
        let kept = fcntl_dupfd_cloexec(stdout(), 3).map_err(failed)?;
        dup2_stdout(stderr()).map_err(failed)?;
        Ok(WayBack(kept.into()))
    }

    /// Sends the answer.
    pub fn answer(mut self, answer: &impl Serialize) -> Result<(), Failure> {
        let sent = json::text(answer).map_err(std::io::Error::from).and_then(|text| self.0.write_all(text.as_bytes()));
        sent.map_err(|error| Failure::Error(format!("cannot answer: {error}")))
    }
}

/// Sees to it that this process does not outlive the one that wants the job done, however that one ends: an orphan would go
/// on loading the machine under whatever is measured next.
fn end_with_parent(parent: u32) -> Result<(), Failure> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| Failure::Error(format!("cannot tie this process to its parent: {error}")))?;
    // A parent that was gone before the line above sends no signal.
    if getppid().map(Pid::as_raw_nonzero).is_none_or(|pid| pid.get().unsigned_abs() != parent) {
        return Err(Failure::Error(format!("process {parent} did not start this one, or is gone")));
    }
    Ok(())
}

/// One line about a panic; a broken rule is told by itself, since where in this program it was met is of no interest.
pub fn describe(panic: &std::panic::PanicHookInfo<'_>) -> String {
    if let Some(fault) = panic.payload().downcast_ref::<Fault>() {
        return fault.what.clone();
    }
    let what = panic.payload_as_str().unwrap_or("something that is not text");
    let place = panic.location().map_or(String::new(), |place| format!(" at {}:{}", place.file(), place.line()));
    format!("panicked{place}: {what}")
}
