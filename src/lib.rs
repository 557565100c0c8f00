//! A benchmark that compares ways to guard the head of an event loop's timer list.
//!
//! The modules import one way: `workload` (what is played) <- `harness` (how) <- `stats` <- `reading` (what is said of a
//! result) <- `document` (how it is written) <- `answers`, `pool` <- `cli`; `record` is the result schema between them, `export` its
//! files. `verify` (the checks) stands beside `stats`, on the harness, and the registry of strategies on both. A crate of
//! your own adds its list to the whole program with one line:
//!
//! ```no_run
//! use headlock::Registry;
//!
//! fn main() -> std::process::ExitCode {
//!     headlock::cli::main(Registry::builtin())
//! }
//! ```
#![forbid(unsafe_code)]

pub mod answers;
mod behind;
pub mod cli;
pub mod document;
pub mod export;
pub mod harness;
mod json;
pub mod pool;
pub mod reading;
pub mod record;
mod registry;
pub mod stats;
pub mod study;
mod text;
pub mod verify;
pub mod workload;

pub use headlock_strategies as strategies;
pub use registry::Registry;

#[cfg(doctest)]
#[doc = include_str!("../docs/STRATEGY.md")]
mod guide {}
