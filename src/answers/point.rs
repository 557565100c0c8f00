//! One point: a table of the strategies, and what has to be said under it.

use super::{NONE, missing, names, resolved, states, tail, tails};
use crate::document::words::{counted, figure, heading, interval, list, percent, ratio};
use crate::document::{Block, Cell, Column, OPTIONAL, Section, Table, Tone};
use crate::reading::{Missing, Pass, Reading, Shares, Uneven};
use crate::record::{AA_CONTROL, ALL, BlockRow, LatencyRow, Metric, Point, Ratio, is_floor};
use crate::stats::{MOST_AT_FLOOR, Summary, median};
use crate::text::count;

/// The table of a point with the lines under it, and the tails of its most frequent operation.
pub(super) fn section(reading: &Reading<'_>, point: &Point) -> Section {
    let title = format!("{}{}", heading(point), oversubscribed(reading, point));
    let mut blocks = vec![Block::Table(table(reading, point))];
    if reading.is_biased(point) {
        let baseline = reading.baseline;
        blocks.push(Block::Notice(format!(
            "The A/A control differs from {baseline} here by more than the margin: nothing at this point counts."
        )));
    }
    blocks.extend(slightly_biased(reading, point).map(Block::Text));
    blocks.extend(implausible(reading, point).map(Block::Notice));
    blocks.extend(lines(reading, point).map(Block::Text));
    blocks.extend(states::in_words(reading, point).map(Block::Text));
    blocks.extend(reading.commonest_op(point).and_then(|op| tails::table(reading, point, op)));
    Section::new(title, blocks)
}

/// What a bias within the margin does to the verdicts.
fn slightly_biased(reading: &Reading<'_>, point: &Point) -> Option<String> {
    let bias = reading.bias(point);
    (bias > 0.0 && !reading.is_biased(point)).then(|| {
        format!(
            "The A/A control differs from {} here, by {} at most. Verdicts take each interval to be wider by that much at either end, and \
             call faster or slower only what then lies beyond the margin.",
            reading.baseline,
            percent(bias)
        )
    })
}

/// Figures that are too good to be true.
fn implausible(reading: &Reading<'_>, point: &Point) -> Option<String> {
    let found: Vec<String> =
        reading.implausible(point).iter().map(|(name, what)| format!("{name} has {what}")).collect();
    (!found.is_empty())
        .then(|| format!("Contradicts the workload: {}. Each change holds the lock once, alone.", found.join("; ")))
}

/// The rest of a point: its states, its load, and the tails of its other operations.
pub(super) fn details(reading: &Reading<'_>, blocks: &[BlockRow], point: &Point) -> Vec<Block> {
    let mut made = states::in_detail(reading, blocks, point);
    if let Some(shares) = reading.shares(point, reading.baseline) {
        made.push(Block::Text(load(&shares, reading.baseline)));
    }
    let others = reading.ops(point).into_iter().skip(1).filter_map(|op| tails::table(reading, point, op));
    let mut of_operations: Vec<Block> = others.collect();
    let percentiles = percentiles(reading, point);
    if !percentiles.rows.is_empty() {
        of_operations.push(Block::Table(percentiles));
        made.push(Block::Section(Section::folded("Latency of every operation", of_operations)));
    }
    made
}

