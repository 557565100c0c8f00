//! How many nodes are on their way from retired to reclaimed.

use std::sync::Arc;

use super::node::OwnedNode;
use crate::Counts;
// Statistics only: they order nothing, so loom need not explore them.
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
}

/// A node and the ledger that its end is entered in.
pub(crate) struct Retired {
    node: Option<OwnedNode>,
    ledger: Arc<Ledger>,
}

impl Retired {
    /// Enters the node as retired.
    pub(crate) fn new(node: OwnedNode, ledger: &Arc<Ledger>) -> Self {
        let retired = ledger.retired.fetch_add(1, Ordering::Relaxed) + 1;
        // Two threads may see each other's numbers out of order, which can only make the peak a little too high.
        let unreclaimed = retired.saturating_sub(ledger.reclaimed.load(Ordering::Relaxed));
        ledger.peak.fetch_max(unreclaimed, Ordering::Relaxed);
        Retired { node: Some(node), ledger: Arc::clone(ledger) }
    }
}

impl Drop for Retired {
    fn drop(&mut self) {
        drop(self.node.take());
        self.ledger.reclaimed.fetch_add(1, Ordering::Relaxed);
    }
}
