//! One check under way: its handles are watched, its threads report, and whoever hangs or panics is named.
//!
//! Public for programs that bring checks of their own, as `headlock verify` does.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
// The suite drives real threads and is no part of what loom explores, so it takes the real primitives.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

// Not the standard library's, which is compiled without what ThreadSanitizer would have to see.
use parking_lot::{Mutex, MutexGuard};

use super::line::{
    ANTICIPATE, CANCEL, CREATE, DEADLINE, DROP, EXPIRED, FREE, Line, Look, MAKING, MAKING_LIST, MODIFY, NOTHING,
    OWN_NAME, QUIESCENT, RUN, doing, thread_name,
};
use super::subject::{AnyHandle, List, Subject};
use super::words::{Numbers, Told};
use crate::conformance::{Effort, Failure, Guarantee, Violation};
use crate::{Config, LockCounts, Nanos, Rearm, TimerId};

/// A rule that was broken, before it is known whose.
pub struct Fault {
    /// What happened and what would be right, in one sentence.
    pub what: String,
    /// What led there, oldest first.
    pub events: Vec<String>,
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Fault { what, events: Vec::new() }
    }
}

/// What the body of a check returns: how many things it tried, or more than that.
pub type Found<T = u64> = Result<T, Fault>;

/// Compares an answer with the right one.
///
/// # Errors
/// If they differ.
pub fn right<T: PartialEq + Told>(what: impl std::fmt::Display, got: T, right: T) -> Found {
    if got == right {
        return Ok(1);
    }
    let mut timers = Numbers::default();
    let right = right.told(&mut timers);
    Err(format!("{what}: got {}, right is {right}", got.told(&mut timers)).into())
}

/// Ends the check from inside a callback, which cannot return an error.
pub fn abort(fault: Fault) -> ! {
    panic::resume_unwind(Box::new(fault))
}

/// Ends whatever goes on as [`abort`] does, and has the program's hook for panics told of it first: for what breaks the rules outside of a
/// check, too.
pub fn give_up(what: String) -> ! {
    panic::panic_any(Fault::from(what))
}

/// More than any check has timers due in one run. A run that fires for ever moves on from callback to callback, so that the
/// watchdog would see no hang, and what the callbacks keep would fill the memory.
const MOST_FIRED: u64 = 1 << 22;

/// A handle under watch.
pub struct Probe<'p> {
    handle: &'p mut dyn AnyHandle,
    line: &'p Line,
}

#[allow(missing_docs, reason = "each is the handle's operation of that name")]
impl Probe<'_> {
    pub fn create(&mut self) -> TimerId {
        self.line.during(CREATE, || self.handle.any_create())
    }
    pub fn free(&mut self, timer: TimerId) {
        self.line.names(timer, Nanos::ZERO).during(FREE, || self.handle.any_free(timer));
    }
    pub fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.line.names(timer, expire).during(MODIFY, || self.handle.any_modify(timer, expire))
    }
    pub fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.line.names(timer, expire).during(ANTICIPATE, || self.handle.any_anticipate(timer, expire))
    }
    pub fn cancel(&mut self, timer: TimerId) -> bool {
        self.line.names(timer, Nanos::ZERO).during(CANCEL, || self.handle.any_cancel(timer))
    }
    pub fn deadline(&mut self) -> Option<Nanos> {
        self.line.during(DEADLINE, || self.handle.any_deadline())
    }
    pub fn expired(&mut self, now: Nanos) -> bool {
        self.line.at(now).during(EXPIRED, || self.handle.any_expired(now))
    }
    pub fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Probe<'_>, TimerId)) -> usize {
        let line = self.line;
        let mut fired: u64 = 0;
        let mut call = |handle: &mut dyn AnyHandle, timer: TimerId| {
            fired += 1;
            if fired > MOST_FIRED {
                abort(format!("a run at {} has fired {MOST_FIRED} timers, and goes on", now.0).into());
            }
            line.in_callback(Some(timer));
            line.during(NOTHING, || fire(&mut Probe { handle, line }, timer));
            line.in_callback(None);
            line.at(now);
        };
        line.at(now).during(RUN, || self.handle.any_run(now, &mut call))
    }
    pub fn quiescent(&mut self) {
        self.line.during(QUIESCENT, || self.handle.any_quiescent());
    }
    pub fn lock_counts(&self) -> LockCounts {
        self.handle.any_lock_counts()
    }
    pub fn count_locks(&mut self, counting: bool) -> bool {
        self.handle.any_count_locks(counting)
    }

    /// The same handle, for as long as this one is not used.
    pub(super) fn reborrow(&mut self) -> Probe<'_> {
        Probe { handle: &mut *self.handle, line: self.line }
    }

    /// Creates a timer and arms it.
    pub fn armed(&mut self, expire: i64) -> TimerId {
        let timer = self.create();
        let _ = self.modify(timer, Nanos(expire));
        timer
    }

    /// Runs with callbacks that do nothing; the timers that fired, in order.
    pub fn fired(&mut self, now: Nanos) -> Vec<TimerId> {
        let mut fired = Vec::new();
        self.run(now, |_, timer| fired.push(timer));
        fired
    }
}

