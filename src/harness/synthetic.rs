//! Plays a workload's pre-drawn scripts: every thread as fast as it can less its think time, or at the moments of an open load.

use std::cell::Cell;
use std::hint::black_box;

use headlock_strategies::{Config, Counts, Nanos, TimerHandle, TimerId, TimerList};

use super::block::plan::Plan;
use super::block::{self, Announce, Entrant, Part};
use super::clock::Clock;
use super::contestant::{self, Contestant, Maker};
use super::grace;
use super::inject::Inject;
use super::job::{BlockOutcome, Job, JobError};
use super::player::{Handles, Make, Player};
use crate::record::Pass;
use crate::workload::script::{Script, Step, initial};
use crate::workload::{Op, Role, Workload};

/// What all contestants of a block are made from.
pub struct Stage {
    workload: Workload,
    threads: usize,
    /// The deadlines of the timers at start.
    deadlines: Vec<Nanos>,
    spins_per_ns: f64,
    /// Whether some thread frees timers.
    frees: bool,
}

/// What a thread plays.
pub struct Seat {
    script: Script,
    /// Memory touched between operations.
    pollution: Vec<Cell<u64>>,
}

impl Part for Seat {
    fn touch(&self, from: usize, to: usize) {
        const STEPS_OF_LINE: usize = 64 / size_of::<Step>();
        let steps = &self.script.steps;
        let wanted = (to - from).min(steps.len());
        let touched = (from..from + wanted).step_by(STEPS_OF_LINE).map(|step| steps[step % steps.len()].timer);
        black_box(touched.fold(0, u32::wrapping_add));
    }
}

/// Plays a block of `workload`.
///
/// # Errors
/// If the workload is not valid, or a thread cannot be bound to its processor.
pub fn play(
    job: &Job,
    workload: &Workload,
    threads: usize,
    makers: &[Maker],
    announce: Announce<'_>,
) -> Result<BlockOutcome, JobError> {
    let invalid = |error: crate::workload::WorkloadError| JobError::Workload(error.to_string());
    workload.check(threads).map_err(invalid)?;
    let frees = |thread| workload.role(thread).map(Role::mix).or(workload.mix).is_some_and(|mix| mix.churn > 0.0);
    let stage = Stage {
        workload: workload.clone(),
        threads,
        deadlines: initial(workload, job.seed).map_err(invalid)?,
        spins_per_ns: job.spins_per_ns,
        frees: (0..threads).any(frees),
    };
    let mut entrants = Vec::new();
    for &pass in &job.passes {
        for (contestant, maker) in makers.iter().enumerate() {
            announce(contestant);
            let lists = (maker.synthetic)(&stage, pass, job.contestants[contestant].inject);
            entrants.push(Entrant { contestant, pass, lists, active: workload.timers as u64 });
        }
    }
    let seat = |thread| {
        let script = Script::draw(workload, thread, threads, job.seed, Script::LONG).map_err(invalid)?;
        let words = workload.pollute_kib as usize * 1024 / size_of::<u64>();
        Ok(Seat { script, pollution: vec![Cell::new(0); words] })
    };
    let role = |thread| workload.role(thread).map_or("mixed", Role::name).to_owned();
    block::play(job, &Plan::synthetic(job, threads), entrants, announce, seat, role, |op| Op::ALL[op].name())
}

/// A contestant of that type of list, with its timers armed.
pub fn contestant<L: TimerList>(stage: &Stage, pass: Pass, inject: Inject) -> Box<dyn Contestant<Seat>> {
    let workload = &stage.workload;
    let graces = pass == Pass::Latency && stage.frees;
    let config = Config {
        hold_spins: (workload.hold_ns as f64 * stage.spins_per_ns) as u32,
        grace: graces.then_some(grace::PROBE),
    };
    let list = L::new(&config);
    // Each as a list of its own, since that is what a real event loop polls: nobody else's lock.
    let empties = if workload.empty_share > 0.0 { stage.threads } else { 0 };
    let mut handle = list.handle();
    let arm = |&expire| {
        let timer = handle.create();
        let _ = handle.modify(timer, expire);
        timer
    };
    let timers = stage.deadlines.iter().map(arm).collect();
    drop(handle);
    Box::new(Lists {
        list,
        empties: (0..empties).map(|_| L::new(&config)).collect(),
        timers,
        workload: workload.clone(),
        threads: stage.threads,
        spins_per_ns: stage.spins_per_ns,
        pass,
        inject,
        graces,
    })
}

/// One contestant's lists.
struct Lists<L> {
    list: L,
    /// Each thread's own list that never holds a timer, if the workload polls one.
    empties: Vec<L>,
    timers: Vec<TimerId>,
    workload: Workload,
    threads: usize,
    spins_per_ns: f64,
    pass: Pass,
    inject: Inject,
    graces: bool,
}

impl<L: TimerList> Contestant<Seat> for Lists<L> {
    fn player<'a>(&'a self, number: usize, seat: &'a Seat) -> Box<dyn contestant::Player + 'a> {
        let handles = Handles {
            list: self.list.handle(),
            empty: self.empties.get(number).map(L::handle),
        };
        Box::new(Player::new(
            handles,
            Make {
                number,
                threads: self.threads,
                script: &seat.script,
                pollution: &seat.pollution,
                timers: &self.timers,
                workload: &self.workload,
                spins_per_ns: self.spins_per_ns,
                inject: self.inject,
                clock: (self.pass == Pass::Latency).then(Clock::new),
                graces: self.graces,
            },
        ))
    }

    fn counts(&self) -> Counts {
        self.empties.iter().chain([&self.list]).map(L::counts).sum()
    }

    fn active(&self) -> u64 {
        self.list.handle().run(Nanos::MAX, |_, _| {}) as u64
    }
}
