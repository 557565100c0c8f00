//! What is to be known of the machine before a figure from it is believed: the facts, and what each means for a measurement.
//!
//! [`examine`] reads what the kernel says and measures what it does not; [`findings`] judges, from the facts alone, so that an
//! old run's facts can be judged again. [`Finding`]'s text carries the remedy.

mod finding;
mod probe;
mod sharing;
mod system;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

pub use finding::{Finding, Severity, findings};

use super::clock::Clock;
use super::pin;
use crate::record::Conditions;

/// How long to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Before a run: under 100 ms.
    Quick,
    /// When asked: about two seconds.
    Thorough,
}

impl Depth {
    fn hiccup_watch(self) -> Duration {
        match self {
            Depth::Quick => Duration::from_millis(50),
            Depth::Thorough => Duration::from_millis(500),
        }
    }

    /// How often to look who shares a core, and how long to wait in between: a state lasts from a fraction of a second on.
    fn looks(self) -> (usize, Duration) {
        match self {
            Depth::Quick => (3, Duration::from_millis(5)),
            Depth::Thorough => (12, Duration::from_millis(80)),
        }
    }

    /// Between how many processors to look for pairs at most. Each meets each, so that many take long.
    fn most_paired(self) -> usize {
        match self {
            Depth::Quick => 32,
            Depth::Thorough => usize::MAX,
        }
    }
}

/// Reads and measures the state of this machine, on the processors that the process may use.
pub fn examine(depth: Depth) -> Conditions {
    let cpus = pin::allowed_cpus();
    let clock = Clock::new();
    let (cores, pairs) = sharing::look(&cpus, depth.looks(), depth.most_paired());
    Conditions {
        clock: Some(probe::clock(&clock)),
        hiccups: probe::hiccups(&cpus, depth.hiccup_watch(), &clock),
        cores,
        pairs,
        ..system::read(Path::new("/"), cpus)
    }
}