/// One check of one list type under way.
pub struct Trial {
    /// What is under check.
    pub subject: Subject,
    /// How much to try.
    pub effort: Effort,
    lines: Mutex<Vec<Arc<Line>>>,
    lines_made: AtomicUsize,
    handles_made: AtomicUsize,
    /// Set once a thread has found something, so that the others stop too.
    over: AtomicBool,
}

impl Trial {
    /// A check that is to try so much.
    pub fn new(subject: Subject, effort: &Effort) -> Self {
        Trial {
            subject,
            effort: *effort,
            lines: Mutex::default(),
            lines_made: AtomicUsize::new(0),
            handles_made: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// A fresh list.
    pub fn list(&self) -> List {
        self.list_with(&Config::default())
    }

    /// A fresh list that is told this.
    pub fn list_with(&self, config: &Config) -> List {
        let line = self.line();
        let list = line.during(MAKING_LIST, || self.subject.list_with(config));
        self.is_done(&line);
        list
    }

    /// A line of the calling thread's, under watch.
    fn line(&self) -> Arc<Line> {
        let id = self.lines_made.fetch_add(1, Ordering::Relaxed);
        let mut lines = self.lines();
        let handles = lines.iter().filter(|line| line.is_own()).count() as u64;
        let line = Arc::new(Line::new(id, handles + 1));
        lines.push(Arc::clone(&line));
        line
    }

    fn is_done(&self, line: &Arc<Line>) {
        self.lines().retain(|other| !Arc::ptr_eq(other, line));
    }

    /// Takes a handle, puts it under watch for as long as `act` uses it, and drops it.
    pub fn with_handle<R>(&self, list: &List, act: impl FnOnce(&mut Probe<'_>) -> R) -> R {
        let line = self.line();
        self.handles_made.fetch_add(1, Ordering::Relaxed);
        let mut handle = line.during(MAKING, || list.handle());
        let answer = act(&mut Probe { handle: &mut *handle, line: &line });
        line.during(DROP, || drop(handle));
        self.is_done(&line);
        answer
    }

    /// Handles that were taken so far.
    pub(super) fn handles_made(&self) -> usize {
        self.handles_made.load(Ordering::Relaxed)
    }

    /// Takes a handle on a fresh list, for checks that need no more.
    pub fn on_fresh_list<R>(&self, act: impl FnOnce(&mut Probe<'_>) -> R) -> R {
        self.with_handle(&self.list(), act)
    }

    /// The list's deadline, through a handle of its own.
    pub fn deadline(&self, list: &List) -> Option<Nanos> {
        #[allow(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is not general enough"
        )]
        self.with_handle(list, |list| list.deadline())
    }

    /// Runs `act` on `count` threads, and answers the sum of what they tried or the first fault.
    ///
    /// # Errors
    /// The first fault.
    ///
    /// # Panics
    /// As `act` does, or if the system has no thread left.
    pub fn threads(&self, count: usize, act: impl Fn(usize) -> Found + Sync) -> Found {
        self.threads_that(count, &act)
    }

    /// As [`threads`](Self::threads), compiled once.
    fn threads_that(&self, count: usize, act: &(dyn Fn(usize) -> Found + Sync)) -> Found {
        thread::scope(|scope| {
            let play = |index| {
                let mut found = Ok(0);
                let mut act = || found = act(index);
                let ended = panic::catch_unwind(AssertUnwindSafe(|| (self.effort.around)(&mut act)));
                let is_first = || !self.over.swap(true, Ordering::Relaxed);
                match ended {
                    Ok(()) => Ok(found.map_err(|fault| if is_first() { self.beside(fault) } else { fault })),
                    Err(payload) => Err(match payload.downcast::<Fault>() {
                        Ok(fault) if is_first() => Box::new(self.beside(*fault)),
                        Ok(fault) => fault,
                        Err(payload) => {
                            is_first();
                            payload
                        }
                    }),
                }
            };
            let threads: Vec<_> = (0..count)
                .map(|index| {
                    let named = thread::Builder::new().name(thread_name(index));
                    named.spawn_scoped(scope, move || play(index)).expect("the system has a thread left")
                })
                .collect();
            let mut sum = Ok(0);
            for thread in threads {
                match thread.join().and_then(|found| found) {
                    Ok(found) => sum = sum.and_then(|sum| Ok(sum + found?)),
                    Err(payload) => panic::resume_unwind(payload),
                }
            }
            sum
        })
    }

    /// Whether some thread has found a fault already.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Adds to a fault what the other threads are doing at the moment.
    fn beside(&self, mut fault: Fault) -> Fault {
        let doing = self.doing();
        if !doing.is_empty() {
            fault.events.push(format!("when that was found: {doing}"));
        }
        fault
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Arc<Line>>> {
        self.lines.lock()
    }

    /// What each thread is doing with its handle, for a reader.
    fn doing(&self) -> String {
        doing(self.lines().iter().map(|line| &**line))
    }

    /// What each handle is doing, to be compared with a later look.
    fn look(&self) -> Vec<Look> {
        self.lines().iter().map(|line| line.look()).collect()
    }
}

/// Runs a check on a thread of its own and watches it.
///
/// A check that hangs cannot be stopped; its threads are left behind with the list that they hang in.
///
/// # Errors
/// The violation, if there is one: a fault, a hang or a panic.
///
/// # Panics
/// If the system has no thread left.
pub fn watched<T: Send + 'static>(
    subject: Subject,
    check: &'static str,
    guarantee: Guarantee,
    effort: &Effort,
    body: impl FnOnce(&Trial) -> Found<T> + Send + 'static,
) -> Result<T, Violation> {
    watched_that(subject, check, guarantee, effort, Box::new(body))
}

/// The body of a check that answers with a `T`.
type Body<T> = Box<dyn FnOnce(&Trial) -> Found<T> + Send>;

/// As [`watched`], compiled once for each answer.
fn watched_that<T: Send + 'static>(
    subject: Subject,
    check: &'static str,
    guarantee: Guarantee,
    effort: &Effort,
    body: Body<T>,
) -> Result<T, Violation> {
    let strategy = subject.strategy.name;
    let violation = |failure, fault: Fault| Violation {
        strategy,
        check,
        guarantee,
        failure,
        what: fault.what,
        events: fault.events,
    };
    let trial = Arc::new(Trial::new(subject, effort));
    let (report, reports) = mpsc::channel();
    let played = Arc::clone(&trial);
    let check_thread = thread::Builder::new().name(OWN_NAME.to_owned());
    let check_thread = check_thread
        .spawn(move || {
            let found = panic::catch_unwind(AssertUnwindSafe(|| body(&played)));
            // The receiver is gone if the watchdog has given up.
            let _ = report.send(found);
        })
        .expect("the system has a thread left");
    let mut last: Option<Vec<Look>> = None;
    loop {
        match reports.recv_timeout(effort.patience) {
            Ok(found) => {
                // So that nothing of it is left when the next check begins. It cannot have panicked, having reported.
                let _ = check_thread.join();
                return match found {
                    Ok(found) => found.map_err(|fault| violation(Failure::Wrong, fault)),
                    Err(payload) => Err(match payload.downcast::<Fault>() {
                        Ok(fault) => violation(Failure::Wrong, *fault),
                        Err(payload) => {
                            violation(Failure::Panicked, format!("panicked: {}", message(&*payload)).into())
                        }
                    }),
                };
            }
            Err(_) => {
                let now = trial.look();
                if last.as_ref().is_some_and(|last| is_stuck(last, &now)) {
                    // Whatever is stuck was so at two looks, and may have been since just after the one before.
                    let [least, most] = [effort.patience, effort.patience * 2].map(duration);
                    let what = format!(
                        "hung: no progress for {least} to {most}; {}; every operation must come back",
                        trial.doing()
                    );
                    return Err(violation(Failure::Hung, what.into()));
                }
                last = Some(now);
            }
        }
    }
}

/// A time as people write it.
fn duration(time: Duration) -> String {
    match (time.as_millis(), time.subsec_millis()) {
        (_, 0) => format!("{} s", time.as_secs()),
        (ms @ ..1_000, _) => format!("{ms} ms"),
        _ => format!("{} s", time.as_secs_f64()),
    }
}

/// Whether some handle is in the very operation it was in before, or nothing at all has moved.
fn is_stuck(before: &[Look], now: &[Look]) -> bool {
    now.iter().any(|look| look.1 != 0 && before.contains(look)) || before == now
}

/// The text of a panic.
pub(super) fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Oracle;

