//! How a block goes: rounds, the order of turns in each, and where and how a slice ends.

use std::num::NonZero;
use std::thread::available_parallelism;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::harness::job::{Job, Load};
use crate::harness::player::BATCH;
use crate::harness::{Isolation, Speed};
use crate::record::Pass;
use crate::workload::script::Script;

/// How long a slice of a load without pauses lasts at most, ns.
const SLICE_NS: u64 = 100_000;
/// Steps of a slice at most. Who is faster than 12 ns an operation is done before time is up, and measures for a shorter time, on
/// the same steps as the others; 128 KiB of steps are found in the second level of every cache.
const WINDOW: usize = 4 * Script::STEPS;
/// Steps between the end of a slice's window and the start of the next one's, so that slices that end long before have begun all over
/// the script. With either window an odd number of the longest batches.
const GAP: usize = 9 * BATCH;
/// How long a slice lasts at most where operations come microseconds apart, ns: some hundreds of them.
const PACED_SLICE_NS: u64 = 5_000_000;
/// The same where threads share processors, ns: several of the scheduler's turns.
const CROWDED_SLICE_NS: u64 = 20_000_000;
/// Where the lock is held for so long on purpose, ns, an operation takes as long as several thousand others.
pub const LONG_HOLD_NS: u64 = 1_000;
/// In one round of so many the throughput pass counts lock acquisitions and takes no time, since counting costs up to a quarter of
/// a short critical section.
const COUNTED_OF: usize = 32;
/// How long a block of a trace played at full speed lasts at least, ns. Starting its process and checking the trace measure nothing, and
/// are not to be much of the block. Longer blocks are fewer, and blocks are the sample.
const LEAST_NS: u64 = 130_000_000;
/// Rows of a trace in a slice.
pub const ROWS: usize = 8_192;

/// What becomes of a round's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing: caches fill, and branch predictors learn what the code is like.
    WarmUp,
    /// Lock acquisitions are counted, and time is not taken.
    Count,
    /// Time is taken.
    Measure,
}

/// Every contestant plays one slice, all the same steps or rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// In which pass.
    pub pass: Pass,
    /// What for.
    pub purpose: Purpose,
    /// The first step or row.
    pub from: usize,
    /// The one after the last, or `usize::MAX` if time alone ends the slice.
    pub to: usize,
}

/// All rounds of a block.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Threads.
    pub threads: usize,
    /// Whether threads wait for each other asleep.
    pub asleep: bool,
    /// Rounds that are played once, before the others; the lists start anew after them if they play a trace.
    pub opening: Vec<Round>,
    /// Rounds that are played once, or over and over until `until_ns` have been measured.
    pub rounds: Vec<Round>,
    /// How long the longest slice of a contestant's may be, ns.
    pub slice_ns: u64,
    /// Of a trace: how long the contestant that has measured longest is to have measured at least, ns.
    pub until_ns: Option<u64>,
    /// How long the rounds are to be repeated at least beyond that, ns since the block began.
    pub least_ns: u64,
    /// The contestants, in the order in which the first round plays them.
    order: Vec<usize>,
}

impl Plan {
    /// Of a synthetic load.
    pub fn synthetic(job: &Job, threads: usize) -> Plan {
        let crowded = crowded(job, threads);
        let (slice_ns, window) = match job.load.slice_ns() {
            _ if job.isolation == Isolation::Process => (job.trial_ns, None),
            _ if crowded => (CROWDED_SLICE_NS, None),
            SLICE_NS => (SLICE_NS, Some(WINDOW)),
            long => (long, Some(Script::STEPS)),
        };
        let slice_ns = slice_ns.min(job.trial_ns.max(1));
        // Anywhere in the script, since a slow contestant comes no further than a few hundred steps from here.
        let mut from = BATCH * Xoshiro256PlusPlus::seed_from_u64(job.seed).random_range(0..Script::LONG / BATCH);
        let mut round = |pass, purpose| {
            let to = window.map_or(usize::MAX, |steps| from + steps);
            let round = Round { pass, purpose, from, to };
            from += window.unwrap_or(WINDOW) + GAP;
            round
        };
        let opening = job.passes.iter().map(|&pass| {
            let purpose = match pass {
                Pass::Throughput => Purpose::Count,
                Pass::Latency => Purpose::WarmUp,
            };
            round(pass, purpose)
        });
        let opening = opening.collect();
        let mut rounds = Vec::new();
        for number in 1..=job.trial_ns.div_ceil(slice_ns).max(1) as usize {
            for &pass in &job.passes {
                if pass == Pass::Throughput && number.is_multiple_of(COUNTED_OF) {
                    rounds.push(round(pass, Purpose::Count));
                }
                rounds.push(round(pass, Purpose::Measure));
            }
        }
        Plan {
            threads,
            asleep: crowded,
            opening,
            rounds,
            slice_ns,
            until_ns: None,
            least_ns: 0,
            order: order(job),
        }
    }

