//! How a workload or a trace is played and measured. Never prints, formats or exits.

mod behind;
pub mod child;
pub mod clock;
mod disturbance;
pub mod doctor;
pub mod engine;
mod grace;
pub mod host;
mod job;
pub mod latency;
pub(crate) mod null;
mod pace;
pub mod pin;
mod player;
mod proc;
mod replay;
mod slow_down;
mod synthetic;

use headlock_strategies::TimerList;

pub use behind::{Behind, LibraryFile, NotALibrary};
pub use engine::{BELOW_FLOOR, Ending, INJECTED, Observer, Plan, Played};
pub use job::{Job, JobError, Load, OpHistogram, Order, Outcome, Speed, ThreadOutcome};
pub use null::{NULL, NullList};

use crate::workload::trace::Trace;

/// Plays one job in this process: the trial loop, made once for each type of list.
///
/// # Errors
/// If the trace or the workload is not valid, or the threads cannot be placed.
pub fn play<L: TimerList>(job: &Job) -> Result<Outcome, JobError> {
    match &job.load {
        Load::Synthetic { workload, threads } => synthetic::play::<L>(job, workload, *threads),
        Load::Replay { trace, order, speed } => {
            let trace = Trace::load(trace).map_err(|error| JobError::Trace(error.to_string()))?;
            replay::play::<L>(job, trace, *order, *speed)
        }
    }
}
