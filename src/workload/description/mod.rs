//! A synthetic workload: what a user writes, completed and checked.

#[cfg(test)]
mod tests;

use crate::text::shown;
use crate::workload::distance::{Distance, Sampler};
use crate::workload::error::{Invalid, WorkloadError, within};
use crate::workload::mix::{Mix, Role, Roles};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The most threads of a trial.
pub const MAX_THREADS: usize = 256;
/// The most timers active at start.
pub const MAX_TIMERS: usize = 10_000_000;
/// The longest think time and the longest hold, ns.
const MAX_PAUSE_NS: u64 = 1_000_000_000;
/// The most memory to touch between operations, KiB.
pub const MAX_POLLUTE_KIB: u32 = 1 << 20;

/// Whether a poll reads the clock itself, as QEMU's does, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PollClock {
    /// It does not.
    None,
    /// `clock_gettime(CLOCK_MONOTONIC)`.
    Monotonic,
    /// The processor's time stamp counter.
    Tsc,
}

/// When operations begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Load {
    /// As soon as the last one and the think time are over: the slower the list, the fewer there are.
    Closed,
    /// At moments fixed beforehand, whether or not the last one is over: what waits behind a slow operation is late.
    Open {
        /// Operations per second.
        rate_per_s: f64,
        /// Whose rate it is.
        #[serde(default)]
        per: Per,
        /// How the moments are spread.
        #[serde(default)]
        arrivals: Arrivals,
    },
}

/// Whose rate an open load's is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// All threads' together, shared out evenly.
    #[default]
    All,
    /// Each thread's.
    Thread,
}

/// How the intended starts of an open load are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// At random, independent of each other: exponential gaps, as from many sources that do not know of each other.
    #[default]
    Poisson,
    /// At equal gaps.
    Fixed,
}

impl Load {
    /// The rate of each of so many threads, operations per second; `None` for a closed load.
    pub fn thread_rate(self, threads: usize) -> Option<f64> {
        match self {
            Load::Closed => None,
            Load::Open { rate_per_s, per: Per::Thread, .. } => Some(rate_per_s),
            Load::Open { rate_per_s, per: Per::All, .. } => Some(rate_per_s / threads.max(1) as f64),
        }
    }
}

/// A synthetic workload. List time stands still while it is played, so that its shares are exact and it is stationary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Its name in files and tables.
    pub name: String,
    /// One line about it.
    pub summary: String,
    /// Timers active at start, 1 to [`MAX_TIMERS`].
    pub timers: usize,
    /// How far ahead of now timers are armed.
    pub distance: Distance,
    /// Share of the modifies that land at the head, 0 to 1. With three timers or more no other change lands there.
    pub head_share: f64,
    /// Share of the runs that find a timer due, 0 to 1. Only a modify at the head makes a timer due, so a mix can have no
    /// more such runs than such modifies; with several threads, some find that another has fired the timer already.
    pub run_due: f64,
    /// Share of the polls and runs that go to an empty list, 0 to 1: one of the thread's own, which never holds a timer. A
    /// real event loop keeps a list for each of its clocks and polls them all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub empty_share: f64,
    /// Share of the cancels whose timer is not active, 0 to 1. They take the lock and find nothing to do.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub idle_cancel_share: f64,
    /// Time between two operations of a thread, ns.
    pub think_ns: u64,
    /// Other memory touched in that time, KiB, for a caller that finds the list's cache lines cold.
    pub pollute_kib: u32,
    /// Extra time inside the writer's critical section, ns.
    pub hold_ns: u64,
    /// Whether a poll reads the clock itself.
    pub clock: PollClock,
    /// When operations begin.
    #[serde(default = "closed")]
    pub load: Load,
    /// What every thread does; or else `roles`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix: Option<Mix>,
    /// What each thread does; or else `mix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Roles>,
}

/// Any of a workload's fields, from a file or from flags, to be laid over a preset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "each is the field of Workload of the same name")]
pub struct Overrides {
    /// The preset that gives the other fields; `hot` if none is named.
    pub preset: Option<String>,
    pub name: Option<String>,
    pub summary: Option<String>,
    pub timers: Option<usize>,
    pub distance: Option<Distance>,
    pub head_share: Option<f64>,
    pub run_due: Option<f64>,
    pub empty_share: Option<f64>,
    pub idle_cancel_share: Option<f64>,
    pub think_ns: Option<u64>,
    pub pollute_kib: Option<u32>,
    pub hold_ns: Option<u64>,
    pub clock: Option<PollClock>,
    pub load: Option<Load>,
    /// Replaces the preset's mix as a whole, and its roles.
    pub mix: Option<Mix>,
    /// Replaces the preset's roles as a whole, and its mix.
    pub roles: Option<Roles>,
}

