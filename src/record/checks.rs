//! What `verify` records: a row per strategy and check, and what was found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a strategy is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// On one thread it is indistinguishable from the oracle.
    Model,
    /// A poll's answer is as true as the strategy declares.
    Fresh,
    /// Some order of what several threads did explains everything that they were told.
    History,
    /// Every armed timer fires exactly once, never early; a cancelled one never.
    Conserve,
    /// A freed node is never read again, and unreclaimed memory stays bounded.
    Reclaim,
    /// Callbacks may do anything to the list that calls them.
    Reenter,
    /// Every operation comes back.
    Progress,
    /// The workload's hold is spent in the critical section, and handles count what they do.
    Hold,
}

impl Check {
    /// All of them, in the order in which tables show them.
    pub const ALL: [Check; 8] = [
        Check::Model,
        Check::Fresh,
        Check::History,
        Check::Conserve,
        Check::Reclaim,
        Check::Reenter,
        Check::Progress,
        Check::Hold,
    ];

    /// The word that flags, tables and files use.
    pub const fn word(self) -> &'static str {
        match self {
            Check::Model => "model",
            Check::Fresh => "fresh",
            Check::History => "history",
            Check::Conserve => "conserve",
            Check::Reclaim => "reclaim",
            Check::Reenter => "reenter",
            Check::Progress => "progress",
            Check::Hold => "hold",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    /// A wrong answer.
    Wrong,
    /// An operation did not come back.
    Hung,
    /// The strategy panicked.
    Panicked,
    /// The process that it ran in ended without an answer.
    Crashed,
}

/// What a check found: a rule that is not kept, and the events that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The strategy.
    pub strategy: String,
    /// The check.
    pub check: Check,
    /// The rule within the check.
    pub rule: String,
    /// In which way it is not kept.
    pub failure: Failure,
    /// Whether what the strategy declares leaves room for it, as `racy` does for a poller that oversleeps.
    pub allowed: bool,
    /// What happened and what would be right, in one sentence.
    pub what: String,
    /// The shortest sequence of events found that leads there, oldest first; empty where `what` says it all.
    pub events: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = if self.allowed { " (as declared)" } else { "" };
        write!(f, "{}, {}, {}{allowed}: {}", self.strategy, self.check, self.rule, self.what)?;
        for (number, event) in self.events.iter().enumerate() {
            write!(f, "\n  {}. {event}", number + 1)?;
        }
        Ok(())
    }
}

/// What a strategy's check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckVerdict {
    /// Nothing was broken.
    Kept,
    /// Pollers would oversleep, and the strategy declares that they may.
    Racy,
    /// Something that the strategy declares was broken.
    Broken,
    /// An operation did not come back.
    Hung,
    /// The strategy panicked.
    Panicked,
    /// The process that it ran in ended without an answer.
    Crashed,
}

impl CheckVerdict {
    /// Whether the strategy keeps what it declares.
    pub const fn is_good(self) -> bool {
        matches!(self, CheckVerdict::Kept | CheckVerdict::Racy)
    }

    /// The word that tables and files use.
    pub const fn word(self) -> &'static str {
        match self {
            CheckVerdict::Kept => "kept",
            CheckVerdict::Racy => "racy",
            CheckVerdict::Broken => "broken",
            CheckVerdict::Hung => "hung",
            CheckVerdict::Panicked => "panicked",
            CheckVerdict::Crashed => "crashed",
        }
    }
}

/// What a declaration says of an outcome, as in jcstress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// What any list may do.
    Acceptable,
    /// What this one may do because it says so.
    Interesting,
    /// What it may not do.
    Forbidden,
}

impl Grade {
    /// All of them.
    pub const ALL: [Grade; 3] = [Grade::Acceptable, Grade::Interesting, Grade::Forbidden];

    /// The word that tables and files use.
    pub const fn word(self) -> &'static str {
        match self {
            Grade::Acceptable => "acceptable",
            Grade::Interesting => "interesting",
            Grade::Forbidden => "forbidden",
        }
    }
}

/// Something that a check saw happen, how often, and what the strategy's declaration says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    /// In a few words, none of them a semicolon.
    pub outcome: String,
    /// How often it was met.
    pub met: u64,
    /// What the declaration says of it.
    pub grade: Grade,
}

impl CheckOutcome {
    /// An outcome that was met so often.
    pub fn new(outcome: &str, met: u64, grade: Grade) -> Self {
        CheckOutcome { outcome: outcome.to_owned(), met, grade }
    }
}

/// What a check counted besides what it tried and found broken; absent where it counts no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFigures {
    /// Polls that answered earlier than the truth: the sleeper wakes for nothing.
    pub early: Option<u64>,
    /// Polls that answered later than the truth while a rearm was on its way.
    pub late_with_rearm: Option<u64>,
    /// Polls that answered later than the truth with no rearm on its way: the sleeper oversleeps.
    pub late_without_rearm: Option<u64>,
    /// Polls that took so long that the record of what was true meanwhile was gone.
    pub unjudged: Option<u64>,
    /// Changes that the polls raced with.
    pub changes: Option<u64>,
    /// Nodes freed under readers.
    pub frees: Option<u64>,
    /// Those of them that were freed beside so many threads that they may have been fewer for lack of time.
    pub frees_in_crowds: Option<u64>,
    /// The most nodes that waited to be reclaimed at one moment.
    pub peak_unreclaimed: Option<u64>,
    /// The most nodes that still waited after the threads had gone and one had tidied up.
    pub unreclaimed: Option<u64>,
}

/// One check of one strategy. A row of `verify.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// The strategy.
    pub strategy: String,
    /// The check.
    pub check: Check,
    /// How many answers, operations or sequences were judged.
    pub tried: u64,
    /// How many broke what is declared: answers of the check `fresh`, rules of the others.
    pub broken: u64,
    /// What the strategy declares in the matter; `always` where there is no choice.
    pub declared: String,
    /// How long the check took, s.
    pub seconds: f64,
    /// What it came to.
    pub verdict: CheckVerdict,
    /// What was met, how often, and what the declaration says of it: polls under `fresh`, rounds under `history`, what was tried
    /// elsewhere.
    pub outcomes: Vec<CheckOutcome>,
    /// What else was counted.
    #[serde(flatten)]
    pub figures: CheckFigures,
}
