//! What the instrumented half is to play: a workload or an experiment on a described machine, as the lines that `model/vm` reads.

use std::fmt::Write;

use anyhow::{Result, bail, ensure};
use headlock::workload::script::{Script, initial};
use headlock::workload::{Load, PollClock, Workload};

use crate::description::{Description, End, picoseconds};

/// How far a thread may run ahead on lines that only it has touched, ps.
const SLACK_PS: i64 = 20_000;
/// Measured at most, ns.
const MOST_NS: f64 = 50_000_000.0;

/// How long something is played.
struct Length {
    /// Before measuring, ns: so much, and so much more for each thread.
    warm_up_ns: (f64, f64),
    /// Measured at least, ns.
    least_ns: f64,
    /// Operations to measure: so many by all threads together, or so many by each on average if that is more.
    operations: (usize, usize),
}

/// A workload, whose operations differ.
const WORKLOAD: Length = Length {
    warm_up_ns: (20_000.0, 1_000.0),
    least_ns: 50_000.0,
    operations: (40_000, 100),
};
/// An experiment, whose operations are alike.
const EXPERIMENT: Length = Length {
    warm_up_ns: (5_000.0, 100.0),
    least_ns: 2_000.0,
    operations: (500, 60),
};

fn start(machine: &Description, end: End, threads: usize, length: &Length, seed: u64) -> Result<String> {
    ensure!(
        threads <= machine.processors(),
        "{threads} threads on {}, which has {} processors; no more than one thread on each is modelled",
        machine.name,
        machine.processors()
    );
    let mut text = machine.plan(end);
    let warm_up = picoseconds(length.warm_up_ns.0 + length.warm_up_ns.1 * threads as f64);
    let (least, most) = (picoseconds(length.least_ns), picoseconds(MOST_NS));
    let _ = writeln!(
        text,
        "cost slack {SLACK_PS}\nseed {seed}\nphases {warm_up} {least} {most} {}",
        length.operations.0.max(length.operations.1 * threads)
    );
    Ok(text)
}

/// An experiment of `model/vm/src/experiment.rs`, done by each of so many threads. Its plain accesses and calls are those of the loop
/// around it, which take no time: the loop of whoever published a curve is part of the increment at one thread.
pub fn experiment(machine: &Description, end: End, name: &str, threads: usize, think_ns: f64) -> Result<String> {
    let mut text = start(machine, end, threads, &EXPERIMENT, 1)?;
    let _ = writeln!(text, "cost plain 0\ncost call 0\nexperiment {name}");
    for thread in 0..threads {
        let _ = writeln!(text, "thread {} all {}", machine.core(thread), picoseconds(think_ns));
    }
    Ok(text)
}

/// A workload with so many threads: where roles are given, pollers make up the number.
pub fn with_threads(workload: &Workload, threads: usize) -> Result<Workload> {
    let mut workload = workload.clone();
    if let Some(roles) = &mut workload.roles {
        let others = roles.modifiers + roles.runners;
        ensure!(
            threads > others,
            "{} has {others} threads that do not poll, so it needs more than {threads}",
            workload.name
        );
        roles.pollers = threads - others;
    }
    Ok(workload)
}

/// Refuses what the virtual machine cannot play.
pub fn check(workload: &Workload) -> Result<()> {
    let name = &workload.name;
    if workload.pollute_kib > 0 {
        bail!(
            "workload {name} has pollute_kib = {}; caches of the model are never full, 0 expected",
            workload.pollute_kib
        );
    }
    if workload.hold_ns > 0 {
        bail!(
            "workload {name} has hold_ns = {}; the model knows no time inside the lock, 0 expected",
            workload.hold_ns
        );
    }
    if workload.load != Load::Closed {
        bail!("workload {name} has an open load; a closed one expected");
    }
    if workload.clock != PollClock::None {
        bail!("workload {name} reads the clock in its polls; clock = \"none\" expected");
    }
    Ok(())
}

/// A workload under a strategy.
pub fn workload(
    machine: &Description,
    end: End,
    workload: &Workload,
    strategy: &str,
    threads: usize,
    seed: u64,
) -> Result<String> {
    check(workload)?;
    let workload = with_threads(workload, threads)?;
    workload.check(threads)?;
    let mut text = start(machine, end, threads, &WORKLOAD, seed)?;
    let _ = writeln!(text, "strategy {strategy}");
    if let Some(work) = machine.work.iter().find(|work| work.strategy == strategy) {
        let (poll, change) = (picoseconds(work.deadline_ns), picoseconds(work.modify_ns));
        for op in ["deadline", "expired", "run"] {
            let _ = writeln!(text, "work {op} {poll}");
        }
        for op in ["modify", "anticipate", "cancel", "churn"] {
            let _ = writeln!(text, "work {op} {change}");
        }
    }
    text.push_str("armed");
    for deadline in initial(&workload, seed)? {
        let _ = write!(text, " {}", deadline.0);
    }
    text.push('\n');
    for thread in 0..threads {
        let role = workload.role(thread).map_or("mixed", headlock::workload::Role::name);
        let _ = writeln!(text, "thread {} {role} {}", machine.core(thread), workload.think_ns * 1000);
        let script = Script::draw(&workload, thread, threads, seed)?;
        text.push_str("rearm");
        for deadline in &script.rearm {
            let _ = write!(text, " {}", deadline.0);
        }
        text.push('\n');
        for step in &script.steps {
            let place = if step.at_head {
                "head"
            } else if step.at_empty {
                "empty"
            } else {
                "-"
            };
            let _ = writeln!(text, "step {} {} {} {place}", step.op.name(), step.timer, step.time.0);
        }
    }
    Ok(text)
}
