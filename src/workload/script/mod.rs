//! What one thread plays of a workload: steps drawn before the clock starts, in exact shares and random order.
//!
//! List time stands still at [`IDLE`]. The list has two zones. Ordinary deadlines lie beyond [`DUE`], at a distance drawn
//! from the workload. The *head zone*, later than [`IDLE`] up to [`DUE`], is empty at start. A modify at the head puts the [head
//! timer](HEAD_TIMER) there, which all threads share and no other operation changes: as nothing else is ever there, it becomes
//! the head, whichever thread does so and whatever the others did before. The *front timer*, which no operation changes, has the
//! soonest ordinary deadline, so nothing else becomes the head by chance. A run plays at [`IDLE`] and finds nothing due, or at
//! [`DUE`] and fires what the head zone holds; the callback arms each fired timer again at an ordinary distance.
//!
//! Where there are so many cancels that modifies at the head must arm cancelled timers too, they take the thread's own timers, each
//! sooner than the last: with one modifying thread they still always land at the head.
//!
//! Polls and runs `at_empty` go to a list of the thread's own that never holds a timer. An idle cancel names a timer of
//! the thread's own that is never armed.
//!
//! A timer that is cancelled is armed again by the thread's next arming step, and none stays cancelled at the end of the script.
//! Whoever stops before asks [`Script::cancelled_before`] which may be.

mod draw;
#[cfg(test)]
mod tests;

pub use draw::initial;

use super::Op;
use headlock_strategies::Nanos;

/// The list's time, at which nothing is due.
pub const IDLE: Nanos = Nanos::ZERO;
/// The end of the head zone: the time at which everything in it is due, and nothing else.
pub const DUE: Nanos = Nanos(IDLE.0 + (1 << 61));

/// The soonest ordinary deadline, which the front timer has. What gets the same one later fires later.
pub const FRONT: Nanos = Nanos(DUE.0 + 1);

/// One operation. 16 bytes, four to a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The new deadline of modify, anticipate and churn; the list's time for run and expired.
    pub time: Nanos,
    /// Which timer, from 0 to one less than the workload's `timers`, or `timers` itself for the one that is never armed; 0
    /// for operations that name none.
    pub timer: u32,
    /// What to do.
    pub op: Op,
    /// A modify into the head zone.
    pub at_head: bool,
    /// A poll or run of the thread's own empty list.
    pub at_empty: bool,
}

/// The timer that modifies at the head take; the front timer is the last one.
pub const HEAD_TIMER: u32 = 0;

const _: () = assert!(size_of::<Step>() == 16, "a script of 2048 steps takes 32 KiB");

/// One thread's steps, and the deadlines that its callbacks arm fired timers with.
///
/// Shares are those of the workload to the nearest step. Threads that change timers share them out among themselves, the head timer
/// and the front timer aside, so that none frees another's; with more such threads than timers they share timers, and none frees any.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// To be played in a cycle; a multiple of [`Script::STEPS`].
    pub steps: Box<[Step]>,
    /// To be used in a cycle, one for each timer fired; [`Script::REARMS`] of them.
    pub rearm: Box<[Nanos]>,
    /// Under open load, the gaps before the steps, in mean gaps; they add up to the number of steps. Empty under closed load.
    pub gaps: Box<[f32]>,
    /// Before every [`Script::MARK`]th step, the timers that are cancelled and not armed again, in the order of arming.
    cancelled: Box<[Box<[u32]>]>,
    /// The timer that idle cancels name.
    never_armed: u32,
}

impl Script {
    /// Steps of a short script; a power of two.
    pub const STEPS: usize = 2048;
    /// Steps of a script that is measured: 1 MiB, in which no branch predictor finds its way again by the second time, and the
    /// rarest operation of the presets is a share within a quarter of a per cent of itself; a power of two.
    pub const LONG: usize = 32 * Self::STEPS;
    /// Steps between two notes of what is cancelled; a power of two.
    const MARK: usize = 64;
    /// Deadlines for fired timers in a script; a power of two.
    pub const REARMS: usize = 256;

    /// The timers that are cancelled and not armed again when all steps before this one have been played; some of these where steps
    /// at the beginning were left out.
    pub fn cancelled_before(&self, step: usize) -> Vec<u32> {
        let noted = step / Self::MARK;
        let mut cancelled = self.cancelled.get(noted).map_or(Vec::new(), |timers| timers.to_vec());
        for step in &self.steps[(noted * Self::MARK).min(self.steps.len())..step] {
            match step.op {
                Op::Cancel if step.timer < self.never_armed && !cancelled.contains(&step.timer) => {
                    cancelled.push(step.timer);
                }
                Op::Modify | Op::Anticipate | Op::Churn => cancelled.retain(|timer| *timer != step.timer),
                Op::Cancel | Op::Deadline | Op::Expired | Op::Run => {}
            }
        }
        cancelled
    }

    /// Whether it frees any timer.
    pub fn frees(&self) -> bool {
        self.steps.iter().any(|step| step.op == Op::Churn)
    }
}
