//! How many comparisons come out how.

use crate::record::Verdict;
use crate::text::counted;

/// Counts of verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Faster.
    pub faster: usize,
    /// Slower.
    pub slower: usize,
    /// The same.
    pub same: usize,
    /// Not decided, for want of blocks or of a quiet machine.
    pub unclear: usize,
}

impl FromIterator<Verdict> for Tally {
    fn from_iter<I: IntoIterator<Item = Verdict>>(verdicts: I) -> Self {
        let mut tally = Tally::default();
        for verdict in verdicts {
            *match verdict {
                Verdict::Faster => &mut tally.faster,
                Verdict::Slower => &mut tally.slower,
                Verdict::Same => &mut tally.same,
                Verdict::Unclear | Verdict::TooFewBlocks => &mut tally.unclear,
            } += 1;
        }
        tally
    }
}

impl Tally {
    /// All of them.
    pub fn all(self) -> usize {
        self.faster + self.slower + self.same + self.unclear
    }

    /// What is decided, in words.
    pub fn decided(self) -> String {
        let words = [
            ("faster", self.faster),
            ("slower", self.slower),
            ("the same", self.same),
        ];
        let decided =
            words.iter().filter(|(_, number)| *number > 0).map(|(word, number)| format!("{word} at {number}"));
        match decided.collect::<Vec<String>>() {
            decided if decided.is_empty() => format!("not decided at any of {}", counted(self.all(), "point")),
            decided => format!("{} of {}", decided.join(", "), counted(self.all(), "point")),
        }
    }

    /// In words.
    pub fn say(self) -> String {
        let Tally { faster, slower, same, unclear } = self;
        format!(
            "faster at {faster} of {}, slower at {slower}, the same at {same}, unclear at {unclear}",
            counted(self.all(), "point")
        )
    }
}
