//! One step of a script, and what a thread does beside the list.

use std::cell::Cell;
use std::hint::black_box;

use headlock_strategies::{Nanos, TimerHandle, TimerId, spin};

use crate::harness::clock::{Clock, Moment};
use crate::workload::script::Step;
use crate::workload::{Op, PollClock};

/// Bytes in a cache line.
const LINE: usize = 64;

/// What a thread counted in a slice.
#[derive(Default)]
pub struct Tally {
    pub ops: u64,
    pub fired: u64,
    pub rearms: u64,
    pub service_ns: u64,
    /// What its operations are to be longer by and were not yet, a self-test of the tool.
    pub owed_ns: u64,
}

/// What an operation needs besides the handle.
pub struct Actor<'a> {
    pub timers: Vec<TimerId>,
    /// The deadlines that fired timers get.
    pub rearm: &'a [Nanos],
    pub next_rearm: usize,
}

/// What the thread does between operations.
pub struct OtherWork<'a> {
    pub think_spins: u32,
    pub pollution: &'a [Cell<u64>],
    pub clock: PollClock,
    pub tsc: Option<Clock>,
}

/// The handle that a step goes through.
#[inline(always)]
pub fn target<'h, H>(list: &'h mut H, empty: &'h mut Option<H>, step: &Step) -> &'h mut H {
    match empty {
        Some(empty) if step.at_empty => empty,
        _ => list,
    }
}

impl Actor<'_> {
    /// Plays one step. Answers go through `black_box`, so that the compiler can neither drop nor hoist a read.
    ///
    /// Three kinds make up nearly all steps, and these are told by comparisons, as the rows of a trace are: a jump through a table is predicted
    /// worse where kinds alternate. The compiler compares with what stands first here last.
    #[inline(always)]
    pub fn play<H: TimerHandle>(&mut self, handle: &mut H, tally: &mut Tally, step: &Step) {
        if step.op == Op::Modify {
            tally.rearms += u64::from(handle.modify(self.timer(step), step.time).is_yes());
        } else if step.op == Op::Run {
            let fired = handle.run(step.time, |handle, timer| {
                let expire = self.rearmed();
                tally.rearms += u64::from(handle.modify(timer, expire).is_yes());
            });
            tally.fired += fired as u64;
        } else if step.op == Op::Deadline {
            black_box(handle.deadline());
        } else {
            tally.rearms += u64::from(self.seldom(handle, step));
        }
    }

    /// Plays a step of another kind; whether the caller has to be notified. Never inlined: its jump through a table would become that of
    /// all steps.
    #[inline(never)]
    fn seldom<H: TimerHandle>(&mut self, handle: &mut H, step: &Step) -> bool {
        match step.op {
            Op::Anticipate => return handle.anticipate(self.timer(step), step.time).is_yes(),
            Op::Churn => {
                handle.free(self.timer(step));
                let timer = handle.create();
                self.timers[step.timer as usize] = timer;
                return handle.modify(timer, step.time).is_yes();
            }
            Op::Cancel => {
                black_box(handle.cancel(self.timer(step)));
            }
            Op::Expired => {
                black_box(handle.expired(step.time));
            }
            Op::Deadline | Op::Run | Op::Modify => unreachable!("played above"),
        }
        false
    }

    /// The next deadline for a fired timer.
    #[inline(always)]
    pub fn rearmed(&mut self) -> Nanos {
        let expire = self.rearm[self.next_rearm];
        self.next_rearm = (self.next_rearm + 1) % self.rearm.len();
        expire
    }

    #[inline(always)]
    fn timer(&self, step: &Step) -> TimerId {
        self.timers[step.timer as usize]
    }
}

impl OtherWork<'_> {
    #[inline(always)]
    pub fn between(&self) {
        spin(self.think_spins);
        for word in self.pollution.iter().step_by(LINE / size_of::<u64>()) {
            word.set(word.get().wrapping_add(1));
        }
    }

    /// Reads the clock as QEMU's polls do, to turn the deadline into a distance.
    #[inline(always)]
    pub fn read_clock(&self, op: Op) {
        if !matches!(op, Op::Deadline | Op::Expired | Op::Run) {
            return;
        }
        match (self.clock, &self.tsc) {
            (PollClock::None, _) => {}
            (_, Some(tsc)) => {
                black_box(tsc.raw());
            }
            (_, None) => {
                black_box(Moment::now());
            }
        }
    }
}
