//! Plays a trace by threads: the loop of headlock's own replay, on simulated threads.
//!
//! The threads meet before each slice, as they do there; one that has few of its rows waits for the others, and that time is not
//! its own. The whole trace is played twice, and the second time counts. What is printed is as in [`play`](crate::play), with the
//! trace's operations.

use std::sync::atomic::{AtomicU64, Ordering};

use headlock_strategies::{Config, Counts, Nanos, TimerHandle, TimerId, TimerList, Visitor};

use crate::list;
use crate::machine::{self, Task};
use crate::plan::{Plan, Row, RowOp, ThreadPlan, TracePlan};
use crate::play::{Tally, print_list};

/// Stands for a timer that the trace has not created yet, as in headlock's replay.
const NOT_YET: u64 = u64::MAX;

type Played = Tally<{ RowOp::ALL.len() }>;

/// Plays the plan's trace under its strategy, and prints what came of it.
///
/// # Errors
/// If there is no such strategy.
pub fn play(plan: &Plan, trace: &TracePlan) -> Result<(), String> {
    struct On<'a>(&'a Plan, &'a TracePlan);
    impl Visitor for On<'_> {
        fn visit<L: TimerList>(&mut self) {
            play_on::<L>(self.0, self.1);
        }
    }
    list::visit(&plan.strategy, &mut On(plan, trace))
}

/// The lists, and by the trace's number the names of their timers.
struct Lists<L> {
    lists: Vec<L>,
    timers: Vec<AtomicU64>,
}

fn play_on<L: TimerList>(plan: &Plan, trace: &TracePlan) {
    machine::describe(&plan.machine, plan.seed);
    let mut made: Option<Lists<L>> = None;
    machine::run(vec![Task {
        core: plan.threads[0].core,
        at: 0,
        work: Box::new(|| {
            made = Some(Lists {
                lists: (0..trace.lists).map(|_| L::new(&Config::default())).collect(),
                timers: trace.timers.iter().map(|_| AtomicU64::new(NOT_YET)).collect(),
            });
        }),
    }]);
    let lists = made.as_ref().expect("the task has made them");
    let mut tallies = vec![Played::default(); plan.threads.len()];
    let tasks = plan.threads.iter().zip(&mut tallies).enumerate().map(|(number, (thread, tally))| Task {
        core: thread.core,
        at: 0,
        work: Box::new(move || {
            let mut played = Played::default();
            let seen = machine::counted(|| played = play_thread(lists, number, thread, plan, trace));
            *tally = Played { seen, ..played };
        }),
    });
    machine::run(tasks.collect());
    for (number, (tally, thread)) in tallies.iter().zip(&plan.threads).enumerate() {
        let by_op = RowOp::ALL.iter().zip(tally.by_op).map(|((name, _), by_op)| (*name, by_op));
        tally.print(number, &thread.role, by_op);
    }
    let mut counts = Counts::default();
    lists.lists.iter().for_each(|list| counts += list.counts());
    print_list(counts);
    machine::release(made);
}

fn play_thread<L: TimerList>(
    lists: &Lists<L>,
    number: usize,
    thread: &ThreadPlan,
    plan: &Plan,
    trace: &TracePlan,
) -> Played {
    let mut handles: Vec<_> = lists.lists.iter().map(L::handle).collect();
    for handle in &mut handles {
        handle.count_locks(false);
    }
    let mut tally = Played::default();
    for measured in [false, true] {
        machine::meet(plan.threads.len());
        if number == 0 {
            start::<L>(&mut handles, &lists.timers, trace);
        }
        for slice in &thread.slices {
            machine::meet(plan.threads.len());
            let start = machine::now();
            for row in slice {
                let before = machine::now();
                machine::work(plan.work[row.op.work() as usize]);
                let handle = &mut handles[row.list as usize];
                let (fired, rearms) = step(handle, &lists.timers, *row);
                handle.quiescent();
                if measured {
                    let (count, time) = &mut tally.by_op[row.op as usize];
                    *count += 1;
                    *time += machine::now() - before;
                    tally.fired += fired;
                    tally.rearms += rearms;
                }
            }
            if measured {
                tally.ops += slice.len() as u64;
                tally.elapsed += machine::now() - start;
            }
        }
    }
    // Nobody's handle goes while others play.
    machine::meet(plan.threads.len());
    tally
}

/// Leaves every timer that no row creates, those armed that are pending at the start.
fn start<L: TimerList>(handles: &mut [L::Handle<'_>], timers: &[AtomicU64], trace: &TracePlan) {
    for (&(list, created), name) in trace.timers.iter().zip(timers) {
        let own = name.load(Ordering::Relaxed);
        match (own != NOT_YET, created) {
            (true, true) => {
                handles[list].free(TimerId::from_raw(own));
                name.store(NOT_YET, Ordering::Relaxed);
            }
            (true, false) => machine::sink(handles[list].cancel(TimerId::from_raw(own)).into()),
            (false, true) => {}
            (false, false) => name.store(handles[list].create().into_raw(), Ordering::Relaxed),
        }
    }
    for &(timer, expire) in &trace.pending {
        let name = TimerId::from_raw(timers[timer].load(Ordering::Relaxed));
        let _ = handles[trace.timers[timer].0].modify(name, expire);
    }
}

/// Plays a row; how many timers fired, and whether somebody is to be notified.
#[inline(always)]
fn step<H: TimerHandle>(handle: &mut H, timers: &[AtomicU64], row: Row) -> (u64, u64) {
    let timer = || TimerId::from_raw(timers[row.timer as usize].load(Ordering::Relaxed));
    match row.op {
        RowOp::Deadline => machine::sink(handle.deadline().map_or(-1, |Nanos(deadline)| deadline)),
        RowOp::Expired => machine::sink(handle.expired(row.time).into()),
        RowOp::Run => return (handle.run(row.time, |_, _| {}) as u64, 0),
        RowOp::Mod => return (0, handle.modify(timer(), row.time).is_yes().into()),
        RowOp::Anticipate => return (0, handle.anticipate(timer(), row.time).is_yes().into()),
        RowOp::Del => machine::sink(handle.cancel(timer()).into()),
        RowOp::Create => timers[row.timer as usize].store(handle.create().into_raw(), Ordering::Relaxed),
        RowOp::Free => {
            handle.free(timer());
            timers[row.timer as usize].store(NOT_YET, Ordering::Relaxed);
        }
    }
    (0, 0)
}
