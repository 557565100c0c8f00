//! A benchmark that compares ways to guard the head of an event loop's timer list.
//!
//! The modules import one way: `workload` (what is played) <- `harness` (how) <- `stats` <- `export` <- `cli`; `record` is the
//! result schema between them. A crate of your own adds its list to the whole program with one line:
//!
//! ```no_run
//! use headlock::Registry;
//!
//! fn main() -> std::process::ExitCode {
//!     headlock::cli::main(Registry::builtin())
//! }
//! ```
#![forbid(unsafe_code)]

pub mod cli;
pub mod export;
pub mod harness;
pub mod record;
pub mod stats;
pub mod workload;

pub use harness::Registry;
pub use headlock_strategies as strategies;

#[cfg(doctest)]
#[doc = include_str!("../docs/STRATEGY.md")]
mod guide {}
