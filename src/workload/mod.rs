//! What is to be played, as plain data that has been validated once: traces of real programs, and synthetic workloads
//! with the scripts drawn from them. Nothing here plays anything.

mod description;
mod distance;
mod error;
mod mix;
mod order;
mod preset;
pub mod profile;
pub mod script;
pub mod trace;
mod vary;

pub use description::{Arrivals, Load, MAX_POLLUTE_KIB, MAX_THREADS, MAX_TIMERS, Overrides, Per, PollClock, Workload};
pub use distance::{Distance, parse_duration_ns};
pub use error::WorkloadError;
pub use mix::{Mix, Op, Role, Roles};
pub use order::{Isolation, Order, Speed};
pub use preset::PRESETS;
pub use vary::{Ladder, Range, Vary};
