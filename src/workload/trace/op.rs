//! The operations that a trace records, and how often each occurs.

use std::iter::Sum;
use std::ops::{AddAssign, Index, IndexMut};

/// What a row records. The names are those of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum TraceOp {
    /// A timer was created.
    Create,
    /// A timer was freed.
    Free,
    /// A timer got a new deadline.
    Mod,
    /// A timer was to fire no later than a new deadline. The row stands even where that changed nothing.
    Anticipate,
    /// A timer was cancelled. The row stands even where it was not pending.
    Del,
    /// Somebody asked whether the head is due.
    Expired,
    /// Somebody asked for the head's deadline.
    Deadline,
    /// Somebody ran the timers that were due.
    Run,
    /// A timer fired inside a run. Not to be played: it is what the program saw.
    Fire,
}

impl TraceOp {
    /// All of them, in the order of their numbers.
    pub const ALL: [TraceOp; 9] = [
        TraceOp::Create,
        TraceOp::Free,
        TraceOp::Mod,
        TraceOp::Anticipate,
        TraceOp::Del,
        TraceOp::Expired,
        TraceOp::Deadline,
        TraceOp::Run,
        TraceOp::Fire,
    ];

    /// The operation with this number, which is its place in [`ALL`](Self::ALL). Written out, so that it compiles to a comparison.
    #[inline(always)]
    pub(super) const fn of_number(number: u8) -> Option<TraceOp> {
        Some(match number {
            0 => TraceOp::Create,
            1 => TraceOp::Free,
            2 => TraceOp::Mod,
            3 => TraceOp::Anticipate,
            4 => TraceOp::Del,
            5 => TraceOp::Expired,
            6 => TraceOp::Deadline,
            7 => TraceOp::Run,
            8 => TraceOp::Fire,
            _ => return None,
        })
    }

    /// Its name in the file.
    pub const fn name(self) -> &'static str {
        match self {
            TraceOp::Create => "create",
            TraceOp::Free => "free",
            TraceOp::Mod => "mod",
            TraceOp::Anticipate => "anticipate",
            TraceOp::Del => "del",
            TraceOp::Expired => "expired",
            TraceOp::Deadline => "deadline",
            TraceOp::Run => "run",
            TraceOp::Fire => "fire",
        }
    }

    /// Whether its row names a timer.
    pub const fn names_timer(self) -> bool {
        !matches!(self, TraceOp::Expired | TraceOp::Deadline | TraceOp::Run)
    }

    /// Whether its row must give a deadline.
    pub const fn needs_expire(self) -> bool {
        matches!(self, TraceOp::Mod | TraceOp::Anticipate)
    }

    /// Whether it looks at a list's head.
    pub const fn is_poll(self) -> bool {
        matches!(self, TraceOp::Deadline | TraceOp::Expired | TraceOp::Run)
    }

    /// Whether it is to change a list at once.
    pub const fn is_change(self) -> bool {
        matches!(self, TraceOp::Mod | TraceOp::Anticipate | TraceOp::Del | TraceOp::Free)
    }

    /// The operation of that name.
    pub(super) fn parse(name: &[u8]) -> Option<TraceOp> {
        Self::ALL.into_iter().find(|op| op.name().as_bytes() == name)
    }
}

/// A number of rows for each operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpCounts([u64; TraceOp::ALL.len()]);

impl OpCounts {
    /// Rows of every operation, `fire` included.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Rows that a replay plays: all but `fire`.
    pub fn played(&self) -> u64 {
        self.total() - self[TraceOp::Fire]
    }
}

impl Index<TraceOp> for OpCounts {
    type Output = u64;
    fn index(&self, op: TraceOp) -> &u64 {
        &self.0[op as usize]
    }
}

impl IndexMut<TraceOp> for OpCounts {
    fn index_mut(&mut self, op: TraceOp) -> &mut u64 {
        &mut self.0[op as usize]
    }
}

impl AddAssign for OpCounts {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

impl Sum for OpCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut sum, more| {
            sum += more;
            sum
        })
    }
}
