//! What the verdicts at the rungs come to.

use super::Judged;
use crate::record::Verdict;

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Faster at every value of the grid.
    Always,
    /// Slower or the same at every value of the grid.
    Never,
    /// Faster at some values and not at others: each place where that changes, in order.
    Crosses(Vec<Crossing>),
    /// No crossing seen, and some values of the grid are undecided.
    Unclear,
}

/// A place where a strategy begins or ceases to beat the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// The rung on its lower side that was decided.
    pub low: usize,
    /// The rung on its upper side that was decided.
    pub high: usize,
    /// The estimate, in rungs, from `low` to `high`.
    pub at: f64,
    /// Whether the strategy beats the baseline above it; else it does below.
    pub starts: bool,
    /// What it is on the other side: `slower`, or `same` where the lead falls to within the threshold and no further.
    pub beyond: Verdict,
}

/// Two decided rungs between which a strategy begins or ceases to be faster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bracket {
    pub low: usize,
    pub high: usize,
    pub starts: bool,
    pub beyond: Verdict,
}

/// The brackets among the decided rungs, in order. Rungs that are `same` lie inside a bracket if a slower one follows them: where
/// nothing is to be seen, the ratio may have crossed 1 or not.
pub(super) fn brackets(judged: &[(usize, Judged)]) -> Vec<Bracket> {
    let decided: Vec<(usize, Verdict)> = judged
        .iter()
        .map(|(rung, judged)| (*rung, judged.verdict))
        .filter(|(_, verdict)| *verdict != Verdict::Unclear)
        .collect();
    let mut brackets = Vec::new();
    for (place, pair) in decided.windows(2).enumerate() {
        let [(low, below), (high, above)] = [pair[0], pair[1]];
        match (below == Verdict::Faster, above == Verdict::Faster) {
            (true, false) => {
                let others = decided[place + 1..].iter().take_while(|(_, it)| *it != Verdict::Faster);
                let (high, beyond) = slower(others).unwrap_or((high, above));
                brackets.push(Bracket { low, high, starts: false, beyond });
            }
            (false, true) => {
                let others = decided[..=place].iter().rev().take_while(|(_, it)| *it != Verdict::Faster);
                let (low, beyond) = slower(others).unwrap_or((low, below));
                brackets.push(Bracket { low, high, starts: true, beyond });
            }
            _ => {}
        }
    }
    brackets
}

/// The nearest slower one.
fn slower<'a>(mut others: impl Iterator<Item = &'a (usize, Verdict)>) -> Option<(usize, Verdict)> {
    others.find(|(_, verdict)| *verdict == Verdict::Slower).copied()
}

/// The answer; `grid` are the rungs that it must know of.
pub(super) fn answer(judged: &[(usize, Judged)], grid: &[usize]) -> Answer {
    let found = brackets(judged);
    if !found.is_empty() {
        let crossing = |bracket: Bracket| {
            let Bracket { low, high, starts, beyond } = bracket;
            Crossing { low, high, at: estimate(judged, bracket), starts, beyond }
        };
        return Answer::Crosses(found.into_iter().map(crossing).collect());
    }
    let verdicts: Option<Vec<Verdict>> = grid
        .iter()
        .map(|rung| judged.iter().find(|(number, _)| number == rung).map(|(_, judged)| judged.verdict))
        .collect();
    match verdicts {
        Some(all) if all.contains(&Verdict::Unclear) => Answer::Unclear,
        Some(all) if all.iter().all(|verdict| *verdict == Verdict::Faster) => Answer::Always,
        Some(_) => Answer::Never,
        None => Answer::Unclear,
    }
}

/// Where a straight line through the medians of the rungs from end to end, each weighted by its blocks, meets a ratio of 1. Where
/// the other side is merely the same there is no such place to look for, and the middle stands for it.
fn estimate(judged: &[(usize, Judged)], bracket: Bracket) -> f64 {
    let Bracket { low, high, beyond, .. } = bracket;
    let middle = (low + high) as f64 / 2.0;
    if beyond == Verdict::Same {
        return middle;
    }
    let inside = judged.iter().filter(|(rung, _)| (low..=high).contains(rung));
    let (mut weight, mut x, mut y) = (0.0, 0.0, 0.0);
    let points: Vec<[f64; 3]> = inside
        .map(|(rung, judged)| [*rung as f64, judged.interval.estimate.ln(), judged.blocks as f64])
        .collect();
    for [rung, log, blocks] in &points {
        weight += blocks;
        x += rung * blocks;
        y += log * blocks;
    }
    let (x, y) = (x / weight, y / weight);
    let slope = |part: fn([f64; 2]) -> f64| {
        points.iter().map(|[rung, log, blocks]| part([rung - x, log - y]) * blocks).sum::<f64>()
    };
    let (rise, run) = (slope(|[dx, dy]| dx * dy), slope(|[dx, _]| dx * dx));
    let root = x - y * run / rise;
    if root.is_finite() {
        root.clamp(low as f64, high as f64)
    } else {
        middle
    }
}
