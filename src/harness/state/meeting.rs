//! Where a block's threads meet to probe what a cache line takes between them.
//!
//! Threads meet in rounds, as teams in a tournament: in each round everybody has one partner, and after all rounds everybody has met
//! everybody. Two partners take turns in counting a word up, so that its cache line goes to and fro.
//!
//! A thread that waits for its turn only loads: a pause instruction takes longer than the line does. It gives up when its partner has
//! been taken off its processor.

use std::sync::atomic::{AtomicU64, Ordering as Memory};

use crossbeam_utils::CachePadded;

use crate::harness::barrier::Barrier;
use crate::harness::clock::Moment;

/// Turns before the first batch, of both partners together.
const WARM_UP: u64 = 10;
/// Batches, of which the median counts.
const BATCHES: usize = 5;
/// Turns of both partners together in a batch.
const BATCH: u64 = 50;
/// Loads of a word before a thread gives up: some 0.2 ms.
const PATIENCE: u32 = 1 << 18;

/// The share of a block's time that probes between slices are to take.
const SHARE: f64 = 0.005;
/// What a probe of the width takes about, ns; where threads meet, its start line included.
const WIDTH_NS: f64 = 30_000.0;
/// What a round of partners takes about, ns.
const ROUND_NS: f64 = 15_000.0;
/// Rounds in a probe of a block, so that many threads take no longer. The next probe goes on with the next rounds.
const ROUNDS: usize = 8;

/// What a block's threads share to probe together.
#[derive(Debug)]
pub struct Meeting {
    threads: usize,
    /// Whether each has a processor of its own: two that take turns on one would wait a time slice for each.
    apart: bool,
    /// Between how many turns of all contestants lies a probe.
    every: u64,
    /// The start line.
    line: Barrier,
    /// Each pair's word, at the place of its lower member. Reset by that one before the start line, then written by whose turn it is.
    words: Vec<CachePadded<AtomicU64>>,
}

impl Meeting {
    /// Of `threads` threads, bound in turn to `cpus`, that call [`Probe::between`](super::Probe::between) every `turn_ns`.
    ///
    /// Threads that are not bound, or share processors, probe their widths alone and no pairs.
    pub fn new(threads: usize, cpus: &[usize], turn_ns: u64) -> Self {
        let mut distinct = cpus.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let apart = distinct.len() >= threads && distinct.len() == cpus.len();
        Meeting {
            threads,
            apart,
            every: every(if apart { threads } else { 1 }, turn_ns),
            line: Barrier::new(threads, false),
            words: (0..threads).map(|_| CachePadded::default()).collect(),
        }
    }

    /// How many turns of all contestants there are from one probe to the next.
    pub fn every(&self) -> u64 {
        self.every
    }

    /// Whether threads probe one another.
    pub(super) fn is_shared(&self) -> bool {
        self.apart && self.threads > 1
    }

    /// How many rounds a probe of a block has.
    pub(super) fn rounds_of_a_probe(&self) -> usize {
        if self.is_shared() {
            rounds(self.threads).min(ROUNDS)
        } else {
            0
        }
    }

    /// How many rounds there are until everybody has met everybody.
    pub fn all_rounds(&self) -> usize {
        if self.is_shared() { rounds(self.threads) } else { 0 }
    }

    /// Waits, awake, until all threads are here.
    pub fn meet(&self) {
        if self.is_shared() {
            self.line.meet(|| ());
        }
    }

    /// Plays a round, which all threads call. The partner and what a cache line took, ns; `None` for who has no partner, whose partner
    /// was kept from its processor, and the higher of the two, which did not time it.
    pub fn round(&self, thread: usize, round: usize) -> Option<(usize, f64)> {
        let partner = partner(thread, round, self.threads);
        let first = partner.is_some_and(|partner| thread < partner);
        if first {
            self.words[thread].store(0, Memory::Relaxed);
        }
        self.meet();
        let partner = partner?;
        let word = &self.words[thread.min(partner)];
        if first {
            lead(word).map(|ns| (partner, ns))
        } else {
            follow(word)
        }
    }
}

/// Turns from one probe to the next.
pub(super) fn every(threads: usize, turn_ns: u64) -> u64 {
    let rounds = if threads > 1 { rounds(threads).min(ROUNDS) } else { 0 };
    let cost_ns = WIDTH_NS + rounds as f64 * ROUND_NS;
    (cost_ns / SHARE / turn_ns.max(1) as f64).ceil().max(1.0) as u64
}

/// Rounds until each of so many threads has met each other one.
pub(super) fn rounds(threads: usize) -> usize {
    (threads + threads % 2).saturating_sub(1)
}

/// With whom a thread plays a round, by the circle method: in round r, those whose numbers add up to 2r modulo the number of rounds.
/// The one that is left over plays the last one, if the number of threads is even.
pub(super) fn partner(thread: usize, round: usize, threads: usize) -> Option<usize> {
    let last = rounds(threads);
    if last == 0 {
        return None;
    }
    let round = round % last;
    let partner = if thread == last {
        round
    } else {
        (2 * round + last - thread) % last
    };
    let partner = if partner == thread { last } else { partner };
    (partner < threads).then_some(partner)
}

/// The first partner's part: even turns, timed by batches. The median of a line's way, ns.
///
/// Each partner writes only in its own turn, and what it writes ends the turn. Nothing but the word itself is handed over, so its accesses
/// order nothing else and are relaxed; the start line orders its reset.
fn lead(word: &AtomicU64) -> Option<f64> {
    let mut batches = [0; BATCHES];
    let mut turn = 0;
    let mut play_until = |end: u64| {
        while turn < end {
            if !await_turn(word, turn) {
                return None;
            }
            word.store(turn + 1, Memory::Relaxed);
            turn += 2;
        }
        Some(())
    };
    play_until(WARM_UP)?;
    for (number, batch) in batches.iter_mut().enumerate() {
        let begun = Moment::now();
        play_until(WARM_UP + (number as u64 + 1) * BATCH)?;
        *batch = begun.elapsed_ns();
    }
    batches.sort_unstable();
    Some(batches[BATCHES / 2] as f64 / BATCH as f64)
}

/// The second partner's part: odd turns.
fn follow<T>(word: &AtomicU64) -> Option<T> {
    let end = WARM_UP + BATCHES as u64 * BATCH;
    (1..end).step_by(2).all(|turn| {
        let here = await_turn(word, turn);
        if here {
            word.store(turn + 1, Memory::Relaxed);
        }
        here
    });
    None
}

fn await_turn(word: &AtomicU64, turn: u64) -> bool {
    (0..PATIENCE).any(|_| word.load(Memory::Relaxed) == turn)
}
