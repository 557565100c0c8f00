//! The hidden `trial-process`: plays one job from standard input, notes there whom it is playing, and writes the outcome to standard
//! output.

use super::answer::complain;
use super::child_process::{ChildArgs, WayBack, describe, receive};
use super::failure::Failure;
use crate::harness::child::{note, note_nobody};
use crate::harness::{self, Contestant, Job, JobError};
use crate::registry::Registry;

/// Plays the job. A panic anywhere in it, a strategy's own included, ends the process at once with one line on standard
/// error, because the other threads may be waiting for the one that is gone.
pub fn play(registry: &Registry, args: &ChildArgs) -> Result<(), Failure> {
    std::panic::set_hook(Box::new(|panic| {
        complain(&describe(panic));
        std::process::exit(1);
    }));
    let way_back = WayBack::keep()?;
    let (job, length): (Job, usize) = receive(args)?;
    // Who is loaded is noted as if at work: a library may not let the process live.
    let plays = |name: &str| {
        let place = job.contestants.iter().position(|contestant| contestant.strategy == name);
        place.inspect(|&place| note(length, place)).is_some()
    };
    let registry = registry.opened(&job.behind, plays).map_err(Failure::Error)?;
    note_nobody(length);
    let error = |error: JobError| Failure::Error(error.to_string());
    let maker = |contestant: &Contestant| match registry.player(&contestant.strategy) {
        Some(entry) => Ok(entry.maker),
        None => Err(error(JobError::Strategy(contestant.strategy.clone()))),
    };
    let makers = job.contestants.iter().map(maker).collect::<Result<Vec<_>, _>>()?;
    let outcome = harness::play(&job, &makers, &|contestant| note(length, contestant)).map_err(error)?;
    way_back.answer(&outcome)
}
