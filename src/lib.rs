//! A benchmark that compares ways to guard the head of an event loop's timer list.
#![forbid(unsafe_code)]

pub mod export;
pub mod record;
pub mod stats;
pub mod workload;
