//! One parameter of a workload that is varied, and the ladder of its values.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Arrivals, Load, MAX_THREADS, MAX_TIMERS, Overrides, Per, Workload, WorkloadError};

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vary {
    /// The share of operations that change the list (modify, anticipate, cancel, churn), 0 to 1. Changes keep their
    /// proportions, and so do the others.
    Mods,
    /// Threads.
    Threads,
    /// Timers active at start.
    Timers,
    /// Operations a second, of all threads together: open load.
    Rate,
    /// Time between operations, ns.
    Think,
    /// Extra time inside each writer's critical section, ns.
    Hold,
}

/// What is varied, and from where to where.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// What.
    pub vary: Vary,
    /// The lowest value.
    pub from: f64,
    /// The highest.
    pub to: f64,
}

impl Range {
    /// Its values.
    pub fn ladder(&self) -> Ladder {
        self.vary.ladder(self.from, self.to)
    }
}

/// Values from one end of a range to the other, each of them possible and none twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// In ascending order.
    values: Vec<f64>,
}

/// Most rungs of a ladder: over three decades, one is 2.7 % above the other.
const RUNGS: usize = 257;

impl Vary {
    /// All of them.
    pub const ALL: [Vary; 6] = [
        Vary::Mods,
        Vary::Threads,
        Vary::Timers,
        Vary::Rate,
        Vary::Think,
        Vary::Hold,
    ];

    /// The word that flags, tables and files use.
    pub const fn word(self) -> &'static str {
        match self {
            Vary::Mods => "mods",
            Vary::Threads => "threads",
            Vary::Timers => "timers",
            Vary::Rate => "rate",
            Vary::Think => "think",
            Vary::Hold => "hold",
        }
    }

    /// The unit of its values, empty for a share and for counts.
    pub const fn unit(self) -> &'static str {
        match self {
            Vary::Mods | Vary::Threads | Vary::Timers => "",
            Vary::Rate => "/s",
            Vary::Think | Vary::Hold => "ns",
        }
    }

    /// The range that is looked at if no other is asked for; threads go up to `cpus`.
    pub fn range(self, cpus: usize) -> (f64, f64) {
        match self {
            Vary::Mods => (0.001, 0.9),
            Vary::Threads => (1.0, cpus.max(2) as f64),
            Vary::Timers => (10.0, 100_000.0),
            Vary::Rate => (10_000.0, 5_000_000.0),
            Vary::Think => (10.0, 100_000.0),
            Vary::Hold => (10.0, 10_000.0),
        }
    }

    /// The values that it can have at all.
    pub fn limits(self) -> (f64, f64) {
        match self {
            Vary::Mods => (1e-5, 1.0),
            Vary::Threads => (1.0, MAX_THREADS as f64),
            Vary::Timers => (1.0, MAX_TIMERS as f64),
            Vary::Rate => (1.0, 1e9),
            Vary::Think | Vary::Hold => (1.0, 1e9),
        }
    }

    /// The ladder from one value to another, at equal ratios, threads at equal distances.
    pub fn ladder(self, from: f64, to: f64) -> Ladder {
        let mut values: Vec<f64> = match self {
            Vary::Threads => (from as usize..=to as usize).map(|threads| threads as f64).collect(),
            _ => {
                let step = (to / from).ln() / (RUNGS - 1) as f64;
                let inner = (1..RUNGS - 1).map(|rung| self.round(from * (step * rung as f64).exp()));
                let inside = inner.filter(|value| from < *value && *value < to);
                [from].into_iter().chain(inside).chain([to]).collect()
            }
        };
        values.dedup();
        Ladder { values }
    }

    /// Four digits, so that a name holds the value whole; whole numbers where no other will do.
    fn round(self, value: f64) -> f64 {
        let digits = 3 - value.log10().floor() as i32;
        let decimals = match self {
            Vary::Mods | Vary::Rate => digits,
            Vary::Threads | Vary::Timers | Vary::Think | Vary::Hold => digits.min(0),
        };
        // Divided by a whole power of ten, because multiplying by a fraction leaves 0.30000000000000004.
        match u32::try_from(decimals) {
            Ok(decimals) => (value * 10f64.powi(decimals as i32)).round() / 10f64.powi(decimals as i32),
            Err(_) => (value / 10f64.powi(-decimals)).round() * 10f64.powi(-decimals),
        }
    }

    /// The workload and the threads at one value. The workload is named after it, unless it is the threads that vary, which a
    /// point names anyway.
    ///
    /// # Errors
    /// If the workload cannot be varied so; `origin` names where the value comes from.
    pub fn apply(
        self,
        workload: &Workload,
        threads: usize,
        value: f64,
        origin: &str,
    ) -> Result<(Workload, usize), WorkloadError> {
        let mut given = Overrides::default();
        let mut threads = threads;
        match self {
            Vary::Mods => {
                let mut mix = workload.mix.ok_or_else(|| self.without_mix(workload, origin))?;
                let changes = mix.modify + mix.anticipate + mix.cancel + mix.churn;
                let others = mix.deadline + mix.expired + mix.run;
                if changes == 0.0 || others == 0.0 {
                    return Err(WorkloadError::Field {
                        origin: origin.to_owned(),
                        field: "mix",
                        found: "made of changes alone, or of none".to_owned(),
                        expected: "both changes and other operations, to vary the share of mods".to_owned(),
                    });
                }
                for share in [&mut mix.modify, &mut mix.anticipate, &mut mix.cancel, &mut mix.churn] {
                    *share *= value / changes;
                }
                for share in [&mut mix.deadline, &mut mix.expired, &mut mix.run] {
                    *share *= (1.0 - value) / others;
                }
                // Fewer changes make fewer timers due.
                let most = workload.head_share * mix.modify / mix.run;
                if mix.run > 0.0 && workload.run_due > most {
                    given.run_due = Some(most);
                }
                given.mix = Some(mix);
            }
            Vary::Threads => {
                workload.mix.ok_or_else(|| self.without_mix(workload, origin))?;
                threads = value as usize;
            }
            Vary::Timers => given.timers = Some(value as usize),
            Vary::Rate => {
                let arrivals = match workload.load {
                    Load::Open { arrivals, .. } => arrivals,
                    Load::Closed => Arrivals::default(),
                };
                given.load = Some(Load::Open { rate_per_s: value, per: Per::All, arrivals });
                // The rate sets the pace.
                given.think_ns = Some(0);
            }
            Vary::Think => given.think_ns = Some(value as u64),
            Vary::Hold => given.hold_ns = Some(value as u64),
        }
        if self != Vary::Threads {
            given.name = Some(format!("{}-{self}-{value}", workload.name));
        }
        let workload = workload.clone().with(given, origin)?;
        workload.check(threads)?;
        Ok((workload, threads))
    }

    fn without_mix(self, workload: &Workload, origin: &str) -> WorkloadError {
        WorkloadError::Field {
            origin: origin.to_owned(),
            field: "mix",
            found: format!("missing, as workload {} has roles", workload.name),
            expected: format!("a mix, to vary {self}"),
        }
    }
}

