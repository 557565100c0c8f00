//! Counts what each operation of each strategy touches.
//!
//! Each operation is done [`ROUNDS`] times by one thread, alone or beside a writer on another core that changes the list once before
//! each time. What prepares the list is not counted. The counts are sums over all rounds, so they are whole numbers, and include
//! what an operation does only now and then (an epoch that is advanced).

use headlock_strategies::{Config, Nanos, TimerHandle, TimerId, TimerList, Visitor};

use crate::list;
use crate::machine::{self, Counts, Level, Machine, Task};

/// Times that an operation is counted.
pub const ROUNDS: i64 = 1_000;
/// Times that it is done before that.
const WARM_UP: i64 = 128;
/// Timers that are active all the time.
const TIMERS: i64 = 100;
/// The virtual time of a round, ps: long enough for the two threads never to meet.
const ROUND: i64 = 1_000_000_000;

/// The operations, by name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    /// Nothing: what counting itself touches.
    Nothing,
    Deadline,
    Expired,
    /// Runs a list in which so many timers are due; the callback does nothing.
    Run(usize),
    /// Puts a timer off that is not the head.
    Modify,
    /// Makes a timer the head.
    ModifyHead,
    /// Finds the timer's deadline soon enough.
    Anticipate,
    /// Makes a timer the head.
    AnticipateHead,
    /// Takes out a timer that is not the head.
    Cancel,
    /// Takes out the head.
    CancelHead,
    Create,
    /// Frees a timer that is active and not the head.
    Free,
}

const OPERATIONS: [(&str, Operation); 14] = [
    ("nothing", Operation::Nothing),
    ("deadline", Operation::Deadline),
    ("expired", Operation::Expired),
    ("run-0-due", Operation::Run(0)),
    ("run-1-due", Operation::Run(1)),
    ("run-2-due", Operation::Run(2)),
    ("modify", Operation::Modify),
    ("modify-head", Operation::ModifyHead),
    ("anticipate", Operation::Anticipate),
    ("anticipate-head", Operation::AnticipateHead),
    ("cancel", Operation::Cancel),
    ("cancel-head", Operation::CancelHead),
    ("create", Operation::Create),
    ("free", Operation::Free),
];

/// Prints the counts of the strategy of that name, as CSV.
///
/// # Errors
/// If there is none.
pub fn print(name: &str) -> Result<(), String> {
    struct Each;
    impl Visitor for Each {
        fn visit<L: TimerList>(&mut self) {
            count::<L>();
        }
    }
    println!("strategy,operation,setting,rounds,{}", Counts::NAMES.join(","));
    list::visit(name, &mut Each)
}

/// Two cores; no access takes time, so that a round is long enough for anything.
fn two_cores() -> Machine {
    let mut machine = Machine {
        cores: 2,
        levels: 1,
        stay_pair: 1000,
        stay_queue: 1000,
        pause: 1,
        ..Machine::default()
    };
    machine.level[0] = Level { cores: 2, latency: 1 };
    machine
}

fn count<L: TimerList>() {
    for (setting, beside_writer) in [("alone", false), ("beside-writer", true)] {
        for (name, operation) in OPERATIONS {
            let counts = sums::<L>(operation, beside_writer);
            let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
            println!("{},{name},{setting},{ROUNDS},{}", L::strategy().name, counts.join(","));
        }
    }
}

fn sums<L: TimerList>(operation: Operation, beside_writer: bool) -> [u64; Counts::NAMES.len()] {
    machine::describe(&two_cores(), 1);
    let mut made: Option<Box<L>> = None;
    let mut timers = Vec::new();
    machine::run(vec![Task {
        core: 0,
        at: 0,
        work: Box::new(|| {
            let list = made.insert(Box::new(L::new(&Config::default())));
            let mut handle = list.handle();
            for place in 0..TIMERS {
                let timer = handle.create();
                let _ = handle.modify(timer, Nanos(1_000_000 + place * 1_000));
                timers.push(timer);
            }
            // The writer's, and two that come due.
            timers.extend((0..3).map(|_| handle.create()));
        }),
    }]);
    let list = made.as_deref().expect("the task has made it");
    let mut sums = [0; Counts::NAMES.len()];
    let mut tasks = vec![Task {
        core: 0,
        at: 0,
        work: Box::new(|| {
            let mut handle = list.handle();
            handle.count_locks(false);
            for round in 0..WARM_UP + ROUNDS {
                let counts = subject(&mut handle, operation, &timers, round, beside_writer);
                handle.quiescent();
                if round >= WARM_UP {
                    sums.iter_mut().zip(counts.values()).for_each(|(sum, count)| *sum += count);
                }
            }
        }),
    }];
    if beside_writer {
        tasks.push(Task {
            core: 1,
            at: 0,
            work: Box::new(|| {
                let mut handle = list.handle();
                handle.count_locks(false);
                for round in 0..WARM_UP + ROUNDS {
                    machine::wait_until(round * ROUND + ROUND / 3);
                    change(&mut handle, operation, &timers, round);
                    handle.quiescent();
                }
            }),
        });
    }
    machine::run(tasks);
    machine::release(made);
    sums
}

