//! Whether something other than the strategies decided a trial's figures. Measured, not assumed.

use super::job::{Load, Outcome, Speed, ThreadOutcome};

/// Share of the threads' wall time that may go by without processor time before a trial counts as disturbed.
const UNEXPLAINED: f64 = 0.02;
/// Share of the longest measured window during which all threads must have measured.
const LEAST_OVERLAP: f64 = 0.9;

/// Why a trial is disturbed, if it is.
///
/// A thread that is always at work uses as much processor time as wall time goes by. What is missing was taken from it, by
/// another process or by the hypervisor, unless it waited for a lock, which is counted apart. Steal time is recorded too,
/// but not relied on: many hypervisors do not report it.
pub fn of(outcome: &Outcome, load: &Load, cpus: &[usize]) -> Option<String> {
    let synthetic = matches!(load, Load::Synthetic { .. });
    if synthetic && outcome.threads.iter().any(|thread| thread.ops == 0) {
        return Some("a thread did nothing while the others measured".to_owned());
    }
    let oversubscribed = cpus.is_empty() || outcome.threads.len() > cpus.len();
    let sleeps = matches!(load, Load::Replay { speed: Speed::Times(_), .. });
    if oversubscribed || sleeps {
        return None;
    }
    let sum = |part: fn(&ThreadOutcome) -> u64| outcome.threads.iter().map(part).sum::<u64>();
    let wall_ns = sum(|thread| thread.elapsed_ns);
    let missing_ns = wall_ns.saturating_sub(sum(|thread| thread.cpu_ns) + outcome.lock_wait_ns);
    let missing = missing_ns as f64 / wall_ns.max(1) as f64;
    if missing > UNEXPLAINED {
        return Some(format!("{:.1} % of the threads' time went elsewhere", missing * 100.0));
    }
    let overlap = overlap(&outcome.threads);
    if synthetic && overlap < LEAST_OVERLAP {
        return Some(format!("all threads measured together for only {:.1} % of the trial", overlap * 100.0));
    }
    None
}

/// Share of the time from the first thread's start to the last one's end during which all of them measured, 0 to 1.
pub fn overlap(threads: &[ThreadOutcome]) -> f64 {
    let first_start = threads.iter().map(|thread| thread.start_ns).min().unwrap_or(0);
    let last_start = threads.iter().map(|thread| thread.start_ns).max().unwrap_or(0);
    let first_end = threads.iter().map(|thread| thread.end_ns).min().unwrap_or(0);
    let last_end = threads.iter().map(|thread| thread.end_ns).max().unwrap_or(0);
    first_end.saturating_sub(last_start) as f64 / last_end.saturating_sub(first_start).max(1) as f64
}
