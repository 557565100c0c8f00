//! Words that a reader of an answer needs. `docs/GLOSSARY.md` is this document.

use super::{Block, Document};

/// The words in the order of reading, each with what it stands for.
pub const WORDS: [(&str, &str); 12] = [
    ("Point", "One workload at one number of threads. Strategies are compared within a point only."),
    (
        "Block",
        "One fresh process in which all strategies at a point take turns. Blocks are the statistical unit: each gives one ratio \
         per strategy.",
    ),
    ("Slice", "One strategy's turn in a block, on a list of its own."),
    ("Trial", "The slices of one strategy in one block, taken together: one row of trials.csv."),
    (
        "Floor",
        "A strategy that does nothing. Its time is the harness's own cost; what cannot be told from it was not measured.",
    ),
    (
        "A/A control",
        "The baseline compared with itself. There is no difference, so a difference that it shows is the run's own error, its bias. \
         Beyond the margin nothing counts there; within it every verdict allows for as much.",
    ),
    (
        "Interval",
        "A range around a ratio. The level is corrected for the number of rows: with 95 % confidence every true ratio of a table \
         lies in its interval.",
    ),
    (
        "Margin",
        "The largest difference that is still called the same, set by --threshold. A margin of 1 % goes from 1/1.01 to 1.01.",
    ),
    (
        "Verdict",
        "What the interval says: same if it lies within the margin; faster or slower if it lies on one side of 1; otherwise \
         unclear.",
    ),
    (
        "Too few blocks",
        "Fewer than six blocks have trials of both strategies. There is no interval and no verdict; a longer run gives them.",
    ),
    (
        "State",
        "What the machine was like during a block, by probes alone: whether a thread had its core to itself or shared it, and how \
         near several threads were to each other. The answer may differ between states.",
    ),
    (
        "Freshness",
        "What a read promises. Linearizable: the answer was true at some moment of the call. Notified: it may be stale, but a \
         rearm is on its way before a sleeper oversleeps. Racy: neither.",
    ),
];

/// The words as a block.
pub fn block() -> Block {
    Block::Facts(WORDS.iter().map(|(word, text)| ((*word).to_owned(), (*text).to_owned())).collect())
}

/// The glossary as a document of its own.
pub fn document() -> Document {
    Document { blocks: vec![block()], ..Document::new("Glossary") }
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, file};

    use super::super::{Markdown, Writer};
    use super::document;

    #[test]
    fn the_page_in_docs_is_this_glossary() {
        assert_data_eq!(Markdown.write(&document()), file!["../../docs/GLOSSARY.md"].raw());
    }
}
