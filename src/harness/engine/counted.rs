//! Lock acquisitions of a replay at full speed, which are counted in one block of many and stated in all.

use std::collections::BTreeMap;

use headlock_strategies::LockCounts;

use super::turns::Turn;
use crate::harness::job::Outcome;

/// What was counted of a replay in the last block that counted: acquisitions of the list and of each thread, and in how many
/// operations.
#[derive(Default)]
pub(super) struct CountedLocks(BTreeMap<(usize, String), (u64, LockCounts, Vec<LockCounts>)>);

impl CountedLocks {
    /// Whether all who play have been counted.
    pub(super) fn know(&self, turn: &Turn) -> bool {
        turn.names.iter().all(|name| self.0.contains_key(&(turn.point, name.clone())))
    }

    /// Remembers what was counted, or states what is remembered for as many operations as these.
    pub(super) fn state(&mut self, point: usize, outcome: &mut Outcome) {
        let ops = outcome.threads.iter().map(|thread| thread.ops).sum::<u64>();
        let key = (point, outcome.name.clone());
        if let Some(locks) = outcome.locks {
            let of_threads = outcome.threads.iter().map(|thread| thread.lock).collect();
            self.0.insert(key, (ops, locks, of_threads));
        } else if let Some((of_ops, locks, of_threads)) = self.0.get(&key) {
            let share = ops as f64 / (*of_ops).max(1) as f64;
            outcome.locks = Some(locks.times(share));
            for (thread, locks) in outcome.threads.iter_mut().zip(of_threads) {
                thread.lock = locks.times(share);
            }
        }
    }
}
