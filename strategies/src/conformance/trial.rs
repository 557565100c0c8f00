//! One check under way: its handles are watched, its threads report, and whoever hangs or panics is named.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
// The suite drives real threads and is no part of what loom explores, so it takes the real primitives.
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::conformance::{Effort, Failure, Guarantee, Outcome, Violation};
use crate::{Config, Nanos, Rearm, TimerHandle, TimerId, TimerList};

/// A rule that was broken, before it is known whose.
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) events: Vec<String>,
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Fault { what, events: Vec::new() }
    }
}

/// What the body of a check returns: how many things it tried.
pub(super) type Found<T = u64> = Result<T, Fault>;

/// Compares an answer with the right one.
pub(super) fn right<T: PartialEq + std::fmt::Debug>(what: impl std::fmt::Display, got: T, right: T) -> Found {
    if got == right {
        Ok(1)
    } else {
        Err(format!("{what}: got {got:?}, right is {right:?}").into())
    }
}

/// Ends the check from inside a callback, which cannot return an error.
pub(super) fn abort(fault: Fault) -> ! {
    panic::resume_unwind(Box::new(fault))
}

/// What one handle is doing. Written by its thread, read by the watchdog.
#[derive(Default)]
struct Line {
    /// Tells it from the others of its trial.
    id: usize,
    /// Index into [`OPERATIONS`]; 0 between operations.
    operation: AtomicUsize,
    /// Operations begun and ended.
    beats: AtomicU64,
}

/// Names for the watchdog's report.
const OPERATIONS: [&str; 12] = [
    "nothing",
    "create",
    "free",
    "modify",
    "anticipate",
    "cancel",
    "deadline",
    "expired",
    "run",
    "quiescent",
    "the making of a handle",
    "the drop of a handle",
];

impl Line {
    fn during<R>(&self, operation: usize, act: impl FnOnce() -> R) -> R {
        let outer = self.operation.swap(operation, Ordering::Relaxed);
        self.beats.fetch_add(1, Ordering::Relaxed);
        let answer = act();
        self.operation.store(outer, Ordering::Relaxed);
        self.beats.fetch_add(1, Ordering::Relaxed);
        answer
    }

    fn look(&self) -> Look {
        (self.id, self.operation.load(Ordering::Relaxed), self.beats.load(Ordering::Relaxed))
    }
}

/// A line's number, operation and beats at one moment.
type Look = (usize, usize, u64);

/// A handle under watch.
pub(super) struct Probe<'p, H> {
    handle: &'p mut H,
    line: &'p Line,
}

impl<H: TimerHandle> Probe<'_, H> {
    pub(super) fn create(&mut self) -> TimerId {
        self.line.during(1, || self.handle.create())
    }
    pub(super) fn free(&mut self, timer: TimerId) {
        self.line.during(2, || self.handle.free(timer));
    }
    pub(super) fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.line.during(3, || self.handle.modify(timer, expire))
    }
    pub(super) fn anticipate(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        self.line.during(4, || self.handle.anticipate(timer, expire))
    }
    pub(super) fn cancel(&mut self, timer: TimerId) -> bool {
        self.line.during(5, || self.handle.cancel(timer))
    }
    pub(super) fn deadline(&mut self) -> Option<Nanos> {
        self.line.during(6, || self.handle.deadline())
    }
    pub(super) fn expired(&mut self, now: Nanos) -> bool {
        self.line.during(7, || self.handle.expired(now))
    }
    pub(super) fn run(&mut self, now: Nanos, mut fire: impl FnMut(&mut Probe<'_, H>, TimerId)) -> usize {
        let line = self.line;
        line.during(8, || {
            self.handle.run(now, |handle, timer| line.during(0, || fire(&mut Probe { handle, line }, timer)))
        })
    }
    pub(super) fn quiescent(&mut self) {
        self.line.during(9, || self.handle.quiescent());
    }

    /// Creates a timer and arms it.
    pub(super) fn armed(&mut self, expire: i64) -> TimerId {
        let timer = self.create();
        let _ = self.modify(timer, Nanos(expire));
        timer
    }

    /// Runs with callbacks that do nothing; the timers that fired, in order.
    pub(super) fn fired(&mut self, now: Nanos) -> Vec<TimerId> {
        let mut fired = Vec::new();
        self.run(now, |_, timer| fired.push(timer));
        fired
    }
}

