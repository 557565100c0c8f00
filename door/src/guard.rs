//! What becomes of a list that leaves a function by another way than its return.

use std::panic::catch_unwind;
use std::thread::panicking;

use headlock_strategies::conformance::trial::give_up;

/// Dropped only when a call does not return.
struct Guard(&'static str);

impl Drop for Guard {
    /// A panic of a list in Rust goes on; anything else that unwinds is an exception of the library's, which no frame above can take.
    #[cold]
    fn drop(&mut self) {
        if !panicking() {
            end(&format!("an exception left {}() of the list", self.0));
        }
    }
}

/// Makes a call into a library. Costs nothing where it returns.
#[inline(always)]
pub fn guarded<R>(function: &'static str, call: impl FnOnce() -> R) -> R {
    let guard = Guard(function);
    let answer = call();
    std::mem::forget(guard);
    answer
}

/// Says what happened, through the program's hook for panics, and ends the process: frames were left
/// half-way, the library's and perhaps ours, so nothing here can be relied on any more.
#[cold]
pub fn end(what: &str) -> ! {
    let _ = catch_unwind(|| give_up(what.to_owned()));
    std::process::abort()
}
