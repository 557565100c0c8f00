//! Which operations, in which shares, by which threads.

use super::description::MAX_THREADS;
use super::error::{Invalid, within};
use serde::{Deserialize, Serialize};

/// An operation of a synthetic workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Op {
    /// Ask for the head's deadline.
    Deadline,
    /// Ask whether the head is due.
    Expired,
    /// Run the timers that are due; their callback re-arms them.
    Run,
    /// Give a timer a new deadline.
    Modify,
    /// Have a timer fire no later than a new deadline.
    Anticipate,
    /// Cancel a timer.
    Cancel,
    /// Free a timer, create another in its place, and arm that.
    Churn,
}

impl Op {
    /// All of them, in the order of their numbers.
    pub const ALL: [Op; 7] = [
        Op::Deadline,
        Op::Expired,
        Op::Run,
        Op::Modify,
        Op::Anticipate,
        Op::Cancel,
        Op::Churn,
    ];

    /// Its name in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Op::Deadline => "deadline",
            Op::Expired => "expired",
            Op::Run => "run",
            Op::Modify => "modify",
            Op::Anticipate => "anticipate",
            Op::Cancel => "cancel",
            Op::Churn => "churn",
        }
    }
}

/// Shares of the operations, the same for every thread. Any numbers from zero on: they count relative to their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mix {
    /// Share of [`Op::Deadline`].
    pub deadline: f64,
    /// Share of [`Op::Expired`].
    pub expired: f64,
    /// Share of [`Op::Run`].
    pub run: f64,
    /// Share of [`Op::Modify`].
    pub modify: f64,
    /// Share of [`Op::Anticipate`].
    pub anticipate: f64,
    /// Share of [`Op::Cancel`].
    pub cancel: f64,
    /// Share of [`Op::Churn`].
    pub churn: f64,
}

impl Mix {
    /// The shares in the order of [`Op::ALL`], as they were given.
    pub fn shares(&self) -> [f64; Op::ALL.len()] {
        [
            self.deadline,
            self.expired,
            self.run,
            self.modify,
            self.anticipate,
            self.cancel,
            self.churn,
        ]
    }

    /// Whether the shares make sense where `idle_cancels` of the cancels find nothing to cancel.
    pub(super) fn check(&self, idle_cancels: f64) -> Result<(), Invalid> {
        const FIELDS: [&str; Op::ALL.len()] = [
            "mix.deadline",
            "mix.expired",
            "mix.run",
            "mix.modify",
            "mix.anticipate",
            "mix.cancel",
            "mix.churn",
        ];
        for (field, share) in FIELDS.into_iter().zip(self.shares()) {
            within(field, share, 0.0, 1e12, "")?;
        }
        if self.shares().iter().sum::<f64>() == 0.0 {
            return Err(Invalid::new("mix", "without any share above 0", "at least one"));
        }
        let arming = self.modify + self.anticipate + self.churn;
        // A thousandth more is a matter of how the numbers were rounded when they were written down.
        if self.cancel * (1.0 - idle_cancels) > arming * 1.001 {
            let expected =
                format!("at most modify + anticipate + churn ({arming}), which arm the cancelled timers again");
            return Err(Invalid::new("mix.cancel", self.cancel, expected));
        }
        Ok(())
    }
}

/// How many threads do nothing but one operation; the thread count is their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Threads that ask for the head's deadline. They come first.
    pub pollers: usize,
    /// Threads that modify. They come next.
    pub modifiers: usize,
    /// Threads that run the list. They come last.
    pub runners: usize,
}

impl Roles {
    /// All threads together.
    pub fn threads(&self) -> usize {
        self.pollers.saturating_add(self.modifiers).saturating_add(self.runners)
    }

    /// What the thread of that number does.
    pub fn role(&self, thread: usize) -> Role {
        if thread < self.pollers {
            Role::Poller
        } else if thread < self.pollers + self.modifiers {
            Role::Modifier
        } else {
            Role::Runner
        }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        within("roles: the sum of pollers, modifiers and runners", self.threads(), 1, MAX_THREADS, "threads")
    }
}

/// What a thread does all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Asks for the head's deadline.
    Poller,
    /// Modifies.
    Modifier,
    /// Runs the list.
    Runner,
}

impl Role {
    /// Its name in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Poller => "poller",
            Role::Modifier => "modifier",
            Role::Runner => "runner",
        }
    }

    /// Its only operation, as a mix.
    pub fn mix(self) -> Mix {
        match self {
            Role::Poller => Mix { deadline: 1.0, ..Mix::default() },
            Role::Modifier => Mix { modify: 1.0, ..Mix::default() },
            Role::Runner => Mix { run: 1.0, ..Mix::default() },
        }
    }
}
