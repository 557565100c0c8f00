//! What a run asks of the machine beside it.

use serde::{Deserialize, Serialize};

use super::State;

/// Whether a neighbour shares the measured threads' cores: brought about on purpose, or left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Neighbour {
    /// A busy loop runs on a processor that the threads leave free, and only blocks count that shared their core.
    Busy,
    /// Only blocks count that no neighbour took a core from.
    Idle,
}

impl Neighbour {
    /// Both, in the order of `--help`.
    pub const ALL: [Neighbour; 2] = [Neighbour::Busy, Neighbour::Idle];

    /// The word that is typed for it.
    pub const fn word(self) -> &'static str {
        match self {
            Neighbour::Busy => "busy",
            Neighbour::Idle => "idle",
        }
    }

    /// Whether a block of so many threads in this state is what was asked for, and counts. No word says of several threads whether a
    /// neighbour takes part of their cores, so beside a busy one all of those count.
    pub fn counts(self, threads: usize, state: State) -> bool {
        match self {
            Neighbour::Busy => threads > 1 || state == State::CoreShared,
            Neighbour::Idle => matches!(state, State::CoreToItself | State::Apart | State::FarApart),
        }
    }

    /// What was asked of a block, as the end of a sentence.
    pub const fn asks(self) -> &'static str {
        match self {
            Neighbour::Busy => "shared their core",
            Neighbour::Idle => "had their cores to themselves",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_neighbour_counts_the_blocks_that_it_asks_for() {
        let counted = |neighbour: Neighbour, threads| -> Vec<State> {
            State::ALL.into_iter().filter(|&state| neighbour.counts(threads, state)).collect()
        };
        for threads in [1, 2] {
            let idle = counted(Neighbour::Idle, threads);
            assert_eq!(idle, [State::CoreToItself, State::Apart, State::FarApart]);
        }
        assert_eq!(counted(Neighbour::Busy, 1), [State::CoreShared]);
        assert_eq!(counted(Neighbour::Busy, 2), State::ALL);
    }
}
