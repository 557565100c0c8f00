//! The table on the terminal: one per point.

use comfy_table::{Cell, CellAlignment, presets};
use serde::Serialize;

use super::paint::Paint;
use crate::harness::Speed;
use crate::harness::pin::shares_a_cpu;
use crate::record::{AA_CONTROL, FLOOR, Kind, LatencyRow, Metric, Pass, Point, RECLAIM, Ratio, Trial};
use crate::stats::{Summary, Tails, median};

/// What is known of a replayed trace.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayFacts {
    /// Rows that are played.
    pub rows: u64,
    /// Timers that the recorded program saw fire.
    pub recorded_fires: u64,
    /// How fast it is played.
    pub speed: Speed,
}

/// The verdict's place in a row.
const VERDICT: usize = 5;

/// Stands before a tail that is the machine's.
const MACHINES: &str = "~";

/// All figures of a run.
pub struct Figures<'a> {
    /// Per point and strategy.
    pub summaries: &'a [Summary],
    /// Per point, strategy and operation.
    pub latency: &'a [LatencyRow],
    /// Against the baseline.
    pub ratios: &'a [Ratio],
    /// Every trial.
    pub trials: &'a [Trial],
    /// The baseline's name.
    pub baseline: &'a str,
    /// The strategies in the table's order.
    pub strategies: &'a [String],
    /// Whether to use colour.
    pub paint: Paint,
}

