//! From probes to a word.
//!
//! **One thread.** A core that is its thread's own reads the same every time, within a few percent. A neighbour takes as many issue slots as
//! it has instructions for, and what it leaves is anything from a half to nine tenths of the widest, without a gap in between. So the one
//! gap that there is parts the two: from [`OWN`] of the widest on the core is its thread's own, up to [`SHARED`] it is shared, and what lies
//! between is neither.
//!
//! **Several threads.** A cache line goes from one hardware thread of a core to the other through the first-level cache, in 25 to 60
//! cycles; between cores it goes through another cache and back, in 80 cycles and more on any processor we know of. So up to [`NEAR`]
//! cycles between the two closest threads, both narrow while they probe at once, mean one core; from [`APART`] on, two. A cycle is the
//! time of a dependent addition, read in the same moment. Two cores behind one last-level cache hand a line over in up to [`ONE_CACHE_NS`];
//! from [`FAR_NS`] on it comes from another die or package. These are times, since such paths do not run at the core's clock.
//!
//! **A block.** Its word is what at least three quarters of its moments say; else `mixed`.
//!
//! **The widest that a core can be** is the widest reading of this run and of its examination of the host that another one confirms, within
//! [`CONFIRMED`]: no single one decides. A host whose cores were shared all the time has never shown it. So it is at least
//! [`LEAST_WIDEST`] where cores have several hardware threads.
//!
//! **Limits.** An x86 core with fewer than four adders (Atoms before 2021) reads as shared for ever. One with six that was never seen alone
//! reads half of that, and as its thread's own. A width between two cores of one host that differ (big and little) is not allowed for: pin
//! to one kind. Threads apart may each share their core with a stranger; the widths beside the word tell. None of this looks at what was
//! measured.

use super::probe::Reading;
use crate::record::{BlockState, HopTimes, State};

/// The share of the widest from which on a core is its thread's own.
const OWN: f64 = 0.95;
/// The share of the widest up to which a core is shared.
const SHARED: f64 = 0.9;
/// Cycles that a cache line takes at most inside a core.
const NEAR: f64 = 65.0;
/// Cycles that a cache line takes at least between cores.
const APART: f64 = 75.0;
/// A cache line takes at most so long between cores behind one last-level cache, ns.
const ONE_CACHE_NS: f64 = 110.0;
/// From another die or package it takes at least so long, ns.
pub const FAR_NS: f64 = 130.0;
/// A width confirms another one that is at most by this share wider.
const CONFIRMED: f64 = 0.02;
/// The widest that a core can be is at least this. Cores of x86 servers and desktops of the last ten years add four numbers at a time and
/// more, which comes to 3.7 with the loop around them. Other cores have one hardware thread, but for a few.
const LEAST_WIDEST: f64 = if cfg!(target_arch = "x86_64") { 3.6 } else { 0.0 };

/// How wide the host's cores can be: what widths are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    widest: f64,
}

impl Reference {
    /// From all widths that were seen.
    pub fn of(widths: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = widths.into_iter().collect();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let confirmed = sorted.windows(2).find(|pair| pair[1] >= pair[0] * (1.0 - CONFIRMED)).map(|pair| pair[1]);
        Reference { widest: confirmed.unwrap_or(0.0).max(LEAST_WIDEST) }
    }

    /// The widest, in additions.
    pub fn widest(self) -> f64 {
        self.widest
    }

    /// Whether a width is that of a shared core.
    pub fn is_shared(self, width: f64) -> bool {
        width <= SHARED * self.widest
    }

    /// Whether two threads share a core: by what a line takes between them, the time of an addition, and the wider of their two widths
    /// while both probe.
    pub fn is_one_core(self, hop_ns: f64, addition_ns: f64, width: f64) -> bool {
        hop_ns <= NEAR * addition_ns && self.is_shared(width)
    }

