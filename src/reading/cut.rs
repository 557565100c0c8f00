//! Whether `trials.csv` lost rows after the run: other files say how many blocks it had.

use std::collections::{BTreeMap, BTreeSet};

use super::Results;
use crate::record::{Processes, RunState};
use crate::text::{count, counted};

/// Points by workload and threads.
type Place<'a> = (&'a str, usize);

impl Results {
    /// How many of its blocks a run that ended as planned still has trials of, if not of all.
    pub fn cut_short(&self) -> Option<String> {
        if self.run.state != RunState::Complete {
            return None;
        }
        let mut there: BTreeMap<Place<'_>, BTreeSet<usize>> = BTreeMap::new();
        for trial in &self.trials {
            there.entry((&trial.workload, trial.threads)).or_default().insert(trial.block);
        }
        let mut probed: BTreeMap<Place<'_>, BTreeSet<usize>> = BTreeMap::new();
        for row in Processes::of(&self.blocks).rows().filter(|row| row.counted) {
            probed.entry((&row.workload, row.threads)).or_default().insert(row.block);
        }
        let mut had: BTreeMap<Place<'_>, usize> = probed.into_iter().map(|(it, blocks)| (it, blocks.len())).collect();
        // No ratio rests on more blocks than there were.
        for ratio in self.filed_ratios.iter().flatten() {
            let known = had.entry((&ratio.workload, ratio.threads)).or_default();
            *known = ratio.blocks.max(*known);
        }
        let short = had.into_iter().filter_map(|(place, had)| {
            let has = there.get(&place).map_or(0, BTreeSet::len);
            (has < had).then_some((place, has, had))
        });
        let short: Vec<(Place<'_>, usize, usize)> = short.collect();
        let (_, has, had) = *short.first()?;
        let of = |has: usize, had: usize| format!("{} of {} blocks", count(has as u64), count(had as u64));
        let everywhere = short.iter().all(|it| (it.1, it.2) == (has, had)) && short.len() >= there.len();
        let parts: Vec<String> = match everywhere {
            true => vec![of(has, had)],
            false => short
                .iter()
                .map(|((workload, threads), has, had)| {
                    format!("{} on {workload} with {}", of(*has, *had), counted(*threads, "thread"))
                })
                .collect(),
        };
        Some(format!(
            "trials.csv has {}, and run.json says that the run is complete: trials.csv was cut after the run, and all figures rest on \
             what is left of it",
            parts.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::testing::results;

    #[test]
    fn a_table_that_lost_blocks_after_the_run_is_told_by_the_ratios() {
        let mut cut = results(&[("seqlock", 5.0)]);
        assert_eq!(cut.cut_short(), None);
        cut.trials.retain(|trial| trial.block < 4);
        let said = cut.cut_short().unwrap();
        assert!(
            said.starts_with("trials.csv has 4 of 16 blocks, and run.json says that the run is complete"),
            "{said}"
        );
        cut.run.state = RunState::Interrupted;
        assert_eq!(cut.cut_short(), None, "a run that was stopped is known to have fewer");
    }

    #[test]
    fn disturbed_blocks_are_not_lost() {
        let mut disturbed = results(&[("seqlock", 5.0)]);
        disturbed.trials.iter_mut().for_each(|trial| trial.disturbed = trial.block > 3);
        assert_eq!(disturbed.cut_short(), None);
    }
}
