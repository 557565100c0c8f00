//! The threads that may be stopped: slots that are never freed, so that a late signal finds nothing that is gone.
//!
//! | field | who writes it | when |
//! |---|---|---|
//! | `thread` | [`register`], under the lock | a thread takes the slot; it stays until another thread does |
//! | `registered` | [`register`], [`Registered::drop`], [`stop_some`], under the lock | while the thread may be stopped |
//! | `length_ns` | [`stop_some`], under the lock, from 0; the handler, to 0 | not 0 from before the signal until the stop is over |
//!
//! A slot changes hands only when it is unregistered and `length_ns` is 0, so a signal that is under way finds its own slot. The
//! handler takes no lock: it looks for its thread's number, which no other slot has, and which only that thread changes.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rand::{Rng, RngExt};

use crate::{StopsError, handler};

/// How many threads can be registered at a time.
pub const THREADS_MAX: usize = 512;

struct Slot {
    /// The thread's number; 0 if no thread ever had this slot, and then none had those behind it.
    thread: AtomicI32,
    registered: AtomicBool,
    /// How long the stop that is under way lasts, ns; 0 if none is.
    length_ns: AtomicU64,
}

static SLOTS: [Slot; THREADS_MAX] = [const {
    Slot {
        thread: AtomicI32::new(0),
        registered: AtomicBool::new(false),
        length_ns: AtomicU64::new(0),
    }
}; THREADS_MAX];

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

/// Puts the calling thread among those that a [`Driver`](crate::Driver) may stop, and lifts a block of the signal in it.
///
/// # Errors
/// If something else handles the signal, the thread is registered, or there is no room.
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
    let free = || {
        SLOTS
            .iter()
            .position(|slot| !slot.registered.load(Ordering::Relaxed) && slot.length_ns.load(Ordering::Acquire) == 0)
    };
    let index = own.or_else(free).ok_or(StopsError::Full)?;
    let slot = &SLOTS[index];
    slot.thread.store(this, Ordering::Relaxed);
    slot.registered.store(true, Ordering::Relaxed);
    IS_REGISTERED.set(true);
    Ok(Registered { slot: index, _of_this_thread: PhantomData })
}

impl Drop for Registered {
    /// From its end on no signal is sent to the thread, and none that was is under way.
    fn drop(&mut self) {
        {
            let _lock = lock();
            SLOTS[self.slot].registered.store(false, Ordering::Relaxed);
            IS_REGISTERED.set(false);
        }
        // A signal that was sent under the lock is pending by now, and a pending signal is handled before a system call returns.
        thread::yield_now();
    }
}

/// Stops up to `wanted` registered threads, picked at random, each for `length_ns`; at most `at_once` are stopped at a time, and one
/// is not if there are two or more. Answers how many signals were sent.
pub(crate) fn stop_some<R: Rng>(
    wanted: usize,
    at_once: usize,
    random: &mut R,
    length_ns: impl Fn(&mut R) -> u64,
) -> u64 {
    let _lock = lock();
    let used = SLOTS.iter().take_while(|slot| slot.thread.load(Ordering::Relaxed) != 0);
    let registered: Vec<&Slot> = used.filter(|slot| slot.registered.load(Ordering::Relaxed)).collect();
    let count = registered.len();
    let mut running: Vec<&Slot> =
        registered.into_iter().filter(|slot| slot.length_ns.load(Ordering::Acquire) == 0).collect();
    let limit = at_once.min(count.saturating_sub(1).max(1));
    let room = limit.saturating_sub(count - running.len()).min(wanted).min(running.len());
    let mut sent = 0;
    for _ in 0..room {
        let slot = running.swap_remove(random.random_range(0..running.len()));
        // Before the signal, which the kernel orders after it: the handler reads it in the thread that is signalled.
        slot.length_ns.store(length_ns(random), Ordering::Release);
        if handler::send(slot.thread.load(Ordering::Relaxed)) {
            sent += 1;
        } else {
            // The thread ended with its registration leaked, or too many signals wait. Either way none is under way to this slot.
            slot.length_ns.store(0, Ordering::Release);
        }
    }
    sent
}

/// Called by the handler: stops the thread of this number for as long as its slot says. Async-signal-safe if `wait` is.
pub(crate) fn stop(this: i32, wait: impl FnOnce(u64)) {
    let mut used = SLOTS.iter().take_while(|slot| slot.thread.load(Ordering::Relaxed) != 0);
    let Some(slot) = used.find(|slot| slot.thread.load(Ordering::Relaxed) == this) else {
        return;
    };
    let length_ns = slot.length_ns.load(Ordering::Acquire);
    if length_ns == 0 {
        return;
    }
    wait(length_ns);
    DELIVERED.fetch_add(1, Ordering::Relaxed);
    slot.length_ns.store(0, Ordering::Release);
}

/// The lock of [`register`], unregistering and [`stop_some`]. A thread may be stopped while it holds it; the driver waits then.
fn lock() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}
