//! A trace laid out for its replay: validated, without the rows that are not played, and small.
//!
//! A run prepares each trace once and hands it to every process that plays it. [`write`](Prepared::write) copies memory as it is, and
//! [`Opened`] maps it, so that neither copies nor parses a row; both sides are the same program on the same machine. Of a row's two
//! times only one is played: a poll needs its own, a change the deadline that it sets. That makes 16 bytes a row, four to a cache line. The
//! moments at which rows are to start are a column of their own, for a replay at a pace.

mod file;
#[cfg(test)]
mod tests;

pub use file::{Opened, OpenedPart, PreparedError};

use std::ops::Range;

use headlock_strategies::Nanos;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::super::Order;
use super::{NO_TIMER, Row, Trace, TraceOp};

/// A row as it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PlayedRow {
    /// The new deadline for mod and anticipate, else the row's time; ns.
    value: i64,
    timer: u32,
    list: u16,
    /// The number of a [`TraceOp`] other than `fire`.
    op: u8,
    /// Always 0.
    unused: u8,
}

const _: () = assert!(size_of::<PlayedRow>() == 16, "four rows fit a cache line");

impl PlayedRow {
    fn of(row: &Row) -> Self {
        PlayedRow {
            value: if row.op.needs_expire() {
                row.expire.0
            } else {
                row.time.0
            },
            timer: row.timer,
            list: row.list,
            op: row.op as u8,
            unused: 0,
        }
    }

    /// Whether every index points somewhere, of so many lists and timers, and the operation is one that is played. Without a branch: a
    /// million rows are asked, in no order that a predictor learns.
    fn is_valid(self, lists: usize, timers: usize) -> bool {
        let names = NAMES_TIMER >> (self.op & 15) & 1 == 1;
        let timer = (names & (self.timer() < timers)) | (!names & (self.timer == NO_TIMER));
        (self.op < TraceOp::Fire as u8) & timer & (self.list() < lists) & (self.unused == 0)
    }

    /// What is done.
    #[inline(always)]
    pub fn op(self) -> TraceOp {
        TraceOp::of_number(self.op).unwrap_or(TraceOp::Fire)
    }

    /// Whether that is what is done: one comparison, where matching on [`op`](Self::op) is a jump through a table.
    #[inline(always)]
    pub fn is(self, op: TraceOp) -> bool {
        self.op == op as u8
    }

    /// The list that it is done to.
    #[inline(always)]
    pub fn list(self) -> usize {
        usize::from(self.list)
    }

    /// The timer that it is done to, or [`NO_TIMER`] for a poll.
    #[inline(always)]
    pub fn timer(self) -> usize {
        self.timer as usize
    }

    /// The `now` of a poll.
    #[inline(always)]
    pub fn now(self) -> Nanos {
        debug_assert!(!self.op().needs_expire(), "{self:?} is no poll");
        Nanos(self.value)
    }

    /// The deadline that a mod or anticipate sets.
    #[inline(always)]
    pub fn expire(self) -> Nanos {
        debug_assert!(self.op().needs_expire(), "{self:?} sets no deadline");
        Nanos(self.value)
    }
}

/// The operations that name a timer: a bit for each number.
const NAMES_TIMER: u16 = {
    let (mut bits, mut number) = (0, 0);
    while number < TraceOp::ALL.len() {
        bits |= (TraceOp::ALL[number].names_timer() as u16) << number;
        number += 1;
    }
    bits
};

/// What one replay thread plays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// What the thread stands for: the trace thread's name, or `all`.
    pub role: String,
    /// All rows; none for a thread that only saw timers fire.
    pub rows: Vec<PlayedRow>,
    /// When each row is to start, ns; empty unless the trace was prepared for a pace.
    starts: Vec<i64>,
    /// The place of each row among all that are played; empty where this is the only part.
    places: Vec<u32>,
}

impl Part {
    /// The rows whose places among all that are played lie from `from` up to before `to`.
    pub fn between(&self, from: usize, to: usize) -> &[PlayedRow] {
        &self.rows[between(&self.places, self.rows.len(), from, to)]
    }
}

/// Which of so many rows, at these places, lie from place `from` up to before `to`; without places each lies at its own number.
fn between(places: &[u32], rows: usize, from: usize, to: usize) -> Range<usize> {
    let row = |end: usize| match places {
        [] => end.min(rows),
        places => places.partition_point(|place| (*place as usize) < end),
    };
    row(from)..row(to)
}

/// A timer that the replay must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct PlayedTimer {
    list: u16,
    /// 0 or 1.
    created_in_trace: u16,
}

impl PlayedTimer {
    /// The list that it belongs to.
    pub fn list(self) -> usize {
        usize::from(self.list)
    }

    /// Whether a row creates it. Any other timer must exist before the replay starts.
    pub fn created_in_trace(self) -> bool {
        self.created_in_trace != 0
    }
}

/// A timer that is pending when the replay starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Pending {
    expire: i64,
    timer: u64,
}

impl Pending {
    /// Its deadline.
    pub fn expire(self) -> Nanos {
        Nanos(self.expire)
    }

    /// Index into [`Prepared::timers`].
    pub fn timer(self) -> usize {
        self.timer as usize
    }
}

/// A trace laid out for its replay. Valid throughout, as [`Trace`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// How many lists there are.
    pub lists: usize,
    /// The timers, by the number that rows give.
    pub timers: Vec<PlayedTimer>,
    /// Those pending at time 0, in the order in which they are armed.
    pub init: Vec<Pending>,
    /// What each replay thread plays.
    pub parts: Vec<Part>,
    frees: bool,
}

impl Prepared {
    /// Lays `trace` out for `order`; `paced` keeps the moments at which rows start.
    ///
    /// `fire` rows are left out: they say what the recorded program saw, and what the replay fires comes from its own lists.
    pub fn of(trace: &Trace, order: Order, paced: bool) -> Self {
        let roles: Vec<String> = match order {
            Order::Strict => vec!["all".to_owned()],
            Order::Threads => trace.threads.iter().map(|thread| thread.name.clone()).collect(),
        };
        let part_of = |row: &Row| match order {
            Order::Strict => 0,
            Order::Threads => usize::from(row.thread),
        };
        let played = || trace.rows.iter().filter(|row| row.op != TraceOp::Fire);
        let mut lengths = vec![0; roles.len()];
        played().for_each(|row| lengths[part_of(row)] += 1);
        let mut parts: Vec<Part> = roles
            .into_iter()
            .zip(lengths)
            .map(|(role, rows)| Part {
                role,
                rows: Vec::with_capacity(rows),
                starts: Vec::with_capacity(if paced { rows } else { 0 }),
                places: Vec::with_capacity(if order == Order::Threads { rows } else { 0 }),
            })
            .collect();
        for (place, row) in played().enumerate() {
            let part = &mut parts[part_of(row)];
            part.rows.push(PlayedRow::of(row));
            if order == Order::Threads {
                part.places.push(place as u32);
            }
            if paced {
                part.starts.push(row.time.0);
            }
        }
        Prepared {
            lists: trace.lists.len(),
            timers: trace
                .timers
                .iter()
                .map(|timer| PlayedTimer {
                    list: timer.list,
                    created_in_trace: timer.created_in_trace.into(),
                })
                .collect(),
            init: trace
                .init
                .iter()
                .map(|&(timer, expire)| Pending { expire: expire.0, timer: timer.into() })
                .collect(),
            parts,
            frees: played().any(|row| row.op == TraceOp::Free),
        }
    }
}