    fn trial() -> Trial {
        Trial::new(Subject::of::<Oracle>(), &Effort::default())
    }

    #[test]
    fn the_watchdog_sees_every_handle_and_whether_it_gets_on() {
        let trial = trial();
        let list = trial.list();
        assert_eq!(trial.look(), []);
        trial.with_handle(&list, |first| {
            trial.with_handle(&list, |second| {
                let timer = first.armed(10);
                let before = trial.look();
                assert_eq!(before.iter().map(|look| look.1).collect::<Vec<_>>(), [0, 0], "between operations");
                second.deadline();
                let after = trial.look();
                assert_eq!((before[0] == after[0], before[1] == after[1]), (true, false));
                assert!(!is_stuck(&before, &after));
                second.run(Nanos(10), |second, fired| {
                    let in_callback = trial.look();
                    assert_eq!((fired, in_callback[1].1), (timer, 0), "a callback is no operation");
                    second.cancel(timer);
                    assert_ne!(trial.look(), in_callback);
                });
            });
            assert_eq!(trial.look().len(), 1);
        });
        assert_eq!(trial.look(), []);
    }

    #[test]
    fn stuck_is_who_stays_in_one_operation_or_all_who_do_nothing() {
        let modify = |beats| (1, 3, beats);
        let idle = |beats| (2, 0, beats);
        assert!(is_stuck(&[modify(5), idle(8)], &[modify(5), idle(9)]), "one hangs, the other gets on");
        assert!(is_stuck(&[idle(8)], &[idle(8)]), "nothing moves");
        assert!(!is_stuck(&[modify(5), idle(8)], &[modify(7), idle(8)]), "one waits for the other");
        assert!(!is_stuck(&[idle(8)], &[]), "its handle is gone");
    }

    #[test]
    fn what_threads_try_adds_up_and_the_first_fault_is_the_answer() {
        let trial = trial();
        assert!(matches!(trial.threads(3, |index| Ok(index as u64 + 5)), Ok(18)));
        assert!(!trial.is_over());
        let fault = trial.threads(3, |index| {
            if index == 1 {
                Err("wrong".to_owned().into())
            } else {
                Ok(1)
            }
        });
        assert_eq!((fault.err().map(|fault| fault.what), trial.is_over()), (Some("wrong".to_owned()), true));
    }
}
