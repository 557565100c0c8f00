//! Whether something other than the strategies decided the figures of a block's pass. Measured, not assumed.
//!
//! **What counts.** A thread bound to a processor of its own may lose time in three ways. It may be kept from its processor by
//! another process: the scheduler counts that, as time on the run queue. It may be stopped by the hypervisor or an
//! interrupt: then wall time goes by that is neither its processor time nor run-queue time. Or it may go to sleep by itself,
//! because a strategy parks it or the load is paced: that is no disturbance but what is measured. So:
//!
//! - Slices in which a thread never slept account for all their time: what is not processor time is lost. The meetings before and
//!   after are in it.
//! - Where all slept, the block's time on the run queue counts, less what waking up explains ([`WAKE_NS`] each). What a
//!   hypervisor takes from a sleeper cannot be told from its sleep.
//! - A process may stand still: by a signal, a frozen control group, a suspended machine, a debugger. The kernel counts a stop as going to
//!   sleep, so neither of these sees it. But somebody always runs or could run in a slice, whatever lists do: who sleeps for a lock waits for
//!   one that has it. So a slice that lasted longer than all its threads ran, queued and woke up, one after the other, stood still for
//!   the rest; from [`STOP_NS`] on that is a disturbance. Only a replay at its own pace sleeps on purpose; there each pause
//!   knows when it was to end, and what it is late by is what counts. This is judged however threads are bound, since the run queue is
//!   not held against them. No clock that goes on while the machine is suspended is asked: processes are stopped long before it is.
//! - A pass in which a contestant did no operation at all is disturbed too.
//!
//! **One verdict for all.** It is about the pass of a block, and every contestant's trial of that pass bears it, whether its threads
//! sleep or spin: what was taken from one slice would else make that contestant's trials disappear alone.
//!
//! Steal time is recorded too, but not relied on: many hypervisors do not report it, and the kernel counts it in steps of 10 ms.
//!
//! **What follows.** What was disturbed is played once more at the end of its block, whatever its figures were, and both are
//! kept in the file. If the second is disturbed too, the block says nothing at that point. The rule does not look at figures.
//!
//! **The hiccup control** is the floor's trial: it plays the same script at the same point in every block, so the tail of its
//! latencies is what the machine and the harness do by themselves. Tables set every tail beside it; a disturbance too
//! short to mark a trial shows there.

use super::job::{Outcome, Watch};
use super::pin::shares_a_cpu;

/// Share of the threads' wall time that may be lost before a block's pass counts as disturbed.
const MOST_LOST: f64 = 0.02;
/// Share of it that must account for itself, or else the run queue is looked at.
const LEAST_AWAKE: f64 = 0.1;
/// A thread woken up waits about this long for an idle processor to leave its sleep, ns: some 30 µs in a virtual machine.
const WAKE_NS: u64 = 50_000;

/// Standing still for so long in one slice, or at the end of one pause, is no accident of waking up, ns.
pub const STOP_NS: u64 = 5_000_000;

/// What one thread's time went to in a slice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stretch {
    /// All of it, meetings included, ns.
    pub wall_ns: u64,
    /// What of it the thread neither ran nor waited for a processor, ns.
    pub away_ns: u64,
    /// By how much pauses were longer than asked for, as [`wait_until`](super::pace::wait_until) says, less what it waited for a processor, ns.
    pub kept_ns: u64,
    /// Times that it went to sleep.
    pub sleeps: u64,
}

/// For how long the process stood still in a slice, as its threads have it, ns; 0 for less than [`STOP_NS`]. `pauses`: whether threads sleep
/// between operations.
pub fn stopped_ns(slice: &[Stretch], pauses: bool) -> u64 {
    let stopped_ns = if pauses {
        slice.iter().map(|it| it.kept_ns).max().unwrap_or(0)
    } else {
        let explained = |it: &Stretch| (it.wall_ns - it.away_ns).saturating_add(it.sleeps.saturating_mul(WAKE_NS));
        // The last to come to the slice: the others have waited for it, and what kept it belongs to its slice before.
        let wall_ns = slice.iter().map(|it| it.wall_ns).min().unwrap_or(0);
        wall_ns.saturating_sub(slice.iter().map(explained).sum())
    };
    if stopped_ns < STOP_NS { 0 } else { stopped_ns }
}

