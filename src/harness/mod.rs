//! How a workload or a trace is played and measured. Never prints, formats or exits.

mod barrier;
mod behind;
mod block;
pub mod child;
pub mod clock;
mod contestant;
mod cpu;
mod disturbance;
pub mod doctor;
pub mod engine;
pub(crate) mod floor;
mod grace;
mod handed;
pub mod host;
mod inject;
mod job;
pub mod latency;
pub mod layouts;
pub mod neighbour;
mod pace;
pub mod pin;
mod player;
mod primitive;
mod proc;
mod replay;
pub mod state;
mod synthetic;

pub use behind::{Behind, LibraryFile, NotALibrary, floor_of, program_sha256, sha256};
pub use contestant::Maker;
pub use engine::{Ending, INJECTED, Observer, Plan, Played, Probed};
pub use floor::FloorList;
pub use handed::Handed;
pub use inject::Inject;
pub use job::{BlockOutcome, Contestant, Job, JobError, Load, OpHistogram, Outcome, ThreadOutcome};
pub use layouts::LayoutFile;

use crate::workload::trace::prepared::Opened;
pub use crate::workload::{Isolation, Order, Speed};

/// Plays one job in this process. `makers` has each contestant's, in the job's order; `announce` is told who is at work, at every turn.
///
/// # Errors
/// If the trace or the workload is not valid, or the threads cannot be placed.
pub fn play(job: &Job, makers: &[Maker], announce: &(dyn Fn(usize) + Sync)) -> Result<BlockOutcome, JobError> {
    match &job.load {
        Load::Synthetic { workload, threads } => synthetic::play(job, workload, *threads, makers, announce),
        Load::Replay { trace, speed } => {
            let trace = Opened::open(trace.path()).map_err(|error| JobError::Trace(error.to_string()))?;
            replay::play(job, trace, *speed, makers, announce)
        }
    }
}