    /// The word for a block. Its own `word` is not looked at.
    pub fn word(self, block: &BlockState) -> State {
        let wide = block.width_low >= OWN * self.widest;
        match (block.threads, block.hop) {
            (0 | 1, _) if wide => State::CoreToItself,
            (0 | 1, _) if self.is_shared(block.width_high) => State::CoreShared,
            (2.., Some(hop)) if self.is_one_core(hop.high_ns, block.addition_ns, block.width_high) => State::OneCore,
            (2.., Some(hop)) if hop.low_ns >= FAR_NS => State::FarApart,
            (2.., Some(hop)) if hop.low_ns >= APART * block.addition_ns && hop.high_ns <= ONE_CACHE_NS => State::Apart,
            _ => State::Mixed,
        }
    }
}

/// Gives each block of a run its word. `calibration` are widths seen apart from the blocks, on the same host.
pub fn sort<'b>(blocks: impl IntoIterator<Item = &'b mut BlockState>, calibration: &[f64]) -> Reference {
    let blocks: Vec<&mut BlockState> = blocks.into_iter().collect();
    let seen = blocks.iter().map(|block| block.width_high);
    let reference = Reference::of(seen.chain(calibration.iter().copied()));
    for block in blocks {
        block.word = reference.word(block);
    }
    reference
}

/// What the readings of a block's threads come to, each thread's in the order of time; the word as far as this block alone can tell. `None`
/// if no moment was read by all.
pub fn summary(threads: &[Vec<Reading>]) -> Option<BlockState> {
    let count = threads.iter().map(Vec::len).min()?;
    let looks: Vec<Look> = (0..count)
        .filter_map(|number| Look::of(&threads.iter().map(|readings| &readings[number]).collect::<Vec<_>>()))
        .collect();
    let [width_low, width, width_high] = quartiles(looks.iter().map(|look| look.width))?;
    let [_, addition_ns, _] = quartiles(looks.iter().map(|look| look.addition_ns))?;
    let hops: Vec<f64> = looks.iter().filter_map(|look| look.hop_ns).collect();
    // Few of many would speak for the others.
    let enough = hops.len() * 4 >= looks.len() * 3;
    let hop = quartiles(hops.into_iter()).filter(|_| enough);
    let block = BlockState {
        word: State::Mixed,
        threads: threads.len(),
        probes: looks.len() as u64,
        probe_ns: threads.iter().map(|it| it.iter().map(|reading| reading.took_ns).sum()).max().unwrap_or(0),
        addition_ns,
        width,
        width_low,
        width_high,
        hop: hop.map(|[low_ns, median_ns, high_ns]| HopTimes { median_ns, low_ns, high_ns }),
    };
    Some(BlockState { word: Reference::of([width_high]).word(&block), ..block })
}

/// What all threads read at one moment.
struct Look {
    width: f64,
    addition_ns: f64,
    hop_ns: Option<f64>,
}

impl Look {
    /// `None` if a thread read what cannot be.
    fn of(readings: &[&Reading]) -> Option<Self> {
        if !readings.iter().all(|reading| reading.width.is_possible()) {
            return None;
        }
        let hops = readings.iter().enumerate().flat_map(|(thread, reading)| {
            let known = reading.hops.iter().filter(|hop| hop.partner < readings.len());
            known.map(move |hop| (hop.ns, [thread, hop.partner]))
        });
        let closest = hops.min_by(|a, b| a.0.total_cmp(&b.0));
        let of = |threads: &[usize], part: fn(&Reading) -> f64| {
            threads.iter().map(|&thread| part(readings[thread])).fold(0.0, f64::max)
        };
        let all: Vec<usize> = (0..readings.len()).collect();
        let judged = closest.as_ref().map_or(all.as_slice(), |(_, pair)| pair.as_slice());
        Some(Look {
            width: of(judged, |reading| reading.width.width),
            addition_ns: of(judged, |reading| reading.width.addition_ns),
            hop_ns: closest.map(|(ns, _)| ns),
        })
    }
}

/// The value that three quarters reach, the median, and the value that three quarters do not exceed.
pub(super) fn quartiles(values: impl Iterator<Item = f64>) -> Option<[f64; 3]> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let quarter = sorted.len() / 4;
    Some([
        sorted[quarter],
        (sorted[last / 2] + sorted[sorted.len() / 2]) / 2.0,
        sorted[last - quarter],
    ])
}
