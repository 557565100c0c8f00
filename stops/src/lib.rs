//! Stops threads of the own process at arbitrary instructions, each for a while, so that windows of a few instructions are met.
//!
//! **Idea.** A thread puts itself among those that may be stopped with [`register`]; that gives it a timer of its own. While a
//! [`Driver`] lives, the timer sends the thread a real-time signal at a random moment. The signal's handler waits, so the thread
//! stands wherever the signal met it: between two loads, in a system call, with a lock held. Before it returns it sets the timer for
//! the next stop. The code of the thread is unchanged, and no thread has to run so that another is stopped, which matters where
//! processors are few and busy.
//!
//! **What is promised.**
//! - Each stop ends: its length is in the driver's [`Plan`]. Of two or more registered threads, one is never stopped with the others.
//! - A stopped thread continues where it stood. System calls are restarted (`SA_RESTART`) as far as signal(7) says; the standard
//!   library's sleeps and waits go on by themselves.
//! - The handler touches statics and its own stack only, so a signal may arrive at any time, also after a thread has unregistered.
//!   `errno` is as it was.
//! - After a driver is dropped no stop begins. One that is under way still lasts its length.
//!
//! **Limits.** Linux only. A thread that blocks the signal ([`signal`]) is not stopped. ThreadSanitizer delays signals to the next
//! call that it intercepts, so stops fall there. A debugger reports the signal unless told to pass it (`handle SIG37 nostop`).
//! A stop is as random as the moment is: the processor finishes a slow instruction before it takes the interrupt.
//!
//! **What works best.** `examples/windows.rs` plays three faults of timer lists in miniature, each a window of a few instructions, and
//! counts. On 2 processors that were busy with other work, release build, seeds 1 to 3 together, met of attempts in millions:
//!
//! | what is done to the threads | publish | reclaim | recheck |
//! |---|---|---|---|
//! | nothing | 2,037 of 113.5 | 0 of 11.8 | 1 of 14.3 |
//! | one processor | 124 of 99.6 | 1 of 12.9 | 1 of 4.0 |
//! | one thread at the lowest priority | 224 of 87.3 | 0 of 11.7 | 0 of 6.7 |
//! | both | 4 of 83.4 | 0 of 10.5 | 0 of 10.7 |
//! | stops, as by default | 975 of 140.7 | 18 of 27.7 | 12 of 26.7 |
//! | stops, one processor | 1,007 of 137.6 | 42 of 47.3 | 4 of 20.2 |
//! | stops, six threads | 2,590 of 142.9 | 14 of 38.4 | 7 of 27.5 |
//! | stops of up to 2 ms, more seldom | 727 of 91.0 | 3 of 15.5 | 0 of 19.2 |
//!
//! The window of *publish* is met by two threads that run side by side, without any stop; seeds differed more than what was done. Those of
//! *reclaim* and *recheck* must outlast many changes, and stops met them where hardly anything else did. Priorities added nothing. Short
//! and frequent stops met more than long ones. Single-stepping was not tried: each instruction would cost two switches to the kernel
//! and back.
//!
//! ```
//! let _driver = headlock_stops::Driver::start(headlock_stops::Plan::default())?;
//! let _stoppable = headlock_stops::register()?;
//! let sum: u64 = (0..1_000_000).sum();
//! assert_eq!(sum, 499_999_500_000);
//! # Ok::<(), headlock_stops::StopsError>(())
//! ```

mod driver;
mod handler;
mod slots;
mod timer;

pub use driver::{Driver, Plan};
pub use handler::signal;
pub use slots::{Registered, THREADS_MAX, delivered, register};

/// Why a thread cannot be stopped, or nothing can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopsError {
    /// Somebody else has a handler for the signal.
    #[error("signal {0} has a handler already; expected that nothing else in the process uses it")]
    SignalTaken(i32),
    /// The system refused the handler, lifting the signal's block, or the timer; this is its error number.
    #[error("cannot prepare to stop threads: {}", std::io::Error::from_raw_os_error(*.0))]
    Refused(i32),
    /// The calling thread is registered.
    #[error("the thread is registered already; expected one registration a thread")]
    Already,
    /// There is no room for one thread more.
    #[error("{THREADS_MAX} threads are registered, and there is no room for more")]
    Full,
    /// Another driver lives.
    #[error("threads are being stopped already; expected one driver at a time")]
    Driven,
    /// The plan's lengths or pauses cannot be drawn from, or it stops nobody.
    #[error("the plan of stops has wrong {0}")]
    Plan(&'static str),
}
