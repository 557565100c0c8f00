//! Which processes a block has, and what each of them plays.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::counted::CountedLocks;
use super::{INJECTED, Plan};
use crate::harness::job::{Contestant, Job, Load};
use crate::harness::{Inject, Isolation, Speed, floor_of};
use crate::record::{AA_CONTROL, FLOOR, FLOOR_BEHIND, Pass, is_floor};

/// Bytes of a timer in a list, with its share of the index, roughly.
const TIMER_BYTES: usize = 128;
/// Lists of so many bytes in all stand side by side: beyond that they push each other out of caches in which one alone would stay.
const MOST_BYTES: usize = 4 << 20;
/// In one block of so many a replay's lock acquisitions are counted, in a trip over the trace that is not timed.
const COUNTED_OF: usize = 37;
/// In one block of so many a replay at full speed is timed operation by operation.
const TIMED_OF: usize = 4;

/// What one process plays of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) point: usize,
    pub(super) passes: Vec<Pass>,
    pub(super) names: Vec<String>,
    pub(super) isolation: Isolation,
    /// Whether it was played before, and disturbed.
    pub(super) repeated: bool,
}

impl Turn {
    /// Who plays, for the user.
    pub(super) fn who(&self) -> String {
        match self.names.as_slice() {
            [name] => name.clone(),
            names => format!("{} in turns", names.len()),
        }
    }
}

impl Plan {
    /// The registered strategy that plays under a name.
    fn played_as<'a>(&'a self, name: &'a str) -> &'a str {
        if name == AA_CONTROL || name == INJECTED {
            &self.baseline
        } else {
            name
        }
    }

    /// The passes in which a point is measured, the deciding one first.
    fn passes(&self, point: usize) -> &'static [Pass] {
        let passes = self.points[point].1.passes();
        if self.deciding_only { &passes[..1] } else { passes }
    }

    /// Those in a block. A trip over a trace with a clock at every row takes several times as long as one without, so contestants
    /// that take turns make it in one block of [`TIMED_OF`]. Every second block plays the one before it backwards, so
    /// where order is all that makes contestants alike, the two are in all blocks.
    fn passes_in(&self, point: usize, block: usize) -> &'static [Pass] {
        let passes = self.passes(point);
        let seldom = self.points[point].1.counts_apart() && self.isolation(point) == Isolation::Slices;
        if seldom && !block.is_multiple_of(TIMED_OF) {
            &passes[..1]
        } else {
            passes
        }
    }

    /// The floors that play at every point: that of what stands behind the C interface only where something does.
    fn floors(&self) -> impl Iterator<Item = String> + '_ {
        let behind = self.behind.iter().any(|behind| behind.declaration.name == FLOOR_BEHIND);
        [FLOOR].into_iter().chain(behind.then_some(FLOOR_BEHIND)).map(str::to_owned)
    }

    /// The floor that is taken off the figures of whoever plays under this name.
    pub(super) fn floor_of(&self, name: &str) -> &'static str {
        floor_of(&self.behind, self.played_as(name))
    }

    /// The number of the layout that a block plays; `None` if there is none to choose from.
    pub(super) fn layout(&self, block: usize) -> Option<usize> {
        /// Other numbers than those that orders are drawn by.
        const STREAM: u64 = 0x6c61_796f_7574_0001;
        let seed = self.seed ^ (block as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ STREAM;
        let number = 0..self.layouts.len();
        (!number.is_empty()).then(|| Xoshiro256PlusPlus::seed_from_u64(seed).random_range(number))
    }

    /// Whether one of these is of a library.
    pub(super) fn is_loaded_among(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.is_loaded(name))
    }

    fn is_loaded(&self, name: &str) -> bool {
        let played = self.played_as(name);
        self.behind.iter().any(|behind| behind.declaration.name == played && behind.library.is_some())
    }

    /// Whom to try alone after these have crashed together, in order: those of libraries, then who was at work, then the others; the
    /// floors are above suspicion, and who plays under two names is tried once.
    pub(super) fn suspects(&self, names: &[String], at_work: Option<&str>) -> Vec<String> {
        let once = |name: &&String| !is_floor(name) && self.played_as(name) == name.as_str();
        let mut suspects: Vec<String> = names.iter().filter(once).cloned().collect();
        let at_work = at_work.map(|name| self.played_as(name));
        suspects.sort_by_key(|name| (!self.is_loaded(name), Some(name.as_str()) != at_work));
        suspects
    }

    /// All that plays at a point besides the floors.
    fn contestants(&self) -> impl Iterator<Item = String> + '_ {
        let injected = self.inject.map(|_| INJECTED.to_owned());
        self.strategies.iter().cloned().chain([AA_CONTROL.to_owned()]).chain(injected)
    }

    /// What shares a process at a point: each contestant has its own where the lists of all, one in each pass, are too large.
    fn isolation(&self, point: usize) -> Isolation {
        let lists = (self.contestants().count() + self.floors().count()) * self.passes(point).len();
        match &self.points[point].1 {
            Load::Synthetic { workload, .. } if workload.timers * lists * TIMER_BYTES > MOST_BYTES => {
                Isolation::Process
            }
            _ => self.isolation,
        }
    }

    /// What a process is told.
    pub(super) fn job(&self, turn: &Turn, block: usize, counts: &CountedLocks) -> Job {
        let load = self.points[turn.point].1.clone();
        let contestant = |name: &String| Contestant {
            name: name.clone(),
            strategy: self.played_as(name).to_owned(),
            inject: self.inject.map_or(Inject::NONE, |inject| match name == INJECTED {
                true => inject,
                false => Inject { share: 0.0, ..inject },
            }),
        };
        Job {
            contestants: turn.names.iter().map(contestant).collect(),
            behind: self.behind.clone(),
            baseline: self.baseline.clone(),
            count: load.counts_apart() && (block.is_multiple_of(COUNTED_OF) || !counts.know(turn)),
            load,
            passes: turn.passes.clone(),
            trial_ns: self.trial_ns,
            seed: self.seed.wrapping_add(block as u64),
            cpus: self.cpus.clone(),
            spins_per_ns: self.spins_per_ns,
            isolation: turn.isolation,
        }
    }

    /// How long a process measures, ns.
    pub(super) fn expected_ns(&self, job: &Job) -> u64 {
        let each_ns = self.expected_ns.max(self.trial_ns).max(job.load.slice_ns());
        each_ns.saturating_mul((job.contestants.len() * job.passes.len()) as u64)
    }
}

