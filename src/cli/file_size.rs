//! A limit on the size of files (`ulimit -f`) must end a write, and not the program.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

use rustix::process::Signal;

/// From now on a write beyond the limit fails with an error, which is told like any other. Without a handler the signal that comes
/// with it would end the program before it could say a word. A process started from here begins without the handler, and
/// installs its own if it is headlock's.
pub fn outlive_limit() {
    static ONCE: Once = Once::new();
    // Nobody reads the flag: that there is a handler is enough. Where there can be none, the limit is as deadly as before.
    ONCE.call_once(|| {
        let _ = signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)));
    });
}