    /// Of a trace of so many rows. Where no time is asked for, counts alone are wanted, and nothing is warmed up.
    pub fn replay(job: &Job, threads: usize, rows: usize, speed: Speed) -> Plan {
        /// Rows of a warm-up, which teach the processor the code: one slice of each, since the mean of the middle half leaves out the few
        /// that are slow all the same.
        const WARM_UP: usize = ROWS;
        let paced = matches!(speed, Speed::Times(_));
        let windows = |rows: usize, purpose| {
            let length = if paced || job.isolation == Isolation::Process {
                rows.max(1)
            } else {
                ROWS
            };
            let starts = (0..rows).step_by(length);
            starts.flat_map(move |from| {
                let to = (from + length).min(rows);
                job.passes.iter().map(move |&pass| {
                    let purpose = match pass {
                        Pass::Latency if purpose == Purpose::Count => Purpose::WarmUp,
                        _ => purpose,
                    };
                    Round { pass, purpose, from, to }
                })
            })
        };
        let opening: Vec<Round> = if paced || job.trial_ns == 0 {
            Vec::new()
        } else if job.count {
            windows(rows, Purpose::Count)
                .filter(|round| round.purpose == Purpose::Count || round.to <= WARM_UP)
                .collect()
        } else {
            windows(rows.min(WARM_UP), Purpose::WarmUp).collect()
        };
        Plan {
            threads,
            asleep: paced || crowded(job, threads),
            opening,
            rounds: windows(rows, Purpose::Measure).collect(),
            slice_ns: u64::MAX,
            until_ns: Some(job.trial_ns),
            least_ns: if paced || job.trial_ns == 0 || job.isolation == Isolation::Process {
                0
            } else {
                LEAST_NS
            },
            order: order(job),
        }
    }

    /// How long a round of so many contestants lasts about, ns.
    pub fn round_ns(&self, contestants: usize) -> u64 {
        let slice_ns = match self.slice_ns {
            // Of so many rows of a trace, some of which take 10 ns.
            u64::MAX => ROWS as u64 * 10,
            bounded => bounded,
        };
        slice_ns.saturating_mul(contestants as u64)
    }

    /// Who plays in a round, in order: turned by one place every other round, and backwards every other round, so that nobody keeps
    /// its place and what comes after whom is so in one direction as often as in the other.
    pub fn order(&self, round: usize) -> impl Iterator<Item = usize> + '_ {
        let count = self.order.len();
        (0..count).map(move |place| {
            let place = if round % 2 == 1 { count - 1 - place } else { place };
            self.order[(place + round / 2) % count]
        })
    }
}

impl Load {
    /// How long a slice lasts at most where every thread has a processor of its own, ns. A paced or open load does a few
    /// operations in a time in which others do thousands, so its slices are longer; an open load's schedule starts anew with each.
    pub fn slice_ns(&self) -> u64 {
        match self {
            Load::Synthetic { workload, .. } if self.is_paced() || workload.hold_ns >= LONG_HOLD_NS => PACED_SLICE_NS,
            Load::Synthetic { .. } | Load::Replay { .. } => SLICE_NS,
        }
    }
}

/// The contestants' numbers in random order, another one in each block.
fn order(job: &Job) -> Vec<usize> {
    let mut order: Vec<usize> = (0..job.contestants.len()).collect();
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(job.seed));
    order
}

