//! The threads that may be stopped: slots that are never freed, so that a late signal finds nothing that is gone.
//!
//! | field | who writes it | when |
//! |---|---|---|
//! | `thread` | [`register`], under the lock | a thread takes the slot; it stays until another thread does |
//! | `registered` | [`register`], [`Registered::drop`], under the lock | while the thread may be stopped and has a timer |
//! | `drawn` | [`register`]; [`set_all`], under the lock; the handler | per number drawn |
//! | `paused`, `used` | [`register`]; [`set_all`], under the lock; the handler | per pause |
//!
//! The handler takes no lock: it looks for its thread's number, which no other slot has. If the thread is not registered any more, the
//! handler returns at once; another thread may just be taking the slot then, which writes its number before `registered`.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::driver;
use crate::timer::Timer;
use crate::{StopsError, handler};

/// How many threads can be registered at a time.
pub const THREADS_MAX: usize = 512;

/// The least pause of a thread that slept through most of the last one, in timer slacks of the thread: 200 µs where a slack is 50 µs, as
/// by default. A sleep that a signal interrupts is begun again with what the kernel says is left of it, and that includes the
/// slack: if every pause ended within it, a sleep would never end, and the watchdog would blame whoever sleeps.
const SLEEPERS_SLACKS: u64 = 4;

struct Slot {
    /// The thread's number; 0 if no thread ever had this slot, and then none had those behind it.
    thread: AtomicI32,
    registered: AtomicBool,
    timer: Timer,
    /// Where the slot's random numbers are.
    drawn: AtomicU64,
    /// The pause that the timer is set to, ns.
    paused: AtomicU64,
    /// Processor time that the thread had used when it began, ns.
    used: AtomicU64,
}

static SLOTS: [Slot; THREADS_MAX] = [const {
    Slot {
        thread: AtomicI32::new(0),
        registered: AtomicBool::new(false),
        timer: Timer::none(),
        drawn: AtomicU64::new(0),
        paused: AtomicU64::new(0),
        used: AtomicU64::new(0),
    }
}; THREADS_MAX];

/// Threads that are registered. Written under the lock.
static REGISTERED: AtomicUsize = AtomicUsize::new(0);

/// Threads that are in the handler. Written by it.
static STOPPED: AtomicUsize = AtomicUsize::new(0);

/// Stops that are over. Written by the handler.
static DELIVERED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether the thread is registered. The handler does not look at it.
    static IS_REGISTERED: Cell<bool> = const { Cell::new(false) };
}

/// How many stops threads of this process have gone through, from its start.
pub fn delivered() -> u64 {
    DELIVERED.load(Ordering::Relaxed)
}

/// While it lives, the thread that made it may be stopped. It stays on its thread.
#[derive(Debug)]
#[must_use = "the thread is unregistered when this is dropped"]
pub struct Registered {
    slot: usize,
    _of_this_thread: PhantomData<*mut ()>,
}

/// Puts the calling thread among those that are stopped while a [`Driver`](crate::Driver) lives, and lifts a block of the signal in
/// it. It takes a few system calls, so it stands outside of what is to be stopped.
///
/// # Errors
/// If something else handles the signal, the thread is registered, there is no room, or the system gives no timer.
pub fn register() -> Result<Registered, StopsError> {
    if IS_REGISTERED.get() {
        return Err(StopsError::Already);
    }
    handler::install()?;
    handler::unblock()?;
    let this = handler::this_thread();
    let _lock = lock();
    // The number may be that of a thread that ended with its registration leaked; then the slot is taken over.
    let own = SLOTS.iter().position(|slot| slot.thread.load(Ordering::Relaxed) == this);
    let free = || SLOTS.iter().position(|slot| !slot.registered.load(Ordering::Relaxed));
    let index = own.or_else(free).ok_or(StopsError::Full)?;
    let slot = &SLOTS[index];
    if slot.registered.load(Ordering::Relaxed) {
        slot.retire();
    }
    slot.timer.make(this)?;
    slot.thread.store(this, Ordering::Relaxed);
    // Release: a handler of the slot's last thread that sees this sees the number too.
    slot.registered.store(true, Ordering::Release);
    REGISTERED.fetch_add(1, Ordering::Relaxed);
    IS_REGISTERED.set(true);
    slot.begin(index);
    Ok(Registered { slot: index, _of_this_thread: PhantomData })
}

impl Drop for Registered {
    /// From here on the thread is not stopped; a signal that is under way finds that out.
    fn drop(&mut self) {
        let _lock = lock();
        SLOTS[self.slot].retire();
        IS_REGISTERED.set(false);
    }
}

impl Slot {
    /// Under the lock: the thread is not stopped any more, and its timer is gone.
    fn retire(&self) {
        // Before the timer goes: a handler that runs in between, in this thread, then leaves the timer alone.
        self.registered.store(false, Ordering::SeqCst);
        self.timer.delete();
        REGISTERED.fetch_sub(1, Ordering::Relaxed);
    }

    /// Under the lock: sets the timer for the first stop, if there is a driver.
    fn begin(&self, index: usize) {
        if let Some(plan) = driver::current() {
            self.drawn.store(plan.stream(index), Ordering::Relaxed);
            // Some other thread may be calling, which does not know how much time this one has used: all of its pause, it is assumed.
            self.used.store(0, Ordering::Relaxed);
            self.pause(plan.pause_ns(&self.drawn));
        }
    }

    /// Sets the timer for the next stop.
    fn pause(&self, length_ns: u64) {
        self.paused.store(length_ns, Ordering::Relaxed);
        self.timer.set(length_ns);
    }

    /// In the thread itself: whether it slept, or waited for a processor, through most of the pause that is over.
    fn slept(&self) -> bool {
        let ran_ns = handler::used_ns().saturating_sub(self.used.load(Ordering::Relaxed));
        ran_ns < self.paused.load(Ordering::Relaxed) / 2
    }
}

/// Sets the timers of all registered threads, for a driver that begins.
pub(crate) fn set_all() {
    let _lock = lock();
    for (index, slot) in SLOTS.iter().enumerate() {
        if slot.registered.load(Ordering::Relaxed) {
            slot.begin(index);
        }
    }
}

/// Called by the handler in the thread of this number: stops it, and sets its timer for the next stop. Async-signal-safe.
pub(crate) fn stop(this: i32) {
    let mut used = SLOTS.iter().take_while(|slot| slot.thread.load(Ordering::Relaxed) != 0);
    let Some(slot) = used.find(|slot| slot.thread.load(Ordering::Relaxed) == this) else {
        return;
    };
    let Some(plan) = driver::current() else { return };
    if !slot.registered.load(Ordering::Acquire) || slot.thread.load(Ordering::Relaxed) != this {
        return;
    }
    let least_ns = if slot.slept() {
        SLEEPERS_SLACKS * handler::slack_ns()
    } else {
        0
    };
    // One stays unstopped where there are two.
    let room = plan.at_once().min(REGISTERED.load(Ordering::Relaxed).saturating_sub(1)).max(1);
    if STOPPED.fetch_add(1, Ordering::Relaxed) < room {
        handler::wait(plan.length_ns(&slot.drawn));
        DELIVERED.fetch_add(1, Ordering::Relaxed);
    }
    STOPPED.fetch_sub(1, Ordering::Relaxed);
    let pause_ns = plan.pause_ns(&slot.drawn).max(least_ns);
    slot.used.store(handler::used_ns(), Ordering::Relaxed);
    slot.pause(pause_ns);
}

/// The lock of [`register`], unregistering and [`set_all`]. A thread may be stopped while it holds it; the others wait then.
fn lock() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}
