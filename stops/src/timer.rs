//! A timer that sends the signal to one thread.

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use libc::{c_void, itimerspec, pid_t, sigevent, timer_t};

use crate::StopsError;
use crate::handler::{check, signal, time};

/// The place of a timer. It is made by [`make`](Self::make) and gone after [`delete`](Self::delete).
///
/// Both are called under the lock of the slots, and so is [`set`](Self::set), except by the handler. That runs in the thread that
/// the timer is for, and only that thread deletes it while it lives, so the handler never sets a timer that is gone.
#[derive(Debug)]
pub(crate) struct Timer {
    /// The kernel's name of it. The first of a process is named 0, so this does not tell whether there is one; the slot does.
    id: AtomicPtr<c_void>,
}

impl Timer {
    pub(crate) const fn none() -> Self {
        Timer { id: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Makes a timer for the thread of this number, which is the calling one. It is not set.
    pub(crate) fn make(&self, thread: pid_t) -> Result<(), StopsError> {
        // SAFETY: `sigevent` is plain data, for which zeros are valid.
        let mut event: sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_notify_thread_id = thread;
        event.sigev_signo = signal();
        let mut id: timer_t = ptr::null_mut();
        // SAFETY: `event` is initialised and `id` may be written. The signal has a handler by now.
        check(unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut id) })?;
        self.id.store(id, Ordering::Relaxed);
        Ok(())
    }

    /// Sets the timer to send its signal once, after so long, ns; never for 0. Async-signal-safe.
    pub(crate) fn set(&self, after_ns: u64) {
        let value = itimerspec { it_interval: time(0), it_value: time(after_ns) };
        // SAFETY: the timer exists (see the type), and `value` is a valid time. The kernel refuses an unknown timer with an error.
        unsafe { libc::timer_settime(self.id.load(Ordering::Relaxed), 0, &value, ptr::null_mut()) };
    }

    /// Deletes the timer. A signal that it sent before may still arrive.
    pub(crate) fn delete(&self) {
        // SAFETY: the timer exists (see the type), and nobody uses it from here on.
        unsafe { libc::timer_delete(self.id.load(Ordering::Relaxed)) };
    }
}
