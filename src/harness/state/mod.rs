//! The state of the machine, told by probes of the threads that measure.
//!
//! A guest is not told whether its processors share a core, with each other or with strangers, and what it is told may be wrong a
//! second later. So each block's threads probe: each the issue width of its own core (`width.rs`), and pairs what a cache line takes
//! between them (`meeting.rs`). The rule turns the figures into a [`State`](crate::record::State), by thresholds that no measured ratio
//! had a part in (`rule.rs`).
//!
//! A block's threads share a [`Meeting`]; each has a [`Probe`] and calls [`before`](Probe::before) its first slice,
//! [`between`](Probe::between) turns, and [`after`](Probe::after) its last slice, all threads at the same points. What they read crosses the
//! pipe as it is. [`summary`] condenses it, and [`sort`] gives all blocks of a run their words once the run knows how wide its cores can be.

mod meeting;
mod probe;
mod rule;
mod width;

#[cfg(test)]
mod tests;

pub use meeting::Meeting;
pub use probe::{Hop, Probe, Reading};
pub use rule::{FAR_NS, Reference, sort, summary};
pub use width::{Width, busy_burst, width};
