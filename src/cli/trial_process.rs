//! The hidden `trial-process`: plays one job from standard input and writes its outcome to standard output.

use std::io::{Read, stdin};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

use super::answer::{answer, complain};
use super::args::TrialProcessArgs;
use super::failure::Failure;
use crate::harness::{Job, Registry};

/// Plays the job. A panic anywhere in it, a strategy's own included, ends the process at once with one line on standard
/// error, because the other threads may be waiting for the one that is gone.
pub fn play(registry: &Registry, args: &TrialProcessArgs) -> Result<(), Failure> {
    std::panic::set_hook(Box::new(|panic| {
        let what = panic.payload_as_str().unwrap_or("something that is not text");
        let place = panic.location().map_or(String::new(), |place| format!(" at {}:{}", place.file(), place.line()));
        complain(&format!("panicked{place}: {what}"));
        std::process::exit(1);
    }));
    end_with_parent(args.parent)?;
    let mut text = String::new();
    stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::Error(format!("cannot read the job from standard input: {error}")))?;
    let job: Job = serde_json::from_str(&text).map_err(|error| {
        Failure::Error(format!("standard input holds no job (this command is headlock's own): {error}"))
    })?;
    let Some(entry) = registry.player(&job.strategy) else {
        return Err(Failure::Error(format!("strategy {:?} is not registered", job.strategy)));
    };
    let outcome = (entry.play)(&job).map_err(|error| Failure::Error(error.to_string()))?;
    let outcome = serde_json::to_string(&outcome).map_err(|error| Failure::Error(error.to_string()))?;
    answer(&outcome)
}

/// Sees to it that this process does not outlive the one that wants the trial, however that one ends: an orphan would go
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