/// Whether some threads share a processor.
fn crowded(job: &Job, threads: usize) -> bool {
    let cpus = match job.cpus.len() {
        0 => available_parallelism().map_or(1, NonZero::get),
        bound => bound,
    };
    threads > cpus
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::harness::Inject;
    use crate::harness::job::Contestant;
    use crate::workload::Workload;

    fn job(workload: &str, passes: &[Pass]) -> Job {
        let names = ["floor", "mutex", "aa-control", "seqlock", "arc-swap"];
        Job {
            contestants: names
                .map(|name| Contestant {
                    name: name.to_owned(),
                    strategy: name.to_owned(),
                    inject: Inject::NONE,
                })
                .into(),
            behind: Vec::new(),
            baseline: "mutex".to_owned(),
            load: Load::Synthetic {
                workload: Box::new(Workload::preset(workload).unwrap()),
                threads: 1,
            },
            passes: passes.to_vec(),
            trial_ns: 5_000_000,
            seed: 7,
            cpus: vec![0],
            spins_per_ns: 1.0,
            isolation: Isolation::Slices,
            count: false,
        }
    }

    const BOTH: [Pass; 2] = [Pass::Throughput, Pass::Latency];

    #[test]
    fn everybody_plays_once_in_a_round_and_comes_to_every_place() {
        let plan = Plan::synthetic(&job("hot", &BOTH), 1);
        let mut places = vec![vec![0; 5]; 5];
        for round in 0..10 {
            let order: Vec<usize> = plan.order(round).collect();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4]);
            order.iter().enumerate().for_each(|(place, &who)| places[who][place] += 1);
            if round % 2 == 0 {
                let backwards: Vec<usize> = plan.order(round + 1).collect();
                assert!(backwards.iter().rev().eq(&order));
            }
        }
        assert!(places.iter().flatten().all(|&times| times == 2), "{places:?}");
    }

    #[test]
    fn each_pass_is_measured_for_the_time_asked_for_and_slices_begin_all_over_the_script() {
        let plan = Plan::synthetic(&job("hot", &BOTH), 1);
        for pass in BOTH {
            let measured = plan.rounds.iter().filter(|round| (round.pass, round.purpose) == (pass, Purpose::Measure));
            assert_eq!(measured.count(), 50);
        }
        assert!(plan.rounds.iter().any(|round| (round.pass, round.purpose) == (Pass::Throughput, Purpose::Count)));
        let all: Vec<&Round> = plan.opening.iter().chain(&plan.rounds).collect();
        assert!(all.windows(2).all(|pair| pair[0].to < pair[1].from));
        for pass in BOTH {
            let tenths: BTreeSet<usize> = plan
                .rounds
                .iter()
                .filter(|round| round.pass == pass)
                .map(|it| it.from % Script::LONG * 10 / Script::LONG)
                .collect();
            assert_eq!(tenths.len(), 10);
        }
        let first = |seed| Plan::synthetic(&Job { seed, ..job("hot", &BOTH) }, 1).opening[0].from % Script::LONG;
        let firsts: BTreeSet<usize> = (0..40).map(first).collect();
        assert!(firsts.iter().all(|from| from % BATCH == 0) && firsts.len() > 30);
    }

    #[test]
    fn what_has_pauses_or_no_neighbours_has_long_slices() {
        let paced = Plan::synthetic(&job("paced", &[Pass::Latency]), 1);
        assert_eq!((paced.slice_ns, paced.rounds.len()), (PACED_SLICE_NS, 1));
        let alone = Plan::synthetic(&Job { isolation: Isolation::Process, ..job("hot", &BOTH[..1]) }, 1);
        assert_eq!((alone.slice_ns, alone.rounds.len(), alone.rounds[0].to), (5_000_000, 1, usize::MAX));
        let crowded = Plan::synthetic(&Job { trial_ns: 100_000_000, ..job("hot", &BOTH[..1]) }, 2);
        assert_eq!((crowded.slice_ns, crowded.asleep, crowded.rounds.len()), (CROWDED_SLICE_NS, true, 5));
    }

    #[test]
    fn a_trace_is_played_whole_and_counted_first_if_asked_for() {
        let job = Job { count: true, ..job("hot", &BOTH) };
        let plan = Plan::replay(&job, 1, 3 * ROWS + 5, Speed::Max);
        let of = |pass, purpose| {
            let rounds =
                plan.opening.iter().chain(&plan.rounds).filter(move |it| (it.pass, it.purpose) == (pass, purpose));
            rounds.map(|round| round.to - round.from).sum::<usize>()
        };
        assert_eq!(of(Pass::Throughput, Purpose::Count), 3 * ROWS + 5);
        assert_eq!(of(Pass::Throughput, Purpose::Measure), 3 * ROWS + 5);
        assert_eq!(of(Pass::Latency, Purpose::Measure), 3 * ROWS + 5);
        let paced = Plan::replay(&job, 2, 100_000, Speed::Times(1.0));
        assert_eq!((paced.opening.len(), paced.rounds.len(), paced.asleep), (0, 2, true));
    }
}
