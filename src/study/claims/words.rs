//! Figures in words.

use super::files::At;
use crate::document::words::{at, counted, duration, list};
use crate::reading::Tally;
use crate::stats::{Held, MIN_BLOCKS, takes};
pub use crate::text::count;

/// A ratio with its interval and verdict.
pub fn ratio(held: &Held) -> String {
    let Held { interval, .. } = held;
    match interval.high.is_finite() {
        true => {
            let (low, high, verdict) = (interval.low, interval.high, held.verdict().as_str());
            format!("{:.3} ({low:.3} to {high:.3}, {verdict})", interval.estimate)
        }
        false => format!("{:.3} (too few blocks for an interval)", interval.estimate),
    }
}

/// A share of a core, per cent.
pub fn core(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

/// How many points come out how.
pub fn tally(points: &[At<'_, '_>]) -> Tally {
    points.iter().map(|it| it.held.verdict()).collect()
}

/// What it would take for the rule to say yes or no.
pub fn what_it_takes(points: &[At<'_, '_>]) -> String {
    let few = points.iter().filter(|it| it.held.blocks < MIN_BLOCKS).map(|it| at(&it.point));
    let few: Vec<String> = few.collect();
    if !few.is_empty() {
        return format!("To decide takes {MIN_BLOCKS} blocks at every point first; {} has fewer.", list(&few));
    }
    let held: Vec<Option<Held>> = points.iter().map(|it| Some(it.held)).collect();
    let Some(times) = takes(&held).filter(|_| !points.is_empty()) else {
        return "If the ratios stay as they are, no number of blocks decides.".to_owned();
    };
    let more = |(it, times): (&At<'_, '_>, &f64)| {
        let blocks = ((times - 1.0) * it.held.blocks as f64).ceil() as usize;
        (blocks > 0).then(|| (blocks, at(&it.point), it.part.block_ns().unwrap_or(0.0) * blocks as f64))
    };
    let more: Vec<(usize, String, f64)> = points.iter().zip(&times).filter_map(more).collect();
    let each: Vec<String> =
        more.iter().map(|(blocks, at, _)| format!("{} on {at}", counted(*blocks, "block"))).collect();
    let ns: f64 = more.iter().map(|(_, _, ns)| ns).sum();
    format!("If the ratios stay as they are, to decide takes {} more: {}.", duration(ns), list(&each))
}
