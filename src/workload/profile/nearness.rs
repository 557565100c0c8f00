//! How near in time operations of different threads on one list come to each other.

use crate::workload::trace::{Row, Trace, TraceOp};
use serde::Serialize;

/// What counts as near, ns: 1, 10 and 100 us.
pub const NEAR_NS: [u64; 3] = [1_000, 10_000, 100_000];

/// Operations that have one by another thread on the same list within each of [`NEAR_NS`], before or after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Nearness {
    /// Of all operations.
    pub ops: u64,
    /// Those near any operation of another thread.
    pub near: [u64; NEAR_NS.len()],
    /// Of the changes: mod, anticipate, del, free.
    pub changes: u64,
    /// Those near a poll or run by another thread: where a reader and a writer could meet.
    pub changes_near_poll: [u64; NEAR_NS.len()],
}

/// Counts over all lists, each by itself.
pub(super) fn nearness(trace: &Trace) -> Nearness {
    let mut by_list = vec![Vec::new(); trace.lists.len()];
    for row in trace.rows.iter().filter(|row| row.op != TraceOp::Fire) {
        by_list[usize::from(row.list)].push(*row);
    }
    let mut nearness = Nearness::default();
    for mut rows in by_list {
        // Rows of different threads may stand a little out of order in the file.
        rows.sort_by_key(|row| row.time);
        let any = distances(&rows, |_| true);
        let poll = distances(&rows, |row| row.op.is_poll());
        for (row, (any, poll)) in rows.iter().zip(any.into_iter().zip(poll)) {
            nearness.ops += 1;
            count(&mut nearness.near, any);
            if row.op.is_change() {
                nearness.changes += 1;
                count(&mut nearness.changes_near_poll, poll);
            }
        }
    }
    nearness
}

fn count(near: &mut [u64; NEAR_NS.len()], distance: Option<u64>) {
    for (count, limit) in near.iter_mut().zip(NEAR_NS) {
        *count += u64::from(distance.is_some_and(|distance| distance <= limit));
    }
}

/// Of each row, the time to the nearest row of another thread that is `wanted`, if there is any.
fn distances(rows: &[Row], wanted: impl Fn(&Row) -> bool + Copy) -> Vec<Option<u64>> {
    let mut nearest = vec![None; rows.len()];
    look_back(rows.iter().zip(nearest.iter_mut()), wanted);
    look_back(rows.iter().zip(nearest.iter_mut()).rev(), wanted);
    nearest
}

/// Compares each row with the latest of another thread among those that came before it in this direction.
fn look_back<'r>(rows: impl Iterator<Item = (&'r Row, &'r mut Option<u64>)>, wanted: impl Fn(&Row) -> bool) {
    // The latest wanted row, and the latest of any other thread than that one's: one of the two is another thread's.
    let mut latest: [Option<Row>; 2] = [None; 2];
    for (row, nearest) in rows {
        let other = latest.into_iter().flatten().find(|other| other.thread != row.thread);
        let distance = other.map(|other| row.time.0.abs_diff(other.time.0));
        *nearest = [*nearest, distance].into_iter().flatten().min();
        if wanted(row) {
            if latest[0].is_some_and(|first| first.thread != row.thread) {
                latest[1] = latest[0];
            }
            latest[0] = Some(*row);
        }
    }
}