/// What the writer changes before each operation: its own timer becomes the head, or timers come due that are to be run.
fn change<H: TimerHandle>(handle: &mut H, operation: Operation, timers: &[TimerId], round: i64) {
    match operation {
        Operation::Run(due) if due > 0 => arm_due(handle, due, timers),
        _ => {
            let _ = handle.modify(timers[TIMERS as usize], Nanos(500_000 - round));
        }
    }
}

fn arm_due<H: TimerHandle>(handle: &mut H, due: usize, timers: &[TimerId]) {
    for timer in &timers[TIMERS as usize + 1..][..due] {
        let _ = handle.modify(*timer, Nanos(5));
    }
}

/// One round of the thread whose accesses are counted.
fn subject<H: TimerHandle>(
    handle: &mut H,
    operation: Operation,
    timers: &[TimerId],
    round: i64,
    beside_writer: bool,
) -> Counts {
    let (head, middle) = (timers[0], timers[TIMERS as usize / 2]);
    let base = 1_000_000 + (TIMERS / 2) * 1_000;
    machine::wait_until(round * ROUND);
    let mut extra = None;
    match operation {
        Operation::Run(due) if !beside_writer => arm_due(handle, due, timers),
        Operation::Cancel => {
            let _ = handle.modify(middle, Nanos(base));
        }
        Operation::CancelHead => {
            let _ = handle.modify(head, Nanos(100));
        }
        Operation::ModifyHead | Operation::AnticipateHead => {
            let _ = handle.modify(head, Nanos(900_000));
        }
        Operation::Free => {
            let timer = handle.create();
            let _ = handle.modify(timer, Nanos(base + 500));
            extra = Some(timer);
        }
        _ => {}
    }
    machine::wait_until(round * ROUND + 2 * ROUND / 3);
    let mut created = None;
    let counts = match operation {
        Operation::Nothing => machine::counted(|| {}),
        Operation::Deadline => machine::counted(|| {
            machine::sink(handle.deadline().map_or(-1, |deadline| deadline.0));
        }),
        Operation::Expired => machine::counted(|| {
            machine::sink(handle.expired(Nanos(10)).into());
        }),
        Operation::Run(_) => machine::counted(|| {
            machine::sink(handle.run(Nanos(10), |_, _| {}) as i64);
        }),
        Operation::Modify => machine::counted(|| {
            machine::sink(handle.modify(middle, Nanos(base + (round & 1))).is_yes().into());
        }),
        Operation::ModifyHead => machine::counted(|| {
            machine::sink(handle.modify(head, Nanos(100)).is_yes().into());
        }),
        Operation::Anticipate => machine::counted(|| {
            machine::sink(handle.anticipate(middle, Nanos(2_000_000)).is_yes().into());
        }),
        Operation::AnticipateHead => machine::counted(|| {
            machine::sink(handle.anticipate(head, Nanos(100)).is_yes().into());
        }),
        Operation::Cancel => machine::counted(|| {
            machine::sink(handle.cancel(middle).into());
        }),
        Operation::CancelHead => machine::counted(|| {
            machine::sink(handle.cancel(head).into());
        }),
        Operation::Create => {
            let counts = machine::counted(|| created = Some(handle.create()));
            extra = created;
            counts
        }
        Operation::Free => {
            let timer = extra.take().expect("created above");
            machine::counted(|| handle.free(timer))
        }
    };
    if let Some(timer) = extra {
        handle.free(timer);
    }
    counts
}
