//! What a run asks of the machine beside it.

use serde::{Deserialize, Serialize};

use super::State;

/// Whether a neighbour shares the measured threads' cores: brought about on purpose, or left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Neighbour {
    /// A busy loop runs on a processor that the threads leave free.
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

    /// Whether a block in this state counts.
    pub fn counts(self, state: State) -> bool {
        match self {
            Neighbour::Busy => true,
            Neighbour::Idle => matches!(state, State::CoreToItself | State::Apart),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_neighbour_is_one_that_takes_nothing() {
        for state in State::ALL {
            assert!(Neighbour::Busy.counts(state));
        }
        let counted: Vec<State> = State::ALL.into_iter().filter(|&state| Neighbour::Idle.counts(state)).collect();
        assert_eq!(counted, [State::CoreToItself, State::Apart]);
    }
}
