//! Whether two runs met machines that are alike: the clock of the cores and the way of a cache line, as their probes read them.
//!
//! A guest stays the same by name while its cores' clock rises and falls with what the host does, by several per cent within an hour. Lists
//! that wait for a cache line then gain or lose beside lists that wait for their own instructions, so with several threads a ratio is another
//! one. docs/METHOD.md (12) has what was measured about it. One thread's ratios did not follow the clock.

use serde::Serialize;

use crate::record::{BlockRow, Point};

/// Clocks further apart than by this share are of two machines.
pub const CLOCK: f64 = 0.03;

/// Times of a line between two threads further apart than by this share are of two machines.
pub const LINE: f64 = 0.05;

/// How two machines differ: B over A.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unlike {
    /// A cycle of a core, mean over blocks.
    pub cycle: f64,
    /// A cache line's way between two threads, median over blocks.
    pub line: f64,
}

/// How the machines differ that two runs' blocks at these points read, if they do by more than [`CLOCK`] or [`LINE`]. `None` too if
/// either has no such probes: with one thread no line goes from thread to thread.
pub fn unlike((a, of_a): (&[BlockRow], &Point), (b, of_b): (&[BlockRow], &Point)) -> Option<Unlike> {
    let ((cycle_a, line_a), (cycle_b, line_b)) = (read(a, of_a)?, read(b, of_b)?);
    let unlike = Unlike { cycle: cycle_b / cycle_a, line: line_b / line_a };
    let apart = |ratio: f64, share: f64| ratio.ln().abs() > share.ln_1p();
    (apart(unlike.cycle, CLOCK) || apart(unlike.line, LINE)).then_some(unlike)
}

/// A cycle and a line's way, ns.
fn read(blocks: &[BlockRow], point: &Point) -> Option<(f64, f64)> {
    let here = blocks.iter().filter(|row| (row.threads, &row.workload) == (point.threads, &point.workload));
    let (cycles, lines): (Vec<f64>, Vec<f64>) = here.filter_map(|row| Some((row.addition_ns, row.hop_ns?))).unzip();
    let cycle = cycles.iter().sum::<f64>() / cycles.len() as f64;
    Some((cycle, super::median(&lines)?))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::record::{ALL, State};

    /// Eight blocks whose probes read about these, ns.
    pub fn blocks(threads: usize, cycle: f64, line: Option<f64>) -> Vec<BlockRow> {
        let block = |block: usize| BlockRow {
            workload: "hot".to_owned(),
            threads,
            block,
            contestant: ALL.to_owned(),
            ended_ms: 0,
            state: State::Apart,
            probes: 1,
            probe_ns: 1,
            addition_ns: cycle * (1.0 + 0.001 * block as f64),
            width: 3.9,
            width_low: 3.9,
            width_high: 3.9,
            hop_ns: line,
            hop_low_ns: line,
            hop_high_ns: line,
            layout: String::new(),
            counted: true,
        };
        (0..8).map(block).collect()
    }

    #[test]
    fn a_clock_or_a_line_that_differs_makes_two_machines() {
        let point = |threads| Point { workload: "hot".to_owned(), threads };
        let unlike = |cycle: f64, line: f64| {
            unlike((&blocks(2, 0.25, Some(60.0)), &point(2)), (&blocks(2, 0.25 * cycle, Some(60.0 * line)), &point(2)))
        };
        assert_eq!(unlike(1.029, 1.049), None);
        assert_eq!(unlike(0.972, 0.953), None, "the same the other way");
        let slower = unlike(1.04, 1.0).expect("a slower clock");
        assert!((slower.cycle - 1.04).abs() < 1e-9 && slower.line == 1.0, "{slower:?}");
        assert!(unlike(1.0, 1.06).is_some() && unlike(1.0, 0.94).is_some());
    }

    #[test]
    fn without_two_threads_or_probes_nothing_is_known() {
        let one = Point { workload: "hot".to_owned(), threads: 1 };
        let (slow, fast) = (blocks(1, 0.5, None), blocks(1, 0.25, None));
        assert_eq!(unlike((&slow, &one), (&fast, &one)), None);
        assert_eq!(unlike((&[], &one), (&[], &one)), None);
    }
}
