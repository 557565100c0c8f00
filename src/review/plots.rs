//! The pictures that `scripts/plot` makes, each with what it shows.

use super::document::{Block, Figure};
use super::part::{Part, Plot};

/// The pictures whose place on the page is known, by the beginnings of their names.
const PLACED: [&str; 6] = ["throughput", "ratios", "latency", "locks", "reclaim", "crossover"];

/// The pictures of ratios that decide, and then the one net of the harness's cost, which does not.
pub(super) fn ratios(part: &Part, net: bool) -> Vec<Block> {
    let wanted = |plot: &&Plot| plot.name.starts_with("ratios") && (plot.name == "ratios-net") == net;
    part.plots.iter().filter(wanted).map(|plot| Block::Figure(figure(part, plot))).collect()
}

/// The pictures of a part whose names begin so, or, for `""`, those that have no other place.
pub(super) fn figures(part: &Part, beginning: &str) -> Vec<Block> {
    let placed = |name: &str| PLACED.iter().any(|place| name.starts_with(place));
    let wanted = |plot: &&Plot| match beginning {
        "" => !placed(&plot.name),
        _ => plot.name.starts_with(beginning),
    };
    part.plots.iter().filter(wanted).map(|plot| Block::Figure(figure(part, plot))).collect()
}

fn figure(part: &Part, plot: &Plot) -> Figure {
    let (shows, from) = match plot.name.as_str() {
        "throughput" => ("Operations per second against threads, a line for each strategy", "trials.csv"),
        "ratios" => (
            "Time per operation relative to the baseline, with its interval, a row for each strategy",
            "ratios.csv",
        ),
        "ratios-net" => ("Time per operation net of the harness's own cost, relative to the baseline", "ratios.csv"),
        "ratios-service-ns" => {
            ("Service time under paced load relative to the baseline, with its interval", "ratios.csv")
        }
        name if name.starts_with("latency") => {
            ("Latency by percentile, a curve for each strategy, the machine's own in grey", "latency.hlog")
        }
        "locks" => ("Lock acquisitions per operation, the contended share hatched", "trials.csv"),
        "reclaim" => ("The most freed nodes that waited to be reclaimed at one moment", "trials.csv"),
        name if name.starts_with("crossover") => ("From which load on a strategy beats the baseline", "crossover.csv"),
        name => (name, "the result files"),
    };
    Figure {
        file: plot.file.clone(),
        alt: format!("{shows}, for {}. The tables of this section hold the figures.", part.name),
        caption: format!("{shows}. Drawn by scripts/plot from {from}."),
        svg: plot.svg.clone(),
    }
}
