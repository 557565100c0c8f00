//! What is done in a round: how many timers there are, where their deadlines lie, and what each thread is mostly at.

use headlock_strategies::{Nanos, TimerId};
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;

/// The distance between two spots where deadlines lie, which is also more than there are unique deadlines at one.
const SPOT: i64 = 1_000;
/// Spots that operations arm at and runs come to.
const SPOTS: i64 = 6;
/// Rounds do not share deadlines, so that an answer left over from an earlier one is not taken for true.
const ROUND: i64 = 100 * SPOT;
/// More timers than any list treats in one go.
pub const MOST_TIMERS: usize = 200;

/// What a thread is mostly at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Any,
    /// Arms and cancels.
    Writer,
    /// Runs the list.
    Runner,
    /// Polls.
    Poller,
}

/// One operation to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Arm a timer, by `modify` or `anticipate`.
    Arm,
    /// Bring one forward or leave it.
    Anticipate,
    /// Cancel one.
    Cancel,
    /// Make a timer of the thread's own and arm it.
    Create,
    /// Free one of its own.
    Free,
    /// Ask for the head's deadline.
    Deadline,
    /// Ask whether the head is due.
    Expired,
    /// Run the list.
    Run,
}

/// A round's circumstances.
#[derive(Clone, Debug)]
pub struct Round {
    /// Timers that all threads change and none frees.
    pub shared: Vec<TimerId>,
    /// How many of them are armed when it begins.
    pub armed: usize,
    /// Operations of each thread.
    pub turns: usize,
    /// Each thread's role.
    pub roles: Vec<Role>,
    /// Timers share deadlines, so that their order of arrival decides.
    pub equal: bool,
    /// Threads make and free timers of their own.
    pub private: bool,
    /// Callbacks change the list.
    pub callbacks: bool,
    /// The most turns of an empty loop between two operations.
    pub pause: u32,
    /// Where its deadlines begin.
    base: i64,
}

impl Round {
    /// Draws round `number`, given the timers there are and how many threads.
    pub fn draw(rng: &mut Xoshiro256PlusPlus, number: u64, pool: &[TimerId], threads: usize) -> Self {
        // Most faults need few timers, and small rounds are many; a large list shows what small ones hide.
        let shared = match number % 32 {
            0 | 8 | 16 | 24 => 1,
            4 | 12 | 20 | 28 => 10,
            31 => rng.random_range(65..=MOST_TIMERS),
            _ => rng.random_range(2..=4),
        };
        let armed = match shared {
            ..=4 => rng.random_range(0..=shared),
            _ => shared,
        };
        let role = |rng: &mut Xoshiro256PlusPlus| match rng.random_range(0..6) {
            0 => Role::Writer,
            1 => Role::Runner,
            2 => Role::Poller,
            _ => Role::Any,
        };
        Round {
            shared: pool[..shared].to_vec(),
            armed,
            turns: rng.random_range(2..=(30 / threads).clamp(3, 10)),
            roles: (0..threads).map(|_| role(rng)).collect(),
            equal: rng.random_bool(0.4),
            private: rng.random_bool(0.5),
            callbacks: rng.random_bool(0.5),
            pause: [0, 0, 0, 50][rng.random_range(0..4)],
            base: ROUND * (number as i64 + 1),
        }
    }

    /// Draws a thread's next operation.
    pub fn turn(&self, rng: &mut Xoshiro256PlusPlus, thread: usize) -> Turn {
        let turns: &[Turn] = match self.roles[thread] {
            Role::Any => &[
                Turn::Arm,
                Turn::Arm,
                Turn::Anticipate,
                Turn::Cancel,
                Turn::Create,
                Turn::Free,
                Turn::Deadline,
                Turn::Expired,
                Turn::Run,
                Turn::Run,
            ],
            Role::Writer => &[Turn::Arm, Turn::Arm, Turn::Arm, Turn::Anticipate, Turn::Cancel],
            Role::Runner => &[Turn::Run, Turn::Run, Turn::Run, Turn::Arm, Turn::Expired],
            Role::Poller => &[Turn::Deadline, Turn::Deadline, Turn::Expired],
        };
        match turns[rng.random_range(0..turns.len())] {
            Turn::Create if !self.private => Turn::Arm,
            Turn::Free if !self.private => Turn::Cancel,
            turn => turn,
        }
    }

    /// Draws a deadline: unique if it has this serial number, or one of a few.
    pub fn deadline(&self, rng: &mut Xoshiro256PlusPlus, serial: i64) -> Nanos {
        let spot = self.base + rng.random_range(0..SPOTS) * SPOT;
        Nanos(if self.equal {
            spot
        } else {
            spot + 1 + serial % (SPOT - 1)
        })
    }

    /// Draws the time of a run or a poll: some deadlines lie behind it.
    pub fn now(&self, rng: &mut Xoshiro256PlusPlus) -> Nanos {
        Nanos(self.base + rng.random_range(0..=SPOTS) * SPOT)
    }

    /// A deadline that no run of this round comes to.
    pub fn far(&self, serial: i64) -> Nanos {
        Nanos(self.base + (SPOTS + 1) * SPOT + serial % SPOT)
    }

    /// A time when all that the round armed is due.
    pub fn end(&self) -> Nanos {
        Nanos(self.base + ROUND - 1)
    }
}
