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