fn oversubscribed(reading: &Reading<'_>, point: &Point) -> &'static str {
    match reading.cpus() {
        Some(cpus) if cpus > 0 && point.threads > cpus => ", oversubscribed",
        _ => "",
    }
}

fn table(reading: &Reading<'_>, point: &Point) -> Table {
    let row = Row { reading, point };
    Table {
        caption: format!("All operations together, beside {}", reading.baseline),
        columns: row.columns(),
        rows: names(reading, point).into_iter().map(|name| row.cells(name)).collect(),
        notes: Vec::new(),
    }
}

/// What the rows of a point's table have in common.
struct Row<'r, 'a> {
    reading: &'r Reading<'a>,
    point: &'r Point,
}

impl Row<'_, '_> {
    fn is_paced(&self) -> bool {
        self.reading.is_paced(self.point)
    }

    fn columns(&self) -> Vec<Column> {
        let paced = self.is_paced();
        let mut columns = vec![
            Column::words("strategy"),
            Column::numbers(if paced { "service ns" } else { "ns/op" }),
            Column::numbers("ratio"),
            Column::words("interval").rank(1),
            Column::words("verdict"),
            Column::numbers(if self.reading.trace(self.point).is_some() {
                "locks/pass"
            } else {
                "locks/op"
            })
            .rank(2),
            Column::numbers("contended").rank(OPTIONAL),
            Column::numbers("blocks").rank(4),
        ];
        if paced {
            columns.extend([Column::numbers("locks/s").rank(2), Column::numbers("of a core").rank(2)]);
        } else {
            columns.push(Column::numbers("net ns").rank(2));
        }
        columns
    }

    fn cells(&self, strategy: &str) -> Vec<Cell> {
        let (reading, point) = (self.reading, self.point);
        let summary = reading.summary(point, strategy);
        let found = reading.ratio(point, strategy);
        let compared = strategy != reading.baseline && !is_floor(strategy);
        let number = |value: Option<f64>| Cell::new(value.map_or(NONE.to_owned(), figure));
        let mut cells = vec![
            Cell::new(match strategy {
                name if name == reading.baseline => format!("{name} (baseline)"),
                name => name.to_owned(),
            }),
            number(summary.and_then(|it| it.ns_per_op)),
            Cell::new(found.map_or(NONE.to_owned(), |it| ratio(it.ratio))),
            self.interval(strategy, compared),
            self.verdict(strategy, found, compared),
            self.locks(strategy),
            Cell::new(summary.and_then(|it| it.contended_share).map_or(NONE.to_owned(), percent)),
            Cell::new(summary.map_or(0, |it| it.blocks).to_string()),
        ];
        if self.is_paced() {
            let core: Vec<f64> = reading.busy(point, strategy).into_values().collect();
            cells.push(number(reading.locks_per_s(point, strategy)));
            cells.push(Cell::new(median(&core).map_or(NONE.to_owned(), percent)));
        } else {
            // The floor net of itself says nothing.
            cells.push(number(summary.and_then(|it| it.net_ns_per_op).filter(|_| !is_floor(strategy))));
        }
        if is_floor(strategy) || strategy == AA_CONTROL {
            cells.iter_mut().filter(|cell| cell.tone == Tone::Plain).for_each(|cell| cell.tone = Tone::Muted);
        }
        cells
    }

    fn interval(&self, strategy: &str, compared: bool) -> Cell {
        match (self.reading.ratio(self.point, strategy), self.reading.no_interval(self.point, strategy)) {
            (Some(_), Some(why)) => missing(&why),
            (Some(it), None) if compared => Cell::new(interval(it)),
            _ => Cell::new(NONE),
        }
    }

    /// The verdict, or why there is none.
    fn verdict(&self, strategy: &str, found: Option<&Ratio>, compared: bool) -> Cell {
        let why = match compared {
            true => self.reading.no_ratio(self.point, strategy),
            false => self.reading.no_time(self.point, strategy),
        };
        match (found, why) {
            (Some(it), _) if strategy != AA_CONTROL && self.is_at_floor(strategy) => {
                Cell::toned(format!("{}; {}", it.verdict.as_str(), Missing::NoNet), it.verdict.into())
            }
            (Some(it), _) => Cell::verdict(it.verdict),
            (None, Some(why)) => missing(&why),
            (None, None) => Cell::new(NONE),
        }
    }

    /// Lock acquisitions, of a replay in one pass: the same number in every trial of strict order, else the least and the most.
    fn locks(&self, strategy: &str) -> Cell {
        let text = match self.reading.pass(self.point, strategy) {
            Some(Pass { locks, .. }) => Some(least_most(locks)),
            None => self.reading.summary(self.point, strategy).and_then(|it| it.acquisitions_per_op).map(figure),
        };
        Cell::new(text.unwrap_or_else(|| NONE.to_owned()))
    }

    /// Whether too many trials cannot be told from the floor's.
    fn is_at_floor(&self, strategy: &str) -> bool {
        self.reading.summary(self.point, strategy).is_some_and(Summary::is_at_floor)
    }
}

fn least_most((least, most): (f64, f64)) -> String {
    let whole = |value: f64| count(value.round() as u64);
    match least == most {
        true => whole(least),
        false => format!("{}..{}", whole(least), whole(most)),
    }
}

/// What stands under a point's table.
fn lines(reading: &Reading<'_>, point: &Point) -> Option<String> {
    let mut lines = Vec::new();
    if let Some(trace) = reading.trace(point) {
        let recorded = match trace.recorded_fires {
            0 => "the trace does not say how many did in the recorded program".to_owned(),
            fires => format!("{} in the recorded program", count(fires)),
        };
        let fired = reading.pass(point, reading.baseline).map_or("none".to_owned(), |it| least_most(it.fired));
        let rows = count(trace.rows);
        lines.push(format!("A pass plays {rows} rows; {fired} timers fire under {}, {recorded}.", reading.baseline));
    }
    lines.extend(reading.saturated(point).iter().map(|it| {
        let [offered, served] = [it.offered_per_s, it.served_per_s].map(|rate| figure(rate / 1e6));
        format!("Saturated: {}, with {offered} M operations/s offered and {served} M served.", it.strategy)
    }));
    let waits: Vec<String> = reading
        .graces(point)
        .iter()
        .map(|it| {
            let [p50, p99] = [it.waits.p50_ns, it.waits.p99_ns].map(|ns| figure(ns as f64 / 1e3));
            format!("{} {p50} µs (p99 {p99}; at most {})", it.strategy, counted(it.peak as usize, "node"))
        })
        .collect();
    if !waits.is_empty() {
        lines.push(format!("Median wait of a retired node until it is reclaimed: {}.", list(&waits)));
    }
    let at_floor = reading.strategies.iter().filter_map(|name| reading.summary(point, name));
    let at_floor = at_floor.filter(|it| it.at_floor > 0);
    let at_floor: Vec<String> = at_floor
        .map(|it| format!("{} in {} of {}", it.strategy, it.at_floor, counted(it.trials, "trial")))
        .collect();
    if !at_floor.is_empty() {
        let most = percent(MOST_AT_FLOOR);
        lines.push(format!(
            "At the floor: {}. They count; with more than {most} of them a strategy has no net figure.",
            at_floor.join(", ")
        ));
    }
    lines.extend(reading.uneven(point).iter().filter_map(uneven));
    let unfair: Vec<String> = reading.unfair(point).iter().map(|(name, share)| format!("{name} {share:.2}")).collect();
    if !unfair.is_empty() {
        lines.push(format!(
            "Threads got unequal shares (fewest operations over most): {}; threads.csv has each.",
            unfair.join(", ")
        ));
    }
    (!lines.is_empty()).then(|| lines.join(" "))
}

/// A share that was not played as asked, or not by all alike.
fn uneven(it: &Uneven) -> Option<String> {
    let [(least, low), (most, high)] = it.range()?;
    let of = match it.of.as_str() {
        "head" => "rearms",
        op => op,
    };
    // In three digits a hundredth of the share is seen.
    let in_words = |share: f64| format!("{} %", figure(share * 100.0));
    let [low, high] = [*low, *high].map(in_words);
    let asked = it.asked.map_or(String::new(), |share| format!(" asked {},", in_words(share)));
    let played = match low == high {
        true => low,
        false => format!("{low} under {least} to {high} under {most}"),
    };
    let chance = if it.by_chance { ", within chance" } else { "" };
    Some(format!("Share of {of}:{asked} played {played}{chance}."))
}

/// What the load came to.
fn load(shares: &Shares, strategy: &str) -> String {
    let ops: Vec<String> = shares.ops.iter().map(|(op, share)| format!("{op} {}", percent(*share))).collect();
    let head = shares
        .head_share
        .map_or(String::new(), |share| format!("; {} of changes were at the head", percent(share)));
    let fired = shares
        .fired_per_run
        .map_or(String::new(), |fired| format!("; {} timers fired per run call", figure(fired)));
    format!("The load as played under {strategy}: {}{head}{fired}.", list(&ops))
}

/// Percentiles of each operation under each strategy, over all blocks; none beyond which too few operations lie.
fn percentiles(reading: &Reading<'_>, point: &Point) -> Table {
    let percentile = |row: &LatencyRow, pick: fn(&LatencyRow) -> u64, beyond| match resolved(row.count, beyond) {
        true => tail(reading, row, pick),
        false => Cell::new(NONE),
    };
    let row = |row: &LatencyRow| {
        vec![
            Cell::new(&row.strategy),
            Cell::new(&row.op),
            Cell::new(row.kind.as_str()),
            percentile(row, |row| row.p50_ns, 0.5),
            percentile(row, |row| row.p90_ns, 0.1),
            percentile(row, |row| row.p99_ns, 0.01),
            percentile(row, |row| row.p999_ns, 0.001),
            percentile(row, |row| row.p9999_ns, 0.0001),
            tail(reading, row, |row| row.max_ns),
            Cell::new(count(row.count)),
        ]
    };
    let at = |it: &&LatencyRow| (&it.workload, it.threads) == (&point.workload, point.threads);
    let rows: Vec<&LatencyRow> = reading.latency.iter().filter(at).collect();
    let clock: Vec<f64> = rows.iter().map(|it| it.clock_ns).collect();
    let mut columns = ["strategy", "operation", "time"].map(Column::words).to_vec();
    columns.extend(["p50", "p90", "p99", "p99.9", "p99.99", "max", "operations"].map(Column::numbers));
    Table {
        caption: "Percentiles, ns".to_owned(),
        columns,
        rows: rows.into_iter().map(row).collect(),
        notes: vec![format!(
            "Reading the clock around an operation costs {} ns.",
            median(&clock).map_or(NONE.to_owned(), figure)
        )],
    }
}

/// What the columns mean, for the points of a reading.
pub(super) fn definitions(reading: &Reading<'_>) -> String {
    let paced = reading.points.iter().filter(|point| reading.is_paced(point)).count();
    let mut text = String::new();
    if paced < reading.points.len() {
        text += "ns/op: thread time per operation, median over blocks; net ns: less the floor's. ";
    }
    if paced > 0 {
        text += "service ns: mean service time of all but the slowest hundredth of operations, clock included; it decides where \
                 the load is paced. of a core: time in operations, clock included. ";
    }
    if reading.points.iter().any(|point| reading.has_response_times(point)) {
        text += "late: response time, from the intended start. ";
    }
    if !reading.latency.is_empty() {
        text += "Single operations: mean service time of all but the slowest hundredth, clock included, so their ratios lie nearer to 1 \
                 than without it. Percentiles include the clock too. ";
    }
    if reading.ratios.iter().any(|it| it.op != ALL && it.metric == Metric::NsPerOp) {
        text += "Roles: a role's thread time over its operations. ";
    }
    text + &format!(
        "ratio: to {}, taken inside blocks; below 1 is faster. Intervals are simultaneous 95 % intervals over all comparisons \
         of this run; same: within {}.",
        reading.baseline,
        percent(reading.threshold)
    )
}
