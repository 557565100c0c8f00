//! The signal and its handler.
//!
//! Within the handler only what signal-safety(7) lists is called, and no lock is taken: `clock_gettime`, `clock_nanosleep`,
//! `timer_settime`, and the system calls `gettid` and `prctl`.

use std::hint::spin_loop;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;

use libc::{c_int, clockid_t, pid_t, sigaction, sigset_t, timespec};

use crate::{StopsError, slots};

/// Shorter stops spin: a sleep takes this much longer than asked anyway, since a thread's timer slack is 50 µs.
const SLEEPS_FROM_NS: u64 = 50_000;

const NS_PER_S: u64 = 1_000_000_000;

/// The signal that stops: a real-time one, since programs have no other use for those, and not the first, which some have.
pub fn signal() -> i32 {
    libc::SIGRTMIN() + 3
}

/// Installs the handler, once a process.
pub(crate) fn install() -> Result<(), StopsError> {
    static INSTALLED: OnceLock<Result<(), StopsError>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        let mut before = MaybeUninit::<sigaction>::zeroed();
        // SAFETY: `before` is memory of the right type that the call may write; a null action is allowed and changes nothing.
        check(unsafe { sigaction(signal(), ptr::null(), before.as_mut_ptr()) })?;
        // SAFETY: the call succeeded, so it wrote all of it; zeroed memory is a valid `sigaction` besides.
        if unsafe { before.assume_init() }.sa_sigaction != libc::SIG_DFL {
            return Err(StopsError::SignalTaken(signal()));
        }
        // SAFETY: `sigaction` is plain data, for which zeros are valid: no flag, no handler, no signal in the mask.
        let mut action: sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = stop_here as extern "C" fn(c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: `action` is initialised and holds a function of the type that a handler without SA_SIGINFO has. That function
        // calls async-signal-safe functions only and touches statics that live as long as the process.
        check(unsafe { sigaction(signal(), &action, ptr::null_mut()) })
    })
}

/// Lets the signal reach the calling thread, which may have inherited a mask that blocks it.
pub(crate) fn unblock() -> Result<(), StopsError> {
    let mut set = MaybeUninit::<sigset_t>::zeroed();
    // SAFETY: `set` is memory of the right type that the call may write.
    check(unsafe { libc::sigemptyset(set.as_mut_ptr()) })?;
    // SAFETY: `set` was initialised by sigemptyset.
    check(unsafe { libc::sigaddset(set.as_mut_ptr(), signal()) })?;
    // SAFETY: `set` is initialised; a null pointer for the old mask is allowed.
    match unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(StopsError::Refused(error)),
    }
}

/// The calling thread's number, as the kernel has it.
pub(crate) fn this_thread() -> pid_t {
    // SAFETY: the call takes nothing, changes nothing and cannot fail.
    unsafe { libc::gettid() }
}

/// The handler: stops the thread wherever it stands.
extern "C" fn stop_here(_signal: c_int) {
    // SAFETY: the call takes nothing and cannot fail; it answers where this thread's errno is.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: this thread's errno lives as long as the thread, and no other thread looks at it.
    let errno = unsafe { *place };
    slots::stop(this_thread());
    // SAFETY: as above. The interrupted code may be between a call and its look at errno.
    unsafe { *place = errno };
}

/// Waits, ns. Async-signal-safe.
pub(crate) fn wait(length_ns: u64) {
    let end_ns = now_ns().saturating_add(length_ns);
    if length_ns < SLEEPS_FROM_NS {
        while now_ns() < end_ns {
            spin_loop();
        }
        return;
    }
    let end = time(end_ns);
    // SAFETY: `end` is a valid time, and a null pointer for the rest is allowed. Another signal's handler ends the sleep early;
    // the end is a point in time, so the sleep goes on.
    while unsafe { libc::clock_nanosleep(libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, &end, ptr::null_mut()) }
        == libc::EINTR
    {}
}

/// The monotonic clock, ns.
fn now_ns() -> u64 {
    read_ns(libc::CLOCK_MONOTONIC)
}

/// Processor time that the calling thread has used, ns. Async-signal-safe.
pub(crate) fn used_ns() -> u64 {
    read_ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// How late the kernel may end a sleep of the calling thread, ns. Async-signal-safe.
pub(crate) fn slack_ns() -> u64 {
    // SAFETY: the call takes nothing, changes nothing and cannot fail.
    let slack_ns = unsafe { libc::prctl(libc::PR_GET_TIMERSLACK) };
    u64::try_from(slack_ns).unwrap_or(0)
}

fn read_ns(clock: clockid_t) -> u64 {
    let mut now = time(0);
    // SAFETY: `now` may be written. Both clocks that are asked for exist on every Linux, so the call cannot fail.
    unsafe { libc::clock_gettime(clock, &mut now) };
    now.tv_sec as u64 * NS_PER_S + now.tv_nsec as u64
}

/// Nanoseconds as the system takes them.
pub(crate) fn time(ns: u64) -> timespec {
    timespec { tv_sec: (ns / NS_PER_S) as _, tv_nsec: (ns % NS_PER_S) as _ }
}

/// What a call answered that sets `errno`.
pub(crate) fn check(result: c_int) -> Result<(), StopsError> {
    if result == 0 {
        return Ok(());
    }
    Err(StopsError::Refused(io::Error::last_os_error().raw_os_error().unwrap_or_default()))
}
