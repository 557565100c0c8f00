//! The pictures that `scripts/plot` left, each with what it shows. Ratios are drawn in the tables.

use crate::document::{Block, Figure};
use crate::reading::{Picture, Results};

/// A page holds pictures of so many bytes at most; the others are named.
const MOST_BYTES: usize = 700_000;

/// The pictures of a page.
pub(super) struct Pictures {
    /// Bytes that the page has room for.
    left: usize,
}

impl Pictures {
    /// Of a page that has none yet.
    pub(super) fn new() -> Self {
        Pictures { left: MOST_BYTES }
    }

    /// The pictures of a result directory, or the command that draws them.
    pub(super) fn of(&mut self, results: &Results, directory: &str) -> Vec<Block> {
        let shown: Vec<&Picture> = results.pictures.iter().filter(|it| !it.name.starts_with("ratios")).collect();
        if results.pictures.is_empty() {
            return vec![
                Block::Text(
                    "There are no pictures. In a checkout of headlock this draws them, and the page then shows them:"
                        .to_owned(),
                ),
                Block::Code(format!("scripts/plot {}", crate::document::words::shell(directory))),
            ];
        }
        let mut blocks = Vec::new();
        let mut named = Vec::new();
        for picture in shown {
            if picture.svg.len() <= self.left {
                self.left -= picture.svg.len();
                blocks.push(Block::Figure(figure(results, picture)));
            } else {
                named.push(picture.file.clone());
            }
        }
        if !named.is_empty() {
            blocks.push(Block::Text(format!("Too large for this page: {}.", named.join(", "))));
        }
        blocks
    }
}

fn figure(results: &Results, picture: &Picture) -> Figure {
    let (shows, from) = match picture.name.as_str() {
        "throughput" => ("Operations per second against threads, a line for each strategy", "trials.csv"),
        name if name.starts_with("latency") => {
            ("Latency by percentile, a curve for each strategy, the floor's in grey", "latency.hlog")
        }
        "locks" => ("Lock acquisitions per operation, the contended share hatched", "trials.csv"),
        "reclaim" => ("The most freed nodes that waited to be reclaimed at one moment", "trials.csv"),
        name if name.starts_with("crossover") => ("From which load on a strategy beats the baseline", "crossover.csv"),
        name => (name, "the result files"),
    };
    Figure {
        file: picture.file.clone(),
        alt: format!("{shows}, for {}. The tables hold the figures.", results.name),
        caption: format!("{shows}. Drawn by scripts/plot from {from}."),
        svg: picture.svg.clone(),
    }
}
