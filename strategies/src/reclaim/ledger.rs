//! How many nodes are on their way from retired to reclaimed.
#![allow(
    clippy::disallowed_types,
    reason = "statistics: they order nothing that loom could explore"
)]

use crate::Counts;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one list. Written by `free` and by whoever releases memory; never by a poll.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    retired: AtomicU64,
    reclaimed: AtomicU64,
    peak: AtomicU64,
}

impl Ledger {
    /// Adds the counts to `counts`.
    pub(crate) fn report(&self, counts: &mut Counts) {
        counts.retired += self.retired.load(Ordering::Relaxed);
        counts.reclaimed += self.reclaimed.load(Ordering::Relaxed);
        counts.peak_unreclaimed += self.peak.load(Ordering::Relaxed);
    }

    /// A node is retired.
    pub(super) fn enter(&self) {
        let retired = self.retired.fetch_add(1, Ordering::Relaxed) + 1;
        // Two threads may see each other's numbers out of order, which can only make the peak a little too high.
        let unreclaimed = retired.saturating_sub(self.reclaimed.load(Ordering::Relaxed));
        self.peak.fetch_max(unreclaimed, Ordering::Relaxed);
    }

    /// The memory of a retired node is released.
    pub(super) fn leave(&self) {
        self.reclaimed.fetch_add(1, Ordering::Relaxed);
    }
}
