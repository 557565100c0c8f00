//! Figures in words.

use crate::record::{Ratio, Verdict};
pub use crate::text::count;

/// A ratio with its interval and verdict.
pub fn ratio(ratio: &Ratio) -> String {
    let Ratio { ratio, ci_low, ci_high, verdict, .. } = ratio;
    match ci_high.is_finite() {
        true => format!("{ratio:.3} ({ci_low:.3} to {ci_high:.3}, {})", verdict.as_str()),
        false => format!("{ratio:.3} (too few blocks for an interval)"),
    }
}

/// Workload and threads.
pub fn point(workload: &str, threads: usize) -> String {
    format!("{workload} with {threads} thread{}", if threads == 1 { "" } else { "s" })
}

/// A share of a core, per cent.
pub fn core(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

/// How many ratios come out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub faster: usize,
    pub slower: usize,
    pub same: usize,
    pub unclear: usize,
}

impl Tally {
    /// Counts verdicts.
    pub fn of<'a>(ratios: impl IntoIterator<Item = &'a Ratio>) -> Tally {
        let mut tally = Tally::default();
        for ratio in ratios {
            *match ratio.verdict {
                Verdict::Faster => &mut tally.faster,
                Verdict::Slower => &mut tally.slower,
                Verdict::Same => &mut tally.same,
                Verdict::Unclear | Verdict::TooFewBlocks => &mut tally.unclear,
            } += 1;
        }
        tally
    }

    /// All of them.
    pub fn points(self) -> usize {
        self.faster + self.slower + self.same + self.unclear
    }

    /// In words.
    pub fn say(self) -> String {
        let Tally { faster, slower, same, unclear } = self;
        format!(
            "faster at {faster} of {} points, slower at {slower}, the same at {same}, unclear at {unclear}",
            self.points()
        )
    }
}
