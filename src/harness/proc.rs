//! What the kernel says about this process's threads and this machine, read from /proc.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, DirEntry, File};
use std::os::unix::fs::FileExt;

/// What the scheduler has done to the calling thread since it began. Zero where /proc does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// Times that it was taken off a processor while it could have gone on.
    pub involuntary: u64,
    /// Times that it went to sleep, to wait for a lock or for a moment.
    pub voluntary: u64,
    /// Time in which it could have run and had no processor, ns.
    pub runqueue_ns: u64,
}

impl Scheduling {
    /// Reads it.
    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let statistics = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        Scheduling {
            involuntary: field(&status, "nonvoluntary_ctxt_switches:"),
            voluntary: field(&status, "voluntary_ctxt_switches:"),
            runqueue_ns: runqueue_ns(&statistics),
        }
    }

    /// What has happened since `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Scheduling {
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            runqueue_ns: self.runqueue_ns.saturating_sub(earlier.runqueue_ns),
        }
    }
}

/// How long the calling thread has waited for a processor, to be asked over and over: some 700 ns each time.
pub struct RunQueue(Option<File>);

impl RunQueue {
    /// Of the calling thread.
    pub fn of_this_thread() -> Self {
        RunQueue(File::open("/proc/thread-self/schedstat").ok())
    }

    /// Time in which it could have run and had no processor, ns, since it began; `None` where the kernel does not count that.
    pub fn waited_ns(&self) -> Option<u64> {
        let mut text = [0; 64];
        let length = self.0.as_ref()?.read_at(&mut text, 0).ok()?;
        counted_ns(std::str::from_utf8(&text[..length]).ok()?)
    }
}

/// As [`runqueue_ns`]; a kernel that does not count has zeros for all, and no thread reads its own before it has run.
fn counted_ns(schedstat: &str) -> Option<u64> {
    let ran = !schedstat.starts_with("0 ") && !schedstat.is_empty();
    ran.then(|| runqueue_ns(schedstat))
}

/// Time that the hypervisor has taken from the whole machine since it booted, ns; 0 where /proc does not say.
///
/// /proc/stat counts in ticks of 10 ms (USER_HZ is 100 on every Linux that Rust runs on).
pub fn steal_ns() -> u64 {
    const TICK_NS: u64 = 10_000_000;
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks = stat.lines().next().and_then(|line| line.split_whitespace().nth(8));
    ticks.and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0) * TICK_NS
}

/// Time in which each thread of a process could have run and had no processor, ns, since it began. Empty where /proc does not say.
pub fn runqueues_ns(process: i32) -> HashMap<OsString, u64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let waited = |thread: &DirEntry| Some(runqueue_ns(&fs::read_to_string(thread.path().join("schedstat")).ok()?));
    threads.filter_map(|thread| Some((thread.file_name(), waited(&thread)?))).collect()
}

/// schedstat holds the time on a processor, the time waiting for one, both in ns, and the number of turns.
fn runqueue_ns(schedstat: &str) -> u64 {
    schedstat.split_whitespace().nth(1).and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn field(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{counted_ns, field, runqueue_ns, runqueues_ns};

    #[test]
    fn a_field_is_read_and_an_absent_one_is_zero() {
        let text = "Name:\tx\nnonvoluntary_ctxt_switches:\t42\n";
        assert_eq!(field(text, "nonvoluntary_ctxt_switches:"), 42);
        assert_eq!(field(text, "voluntary_ctxt_switches:"), 0);
        assert_eq!(runqueue_ns("516439 1202404 2\n"), 1_202_404);
        assert_eq!(runqueue_ns(""), 0);
        assert_eq!(counted_ns("516439 0 2\n"), Some(0));
        assert_eq!(counted_ns("0 0 0\n"), None);
        assert_eq!(counted_ns(""), None);
        assert!(!runqueues_ns(std::process::id() as i32).is_empty());
        assert!(runqueues_ns(-1).is_empty());
    }
}
