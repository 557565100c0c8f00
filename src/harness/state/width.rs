//! How many independent additions the calling thread's core does in the time of a dependent one.
//!
//! A core has several units for additions. One thread alone keeps all of them busy, if its additions do not wait for one
//! another; a thread on the same core takes its share of them. A chain of additions needs one unit at a time, so it hardly notices. Their
//! ratio depends on neither the clock rate nor its changes, since both run at it.
//!
//! Additions that a compiler must not fold: each chain adds two numbers to each other in turn, as Fibonacci's, for which there is no closed
//! form that it would find. The independent chains differ in operation (addition, subtraction, exclusive or: one cycle in any of the
//! same units) or in length, lest they end up in the lanes of a vector. Unoptimised code keeps everything in memory, and its figures say
//! nothing.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::harness::clock::Moment;

/// Bursts of each kind, of which the median counts, so that an interrupt spoils no probe.
const BURSTS: usize = 5;
/// Rounds in a burst: 1 to 4 µs.
const ROUNDS: u32 = 1_000;
/// Independent chains: no processor adds more at a time.
const CHAINS: u32 = 6;
/// Additions in a round of independent chains.
const IN_ROUND: u32 = 2 * CHAINS;
/// Additions in a round of the dependent chain.
const IN_CHAIN: u32 = 4;

/// What a probe read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Width {
    /// Independent additions in the time of a dependent one; at most six.
    pub width: f64,
    /// The time of a dependent addition, ns: a cycle.
    pub addition_ns: f64,
}

impl Width {
    /// Whether a core can be so wide. A probe whose chain was interrupted time and again reads more than there is.
    pub fn is_possible(self) -> bool {
        /// A clock reads in steps.
        const SLACK: f64 = 1.05;
        self.width > 0.0 && self.width <= f64::from(CHAINS) * SLACK && self.addition_ns > 0.0
    }
}

/// Probes the core that the calling thread runs on; takes 20 to 30 µs.
pub fn width() -> Width {
    let mut independent = [0; BURSTS];
    let mut dependent = [0; BURSTS];
    // In turns, so that a change of the clock rate falls on both.
    for burst in 0..BURSTS {
        let begun = Moment::now();
        add_independently(ROUNDS);
        independent[burst] = begun.elapsed_ns();
        let begun = Moment::now();
        add_dependently(ROUNDS);
        dependent[burst] = begun.elapsed_ns();
    }
    let each_ns = |mut bursts: [u64; BURSTS], additions: u32| {
        bursts.sort_unstable();
        bursts[BURSTS / 2] as f64 / f64::from(ROUNDS * additions)
    };
    let addition_ns = each_ns(dependent, IN_CHAIN);
    Width {
        width: addition_ns / each_ns(independent, IN_ROUND).max(f64::MIN_POSITIVE),
        addition_ns,
    }
}

/// A microsecond or some of what takes most from another hardware thread on the same core.
pub fn busy_burst() {
    add_independently(ROUNDS);
}

#[inline(never)]
fn add_independently(rounds: u32) {
    let (mut a, mut b, mut c, mut d, mut e, mut f) = black_box((1_u64, 2_u64, 3_u64, 4_u64, 5_u64, 6_u64));
    let (mut g, mut h, mut i, mut j, mut k, mut l) = black_box((1_u32, 2_u32, 3_u32, 4_u32, 5_u32, 6_u32));
    for _ in 0..rounds {
        a = a.wrapping_add(b);
        c = c.wrapping_sub(d);
        e ^= f;
        g = g.wrapping_add(h);
        i = i.wrapping_sub(j);
        k ^= l;
        b = b.wrapping_add(a);
        d ^= c;
        f = f.wrapping_sub(e);
        h = h.wrapping_add(g);
        j ^= i;
        l = l.wrapping_sub(k);
    }
    black_box((a, b, c, d, e, f));
    black_box((g, h, i, j, k, l));
}

#[inline(never)]
fn add_dependently(rounds: u32) {
    let (mut a, mut b) = black_box((1_u64, 2_u64));
    for _ in 0..rounds {
        a = a.wrapping_add(b);
        b = b.wrapping_add(a);
        a = a.wrapping_add(b);
        b = b.wrapping_add(a);
    }
    black_box((a, b));
}