impl Load {
    /// Whether lock acquisitions in the throughput pass are counted in trips of their own, and not in every block.
    pub(super) fn counts_apart(&self) -> bool {
        matches!(self, Load::Replay { speed: Speed::Max, .. })
    }
}

/// What the processes of a block play, in order, points in random order. Where contestants have processes of their own, they are grouped
/// by point and pass, so that what is compared is played close together, the floors first in each group, because they are compared
/// with none and the others' rows state them.
pub(super) fn turns_of_block(plan: &Plan, block: usize) -> Vec<Turn> {
    let mut random =
        Xoshiro256PlusPlus::seed_from_u64(plan.seed ^ (block as u64 / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let groups = |point: usize| -> Vec<(usize, Isolation, Vec<Pass>)> {
        let passes = plan.passes_in(point, block);
        match plan.isolation(point) {
            Isolation::Slices => vec![(point, Isolation::Slices, passes.to_vec())],
            Isolation::Process => passes.iter().map(|&pass| (point, Isolation::Process, vec![pass])).collect(),
        }
    };
    let mut groups: Vec<_> = (0..plan.points.len()).flat_map(groups).collect();
    groups.shuffle(&mut random);
    let mut contestants: Vec<Vec<String>> = groups
        .iter()
        .map(|_| {
            let mut names: Vec<String> = plan.contestants().collect();
            names.shuffle(&mut random);
            names
        })
        .collect();
    if block % 2 == 1 {
        groups.reverse();
        contestants.reverse();
        contestants.iter_mut().for_each(|names| names.reverse());
    }
    let turns = |((point, isolation, passes), names): ((usize, Isolation, Vec<Pass>), Vec<String>)| {
        let names = plan.floors().chain(names);
        let turn = |names| Turn {
            point,
            passes: passes.clone(),
            names,
            isolation,
            repeated: false,
        };
        match isolation {
            Isolation::Slices => vec![turn(names.collect())],
            Isolation::Process => names.map(|name| turn(vec![name])).collect(),
        }
    };
    groups.into_iter().zip(contestants).flat_map(turns).collect()
}
