//! What the instrumented half is to play: a workload or an experiment on a described machine, as the lines that `model/vm` reads.

use std::fmt::Write;

use anyhow::{Result, bail, ensure};
use headlock::workload::script::{Script, initial};
use headlock::workload::trace::TraceOp;
use headlock::workload::trace::prepared::Prepared;
use headlock::workload::{Load, Order, PollClock, Workload};

use crate::description::{Description, End, picoseconds};
use crate::trace::Recorded;

/// How far a thread may run ahead on lines that only it has touched, ps.
const SLACK_PS: i64 = 20_000;
/// Measured at most, ns.
const MOST_NS: f64 = 50_000_000.0;

/// Rows of a trace in a slice, as in headlock's replay.
const SLICE: usize = 8_192;

/// What threads do.
pub enum Actions {
    /// Operations that are drawn.
    Drawn(Workload),
    /// Operations that were recorded.
    Recorded(Recorded),
}

impl Actions {
    /// The workload's name in result files.
    pub fn name(&self) -> &str {
        match self {
            Actions::Drawn(workload) => &workload.name,
            Actions::Recorded(recorded) => &recorded.name,
        }
    }

    /// Timers that are active at the start.
    pub fn timers(&self) -> usize {
        match self {
            Actions::Drawn(workload) => workload.timers,
            Actions::Recorded(recorded) => recorded.trace.init.len(),
        }
    }

    /// Refuses a number of threads that they cannot be done by.
    pub fn check_threads(&self, threads: usize) -> Result<()> {
        match self {
            Actions::Drawn(workload) => with_threads(workload, threads).map(drop),
            Actions::Recorded(recorded) => {
                let own = recorded.threads();
                ensure!(threads == own, "{} has {own} threads; no other number of them is played", recorded.name);
                Ok(())
            }
        }
    }

    /// The plan under a strategy: [`head`](Self::head), then [`body`](Self::body), which is the same for all strategies.
    pub fn head(&self, machine: &Description, end: End, strategy: &str, threads: usize, seed: u64) -> Result<String> {
        Ok(start(machine, end, threads, &WORKLOAD, seed)? + &strategy_lines(machine, strategy))
    }

    /// What is armed, and what each thread does.
    pub fn body(&self, machine: &Description, threads: usize, seed: u64) -> Result<String> {
        match self {
            Actions::Drawn(workload) => drawn(machine, workload, threads, seed),
            Actions::Recorded(recorded) => Ok(rows(machine, recorded)),
        }
    }
}

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
    warm_up_ns: (100_000.0, 1_000.0),
    least_ns: 200_000.0,
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

/// The scripts of a workload.
fn drawn(machine: &Description, workload: &Workload, threads: usize, seed: u64) -> Result<String> {
    check(workload)?;
    let workload = with_threads(workload, threads)?;
    workload.check(threads)?;
    let mut text = "armed".to_owned();
    for deadline in initial(&workload, seed)? {
        let _ = write!(text, " {}", deadline.0);
    }
    text.push('\n');
    for thread in 0..threads {
        let role = workload.role(thread).map_or("mixed", headlock::workload::Role::name);
        let _ = writeln!(text, "thread {} {role} {}", machine.core(thread), workload.think_ns * 1000);
        let script = Script::draw(&workload, thread, threads, seed, Script::STEPS)?;
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

/// The rows of a trace, by threads.
fn rows(machine: &Description, recorded: &Recorded) -> String {
    let trace = Prepared::of(&recorded.trace, Order::Threads, false);
    let mut text = format!("lists {}\n", trace.lists);
    for timer in &trace.timers {
        let _ = writeln!(text, "timer {} {}", timer.list(), u8::from(timer.created_in_trace()));
    }
    for pending in &trace.init {
        let _ = writeln!(text, "pending {} {}", pending.timer(), pending.expire().0);
    }
    let rows: usize = trace.parts.iter().map(|part| part.rows.len()).sum();
    for (thread, part) in trace.parts.iter().enumerate() {
        // A name of several words would be several words of the plan.
        let role: String = part.role.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
        let role = if role.is_empty() { "unnamed".to_owned() } else { role };
        let _ = writeln!(text, "thread {} {role} 0", machine.core(thread));
        for from in (0..rows).step_by(SLICE) {
            text.push_str("slice\n");
            for row in part.between(from, from + SLICE) {
                let time = if matches!(row.op(), TraceOp::Mod | TraceOp::Anticipate) {
                    row.expire()
                } else {
                    row.now()
                };
                let timer = if row.op().names_timer() { row.timer() } else { 0 };
                let _ = writeln!(text, "row {} {} {timer} {}", row.op().name(), row.list(), time.0);
            }
        }
    }
    text
}

/// The strategy, and what the description says of it.
fn strategy_lines(machine: &Description, strategy: &str) -> String {
    let mut text = format!("strategy {strategy}\n");
    if let Some(work) = machine.work.iter().find(|work| work.strategy == strategy) {
        let (poll, change) = (picoseconds(work.deadline_ns), picoseconds(work.modify_ns));
        for op in ["deadline", "expired", "run"] {
            let _ = writeln!(text, "work {op} {poll}");
        }
        for op in ["modify", "anticipate", "cancel", "churn"] {
            let _ = writeln!(text, "work {op} {change}");
        }
    }
    text
}
