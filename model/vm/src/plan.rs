//! What to play, as `headlock-model` writes it: lines of words, the first of which says what the others are.
//!
//! | line | meaning |
//! |---|---|
//! | `cores N` | cores of the machine |
//! | `level CORES PS` | a group of so many cores, smallest first, and what a transfer inside it takes |
//! | `cost NAME VALUE` | a field of the machine by name, ps or thousandths |
//! | `seed N` | decides how long a core keeps a line each time |
//! | `phases WARM LEAST MOST OPS` | ps, ps, ps, operations: see [`machine::phases`](crate::machine::phases) |
//! | `strategy NAME`, or `experiment NAME` | what is played |
//! | `work OP PS` | time that the strategy's operation takes beside its accesses |
//! | `armed NS …` | the deadlines of the timers at start |
//! | `thread CORE ROLE THINK_PS` | a thread; the lines that follow are its script |
//! | `rearm NS …` | deadlines for fired timers |
//! | `step OP TIMER NS PLACE` | an operation; place is `-`, `head` or `empty` |
//!
//! Of a trace, in place of `armed`, `rearm` and `step`:
//!
//! | line | meaning |
//! |---|---|
//! | `lists N` | the trace's lists |
//! | `timer LIST CREATED` | a timer, and whether a row creates it (0 or 1) |
//! | `pending TIMER NS` | a timer that is armed at the start |
//! | `slice` | the thread's rows of the next slice follow |
//! | `row OP LIST TIMER NS` | a row; 0 where it names no timer |

use headlock_strategies::Nanos;

use crate::machine::{Level, MAX_LEVELS, Machine};

/// An operation. The names are those of headlock's workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the workload's operation of the same name")]
pub enum Op {
    Deadline,
    Expired,
    Run,
    Modify,
    Anticipate,
    Cancel,
    Churn,
}

impl Op {
    /// All, in the order of their numbers.
    pub const ALL: [(&'static str, Op); 7] = [
        ("deadline", Op::Deadline),
        ("expired", Op::Expired),
        ("run", Op::Run),
        ("modify", Op::Modify),
        ("anticipate", Op::Anticipate),
        ("cancel", Op::Cancel),
        ("churn", Op::Churn),
    ];
}

/// What is done in a row of a trace. The names are those of the trace's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the trace's operation of the same name")]
pub enum RowOp {
    Create,
    Free,
    Mod,
    Anticipate,
    Del,
    Expired,
    Deadline,
    Run,
}

impl RowOp {
    /// All, in the order of their numbers.
    pub const ALL: [(&'static str, RowOp); 8] = [
        ("create", RowOp::Create),
        ("free", RowOp::Free),
        ("mod", RowOp::Mod),
        ("anticipate", RowOp::Anticipate),
        ("del", RowOp::Del),
        ("expired", RowOp::Expired),
        ("deadline", RowOp::Deadline),
        ("run", RowOp::Run),
    ];

    /// The operation of a workload whose time beside its accesses it takes.
    pub fn work(self) -> Op {
        match self {
            RowOp::Deadline | RowOp::Expired | RowOp::Run => Op::Deadline,
            _ => Op::Modify,
        }
    }
}

/// A row of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The deadline or the list's time.
    pub time: Nanos,
    /// The timer, from 0.
    pub timer: u32,
    /// The list, from 0.
    pub list: u32,
    /// What to do.
    pub op: RowOp,
}

/// What a trace has beside the rows of its threads.
#[derive(Clone, Debug, Default)]
pub struct TracePlan {
    /// How many lists.
    pub lists: usize,
    /// Each timer's list, and whether a row creates it.
    pub timers: Vec<(usize, bool)>,
    /// What is armed at the start.
    pub pending: Vec<(usize, Nanos)>,
}

/// One operation of a script.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The deadline or the list's time.
    pub time: Nanos,
    /// The timer, from 0.
    pub timer: u32,
    /// What to do.
    pub op: Op,
    /// The deadline is the thread's next in the head zone.
    pub at_head: bool,
    /// The thread's own empty list is meant.
    pub at_empty: bool,
}

/// One thread and its script.
#[derive(Clone, Debug)]
pub struct ThreadPlan {
    /// Its core.
    pub core: usize,
    /// Its role's name.
    pub role: String,
    /// Time between operations, ps.
    pub think: i64,
    /// Deadlines for fired timers.
    pub rearm: Vec<Nanos>,
    /// Its operations, played round and round.
    pub steps: Vec<Step>,
    /// Its rows of a trace, slice by slice.
    pub slices: Vec<Vec<Row>>,
}

