//! The hidden `trial-process`: plays one job from standard input and writes its outcome to standard output.

use std::io::{Read, stdin};

use super::answer::answer;
use super::failure::Failure;
use crate::harness::Job;
use crate::registry::Registry;

/// Plays the job. A panic anywhere in it, a strategy's own included, ends the process at once with one line on standard
/// error, because the other threads may be waiting for the one that is gone.
pub fn play(registry: &Registry) -> Result<(), Failure> {
    std::panic::set_hook(Box::new(|panic| {
        let what = panic.payload_as_str().unwrap_or("something that is not text");
        let place = panic.location().map_or(String::new(), |place| format!(" at {}:{}", place.file(), place.line()));
        eprintln!("panicked{place}: {what}");
        std::process::exit(1);
    }));
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
