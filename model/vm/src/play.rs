//! Plays a workload's scripts: the loop of headlock's own player, on simulated threads.
//!
//! What is printed, one line a thread and operation:
//!
//! | line | meaning |
//! |---|---|
//! | `thread NUMBER ROLE OPS PS FIRED REARMS` | operations and virtual time while measuring |
//! | `op NUMBER NAME COUNT PS` | of these, one kind, and the time inside it |
//! | `counts NUMBER PARKS PAUSES WAITED_PS TAKEN FETCHED SYSCALLS` | what the virtual machine saw of the thread, from its start on |
//! | `list ACQUISITIONS CONTENDED RETRIES RETIRED PEAK` | what the list counted in the whole play |

use headlock_strategies::{Config, Counts as ListCounts, Nanos, TimerHandle, TimerId, TimerList, Visitor};

use crate::list;
use crate::machine::{self, Counts, Phase, Task};
use crate::plan::{Op, Plan, Step, ThreadPlan};

/// Operations between two quiescent states, as in headlock's player.
const BATCH: usize = 64;
/// The end of the head zone, as in headlock's scripts.
const DUE: i64 = 1 << 61;
/// The gap between two threads' starts, ps: they are not to play in step.
const STAGGER: i64 = 3_700;

/// What a thread did while it was measured.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "explained above")]
pub struct Tally<const OPS: usize> {
    pub ops: u64,
    pub elapsed: i64,
    pub fired: u64,
    pub rearms: u64,
    pub by_op: [(u64, i64); OPS],
    pub seen: Counts,
}

impl<const OPS: usize> Default for Tally<OPS> {
    fn default() -> Self {
        Tally {
            ops: 0,
            elapsed: 0,
            fired: 0,
            rearms: 0,
            by_op: [(0, 0); OPS],
            seen: Counts::default(),
        }
    }
}

/// Plays the plan's workload under its strategy, and prints what came of it.
///
/// # Errors
/// If there is no such strategy.
pub fn play(plan: &Plan) -> Result<(), String> {
    struct On<'a>(&'a Plan);
    impl Visitor for On<'_> {
        fn visit<L: TimerList>(&mut self) {
            play_on::<L>(self.0);
        }
    }
    list::visit(&plan.strategy, &mut On(plan))
}

fn play_on<L: TimerList>(plan: &Plan) {
    machine::describe(&plan.machine, plan.seed);
    let mut made: Option<Box<L>> = None;
    let mut timers = Vec::new();
    // One for each thread, which its idle cancels name. Made here: threads that start by queueing for the lock would be late.
    let mut idle = Vec::new();
    let core = plan.threads[0].core;
    machine::run(vec![Task {
        core,
        at: 0,
        work: Box::new(|| {
            let list = made.insert(Box::new(L::new(&Config::default())));
            let mut handle = list.handle();
            timers.extend(plan.armed.iter().map(|&expire| {
                let timer = handle.create();
                let _ = handle.modify(timer, expire);
                timer
            }));
            idle.extend(plan.threads.iter().map(|_| handle.create()));
        }),
    }]);
    let list = made.as_deref().expect("the task has made it");
    let before = list.counts();
    let [warm_up, least, most] = plan.phases;
    machine::phases(warm_up, least, most, plan.operations);
    let mut tallies = vec![Tally::default(); plan.threads.len()];
    let tasks = plan.threads.iter().zip(&mut tallies).enumerate().map(|(number, (thread, tally))| {
        let (list, timers, plan, idle) = (list, &*timers, plan, idle[number]);
        Task {
            core: thread.core,
            at: number as i64 * STAGGER,
            work: Box::new(move || {
                let mut played = Tally::default();
                played.seen = machine::counted(|| played = play_thread(list, timers, idle, thread, plan));
                let seen = played.seen;
                *tally = Tally { seen, ..played };
            }),
        }
    });
    machine::run(tasks.collect());
    for (number, (tally, thread)) in tallies.iter().zip(&plan.threads).enumerate() {
        let by_op = Op::ALL.iter().zip(tally.by_op).map(|((name, _), by_op)| (*name, by_op));
        tally.print(number, &thread.role, by_op);
    }
    print_list(list.counts().since(before));
    machine::release(made);
}

/// Prints what a list counted.
pub fn print_list(counts: ListCounts) {
    let lock = counts.lock;
    println!(
        "list {} {} {} {} {}",
        lock.acquisitions, lock.contended, counts.retries, counts.retired, counts.peak_unreclaimed
    );
}