/// Why a pass is disturbed, if it is, in which these took part. Threads that share processors, or may, keep each other waiting, and are
/// not judged for that; `cpus` are bound to.
pub fn of(watch: &Watch, parts: &[Outcome], cpus: &[usize]) -> Option<String> {
    let mut parts = parts.iter().filter(|part| part.pass == watch.pass);
    let threads = parts.clone().map(|part| part.threads.len()).max().unwrap_or(0);
    if let Some(idle) = parts.find(|part| part.threads.iter().all(|thread| thread.ops == 0)) {
        return Some(format!("{} did no operation", idle.name));
    }
    if watch.stopped_ns > 0 {
        return Some(format!("the process stood still for {:.0} ms", watch.stopped_ns as f64 / 1e6));
    }
    if cpus.is_empty() || shares_a_cpu(threads, cpus) {
        return None;
    }
    let share = |lost_ns: u64, of_ns: u64| lost_ns as f64 / of_ns.max(1) as f64;
    let lost = if share(watch.awake_ns, watch.wall_ns) < LEAST_AWAKE {
        share(watch.runqueue_ns.saturating_sub(watch.sleeps.saturating_mul(WAKE_NS)), watch.block_ns)
    } else {
        share(watch.lost_ns, watch.awake_ns)
    };
    (lost > MOST_LOST).then(|| format!("{:.1} % of the threads' time went elsewhere", lost * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::job::ThreadOutcome;
    use crate::record::Pass;

    const MS: u64 = 1_000_000;

    /// 100 ms of two threads that were awake for this long, lost and queued for so long, and slept so often.
    fn watch(awake_ms: u64, lost_ms: u64, sleeps: u64, runqueue_ms: u64) -> Watch {
        Watch {
            pass: Pass::Throughput,
            wall_ns: 100 * MS,
            awake_ns: awake_ms * MS,
            lost_ns: lost_ms * MS,
            stopped_ns: 0,
            sleeps,
            runqueue_ns: runqueue_ms * MS,
            block_ns: 100 * MS,
        }
    }

    fn part(name: &str, ops: u64) -> Outcome {
        let thread = ThreadOutcome { ops, ..ThreadOutcome::default() };
        Outcome {
            name: name.to_owned(),
            pass: Pass::Throughput,
            threads: vec![thread.clone(), thread],
            locks: None,
            retries: 0,
            retired: 0,
            peak_unreclaimed: 0,
            active_start: 0,
            active_end: 0,
            histograms: Vec::new(),
            slices: 1,
            overlap: 1.0,
            log_ratio: None,
            log_net_ratio: None,
            log_over_floor: None,
        }
    }

    #[test]
    fn threads_that_never_slept_account_for_all_their_time() {
        let parts = [part("mutex", 1_000)];
        assert_eq!(of(&watch(100, 2, 0, 0), &parts, &[0, 1]), None);
        assert_eq!(of(&watch(100, 5, 0, 0), &parts, &[0, 1]).unwrap(), "5.0 % of the threads' time went elsewhere");
    }

    #[test]
    fn where_some_slept_the_others_slices_tell() {
        let parts = [part("mutex", 1_000)];
        assert_eq!(of(&watch(50, 1, 3_000, 60), &parts, &[0, 1]), None, "parking is no disturbance");
        assert_eq!(of(&watch(50, 3, 3_000, 60), &parts, &[0, 1]).unwrap(), "6.0 % of the threads' time went elsewhere");
    }

    #[test]
    fn where_all_slept_the_run_queue_tells() {
        let parts = [part("mutex", 1_000)];
        assert_eq!(of(&watch(1, 1, 40, 2), &parts, &[0, 1]), None, "waking up");
        assert_eq!(of(&watch(1, 0, 40, 12), &parts, &[0, 1]).unwrap(), "10.0 % of the threads' time went elsewhere");
    }

    /// A thread's time in a slice, µs, of which it was away for so long, and slept so often.
    fn stretch(wall_us: u64, away_us: u64, sleeps: u64) -> Stretch {
        Stretch {
            wall_ns: wall_us * 1_000,
            away_ns: away_us * 1_000,
            kept_ns: 0,
            sleeps,
        }
    }

    #[test]
    fn a_slice_in_which_nobody_ran_or_could_have_run_stood_still() {
        let stopped = |slice: &[Stretch]| stopped_ns(slice, false) / MS;
        assert_eq!(stopped(&[stretch(13_227_000, 13_226_900, 1)]), 13_226);
        assert_eq!(stopped(&[stretch(10_110, 10_050, 1)]), 10, "a slice of 100 us");
        assert_eq!(stopped(&[stretch(10_110, 4_000, 0)]), 0, "less than counts");
        assert_eq!(stopped(&[stretch(2_000_000, 0, 0)]), 0, "all run, or queued for");
        assert_eq!(stopped(&[stretch(10_110, 10_050, 1); 16]), 8, "of sixteen threads, less what explains itself");
    }

    #[test]
    fn lists_that_sleep_for_a_lock_do_not_stand_still() {
        let stopped = |slice: &[Stretch]| stopped_ns(slice, false) / MS;
        let one_after_the_other = [
            stretch(80_000, 61_000, 40),
            stretch(80_000, 59_000, 40),
            stretch(80_000, 40_000, 9),
        ];
        assert_eq!(stopped(&one_after_the_other), 0);
        let handed_on = [stretch(400_000, 390_000, 4_000), stretch(400_000, 390_000, 4_000)];
        assert_eq!(stopped(&handed_on), 0, "asleep at every operation");
        let holder_queued = [stretch(20_100, 0, 0), stretch(20_100, 20_050, 1)];
        assert_eq!(stopped(&holder_queued), 0, "one waits for a processor, the other for the one");
        let queued_before = [
            stretch(12_000, 11_900, 1),
            stretch(12_000, 11_900, 1),
            stretch(150, 0, 0),
        ];
        assert_eq!(
            stopped(&queued_before),
            0,
            "two meet a third, which waited for a processor when it left the last slice"
        );
        assert_eq!(stopped(&[stretch(2_000_200, 2_000_150, 2), stretch(2_000_200, 2_000_050, 1)]), 1_999);
    }

    #[test]
    fn threads_that_pause_stand_still_where_a_pause_does_not_end() {
        let asleep = Stretch {
            wall_ns: 5_000 * MS,
            away_ns: 4_990 * MS,
            kept_ns: 0,
            sleeps: 900,
        };
        assert_eq!(stopped_ns(&[asleep; 2], true), 0);
        let kept = Stretch { kept_ns: 12 * MS, ..asleep };
        assert_eq!(stopped_ns(&[asleep, kept], true), 12 * MS);
        assert_eq!(stopped_ns(&[asleep, Stretch { kept_ns: 4 * MS, ..asleep }], true), 0);
    }

    #[test]
    fn standing_still_is_a_disturbance_however_threads_are_bound() {
        let parts = [part("mutex", 1_000)];
        let stopped = Watch { stopped_ns: 503 * MS, ..watch(1, 0, 1, 0) };
        for cpus in [&[][..], &[0], &[0, 1]] {
            assert_eq!(of(&stopped, &parts, cpus).unwrap(), "the process stood still for 503 ms");
        }
    }

    #[test]
    fn who_did_nothing_has_no_figure_however_threads_are_bound() {
        let parts = [part("mutex", 1_000), part("seqlock", 0)];
        assert_eq!(of(&watch(100, 0, 0, 0), &parts, &[]).unwrap(), "seqlock did no operation");
        let latency = Watch { pass: Pass::Latency, ..watch(100, 0, 0, 0) };
        assert_eq!(of(&latency, &parts, &[]), None, "of another pass");
    }

    #[test]
    fn threads_that_share_processors_are_not_judged() {
        assert_eq!(of(&watch(100, 50, 0, 0), &[part("mutex", 1_000)], &[0]), None);
        assert_eq!(of(&watch(100, 50, 0, 0), &[part("mutex", 1_000)], &[]), None);
    }
}