/// The whole plan.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The machine.
    pub machine: Machine,
    /// See the table above.
    pub seed: u64,
    /// Warm-up, least and most, ps.
    pub phases: [i64; 3],
    /// Operations to measure.
    pub operations: u64,
    /// The strategy's name.
    pub strategy: String,
    /// An experiment instead.
    pub experiment: Option<String>,
    /// A trace instead.
    pub trace: Option<TracePlan>,
    /// By operation, ps.
    pub work: [i64; Op::ALL.len()],
    /// Deadlines at start.
    pub armed: Vec<Nanos>,
    /// The threads.
    pub threads: Vec<ThreadPlan>,
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// One line that names the line at fault.
    pub fn parse(text: &str) -> Result<Plan, String> {
        let mut plan = Plan::default();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            plan.line(&words).ok_or_else(|| format!("the plan, line {}: {line:?}", number + 1))?;
        }
        if plan.threads.is_empty() {
            return Err("the plan has no thread".to_owned());
        }
        Ok(plan)
    }

    fn line(&mut self, words: &[&str]) -> Option<()> {
        match *words {
            ["cores", cores] => self.machine.cores = cores.parse().ok()?,
            ["level", cores, latency] => {
                let at = self.machine.levels as usize;
                if at == MAX_LEVELS {
                    return None;
                }
                self.machine.level[at] = Level { cores: cores.parse().ok()?, latency: latency.parse().ok()? };
                self.machine.levels += 1;
            }
            ["cost", name, value] => set(&mut self.machine, name, value.parse().ok()?)?,
            ["seed", seed] => self.seed = seed.parse().ok()?,
            ["phases", warm_up, least, most, operations] => {
                self.phases = [warm_up.parse().ok()?, least.parse().ok()?, most.parse().ok()?];
                self.operations = operations.parse().ok()?;
            }
            ["strategy", name] => name.clone_into(&mut self.strategy),
            ["experiment", name] => self.experiment = Some(name.to_owned()),
            ["work", op, time] => self.work[op_of(op)? as usize] = time.parse().ok()?,
            ["armed", ref deadlines @ ..] => self.armed = nanos(deadlines)?,
            ["thread", core, role, think] => self.threads.push(ThreadPlan {
                core: core.parse().ok()?,
                role: role.to_owned(),
                think: think.parse().ok()?,
                rearm: Vec::new(),
                steps: Vec::new(),
                slices: Vec::new(),
            }),
            ["lists", lists] => self.trace.get_or_insert_default().lists = lists.parse().ok()?,
            ["timer", list, created] => self.trace.as_mut()?.timers.push((list.parse().ok()?, created == "1")),
            ["pending", timer, time] => {
                self.trace.as_mut()?.pending.push((timer.parse().ok()?, Nanos(time.parse().ok()?)));
            }
            ["slice"] => self.threads.last_mut()?.slices.push(Vec::new()),
            ["row", op, list, timer, time] => self.threads.last_mut()?.slices.last_mut()?.push(Row {
                op: RowOp::ALL.iter().find(|(known, _)| *known == op).map(|&(_, op)| op)?,
                list: list.parse().ok()?,
                timer: timer.parse().ok()?,
                time: Nanos(time.parse().ok()?),
            }),
            ["rearm", ref deadlines @ ..] => self.threads.last_mut()?.rearm = nanos(deadlines)?,
            ["step", op, timer, time, place] => self.threads.last_mut()?.steps.push(Step {
                op: op_of(op)?,
                timer: timer.parse().ok()?,
                time: Nanos(time.parse().ok()?),
                at_head: place == "head",
                at_empty: place == "empty",
            }),
            _ => return None,
        }
        Some(())
    }
}

fn op_of(name: &str) -> Option<Op> {
    Op::ALL.iter().find(|(known, _)| *known == name).map(|&(_, op)| op)
}

fn nanos(words: &[&str]) -> Option<Vec<Nanos>> {
    words.iter().map(|word| word.parse().ok().map(Nanos)).collect()
}

fn set(machine: &mut Machine, name: &str, value: i64) -> Option<()> {
    let small = || i32::try_from(value).ok();
    match name {
        "plain" => machine.plain = value,
        "load" => machine.load = value,
        "store" => machine.store = value,
        "rmw" => machine.rmw = value,
        "fence" => machine.fence = value,
        "call" => machine.call = value,
        "memory" => machine.memory = value,
        "pause" => machine.pause = value,
        "alloc" => machine.alloc = value,
        "syscall" => machine.syscall = value,
        "futex_wait" => machine.futex_wait = value,
        "yield" => machine.yield_ = value,
        "wake" => machine.wake = value,
        "wake_call" => machine.wake_call = value,
        "clock" => machine.clock = value,
        "membarrier" => machine.membarrier = value,
        "membarrier_core" => machine.membarrier_core = value,
        "read_service" => machine.read_service = value,
        "apart" => machine.apart = value,
        "window" => machine.window = value,
        "stay_pair" => machine.stay_pair = small()?,
        "stay_queue" => machine.stay_queue = small()?,
        "near_first" => machine.near_first = small()?,
        "slack" => machine.slack = value,
        _ => return None,
    }
    Some(())
}
