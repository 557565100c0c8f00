//! One thread's probes.

use serde::{Deserialize, Serialize};

use super::meeting::Meeting;
use super::width::{Width, width};
use crate::harness::clock::Moment;

/// What one thread read at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Of its core.
    pub width: Width,
    /// Its partners of higher number, and what a cache line took to them and back.
    pub hops: Vec<Hop>,
    /// How long the probe took, waiting for the others included, ns.
    pub took_ns: u64,
}

/// What a cache line took between two threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// The other thread's number.
    pub partner: usize,
    /// One way, ns.
    pub ns: f64,
}

/// One thread's probes of a block. All threads of the block call the same methods at the same points, outside of what is timed.
#[derive(Debug)]
pub struct Probe<'m> {
    meeting: &'m Meeting,
    thread: usize,
    /// The next round of partners.
    round: usize,
    /// Calls of [`between`](Self::between).
    turns: u64,
    readings: Vec<Reading>,
}

impl<'m> Probe<'m> {
    /// Of thread number `thread`, counted from 0.
    pub fn new(meeting: &'m Meeting, thread: usize) -> Self {
        Probe { meeting, thread, round: 0, turns: 0, readings: Vec::new() }
    }

    /// To be called before the first slice.
    pub fn before(&mut self) {
        self.look();
    }

    /// To be called between two turns of all contestants. Probes when it is time again, so that probes take about 0.5 %.
    #[inline]
    pub fn between(&mut self) {
        self.turns += 1;
        if self.turns.is_multiple_of(self.meeting.every()) {
            self.look();
        }
    }

    /// To be called after the last slice.
    pub fn after(&mut self) {
        self.look();
    }

    /// What was read, in the order of time.
    pub fn into_readings(self) -> Vec<Reading> {
        self.readings
    }

    fn look(&mut self) {
        let begun = Moment::now();
        let rounds = self.meeting.rounds_of_a_probe();
        let hops = (self.round..self.round + rounds)
            .filter_map(|round| self.meeting.round(self.thread, round))
            .map(|(partner, ns)| Hop { partner, ns })
            .collect();
        self.round += rounds;
        // All widths at once: two threads on one core then take from each other.
        self.meeting.meet();
        let width = width();
        self.readings.push(Reading { width, hops, took_ns: begun.elapsed_ns() });
    }
}
