//! What counts of a run in which not every block does: `--neighbour` leaves out those that were in another state than it asks for.

use crate::record::{BlockRow, Neighbour, OperationRow, Processes, State, ThreadRow, Trial};

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

/// How many blocks were in the state that `neighbour` asks for, and what the machine was like in the others.
pub fn as_asked(neighbour: Neighbour, blocks: &[BlockRow]) -> String {
    let processes = Processes::of(blocks);
    let told: Vec<&BlockRow> =
        processes.rows().filter(|row| neighbour != Neighbour::Busy || row.threads == 1).collect();
    let met = told.iter().filter(|row| row.counted).count();
    let (flag, asks) = (neighbour.word(), neighbour.asks());
    if told.is_empty() {
        return format!(
            "--neighbour {flag}: probes do not tell of several threads whether they {asks}, and all blocks count."
        );
    }
    let of_state = |state: State| {
        let here = told.iter().filter(|row| !row.counted && row.state == state).count();
        (here > 0).then(|| format!("{here} {state}"))
    };
    let others: Vec<String> = State::ALL.into_iter().filter_map(of_state).collect();
    let others = match &others[..] {
        [] => String::new(),
        others => format!("; the others do not count ({})", others.join(", ")),
    };
    format!("--neighbour {flag}: {met} of {} blocks {asks}{others}.", told.len())
}
