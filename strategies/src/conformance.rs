//! The conformance suite: what every timer list must do, whoever wrote it.
//!
//! A list of your own passes it with one line, which becomes a module of tests:
//!
//! ```
//! # use headlock_strategies::oracle::Oracle as MyList;
//! headlock_strategies::conformance!(my_list, MyList);
//! ```
//!
//! Each check is also a function that returns what it found, and [`checks`] lists them all, for a program that wants to
//! say more than "test failed". A check runs under a watchdog, so a list that hangs or panics is a finding as well.
//!
//! No check depends on the machine's speed: each does a fixed number of operations, and the watchdog only asks whether
//! any operation got anywhere at all.
#![allow(
    clippy::disallowed_types,
    reason = "the checks watch lists from outside, on real threads and never under loom"
)]

mod churn;
mod conserve;
mod counts;
mod handles;
pub mod line;
mod lives;
pub mod model;
mod order;
mod reenter;
mod sizes;
pub mod subject;
pub mod trial;
pub mod words;

use std::fmt;
use std::time::Duration;

use crate::TimerList;

/// How much a check tries. Equal efforts try the same on one thread; on several, the scheduler has its say.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Seeds every random choice.
    pub seed: u64,
    /// Random sequences of operations to hold against the oracle.
    pub sequences: u64,
    /// Rounds that each thread of a concurrent check plays.
    pub rounds: u64,
    /// Timers to grow a list to.
    pub timers: u32,
    /// Timers to create and free one after the other for their names alone.
    pub names: u32,
    /// Threads of a concurrent check.
    pub threads: usize,
    /// How long an operation may get nowhere, twice in a row, before the check gives the list up as hung.
    pub patience: Duration,
    /// What is done around the work of each thread of a concurrent check: it must do the work, once. A program that stops threads at
    /// arbitrary instructions says here which.
    pub around: fn(&mut dyn FnMut()),
}

impl Default for Effort {
    fn default() -> Self {
        Effort {
            seed: 1,
            sequences: 3_000,
            rounds: 1_500,
            timers: 100_000,
            // More than 20 bits count.
            names: (1 << 20) + 100,
            threads: 3,
            patience: Duration::from_secs(20),
            around: |work| work(),
        }
    }
}

/// Which promise a check belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// On one thread, the list is indistinguishable from the oracle.
    Model,
    /// Callbacks run with no lock held and may do anything.
    Reenter,
    /// Every armed timer fires exactly once, never early; a cancelled one never.
    Conserve,
    /// A freed node is never read again, and garbage does not pile up.
    Reclaim,
    /// A poll's answer is as true as the list declares.
    Fresh,
    /// Some order of what several threads did explains everything that they were told.
    History,
    /// Every operation comes back.
    Progress,
    /// A list holds its lock for as long as it is told, and counts what it does.
    Hold,
}

/// How a check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The list gave a wrong answer.
    Wrong,
    /// An operation did not come back.
    Hung,
    /// The list panicked.
    Panicked,
}

