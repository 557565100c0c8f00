//! What is to be known of the machine before a figure from it is believed: the facts, and what each means for a measurement.
//!
//! [`examine`] reads what the kernel says and measures what it does not; [`findings`] judges, from the facts alone, so that an
//! old run's facts can be judged again. [`Finding`]'s text carries the remedy.

mod finding;
mod probe;
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
    /// When asked: about a second.
    Thorough,
}

impl Depth {
    fn hiccup_watch(self) -> Duration {
        match self {
            Depth::Quick => Duration::from_millis(50),
            Depth::Thorough => Duration::from_millis(500),
        }
    }
}

/// Reads and measures the state of this machine, on the processors that the process may use.
pub fn examine(depth: Depth) -> Conditions {
    let cpus = pin::allowed_cpus();
    let clock = Clock::new();
    Conditions {
        clock: Some(probe::clock(&clock)),
        hiccups: probe::hiccups(&cpus, depth.hiccup_watch(), &clock),
        handovers: match depth {
            Depth::Quick => Vec::new(),
            Depth::Thorough => probe::handovers(&cpus),
        },
        ..system::read(Path::new("/"), cpus)
    }
}