impl Workload {
    /// Reads a workload from TOML: any fields of [`Workload`], and `preset`, which gives the others. Without a name it is
    /// called as the file is. `origin` names the file in errors.
    ///
    /// # Errors
    /// One line that names the file, the field, and what would be right.
    pub fn from_toml(text: &str, origin: &str) -> Result<Workload, WorkloadError> {
        let mut given: Overrides = parse(text, origin)?;
        if given == Overrides::default() {
            return Err(WorkloadError::Empty { origin: origin.to_owned() });
        }
        let stem = Path::new(origin).file_stem().unwrap_or_default().to_string_lossy();
        given.name.get_or_insert_with(|| stem.into_owned());
        given.summary.get_or_insert_default();
        let preset = given.preset.as_deref().unwrap_or("hot");
        Workload::preset(preset).map_err(|_| preset_field(preset).in_origin(origin))?.with(given, origin)
    }

    /// This workload with other values for some fields, complete and checked. `origin` names where they come from in errors.
    ///
    /// # Errors
    /// One line that names the origin, the field, and what would be right.
    pub fn with(mut self, given: Overrides, origin: &str) -> Result<Workload, WorkloadError> {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut self.name, given.name);
        set(&mut self.summary, given.summary);
        set(&mut self.timers, given.timers);
        set(&mut self.distance, given.distance);
        set(&mut self.head_share, given.head_share);
        set(&mut self.run_due, given.run_due);
        set(&mut self.empty_share, given.empty_share);
        set(&mut self.idle_cancel_share, given.idle_cancel_share);
        set(&mut self.think_ns, given.think_ns);
        set(&mut self.pollute_kib, given.pollute_kib);
        set(&mut self.hold_ns, given.hold_ns);
        set(&mut self.clock, given.clock);
        set(&mut self.load, given.load);
        if given.mix.is_some() || given.roles.is_some() {
            (self.mix, self.roles) = (given.mix, given.roles);
        }
        self.distance.resolve(origin)?;
        self.check_fields().map_err(|invalid| invalid.in_origin(origin))?;
        Ok(self)
    }

    /// This workload, if it is complete and sound. `origin` names where it comes from in errors.
    ///
    /// # Errors
    /// One line that names the origin, the field, and what would be right.
    pub fn checked(self, origin: &str) -> Result<Workload, WorkloadError> {
        self.with(Overrides::default(), origin)
    }

    /// The thread count, if the roles fix it.
    pub fn fixed_threads(&self) -> Option<usize> {
        self.roles.map(|roles| roles.threads())
    }

    /// What `thread` does, if it has a role.
    pub fn role(&self, thread: usize) -> Option<Role> {
        self.roles.map(|roles| roles.role(thread))
    }

    /// Whether a timer is set aside for modifies at the head: some thread does these, and it is not the only timer.
    pub(in crate::workload) fn has_head_timer(&self) -> bool {
        let modifies =
            self.mix.is_some_and(|mix| mix.modify > 0.0) || self.roles.is_some_and(|roles| roles.modifiers > 0);
        modifies && self.head_share > 0.0 && self.timers > 1
    }

    /// Whether a timer is set aside to stand before all that have an ordinary deadline: where one is left for other changes.
    pub(in crate::workload) fn has_front_timer(&self) -> bool {
        self.timers > 1 + usize::from(self.has_head_timer())
    }

    /// Whether this can be played by that many threads.
    ///
    /// # Errors
    /// One line that names the workload, the field, and what would be right.
    pub fn check(&self, threads: usize) -> Result<(), WorkloadError> {
        self.check_fields()
            .and_then(|()| self.check_threads(threads))
            .map_err(|invalid| invalid.in_origin(&self.origin()))
    }

    /// The distribution of distances of a valid workload, ready to draw from.
    pub(in crate::workload) fn sampler(&self) -> Result<Sampler, WorkloadError> {
        self.check_fields()
            .and_then(|()| self.distance.sampler())
            .map_err(|invalid| invalid.in_origin(&self.origin()))
    }

    /// Where a fault is when no file is known.
    fn origin(&self) -> String {
        format!("workload {}", self.name)
    }

    fn check_fields(&self) -> Result<(), Invalid> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        if !(1..=64).contains(&self.name.len()) || !self.name.chars().all(plain) {
            let found = format!("{:?}", self.name);
            return Err(Invalid::new("name", found, "1 to 64 letters, digits, `-`, `_`, `.` and `+`"));
        }
        within("timers", self.timers, 1, MAX_TIMERS, "timers")?;
        within("head_share", self.head_share, 0.0, 1.0, "")?;
        within("empty_share", self.empty_share, 0.0, 1.0, "")?;
        within("idle_cancel_share", self.idle_cancel_share, 0.0, 1.0, "")?;
        // The two shares of the runs are apart; a thousandth more is a matter of how they were rounded.
        within("run_due", self.run_due, 0.0, (1.001 - self.empty_share).min(1.0), "")?;
        within("think_ns", self.think_ns, 0, MAX_PAUSE_NS, "ns")?;
        within("hold_ns", self.hold_ns, 0, MAX_PAUSE_NS, "ns")?;
        within("pollute_kib", self.pollute_kib, 0, MAX_POLLUTE_KIB, "KiB")?;
        if let Load::Open { rate_per_s, .. } = self.load {
            within("load.rate_per_s", rate_per_s, 1.0, 1e9, "a second")?;
            if self.think_ns > 0 {
                return Err(Invalid::new("think_ns", self.think_ns, "0 under open load, where the rate sets the pace"));
            }
        }
        self.distance.sampler()?;
        match (self.mix, self.roles) {
            (Some(mix), None) => {
                mix.check(self.idle_cancel_share)?;
                let most = self.head_share * mix.modify / mix.run;
                // A thousandth more is a matter of how the numbers were rounded when they were written down.
                if mix.run > 0.0 && self.run_due > most * 1.001 {
                    let most = (most * 1e4).floor() / 1e4;
                    let expected = format!("at most {most}, as many as head_share and the modifies make due");
                    return Err(Invalid::new("run_due", self.run_due, expected));
                }
            }
            (None, Some(roles)) => {
                roles.check()?;
                if roles.runners > 0 && self.run_due > 0.0 && (roles.modifiers == 0 || self.head_share == 0.0) {
                    return Err(Invalid::new("run_due", self.run_due, "0, since no thread modifies at the head"));
                }
            }
            (Some(_), Some(_)) => return Err(Invalid::new("mix", "given beside roles", "one of the two")),
            (None, None) => return Err(Invalid::new("mix", "missing", "mix or roles")),
        }
        Ok(())
    }

    fn check_threads(&self, threads: usize) -> Result<(), Invalid> {
        within("threads", threads, 1, MAX_THREADS, "threads")?;
        if let Some(fixed) = self.fixed_threads().filter(|&fixed| fixed != threads) {
            return Err(Invalid::new("threads", threads, format!("{fixed}, the sum of its roles")));
        }
        // Alone, a thread may free whatever there is.
        let least = match threads {
            1 => 1,
            several => several + 1 + usize::from(self.has_head_timer()),
        };
        if self.mix.is_some_and(|mix| mix.churn > 0.0) && self.timers < least {
            let expected = format!("at least {least}, so that each of the threads has a timer of its own to free");
            return Err(Invalid::new("timers", self.timers, expected));
        }
        self.check_frees(threads)
    }

    /// Refuses a load in which one thread's run may call back a timer that another has freed: with so many cancels that modifies at the head
    /// must arm what was cancelled, threads put timers there that they also free.
    fn check_frees(&self, threads: usize) -> Result<(), Invalid> {
        let Some(mix) = self.mix.filter(|mix| mix.churn > 0.0 && mix.run > 0.0 && mix.modify > 0.0) else {
            return Ok(());
        };
        let most = mix.modify * (1.0 - self.head_share) + mix.anticipate + mix.churn;
        // A thousandth less is a matter of how shares become whole steps.
        let few = mix.cancel * (1.0 - self.idle_cancel_share) <= most * 0.999;
        if threads == 1 || few || self.head_share == 0.0 || self.run_due == 0.0 {
            return Ok(());
        }
        let expected = format!(
            "less than {most} beside churn on several threads, so that none frees a timer that another one's run calls back"
        );
        Err(Invalid::new("mix.cancel", mix.cancel, expected))
    }
}

fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

fn closed() -> Load {
    Load::Closed
}

fn preset_field(found: &str) -> Invalid {
    let names = crate::workload::preset::PRESETS.map(|(name, _)| name).join(", ");
    Invalid::new("preset", format!("{found:?}"), format!("one of {names}"))
}

/// `text` as TOML of type `T`, with the parser's complaint on one line.
pub(in crate::workload) fn parse<T: DeserializeOwned>(text: &str, origin: &str) -> Result<T, WorkloadError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|&byte| byte == b'\n').count() + 1;
        let message = shown(&error.message().replace('\n', "; "), 1000);
        WorkloadError::Toml { origin: origin.to_owned(), line, message }
    })
}
