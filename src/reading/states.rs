//! States of the machine: how many blocks of a point were in which, and which none was in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Reading;
use crate::record::{Point, State, Trial};
use crate::stats::{self, BlockRatio};

/// The states that the blocks of a point were in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct States {
    /// Each with its blocks, in the order of tables; empty where the machine was not probed.
    pub met: Vec<(String, usize)>,
    /// Those that no block was in.
    pub never_met: Vec<&'static str>,
}

impl States {
    /// All blocks.
    pub fn blocks(&self) -> usize {
        self.met.iter().map(|(_, blocks)| blocks).sum()
    }
}

impl Reading<'_> {
    /// The states at a point, by the blocks in which the baseline has an undisturbed trial of the pass that decides.
    pub fn states(&self, point: &Point) -> States {
        let deciding = |it: &&Trial| self.is_paced(point) == (it.pass == crate::record::Pass::Latency);
        let blocks: BTreeMap<usize, &str> =
            self.quiet(point, self.baseline).filter(deciding).map(|it| (it.block, it.state.as_str())).collect();
        let in_state = |state: &str| blocks.values().filter(|word| **word == state).count();
        let met: Vec<(String, usize)> = State::ALL
            .iter()
            .map(|state| (state.to_string(), in_state(state.as_str())))
            .filter(|(_, blocks)| *blocks > 0)
            .collect();
        let never = |state: &State| !met.is_empty() && in_state(state.as_str()) == 0;
        let never_met = State::of_threads(point.threads).iter().filter(|it| never(it)).map(|it| it.as_str()).collect();
        States { met, never_met }
    }

    /// The deciding ratios of a point, block by block.
    pub fn block_ratios(&self, point: &Point) -> Vec<BlockRatio> {
        let all = stats::block_ratios(self.trials, self.baseline);
        all.into_iter().filter(|it| it.point == *point).collect()
    }
}
