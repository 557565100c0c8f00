//! The hidden `trial-process`: plays one job from standard input and writes its outcome to standard output.

use super::answer::complain;
use super::args::ChildArgs;
use super::child_process::{WayBack, describe, receive};
use super::failure::Failure;
use crate::harness::Job;
use crate::registry::Registry;

/// Plays the job. A panic anywhere in it, a strategy's own included, ends the process at once with one line on standard
/// error, because the other threads may be waiting for the one that is gone.
pub fn play(registry: &Registry, args: &ChildArgs) -> Result<(), Failure> {
    std::panic::set_hook(Box::new(|panic| {
        complain(&describe(panic));
        std::process::exit(1);
    }));
    let way_back = WayBack::keep()?;
    let job: Job = receive(args)?;
    let registry = registry.opened(&job.behind, |name| name == job.strategy).map_err(Failure::Error)?;
    let Some(entry) = registry.player(&job.strategy) else {
        return Err(Failure::Error(format!("strategy {:?} is not registered", job.strategy)));
    };
    let outcome = (entry.play)(&job).map_err(|error| Failure::Error(error.to_string()))?;
    way_back.answer(&outcome)
}
