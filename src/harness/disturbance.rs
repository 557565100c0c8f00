//! Whether something other than the strategies decided a trial's figures. Measured, not assumed.
//!
//! **What counts.** A thread bound to a processor of its own may lose time in three ways. It may be kept from its processor by
//! another process: the scheduler counts that, as time on the run queue. It may be stopped by the hypervisor or an
//! interrupt: then wall time goes by that is neither its processor time nor run-queue time. Or it may go to sleep by itself,
//! because the strategy parks it or the load is paced: that is no disturbance but what is measured, and it must never make a
//! strategy's trials disappear, least of all that of a stranger whose lock counts nothing. So:
//!
//! - A thread that never slept has lost all wall time that is not its processor time.
//! - A thread that slept has lost its time on the run queue, less what waking up explains ([`WAKE_NS`] each). What a
//!   hypervisor takes from it cannot be told from its sleep. The rule is blinder there, never harsher.
//!
//! - A thread that was kept from its processor for nearly the whole trial wakes up when measuring is over, and finds its tiny window
//!   undisturbed. So a window that is much shorter than the trial counts as disturbed too, and so does a trial without any
//!   operation, however many threads share a processor.
//!
//! Steal time is recorded too, but not relied on: many hypervisors do not report it, and the kernel counts it in steps of 10 ms.
//!
//! **What follows.** A disturbed trial is played once more at the end of its block, whatever its figure was, and both are
//! kept in the file. If the second is disturbed too, that block says nothing of that strategy. The rule does not look at
//! figures, and the same goes for every strategy, the baseline and both controls included.
//!
//! **The hiccup control** is the floor's trial: it plays the same script at the same point in every block, so the tail of its
//! latencies is what the machine and the harness do by themselves. Tables set every tail beside it; a disturbance too
//! short to mark a trial shows there.

use super::job::{Load, Outcome, ThreadOutcome};
use super::pin::shares_a_cpu;

/// Share of the threads' wall time that may be lost before a trial counts as disturbed.
const MOST_LOST: f64 = 0.02;
/// Share of the longest measured window during which all threads must have measured.
const LEAST_OVERLAP: f64 = 0.9;
/// A thread woken up waits about this long for an idle processor to leave its sleep, ns: some 30 µs in a virtual machine.
const WAKE_NS: u64 = 50_000;

/// Why a trial of `trial_ns` is disturbed, if it is. Threads that share processors, or may, keep each other waiting, and are not judged.
pub fn of(outcome: &Outcome, load: &Load, cpus: &[usize], trial_ns: u64) -> Option<String> {
    if outcome.threads.iter().all(|thread| thread.ops == 0) {
        return Some("no operation was done".to_owned());
    }
    if cpus.is_empty() || shares_a_cpu(outcome.threads.len(), cpus) {
        return None;
    }
    let sum = |part: fn(&ThreadOutcome) -> u64| outcome.threads.iter().map(part).sum::<u64>();
    let lost = sum(lost_ns) as f64 / sum(|thread| thread.elapsed_ns).max(1) as f64;
    if lost > MOST_LOST {
        return Some(format!("{:.1} % of the threads' time went elsewhere", lost * 100.0));
    }
    if !matches!(load, Load::Synthetic { .. }) {
        return None;
    }
    let shortest = outcome.threads.iter().map(|thread| thread.elapsed_ns).min().unwrap_or(0);
    if (shortest as f64) < LEAST_OVERLAP * trial_ns as f64 {
        return Some(format!("a thread measured for only {shortest} ns of a trial of {trial_ns} ns"));
    }
    let overlap = overlap(&outcome.threads);
    if overlap < LEAST_OVERLAP {
        return Some(format!("all threads measured together for only {:.1} % of the trial", overlap * 100.0));
    }
    None
}

/// Time that something else took from a thread, by the rule above.
fn lost_ns(thread: &ThreadOutcome) -> u64 {
    match thread.sleeps {
        0 => thread.elapsed_ns.saturating_sub(thread.cpu_ns),
        sleeps => thread.runqueue_ns.saturating_sub(sleeps.saturating_mul(WAKE_NS)),
    }
}

