//! How many nodes are on their way from retired to reclaimed, and, where somebody asks, since when.
#![allow(
    clippy::disallowed_types,
    reason = "statistics: they order nothing that loom could explore"
)]

use crate::{Counts, GraceProbe};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one list. Written by `free` and by whoever releases memory; never by a poll.
#[derive(Debug)]
pub(crate) struct Ledger {
    probe: Option<GraceProbe>,
    retired: AtomicU64,
    reclaimed: AtomicU64,
    peak: AtomicU64,
}

impl Ledger {
    /// An empty one, which tells `probe` of each node's way.
    pub(crate) fn new(probe: Option<GraceProbe>) -> Self {
        Ledger {
            probe,
            retired: AtomicU64::new(0),
            reclaimed: AtomicU64::new(0),
            peak: AtomicU64::new(0),
        }
    }

    /// Adds the counts to `counts`.
    pub(crate) fn report(&self, counts: &mut Counts) {
        counts.retired += self.retired.load(Ordering::Relaxed);
        counts.reclaimed += self.reclaimed.load(Ordering::Relaxed);
        counts.peak_unreclaimed += self.peak.load(Ordering::Relaxed);
    }

    /// A node is retired; answers its stamp, 0 if nobody asks.
    pub(super) fn enter(&self) -> u64 {
        let retired = self.retired.fetch_add(1, Ordering::Relaxed) + 1;
        // Two threads may see each other's numbers out of order, which can only make the peak a little too high.
        let unreclaimed = retired.saturating_sub(self.reclaimed.load(Ordering::Relaxed));
        self.peak.fetch_max(unreclaimed, Ordering::Relaxed);
        self.probe.map_or(0, |probe| (probe.stamp)())
    }

    /// The memory of a retired node with this stamp is released.
    pub(super) fn leave(&self, stamp: u64) {
        self.reclaimed.fetch_add(1, Ordering::Relaxed);
        if let Some(probe) = self.probe {
            (probe.reclaimed)(stamp);
        }
    }
}
