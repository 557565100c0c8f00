//! What the barrier is made of. Apart from it, so that `strategies/tests/loom` can explore the barrier on loom's.

pub use std::hint::spin_loop;
pub use std::sync::atomic::{AtomicUsize, Ordering as Memory};
pub use std::sync::{Condvar, Mutex, PoisonError};
pub use std::thread::yield_now;