/// Share of the time from the first thread's start to the last one's end during which all of them measured, 0 to 1.
pub fn overlap(threads: &[ThreadOutcome]) -> f64 {
    let first_start = threads.iter().map(|thread| thread.start_ns).min().unwrap_or(0);
    let last_start = threads.iter().map(|thread| thread.start_ns).max().unwrap_or(0);
    let first_end = threads.iter().map(|thread| thread.end_ns).min().unwrap_or(0);
    let last_end = threads.iter().map(|thread| thread.end_ns).max().unwrap_or(0);
    first_end.saturating_sub(last_start) as f64 / last_end.saturating_sub(first_start).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{Order, Speed};
    use crate::workload::Workload;

    const CPUS: [usize; 2] = [0, 1];
    const TRIAL_NS: u64 = 20_000_000;

    fn load() -> Load {
        Load::Replay { trace: "x".into(), order: Order::Threads, speed: Speed::Max }
    }

    /// Two threads that measured for 20 ms, of which each had `cpu_ms`, slept `sleeps` times and queued for `runqueue_ms`.
    fn outcome(cpu_ms: f64, sleeps: u64, runqueue_ms: f64) -> Outcome {
        let ns = |ms: f64| (ms * 1e6) as u64;
        let thread = ThreadOutcome {
            ops: 1_000,
            end_ns: ns(20.0),
            elapsed_ns: ns(20.0),
            cpu_ns: ns(cpu_ms),
            sleeps,
            runqueue_ns: ns(runqueue_ms),
            ..ThreadOutcome::default()
        };
        Outcome { threads: vec![thread.clone(), thread], ..Outcome::default() }
    }

    #[test]
    fn a_thread_that_never_slept_accounts_for_all_its_time() {
        assert_eq!(of(&outcome(19.9, 0, 0.0), &load(), &CPUS, TRIAL_NS), None);
        let taken_by_the_hypervisor = of(&outcome(19.0, 0, 0.0), &load(), &CPUS, TRIAL_NS).unwrap();
        assert_eq!(taken_by_the_hypervisor, "5.0 % of the threads' time went elsewhere");
        assert!(of(&outcome(19.0, 0, 1.0), &load(), &CPUS, TRIAL_NS).is_some(), "by another process");
    }

    #[test]
    fn parking_is_no_disturbance_whether_or_not_the_lock_counts_it() {
        // Half of the time asleep, as under a plug-in's own mutex that everybody wants.
        assert_eq!(of(&outcome(10.0, 300, 6.0), &load(), &CPUS, TRIAL_NS), None);
        assert_eq!(of(&outcome(0.1, 5, 0.1), &load(), &CPUS, TRIAL_NS), None, "a paced load");
    }

    #[test]
    fn a_thread_that_slept_may_still_be_kept_from_its_processor() {
        let text = of(&outcome(10.0, 10, 6.5), &load(), &CPUS, TRIAL_NS).unwrap();
        assert_eq!(text, "30.0 % of the threads' time went elsewhere");
    }

    #[test]
    fn a_thread_that_came_too_late_measured_nothing() {
        let synthetic = || Load::Synthetic {
            workload: Box::new(Workload::preset("hot").unwrap()),
            threads: 2,
        };
        let mut late = outcome(20.0, 0, 0.0);
        assert_eq!(of(&late, &synthetic(), &CPUS, TRIAL_NS), None);
        late.threads[1] = ThreadOutcome {
            elapsed_ns: 310,
            cpu_ns: 310,
            ops: 0,
            ..late.threads[1].clone()
        };
        let text = of(&late, &synthetic(), &CPUS, TRIAL_NS).unwrap();
        assert_eq!(text, "a thread measured for only 310 ns of a trial of 20000000 ns");
        late.threads.iter_mut().for_each(|thread| thread.ops = 0);
        assert_eq!(of(&late, &load(), &[], TRIAL_NS).as_deref(), Some("no operation was done"));
    }

    #[test]
    fn threads_that_share_processors_are_not_judged() {
        assert_eq!(of(&outcome(10.0, 0, 10.0), &load(), &[0], TRIAL_NS), None);
        assert_eq!(of(&outcome(10.0, 0, 10.0), &load(), &[], TRIAL_NS), None);
    }
}