/// One check of one list type under way.
pub(super) struct Trial<L> {
    pub(super) effort: Effort,
    lines: Mutex<Vec<Arc<Line>>>,
    lines_made: AtomicUsize,
    /// Set once a thread has found something, so that the others stop too.
    over: AtomicBool,
    list: PhantomData<fn() -> L>,
}

impl<L: TimerList> Trial<L> {
    pub(super) fn new(effort: &Effort) -> Self {
        Trial {
            effort: *effort,
            lines: Mutex::default(),
            lines_made: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            list: PhantomData,
        }
    }

    /// A fresh list.
    pub(super) fn list(&self) -> L {
        L::new(&Config::default())
    }

    /// Takes a handle, puts it under watch for as long as `act` uses it, and drops it.
    pub(super) fn with_handle<R>(&self, list: &L, act: impl FnOnce(&mut Probe<'_, L::Handle<'_>>) -> R) -> R {
        let id = self.lines_made.fetch_add(1, Ordering::Relaxed);
        let line = Arc::new(Line { id, ..Line::default() });
        self.lines().push(Arc::clone(&line));
        let mut handle = line.during(10, || list.handle());
        let answer = act(&mut Probe { handle: &mut handle, line: &line });
        line.during(11, || drop(handle));
        self.lines().retain(|other| !Arc::ptr_eq(other, &line));
        answer
    }

    /// Takes a handle on a fresh list, for checks that need no more.
    pub(super) fn on_fresh_list<R>(&self, act: impl FnOnce(&mut Probe<'_, L::Handle<'_>>) -> R) -> R {
        self.with_handle(&self.list(), act)
    }

    /// The list's deadline, through a handle of its own.
    pub(super) fn deadline(&self, list: &L) -> Option<Nanos> {
        #[allow(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is not general enough"
        )]
        self.with_handle(list, |list| list.deadline())
    }

    /// Runs `act` on `count` threads, and answers the sum of what they tried or the first fault.
    pub(super) fn threads(&self, count: usize, act: impl Fn(usize) -> Found + Sync) -> Found {
        let act = &act;
        thread::scope(|scope| {
            let play = |index| {
                let found = panic::catch_unwind(AssertUnwindSafe(|| act(index)));
                if !matches!(found, Ok(Ok(_))) {
                    self.over.store(true, Ordering::Relaxed);
                }
                found
            };
            let threads: Vec<_> = (0..count).map(|index| scope.spawn(move || play(index))).collect();
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
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Line>>> {
        self.lines.lock().expect("nothing panics while holding it")
    }

    /// What each handle is doing, to be compared with a later look.
    fn look(&self) -> Vec<Look> {
        self.lines().iter().map(|line| line.look()).collect()
    }
}

/// Runs a check on a thread of its own and watches it.
///
/// A check that hangs cannot be stopped; its threads are left behind with the list that they hang in.
pub(super) fn watched<L: TimerList>(
    check: &'static str,
    guarantee: Guarantee,
    effort: &Effort,
    body: fn(&Trial<L>) -> Found,
) -> Outcome {
    let strategy = L::STRATEGY.name;
    let violation = |failure, fault: Fault| Violation {
        strategy,
        check,
        guarantee,
        failure,
        what: fault.what,
        events: fault.events,
    };
    let trial = Arc::new(Trial::<L>::new(effort));
    let (report, reports) = mpsc::channel();
    let played = Arc::clone(&trial);
    thread::spawn(move || {
        let found = panic::catch_unwind(AssertUnwindSafe(|| body(&played)));
        // The receiver is gone if the watchdog has given up.
        let _ = report.send(found);
    });
    let mut last: Option<Vec<Look>> = None;
    loop {
        match reports.recv_timeout(effort.patience) {
            Ok(Ok(found)) => return found.map_err(|fault| violation(Failure::Wrong, fault)),
            Ok(Err(payload)) => {
                return Err(match payload.downcast::<Fault>() {
                    Ok(fault) => violation(Failure::Wrong, *fault),
                    Err(payload) => violation(Failure::Panicked, format!("panicked: {}", message(&*payload)).into()),
                });
            }
            Err(_) => {
                let now = trial.look();
                if last.as_ref().is_some_and(|last| is_stuck(last, &now)) {
                    let doing: Vec<_> = now.iter().map(|&(_, operation, _)| OPERATIONS[operation]).collect();
                    let what = format!(
                        "hung: nothing moved for {:?}; the handles are in {}; every operation must come back",
                        effort.patience,
                        doing.join(", ")
                    );
                    return Err(violation(Failure::Hung, what.into()));
                }
                last = Some(now);
            }
        }
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
