//! `threads.csv`: a row per thread of each trial, so that a thread that starves shows.

pub(super) const FILE_NAME: &str = "threads.csv";

/// Every column, in order; further ones will be added at the end.
pub(super) const COLUMNS: [&str; 13] = [
    "workload",
    "strategy",
    "threads",
    "block",
    "pass",
    "thread",
    "role",
    "ops",
    "elapsed_ns",
    "cpu_ns",
    "lock_acquisitions",
    "lock_contended",
    "lock_wait_ns",
];
