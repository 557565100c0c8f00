//! Plays blocks, each point of each in a fresh process, and tells an observer what came of it.
//!
//! A block holds one trial of every contestant at every point in every pass. At a point all take turns in one process; where their
//! lists are too large to stand side by side, or it is asked for, each has a process of its own in each pass. The order is drawn
//! anew for every other block, and the blocks between play it backwards, so that a drift of the machine falls on both sides of
//! every comparison (A B, B A). What was disturbed is played once more at the end of its block.
//!
//! `turns.rs` says which processes a block has, `course.rs` plays them and finds out who is at fault where one ends badly, `describe.rs`
//! makes rows of what they answer.

mod counted;
mod course;
mod describe;
mod turns;

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use super::Isolation;
use super::behind::Behind;
use super::child::{self, ChildError};
use super::inject::Inject;
use super::job::Load;
use super::layouts::LayoutFile;
use crate::record::{BlockState, LatencyHistogram, Point, ThreadRow, Trial};

/// The name under which the baseline plays with a known slow-down, in a self-test.
pub const INJECTED: &str = "injected";

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The registered strategies, in the order of the tables.
    pub strategies: Vec<String>,
    /// What stands behind the C interface, by slot.
    pub behind: Vec<Behind>,
    /// The strategy that the others are compared with.
    pub baseline: String,
    /// The points, and what is played at each.
    pub points: Vec<(Point, Load)>,
    /// How long each contestant is measured in a block and pass, ns.
    pub trial_ns: u64,
    /// How long that takes at least by its nature, ns: the length of a trace played at its own speed.
    pub expected_ns: u64,
    /// How long a process may take beyond twice what it is to measure before it counts as hung, ns.
    pub patience_ns: u64,
    /// Seed of scripts and orders.
    pub seed: u64,
    /// Processors to bind threads to; empty leaves them to the scheduler.
    pub cpus: Vec<usize>,
    /// How much slower than the baseline `injected` is, if it is to play.
    pub inject: Option<Inject>,
    /// Turns of [`spin`](headlock_strategies::spin) in a nanosecond, measured once, so that every trial waits alike.
    pub spins_per_ns: f64,
    /// The number of the first block, above 0 when a run is resumed.
    pub first_block: usize,
    /// Whether to play only the pass that decides at each point, for a search that compares and shows no latencies.
    pub deciding_only: bool,
    /// Whether contestants take turns in one process, where their lists are small enough.
    pub isolation: Isolation,
    /// Programs that differ from this one in the layout of their code alone, of which each block draws one; empty for this one.
    pub layouts: Vec<LayoutFile>,
}

/// A finished trial.
#[derive(Debug)]
pub struct Played {
    /// Its row.
    pub trial: Trial,
    /// Its latencies by operation and kind, in the latency pass.
    pub latencies: Vec<LatencyHistogram>,
    /// Each thread's part.
    pub threads: Vec<ThreadRow>,
    /// The robust mean of the slices' log ratios to the floor's, of throughput.
    log_over_floor: Option<f64>,
}

/// What the probes of a process read.
#[derive(Clone, Copy, Debug)]
pub struct Probed<'a> {
    /// The block.
    pub block: usize,
    /// The point.
    pub point: &'a Point,
    /// Whose process it was; `None` if all took turns in it.
    pub contestant: Option<&'a str>,
    /// Which of [`Plan::layouts`] played, if there are any.
    pub layout: Option<usize>,
    /// What they read.
    pub state: &'a BlockState,
}

/// Is told what happens. Errors of its own end the run.
pub trait Observer {
    /// What the observer itself can fail with.
    type Error;

    /// A process is about to start: its number in the block, of how many, and who plays.
    fn starting(&mut self, _block: usize, _number: usize, _of: usize, _strategy: &str, _point: &Point) {}

    /// A trial has ended well.
    fn played(&mut self, played: Played) -> Result<(), Self::Error>;

    /// What the probes of a process read.
    fn probed(&mut self, _probed: Probed<'_>) {}

    /// A contestant has failed. It is left out from now on.
    fn failed(&mut self, strategy: &str, point: &Point, reason: &ChildError) -> Result<(), Self::Error>;

    /// A process that contestants shared has crashed, and none of them does so alone. The block is played again.
    fn crashed_together(&mut self, _at_work: Option<&str>, _point: &Point, _reason: &ChildError) {}

    /// A block is complete: go on, or enough?
    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Self::Error>;
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The observer had enough.
    Complete,
    /// The user stopped it; the block under way is incomplete.
    Interrupted,
    /// No strategy is left to measure.
    NothingLeft,
    /// Processes cannot be started or fail before anybody plays, for this reason; no strategy is to blame.
    Failed(String),
}

/// Plays blocks until the observer has enough or `stop` is raised.
///
/// # Errors
/// Those of the observer.
pub fn run<O: Observer>(plan: &Plan, observer: &mut O, stop: &AtomicBool) -> Result<Ending, O::Error> {
    course::play_blocks(plan, observer, stop, |job, layout| {
        let program = layout.map(|layout| plan.layouts[layout].path.as_path());
        child::play_with(program, job, plan.expected_ns(job), plan.patience_ns, stop)
    })
}

#[cfg(test)]
mod tests;
