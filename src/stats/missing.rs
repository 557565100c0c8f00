//! Why a figure is missing.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::blocks::{Subject, deciding_pass};
use super::interval::MIN_BLOCKS;
use crate::record::{Hiccups, Point, Trial, is_floor};

/// Share of a processor's time whose loss explains disturbed trials.
const NOTABLE_LOSS: f64 = 0.02;

/// Why a strategy has no figure at a point, or no verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Missing {
    /// It was not played there, or not in the pass that decides.
    NotPlayed,
    /// All its trials were disturbed.
    Disturbed {
        /// How many.
        trials: usize,
        /// What most of them say of it.
        reason: String,
        /// The processor that lost most time to others as the run began, if that is worth a word.
        cpu: Option<Loss>,
    },
    /// It has a figure, but too few blocks for a verdict.
    FewBlocks {
        /// Blocks that it has.
        blocks: usize,
        /// Blocks that it takes.
        needed: usize,
    },
}

/// What a processor lost to others, as an empty loop saw it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Loss {
    /// The processor.
    pub cpu: usize,
    /// The share of its time, 0 to 1.
    pub share: f64,
}

impl Missing {
    /// Whether there is no figure at all, and not only no verdict.
    pub fn is_figure(&self) -> bool {
        !matches!(self, Missing::FewBlocks { .. })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::NotPlayed => f.write_str("not played"),
            Missing::Disturbed { trials, reason, cpu } => {
                match trials {
                    1 => f.write_str("its one trial disturbed: ")?,
                    trials => write!(f, "all {trials} trials disturbed: ")?,
                }
                match cpu {
                    Some(Loss { cpu, share }) => write!(f, "CPU {cpu} lost {:.0} % to others", share * 100.0),
                    None => f.write_str(reason),
                }
            }
            Missing::FewBlocks { blocks: 1, needed } => write!(f, "1 block; {needed} are needed"),
            Missing::FewBlocks { blocks, needed } => write!(f, "{blocks} blocks; {needed} are needed"),
        }
    }
}

/// Why a strategy has no figure at a point, or no verdict; `None` if it has enough blocks for both. `hiccups` is what an empty
/// loop saw on each processor as the run began.
pub fn missing(trials: &[Trial], subject: &Subject, hiccups: &[Hiccups]) -> Option<Missing> {
    let pass = deciding_pass(trials, &subject.point);
    let own: Vec<&Trial> = trials.iter().filter(|trial| subject.owns(trial) && trial.pass == pass).collect();
    let mut blocks: Vec<usize> = own.iter().filter(|trial| !trial.disturbed).map(|trial| trial.block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    match (own.len(), blocks.len()) {
        (0, _) => Some(Missing::NotPlayed),
        (trials, 0) => Some(Missing::Disturbed { trials, reason: commonest(&own), cpu: worst(hiccups) }),
        (_, blocks) if blocks < MIN_BLOCKS => Some(Missing::FewBlocks { blocks, needed: MIN_BLOCKS }),
        _ => None,
    }
}

/// The points at which no strategy has any figure, in any pass, each with the reason of the first strategy there.
pub fn points_without_figure(trials: &[Trial], points: &[Point], hiccups: &[Hiccups]) -> Vec<(Point, Missing)> {
    let without = points.iter().filter_map(|point| {
        let here = || {
            let at = |trial: &&Trial| (trial.threads, &trial.workload) == (point.threads, &point.workload);
            trials.iter().filter(at).filter(|trial| !is_floor(&trial.strategy))
        };
        if here().any(|trial| !trial.disturbed) {
            return None;
        }
        let missing = here().next().and_then(|trial| {
            let subject = Subject { point: point.clone(), strategy: trial.strategy.clone() };
            missing(trials, &subject, hiccups)
        });
        Some((point.clone(), missing.unwrap_or(Missing::NotPlayed)))
    });
    without.collect()
}

/// The reason that most trials give, without its figures: they differ from trial to trial.
fn commonest(trials: &[&Trial]) -> String {
    let mut reasons: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for trial in trials {
        let words: String = trial.disturbance.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        let (times, _) = reasons.entry(words).or_insert((0, &trial.disturbance));
        *times += 1;
    }
    let most = reasons.into_values().max_by_key(|(times, _)| *times);
    most.map_or(String::new(), |(_, reason)| reason.to_owned())
}

fn worst(hiccups: &[Hiccups]) -> Option<Loss> {
    let worst = hiccups.iter().max_by(|a, b| a.lost_share.total_cmp(&b.lost_share))?;
    (worst.lost_share > NOTABLE_LOSS).then_some(Loss { cpu: worst.cpu, share: worst.lost_share })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::FLOOR;
    use crate::stats::testing::trial;

    fn subject() -> Subject {
        let Trial { workload, strategy, threads, .. } = trial("mutex", 0);
        Subject { point: Point { workload, threads }, strategy }
    }

    fn disturbed(block: usize, disturbance: &str) -> Trial {
        Trial {
            disturbed: true,
            disturbance: disturbance.to_owned(),
            ..trial("mutex", block)
        }
    }

    #[test]
    fn a_missing_figure_says_why() {
        let noisy = [Hiccups {
            cpu: 1,
            watched_ns: 1,
            gaps: 1,
            lost_share: 0.754,
            p999_ns: 1,
            max_ns: 1,
        }];
        let quiet = [Hiccups { lost_share: 0.001, ..noisy[0] }];
        let elsewhere = || (0..144).map(|block| disturbed(block, &format!("{block}.0 % of the time went elsewhere")));
        for (trials, hiccups, says) in [
            (vec![], &noisy, "not played"),
            (elsewhere().collect(), &noisy, "all 144 trials disturbed: CPU 1 lost 75 % to others"),
            (elsewhere().take(1).collect(), &quiet, "its one trial disturbed: 0.0 % of the time went elsewhere"),
            (vec![trial("mutex", 0)], &noisy, "1 block; 6 are needed"),
            (vec![trial("mutex", 0), trial("mutex", 3), disturbed(4, "x")], &noisy, "2 blocks; 6 are needed"),
        ] {
            assert_eq!(missing(&trials, &subject(), hiccups).unwrap().to_string(), says);
        }
        let enough: Vec<Trial> = (0..6).map(|block| trial("mutex", block)).collect();
        assert_eq!(missing(&enough, &subject(), &noisy), None);
    }

    #[test]
    fn a_point_has_a_figure_if_any_strategy_has_one() {
        let point = subject().point;
        let without = |trials: &[Trial]| points_without_figure(trials, std::slice::from_ref(&point), &[]).len();
        assert_eq!(without(&[]), 1);
        assert_eq!(without(&[disturbed(0, "x"), trial(FLOOR, 0)]), 1, "the floor is none");
        assert_eq!(without(&[disturbed(0, "x"), trial("seqlock", 0)]), 0);
    }
}
