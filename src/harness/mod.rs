//! How a workload or a trace is played and measured. Never prints, formats or exits.

mod block;
pub mod child;
pub mod clock;
mod contestant;
mod disturbance;
pub mod doctor;
pub mod engine;
pub(crate) mod floor;
mod grace;
pub mod host;
mod job;
pub mod latency;
mod pace;
pub mod pin;
mod player;
mod proc;
mod replay;
mod synthetic;

pub use contestant::Maker;
pub use engine::{Ending, INJECTED, Observer, Plan, Played};
pub use floor::FloorList;
pub use job::{
    BlockOutcome, Contestant, Isolation, Job, JobError, Load, OpHistogram, Order, Outcome, Speed, ThreadOutcome,
};

use crate::workload::trace::Trace;

/// Plays one job in this process. `makers` has each contestant's, in the job's order; `announce` is told who is at work, at every turn.
///
/// # Errors
/// If the trace or the workload is not valid, or the threads cannot be placed.
pub fn play(job: &Job, makers: &[Maker], announce: &(dyn Fn(usize) + Sync)) -> Result<BlockOutcome, JobError> {
    match &job.load {
        Load::Synthetic { workload, threads } => synthetic::play(job, workload, *threads, makers, announce),
        Load::Replay { trace, order, speed } => {
            let trace = Trace::load(trace).map_err(|error| JobError::Trace(error.to_string()))?;
            replay::play(job, trace, *order, *speed, makers, announce)
        }
    }
}