impl Figures<'_> {
    /// The table of one point with the lines under it.
    pub fn point(&self, point: &Point, replay: Option<&ReplayFacts>, cpus: &[usize]) -> String {
        let op = self.commonest_op(point);
        let mut table = self.paint.table(presets::UTF8_BORDERS_ONLY);
        let header = [
            "strategy",
            "ns/op",
            "net",
            "ratio",
            "interval",
            "verdict",
            if replay.is_some() { "locks" } else { "locks/op" },
            "contended",
            "p50",
            "p99",
            "p99.9",
            "max ns",
        ];
        let late = self.latency.iter().any(|it| at(it, point) && it.kind == Kind::Response);
        table.set_header(header.into_iter().chain(late.then_some(["late p99", "late max"]).into_iter().flatten()));
        for strategy in self.strategies.iter().map(String::as_str).chain([FLOOR]) {
            table.add_row(self.row(point, strategy, op, replay, late));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let oversubscribed = if shares_a_cpu(point.threads, cpus) {
            ", oversubscribed"
        } else {
            ""
        };
        let plural = if point.threads == 1 { "" } else { "s" };
        let figure = match self.metric(point) {
            Metric::ServiceNs => {
                "ns/op: the mean service time but for the slowest hundredth, the clock's cost included"
            }
            _ => "ns/op: thread time per operation; net is less the floor's",
        };
        let latency = op.map_or(String::new(), |op| format!("; p50 to max: service times of {op}, clock included"));
        let mut text = format!(
            "{}, {} thread{plural}{oversubscribed}\n{table}\n{figure}; ratio to {}{latency}.\n",
            point.workload, point.threads, self.baseline
        );
        if table.to_string().contains(MACHINES) {
            text += &format!("{MACHINES} does not clear the floor's own tail: the machine's, not the strategy's.\n");
        }
        if let Some(replay) = replay {
            text += &self.replay_lines(point, replay);
        }
        text += &self.open_lines(point);
        text += &self.grace_line(point);
        text += &self.fairness_line(point);
        text + &self.control_line(point)
    }

    fn row(
        &self,
        point: &Point,
        strategy: &str,
        op: Option<&str>,
        replay: Option<&ReplayFacts>,
        late: bool,
    ) -> Vec<Cell> {
        let summary = self.summaries.iter().find(|it| it.point == *point && it.strategy == strategy);
        let ratio = self.ratio(point, strategy);
        let latency = |kind| {
            let wanted = |it: &&LatencyRow| at(it, point) && it.strategy == strategy && it.kind == kind;
            self.latency.iter().filter(wanted).find(|it| Some(it.op.as_str()) == op)
        };
        let (service, response) = (latency(Kind::Service), latency(Kind::Response));
        let locks = match replay {
            Some(replay) => self.locks_a_pass(point, strategy, replay),
            None => summary.and_then(|it| it.acquisitions_per_op).map(|share| format!("{share:.4}")),
        };
        let percentile = |pick: fn(&LatencyRow) -> u64| cell(service.map(|row| pick(row).to_string()));
        let tails = Tails::new(self.latency, Some(self.baseline));
        let tail = |row: Option<&LatencyRow>, pick: fn(&LatencyRow) -> u64| match row {
            Some(row) if tails.is_the_machines(row, pick) => Paint::grey(format!("{MACHINES}{}", pick(row))),
            row => Cell::new(cell(row.map(|row| pick(row).to_string()))),
        };
        let plain = vec![
            if strategy == FLOOR {
                "floor".to_owned()
            } else {
                strategy.to_owned()
            },
            cell(summary.and_then(|it| it.ns_per_op).map(|ns| format!("{ns:.2}"))),
            cell(summary.and_then(|it| it.net_ns_per_op).map(|ns| format!("{ns:.2}"))),
            cell(ratio.map(|it| format!("{:.3}", it.ratio))),
            cell(ratio.map(interval)),
            cell(locks),
            cell(summary.and_then(|it| it.contended_share).map(|share| format!("{:.2} %", share * 100.0))),
            percentile(|row| row.p50_ns),
        ];
        let mut row: Vec<Cell> = plain.into_iter().map(Cell::new).collect();
        row.insert(VERDICT, ratio.map_or(Cell::new("-"), |it| Paint::verdict(it.verdict)));
        row.extend([
            tail(service, |row| row.p99_ns),
            tail(service, |row| row.p999_ns),
            tail(service, |row| row.max_ns),
        ]);
        if late {
            row.extend([tail(response, |row| row.p99_ns), tail(response, |row| row.max_ns)]);
        }
        row
    }

    fn ratio(&self, point: &Point, strategy: &str) -> Option<&Ratio> {
        self.ratios.iter().find(|it| {
            (it.workload.as_str(), it.threads, it.strategy.as_str()) == (&point.workload, point.threads, strategy)
                && it.metric == self.metric(point)
        })
    }

    /// What is compared at a point: service time where the load is paced, else time per operation.
    fn metric(&self, point: &Point) -> Metric {
        let at_point = |it: &&Trial| (it.workload.as_str(), it.threads) == (&point.workload, point.threads);
        match self.trials.iter().filter(at_point).any(|it| it.pass == Pass::Throughput) {
            true => Metric::NsPerOp,
            false => Metric::ServiceNs,
        }
    }

    /// The operation that the latency pass saw most of.
    fn commonest_op(&self, point: &Point) -> Option<&str> {
        let rows = self.latency.iter().filter(|it| at(it, point) && it.is_service());
        rows.max_by_key(|it| it.count).map(|it| it.op.as_str())
    }

    /// Trials of a strategy at a point, in the pass that the plan had: a paced replay has the latency pass only.
    fn trials<'s>(&'s self, point: &'s Point, strategy: &'s str) -> impl Iterator<Item = &'s Trial> {
        self.trials.iter().filter(move |it| {
            (it.workload.as_str(), it.threads, it.strategy.as_str()) == (&point.workload, point.threads, strategy)
        })
    }

    /// Lock acquisitions in one pass over the trace: the same number in every trial of strict order, else their range.
    fn locks_a_pass(&self, point: &Point, strategy: &str, replay: &ReplayFacts) -> Option<String> {
        let passes = |trial: &Trial| (trial.ops / replay.rows.max(1)).max(1);
        let locks = || self.trials(point, strategy).map(|trial| trial.lock.acquisitions as f64 / passes(trial) as f64);
        let (least, most) = (locks().reduce(f64::min)?, locks().reduce(f64::max)?);
        Some(if least == most {
            format!("{least}")
        } else {
            format!("{least:.0}..{most:.0}")
        })
    }

    fn replay_lines(&self, point: &Point, replay: &ReplayFacts) -> String {
        let fired = |trial: &Trial| trial.fired as f64 / (trial.ops / replay.rows.max(1)).max(1) as f64;
        let fired: Vec<f64> = self.trials(point, self.baseline).map(fired).collect();
        // A recorder that cannot see timers fire leaves those rows out.
        let recorded = match replay.recorded_fires {
            0 => "and the trace does not say how many in the recorded program".to_owned(),
            fires => format!("{fires} in the recorded program"),
        };
        let mut text = format!(
            "{} rows played a pass; {} timers fired under {}, {recorded}. locks: acquisitions a pass.\n",
            replay.rows,
            median(&fired).map_or("no".to_owned(), |fired| format!("{fired}")),
            self.baseline,
        );
        if matches!(replay.speed, Speed::Times(_)) {
            text += "At this pace: ";
            let parts = self.strategies.iter().map(String::as_str).chain([FLOOR]).filter_map(|strategy| {
                let locks: Vec<f64> = self
                    .trials(point, strategy)
                    .map(|it| it.lock.acquisitions as f64 * 1e9 / it.elapsed_ns.max(1) as f64)
                    .collect();
                let share: Vec<f64> = self
                    .trials(point, strategy)
                    .filter_map(|it| Some(it.busy_ns? as f64 / it.elapsed_ns.max(1) as f64))
                    .collect();
                let (locks, share) = (median(&locks)?, median(&share)?);
                Some(format!("{strategy} {locks:.0} locks/s, {:.3} % of a core", share * 100.0))
            });
            text += &parts.collect::<Vec<_>>().join(" · ");
            text += " (clock reads included, as in null)\n";
        }
        text
    }

    /// Strategies that could not keep up with an open load.
    fn open_lines(&self, point: &Point) -> String {
        let saturated = self.strategies.iter().filter_map(|strategy| {
            let trials: Vec<&Trial> = self.trials(point, strategy).collect();
            if trials.iter().filter(|trial| trial.is_saturated()).count() * 2 <= trials.len() {
                return None;
            }
            let served = median(&trials.iter().map(|trial| trial.ops_per_s).collect::<Vec<_>>())?;
            let offered = trials.first()?.offered_per_s?;
            Some(format!(
                "{strategy} is saturated: offered {:.3} M/s, served {:.3} M/s\n",
                offered / 1e6,
                served / 1e6
            ))
        });
        saturated.collect()
    }

    /// How long retired nodes wait for readers, and how many at a time, under the strategies that make them wait.
    fn grace_line(&self, point: &Point) -> String {
        let graces = self.strategies.iter().filter_map(|strategy| {
            let wait = self.latency.iter().find(|it| at(it, point) && it.strategy == *strategy && it.op == RECLAIM)?;
            let undisturbed = self.trials(point, strategy).filter(|trial| !trial.disturbed);
            let peak = undisturbed.map(|trial| trial.peak_unreclaimed).max()?;
            let us = |ns: u64| format!("{:.1}", ns as f64 / 1000.0);
            Some(format!("{strategy} {} (p99 {}, {peak} nodes)", us(wait.p50_ns), us(wait.p99_ns)))
        });
        match graces.collect::<Vec<_>>() {
            graces if graces.is_empty() => String::new(),
            graces => format!(
                "Retired nodes wait to be reclaimed, median \u{b5}s (and how many at most): {}.\n",
                graces.join(" \u{b7} ")
            ),
        }
    }

    /// Strategies under which some thread got less than half as much done as another of the same point.
    fn fairness_line(&self, point: &Point) -> String {
        let unfair = self.strategies.iter().filter_map(|strategy| {
            let shares: Vec<f64> =
                self.trials(point, strategy).map(|it| it.ops_least as f64 / it.ops_most.max(1) as f64).collect();
            let share = median(&shares).filter(|share| *share < 0.5)?;
            Some(format!("{strategy} {share:.2}"))
        });
        let unfair: Vec<String> = unfair.collect();
        match unfair.is_empty() || point.threads == 1 {
            true => String::new(),
            false => format!("Least over most operations of a thread: {}; threads.csv has each.\n", unfair.join(", ")),
        }
    }

    fn control_line(&self, point: &Point) -> String {
        match self.ratio(point, AA_CONTROL) {
            Some(control) => format!(
                "A/A control ({} against itself): {:.3} {}, {}. {} blocks; intervals hold together with 95 %.\n",
                self.baseline,
                control.ratio,
                interval(control),
                control.verdict.as_str(),
                control.blocks,
            ),
            None => String::new(),
        }
    }
}

fn at(row: &LatencyRow, point: &Point) -> bool {
    (row.workload.as_str(), row.threads) == (&point.workload, point.threads)
}

fn interval(ratio: &Ratio) -> String {
    format!("{:.3} .. {:.3}", ratio.ci_low, ratio.ci_high)
}

fn cell(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests;