impl fmt::Display for Vary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Ladder {
    /// The values, in ascending order.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// So many rungs as lie within a factor of 1 + `share` of each other, one at least.
    pub fn rungs_within(&self, share: f64) -> usize {
        let last = self.values.len() - 1;
        let ratio = self.values[last] / self.values[0];
        match ratio > 1.0 {
            true => (((1.0 + share).ln() / ratio.ln() * last as f64) as usize).max(1),
            false => 1,
        }
    }

    /// So many of its values, both ends included, evenly spread.
    pub fn grid(&self, values: usize) -> Vec<f64> {
        let last = self.values.len() - 1;
        let steps = values.max(2) - 1;
        let mut grid: Vec<f64> = (0..=steps).map(|step| self.values[(step * last + steps / 2) / steps]).collect();
        grid.dedup();
        grid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_holds_possible_values_and_both_ends() {
        for vary in Vary::ALL {
            let (from, to) = vary.range(8);
            let ladder = vary.ladder(from, to);
            let values = ladder.values();
            assert_eq!((values[0], values[values.len() - 1]), (from, to), "{vary}");
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{vary}");
            if !matches!(vary, Vary::Mods | Vary::Rate) {
                assert!(values.iter().all(|value| value.fract() == 0.0), "{vary}");
            }
            assert!(values.iter().all(|value| value.to_string().len() <= 8), "{vary} {values:?}");
        }
        assert_eq!(Vary::Threads.ladder(1.0, 4.0).values(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(Vary::Timers.ladder(1.0, 3.0).values(), [1.0, 2.0, 3.0]);
        assert_eq!(Vary::Timers.ladder(7.0, 7.0).values(), [7.0]);
        assert_eq!(Vary::Rate.ladder(10.0, 100_000.0).grid(5), [10.0, 100.0, 1000.0, 10_000.0, 100_000.0]);
    }

    #[test]
    fn a_share_of_rungs_is_that_share_of_the_value() {
        let ladder = Vary::Rate.ladder(1_000.0, 1_000_000.0);
        let rungs = ladder.rungs_within(0.1);
        assert!((ladder.values()[100 + rungs] / ladder.values()[100] - 1.1).abs() < 0.03, "{rungs}");
        assert_eq!(Vary::Threads.ladder(1.0, 2.0).rungs_within(0.1), 1);
        assert_eq!(Vary::Threads.ladder(2.0, 2.0).rungs_within(0.1), 1);
    }

    #[test]
    fn every_preset_can_be_varied_in_every_way_that_makes_sense() {
        for (name, _) in super::super::PRESETS {
            let workload = Workload::preset(name).unwrap();
            for vary in Vary::ALL {
                let threads = workload.fixed_threads().unwrap_or(2);
                let (from, to) = vary.range(8);
                for value in vary.ladder(from, to).grid(9) {
                    let applied = vary.apply(&workload, threads, value, "the command line");
                    if workload.mix.is_none() && matches!(vary, Vary::Mods | Vary::Threads) {
                        let error = applied.unwrap_err().to_string();
                        assert!(error.contains("a mix, to vary"), "{error}");
                    } else {
                        applied.unwrap_or_else(|error| panic!("{name}, {vary} {value}: {error}"));
                    }
                }
            }
        }
    }

    #[test]
    fn mods_are_the_share_of_all_changes() {
        let hot = Workload::preset("hot").unwrap();
        let (varied, _) = Vary::Mods.apply(&hot, 1, 0.3, "x").unwrap();
        let mix = varied.mix.unwrap();
        assert!((mix.modify + mix.cancel - 0.3).abs() < 1e-12 && (mix.modify / mix.cancel - 5.0).abs() < 1e-9);
        assert!((mix.deadline + mix.run - 0.7).abs() < 1e-12);
        assert_eq!(varied.name, "hot-mods-0.3");
        assert_eq!(varied.run_due, hot.run_due);
        let (rare, _) = Vary::Mods.apply(&hot, 1, 0.001, "x").unwrap();
        assert!(rare.run_due < 0.01, "{}", rare.run_due);
    }
}
