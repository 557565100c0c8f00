//! Stops threads of the own process at arbitrary instructions, each for a while, so that windows of a few instructions are met.
//!
//! **Idea.** A thread puts itself among those that may be stopped with [`register`]. A [`Driver`] sends registered threads a
//! real-time signal at random moments. The signal's handler waits, so the thread stands wherever the signal met it: between two
//! loads, in a system call, with a lock held. The code of the thread is unchanged.
//!
//! **What is promised.**
//! - Each stop ends: its length is in the driver's [`Plan`]. Of two or more registered threads, the driver leaves one unstopped.
//! - A stopped thread continues where it stood. System calls are restarted (`SA_RESTART`) as far as signal(7) says; the standard
//!   library's sleeps and waits go on by themselves.
//! - The handler touches statics and its own stack only, so a signal may arrive at any time, also after a thread has unregistered.
//!   `errno` is as it was.
//! - Dropping a driver ends its thread. A stop that is under way then still lasts its length.
//!
//! **Limits.** Linux only. A thread that blocks the signal ([`signal`]) is not stopped. ThreadSanitizer delays signals to the next
//! call that it intercepts, so stops fall there. A debugger reports the signal unless told to pass it (`handle SIG37 nostop`).
//!
//! ```
//! let driver = headlock_stops::Driver::start(headlock_stops::Plan::default())?;
//! let _stoppable = headlock_stops::register()?;
//! let sum: u64 = (0..1_000_000).sum();
//! assert_eq!(sum, 499_999_500_000);
//! # Ok::<(), headlock_stops::StopsError>(())
//! ```

mod driver;
mod handler;
mod slots;

pub use driver::{Driver, Plan};
pub use handler::signal;
pub use slots::{Registered, THREADS_MAX, delivered, register};

/// Why a thread cannot be stopped, or nothing can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopsError {
    /// Somebody else has a handler for the signal.
    #[error("signal {0} has a handler already; expected that nothing else in the process uses it")]
    SignalTaken(i32),
    /// The system refused the handler or lifting the signal's block; this is its error number.
    #[error("cannot prepare for the signal that stops threads: {}", std::io::Error::from_raw_os_error(*.0))]
    Refused(i32),
    /// The calling thread is registered.
    #[error("the thread is registered already; expected one registration a thread")]
    Already,
    /// There is no room for one thread more.
    #[error("{THREADS_MAX} threads are registered, and there is no room for more")]
    Full,
    /// The driver's thread cannot be started.
    #[error("cannot start the thread that stops others")]
    NoThread,
    /// The plan's lengths or pauses cannot be drawn from, or it stops nobody.
    #[error("the plan of stops is empty or beyond its bounds: {0}")]
    Plan(&'static str),
}
