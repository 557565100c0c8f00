//! How a workload or a trace is played and measured. Never prints, formats or exits.

pub mod child;
pub mod clock;
mod disturbance;
pub mod doctor;
pub mod engine;
pub(crate) mod floor;
mod grace;
mod handed;
pub mod host;
mod job;
pub mod latency;
pub mod neighbour;
mod pace;
pub mod pin;
mod player;
mod proc;
mod replay;
mod slow_down;
pub mod state;
mod synthetic;

use headlock_strategies::TimerList;

pub use engine::{BELOW_FLOOR, Ending, INJECTED, Observer, Plan, Played};
pub use floor::FloorList;
pub use handed::Handed;
pub use job::{Job, JobError, Load, OpHistogram, Outcome, Speed, ThreadOutcome};

pub use crate::workload::trace::Order;
use crate::workload::trace::prepared::Prepared;

/// Plays one job in this process: the trial loop, made once for each type of list.
///
/// # Errors
/// If the trace or the workload is not valid, or the threads cannot be placed.
pub fn play<L: TimerList>(job: &Job) -> Result<Outcome, JobError> {
    match &job.load {
        Load::Synthetic { workload, threads } => synthetic::play::<L>(job, workload, *threads),
        Load::Replay { trace, speed } => {
            let trace = Prepared::read(trace.path()).map_err(|error| JobError::Trace(error.to_string()))?;
            replay::play::<L>(job, &trace, *speed)
        }
    }
}