/// What a list did wrong, and what would have been right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The list's name.
    pub strategy: &'static str,
    /// The check that found it.
    pub check: &'static str,
    /// The promise that it breaks.
    pub guarantee: Guarantee,
    /// In which way it failed.
    pub failure: Failure,
    /// What happened and what would be right, in one sentence.
    pub what: String,
    /// The shortest sequence of events found that leads there, oldest first; empty where `what` says it all.
    pub events: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fails {}: {}", self.strategy, self.check, self.what)?;
        for (number, event) in self.events.iter().enumerate() {
            write!(f, "\n  {}. {event}", number + 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violation {}

/// What a check came to: how many things it tried, or the first that went wrong.
pub type Outcome = Result<u64, Violation>;

/// One check of one list type.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name, which is also that of its test.
    pub name: &'static str,
    /// The promise it belongs to.
    pub guarantee: Guarantee,
    /// The rule that it checks, in one sentence.
    pub rule: &'static str,
    subject: subject::Subject,
    body: fn(&trial::Trial) -> trial::Found,
}

impl Check {
    /// Runs it.
    ///
    /// # Errors
    /// The first violation found.
    pub fn run(&self, effort: &Effort) -> Outcome {
        trial::watched(self.subject, self.name, self.guarantee, effort, self.body)
    }
}

/// Panics with the violation, if there is one: what a test does with an outcome.
#[track_caller]
pub fn require(outcome: Outcome) {
    if let Err(violation) = outcome {
        panic!("{violation}");
    }
}

/// The checks for every list: guarantee, module, name, rule. The one place that knows them all.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_checks {
    ([$($then:tt)*] $arguments:tt) => {
        $($then)* ! { $arguments
            Model order::empty_list "A new list has no deadline, and nothing in it is ever due.";
            Model order::deadline_order "Timers fire in the order of their deadlines, whatever the order they were armed in.";
            Model order::fifo "Timers of one deadline fire first-in first-out; arming again goes to the end of the queue.";
            Model order::clamp "A deadline before the clock's start is the clock's start.";
            Model order::due "A timer is due when its deadline is `now` or earlier, and not one nanosecond before.";
            Model order::latest_deadline "The latest representable time is a deadline like any other, not an empty list.";
            Model order::rearm "Modify answers a rearm exactly when its timer is the head afterwards.";
            Model order::anticipate "Anticipate arms an inactive timer or brings a deadline forward, and never postpones.";
            Model order::cancel "Cancel removes the timer and answers whether it was active.";
            Model order::free "Free cancels the timer.";
            Model handles::lists_apart "What a list answers never comes from another one, though a thread uses both.";
            Model handles::handles_end "What a handle made stays when it ends: timers keep their names, deadlines and turn.";
            Model handles::grown_by_another "Of two handles on a thread, neither misses what the other does, however much one makes the list grow.";
            Model model::random_sequences "Any sequence of operations gives the oracle's answers.";
            Reenter reenter::fires_again "A timer that a callback arms at or before `now` fires in the same run; a later one does not.";
            Reenter reenter::callback_changes_others "A callback may cancel, free, postpone or bring forward timers that are due next.";
            Reenter reenter::callback_changes_many "Of many timers due at once, those that a callback takes away do not fire.";
            Reenter reenter::callback_changes_itself "A callback may arm, cancel and free its own timer, which is inactive when it is called.";
            Reenter reenter::callback_reads "A callback sees the list without its own timer.";
            Reenter reenter::callback_unlocked "No lock is held during a callback: other threads get on with any operation.";
            Reenter reenter::callbacks_beside_each_other "Two callbacks may each free, cancel or modify the timer that the other one is for.";
            Conserve conserve::exactly_once "Under many threads, an armed timer fires exactly once, never early, and never once cancelled.";
            Conserve conserve::changed_under_runs "Timers that are armed anew while others run the list are neither lost nor fired twice.";
            Reclaim churn::freed_under_readers "While timers come and go, a poll answers only deadlines that were armed.";
            Reclaim churn::handles_come_and_go "Handles may be taken and dropped at any time, and garbage survives their end.";
            Reclaim churn::garbage_bounded "The nodes that wait to be reclaimed do not grow with the number of frees.";
            Model lives::long_lives "A list serves more than 65,536 changes, timers, lives and postponements of one timer, first-in first-out order included.";
            Model lives::idle_handles "A handle that was idle for any number of changes sees the head as it is.";
            Model lives::names_last "The name of a freed timer never reaches another, however many come after it.";
            Model sizes::sizes "A list of 1, of 10, or of hundreds of timers gives the same answers to two handles, many due at once included.";
            Model counts::counts_add_up "Counts never contradict each other or the operations that were done.";
        }
    };
}

/// What the built-in lists promise beyond the contract.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_promises {
    ([$($then:tt)*] $arguments:tt) => {
        $($then)* ! { $arguments
            Model order::stale_names "No name is given out twice, and the name of a freed timer does nothing.";
            Model order::growth "Timers fire in order however many they are.";
            Model counts::lock_counts "Each change takes the list's lock exactly once, a poll as its strategy declares.";
        }
    };
}

macro_rules! define_checks {
    ({ $all:ident $(#[$doc:meta])* } $($guarantee:ident $module:ident :: $check:ident $rule:literal;)*) => {
        $(
            #[doc = $rule]
            ///
            /// # Errors
            /// The first violation found.
            pub fn $check<L: TimerList>(effort: &Effort) -> Outcome {
                let body: fn(&trial::Trial) -> trial::Found = $module::$check;
                trial::watched(subject::Subject::of::<L>(), stringify!($check), Guarantee::$guarantee, effort, body)
            }
        )*

        $(#[$doc])*
        pub fn $all(subject: subject::Subject) -> Vec<Check> {
            vec![$(Check {
                name: stringify!($check),
                guarantee: Guarantee::$guarantee,
                rule: $rule,
                subject,
                body: $module::$check,
            }),*]
        }
    };
}

__conformance_checks! { [define_checks] { checks #[doc = "Every check that any list must pass."] } }
__conformance_promises! { [define_checks] { promises #[doc = "The checks of what only the built-in lists promise."] } }

/// Turns the conformance suite into a module of tests for one list type.
///
/// `conformance!(name, Type)` makes a module `name`; a file may hold several. `conformance!(name, Type, built_in)` adds
/// what the built-in lists promise beyond the contract: names are never given out twice and stale ones are inert, a
/// hundred thousand timers are no burden, and the lock is taken exactly once per change. An [`Effort`] may be given last.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $list:ty) => {
        $crate::conformance! { $name, $list, $crate::conformance::Effort::default() }
    };
    ($name:ident, $list:ty, built_in) => {
        $crate::conformance! { $name, $list, built_in, $crate::conformance::Effort::default() }
    };
    ($name:ident, $list:ty, built_in, $effort:expr) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports, reason = "the type may be named by a path of its own")]
            use super::*;
            $crate::__conformance_checks! { [$crate::__conformance_tests] { $list, $effort } }
            $crate::__conformance_promises! { [$crate::__conformance_tests] { $list, $effort } }
        }
    };
    ($name:ident, $list:ty, $effort:expr) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports, reason = "the type may be named by a path of its own")]
            use super::*;
            $crate::__conformance_checks! { [$crate::__conformance_tests] { $list, $effort } }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ({ $list:ty, $effort:expr } $($guarantee:ident $module:ident :: $check:ident $rule:literal;)*) => {
        $(
            #[test]
            fn $check() {
                $crate::conformance::require($crate::conformance::$check::<$list>(&$effort));
            }
        )*
    };
}
