//! What counts of a run in which not every block does: `--neighbour idle` leaves out those that a neighbour took a core from.

use crate::record::{BlockRow, OperationRow, Processes, State, ThreadRow, Trial};

/// What counts.
#[derive(Clone, Debug)]
pub struct Counting {
    /// Of the trials.
    pub trials: Vec<Trial>,
    /// Of their threads' parts.
    pub threads: Vec<ThreadRow>,
    /// Of their operations.
    pub operations: Vec<OperationRow>,
}

impl Counting {
    /// Leaves out what belongs to a process that does not count.
    pub fn of(processes: &Processes<'_>, trials: &[Trial], threads: &[ThreadRow], operations: &[OperationRow]) -> Self {
        let trial = |it: &&Trial| processes.counts(&it.workload, it.threads, it.block, &it.strategy);
        let thread = |it: &&ThreadRow| processes.counts(&it.workload, it.threads, it.block, &it.strategy);
        let operation = |it: &&OperationRow| processes.counts(&it.workload, it.threads, it.block, &it.strategy);
        Counting {
            trials: trials.iter().filter(trial).cloned().collect(),
            threads: threads.iter().filter(thread).cloned().collect(),
            operations: operations.iter().filter(operation).cloned().collect(),
        }
    }
}

/// How many blocks do not count, and what the machine was like in them; `None` if all count.
pub fn uncounted(blocks: &[BlockRow]) -> Option<String> {
    let (left_out, all) = Processes::of(blocks).uncounted();
    let of_state = |state: State| {
        let here = blocks.iter().filter(|row| !row.counted && row.state == state).count();
        (here > 0).then(|| format!("{here} {state}"))
    };
    let states: Vec<String> = State::ALL.into_iter().filter_map(of_state).collect();
    (left_out > 0)
        .then(|| format!("--neighbour idle: {left_out} of {all} blocks do not count ({}).", states.join(", ")))
}
