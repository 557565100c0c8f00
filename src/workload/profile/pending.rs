//! How many timers are pending, weighted by how long.

use serde::Serialize;
use std::collections::BTreeMap;

/// Numbers of pending timers over a trace's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// The fewest at any time.
    pub min: u64,
    /// As many or fewer for half of the time.
    pub median: u64,
    /// The most at any time.
    pub max: u64,
}

/// Follows a number of pending timers through time.
pub(super) struct Timeline {
    now: u64,
    since_ns: u64,
    /// How long each number stood, ns. A number that stood for no time at all counts for least and most.
    stood_ns: BTreeMap<u64, u64>,
}

impl Timeline {
    /// Starts at time 0 with so many.
    pub(super) fn new(now: u64) -> Self {
        Timeline { now, since_ns: 0, stood_ns: BTreeMap::from([(now, 0)]) }
    }

    /// The number now.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// The number is another from `at_ns` on. Rows of different threads may stand a little out of order; time stands still then.
    pub(super) fn set(&mut self, at_ns: u64, now: u64) {
        if now == self.now {
            return;
        }
        self.pass(at_ns);
        self.now = now;
        self.stood_ns.entry(now).or_default();
    }

    fn pass(&mut self, at_ns: u64) {
        *self.stood_ns.entry(self.now).or_default() += at_ns.saturating_sub(self.since_ns);
        self.since_ns = self.since_ns.max(at_ns);
    }

    /// The figures of the time up to `end_ns`.
    pub(super) fn end(mut self, end_ns: u64) -> Pending {
        self.pass(end_ns);
        let all: u64 = self.stood_ns.values().sum();
        let mut passed = 0;
        let median = self.stood_ns.iter().find(|(_, stood)| {
            passed += **stood;
            passed * 2 >= all
        });
        let first = self.stood_ns.first_key_value();
        let last = self.stood_ns.last_key_value();
        let number = |entry: Option<(&u64, &u64)>| entry.map_or(self.now, |(number, _)| *number);
        Pending {
            min: number(first),
            median: number(median),
            max: number(last),
        }
    }
}