impl<const OPS: usize> Tally<OPS> {
    /// Prints what the thread of that number did.
    pub fn print<'a>(&self, number: usize, role: &str, by_op: impl Iterator<Item = (&'a str, (u64, i64))>) {
        println!("thread {number} {role} {} {} {} {}", self.ops, self.elapsed, self.fired, self.rearms);
        for (name, (count, time)) in by_op.filter(|(_, (count, _))| *count > 0) {
            println!("op {number} {name} {count} {time}");
        }
        let Counts {
            parks, pauses, waited, lines_taken, lines_fetched, syscalls, ..
        } = self.seen;
        println!("counts {number} {parks} {pauses} {waited} {lines_taken} {lines_fetched} {syscalls}");
    }
}

fn play_thread<L: TimerList>(
    list: &L,
    timers: &[TimerId],
    idle: TimerId,
    thread: &ThreadPlan,
    plan: &Plan,
) -> Tally<{ Op::ALL.len() }> {
    let mut handle = list.handle();
    handle.count_locks(false);
    let own_list = thread.steps.iter().any(|step| step.at_empty).then(|| L::new(&Config::default()));
    let mut empty = own_list.as_ref().map(L::handle);
    if let Some(empty) = &mut empty {
        empty.count_locks(false);
    }
    let mut actor = Actor {
        timers: timers.to_vec(),
        rearm: &thread.rearm,
        next_rearm: 0,
        head: DUE + 1,
        fired: 0,
        rearms: 0,
    };
    // The timer that idle cancels name comes last.
    actor.timers.push(idle);
    let mut tally = Tally::default();
    let mut started = None;
    let mut next = 0;
    loop {
        let step = &thread.steps[next];
        next = (next + 1) % thread.steps.len();
        let phase = machine::phase();
        if phase == Phase::Over {
            break;
        }
        if phase == Phase::Measure && started.is_none() {
            started = Some(machine::now());
            (actor.fired, actor.rearms) = (0, 0);
        }
        let before = machine::now();
        machine::work(plan.work[step.op as usize]);
        match &mut empty {
            Some(empty) if step.at_empty => actor.play(empty, step),
            _ => actor.play(&mut handle, step),
        }
        if started.is_some() {
            let (count, time) = &mut tally.by_op[step.op as usize];
            *count += 1;
            *time += machine::now() - before;
            tally.ops += 1;
            machine::finished_operation();
        }
        machine::work(thread.think);
        if next % BATCH == 0 {
            handle.quiescent();
            if let Some(empty) = &mut empty {
                empty.quiescent();
            }
        }
    }
    tally.elapsed = started.map_or(0, |started| machine::now() - started);
    (tally.fired, tally.rearms) = (actor.fired, actor.rearms);
    tally
}

/// What an operation needs besides the handle.
struct Actor<'a> {
    timers: Vec<TimerId>,
    rearm: &'a [Nanos],
    next_rearm: usize,
    head: i64,
    fired: u64,
    rearms: u64,
}

impl Actor<'_> {
    #[inline(always)]
    fn play<H: TimerHandle>(&mut self, handle: &mut H, step: &Step) {
        let timer = self.timers[step.timer as usize];
        match step.op {
            Op::Deadline => {
                machine::sink(handle.deadline().map_or(-1, |deadline| deadline.0));
            }
            Op::Expired => {
                machine::sink(handle.expired(step.time).into());
            }
            Op::Run => {
                let (mut fired, mut rearms) = (0, 0);
                handle.run(step.time, |handle, timer| {
                    let expire = self.rearm[self.next_rearm];
                    self.next_rearm = (self.next_rearm + 1) % self.rearm.len();
                    fired += 1;
                    rearms += u64::from(handle.modify(timer, expire).is_yes());
                });
                self.fired += fired;
                self.rearms += rearms;
            }
            Op::Modify => {
                let expire = self.expire(step);
                self.rearms += u64::from(handle.modify(timer, expire).is_yes());
            }
            Op::Anticipate => {
                let expire = self.expire(step);
                self.rearms += u64::from(handle.anticipate(timer, expire).is_yes());
            }
            Op::Cancel => {
                machine::sink(handle.cancel(timer).into());
            }
            Op::Churn => {
                handle.free(timer);
                let timer = handle.create();
                self.timers[step.timer as usize] = timer;
                let expire = self.expire(step);
                self.rearms += u64::from(handle.modify(timer, expire).is_yes());
            }
        }
    }

    #[inline(always)]
    fn expire(&mut self, step: &Step) -> Nanos {
        if step.at_head {
            self.head -= 1;
            Nanos(self.head)
        } else {
            step.time
        }
    }
}
