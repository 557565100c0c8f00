//! One point: a table of the strategies, and what has to be said under it.

use super::{NONE, missing};
use crate::document::words::{counted, figure, heading, interval, list, percent, ratio};
use crate::document::{Axis, Block, Cell, Column, Interval, OPTIONAL, Section, Table, Tone};
use crate::reading::{Pass, Reading, Shares};
use crate::record::{AA_CONTROL, FLOOR, FLOOR_BEHIND, Kind, LatencyRow, Point, Ratio, is_floor};
use crate::stats::median;
use crate::text::count;

/// Stands before a tail that is the machine's.
const MACHINES: &str = "~";

/// The axis of all deciding ratios of a reading, so that pictures can be compared across its points.
pub(super) fn axis(reading: &Reading<'_>) -> Axis {
    let deciding = |point| {
        let names = reading.strategies.iter().map(String::as_str).chain([AA_CONTROL]);
        names.filter_map(move |name| reading.ratio(point, name))
    };
    let intervals: Vec<Interval> = reading.points.iter().flat_map(deciding).map(Interval::from).collect();
    Axis::over(&intervals, reading.threshold)
}

/// The table of a point with the lines under it; in detail, every operation's latency too.
pub(super) fn section(reading: &Reading<'_>, point: &Point, in_detail: bool) -> Section {
    let title = format!("{}{}", heading(point), oversubscribed(reading, point));
    let mut blocks = vec![Block::Table(table(reading, point))];
    if let Some(text) = lines(reading, point) {
        blocks.push(Block::Text(text));
    }
    if reading.is_biased(point) {
        let baseline = reading.baseline;
        blocks.push(Block::Notice(format!(
            "The A/A control differs from {baseline} here: nothing at this point counts."
        )));
    }
    blocks.extend(implausible(reading, point).map(Block::Notice));
    if in_detail {
        if let Some(shares) = reading.shares(point, reading.baseline) {
            blocks.push(Block::Text(load(&shares, reading.baseline)));
        }
        let operations = operations(reading, point);
        if !operations.rows.is_empty() {
            blocks.push(Block::Section(Section::folded("Latency of every operation", vec![Block::Table(operations)])));
        }
    }
    Section::new(title, blocks)
}

/// Figures that are too good to be true.
fn implausible(reading: &Reading<'_>, point: &Point) -> Option<String> {
    let found: Vec<String> =
        reading.implausible(point).iter().map(|(name, what)| format!("{name} has {what}")).collect();
    (!found.is_empty()).then(|| {
        format!("Cannot be squared with the workload: {}. Each change holds the lock once, alone.", found.join("; "))
    })
}

fn oversubscribed(reading: &Reading<'_>, point: &Point) -> &'static str {
    match reading.cpus() {
        Some(cpus) if cpus > 0 && point.threads > cpus => ", oversubscribed",
        _ => "",
    }
}

fn table(reading: &Reading<'_>, point: &Point) -> Table {
    let row = Row {
        reading,
        point,
        op: reading.commonest_op(point),
        late: reading.has_response_times(point),
    };
    let names = reading.strategies.iter().map(String::as_str).chain([AA_CONTROL, FLOOR, FLOOR_BEHIND]);
    let known = |name: &&str| !(is_floor(name) || *name == AA_CONTROL) || reading.summary(point, name).is_some();
    Table {
        caption: match row.op {
            Some(op) => format!("Time beside {}; percentiles: service times of {op}, ns", reading.baseline),
            None => format!("Time beside {}", reading.baseline),
        },
        columns: row.columns(),
        rows: names.filter(known).map(|name| row.cells(name)).collect(),
        notes: Vec::new(),
    }
}

/// What the rows of a point's table have in common.
struct Row<'r, 'a> {
    reading: &'r Reading<'a>,
    point: &'r Point,
    /// The operation whose percentiles are shown.
    op: Option<&'a str>,
    /// Whether response times were recorded.
    late: bool,
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
            Column::intervals(format!("ratio to {}", self.reading.baseline), axis(self.reading)).rank(OPTIONAL),
            Column::words("interval").rank(1),
            Column::words("verdict"),
            Column::numbers(if self.reading.trace(self.point).is_some() {
                "locks/pass"
            } else {
                "locks/op"
            })
            .rank(2),
            Column::numbers("contended").rank(4),
            Column::numbers("blocks").rank(4),
        ];
        if paced {
            columns.extend([Column::numbers("locks/s").rank(2), Column::numbers("of a core").rank(2)]);
        } else {
            columns.push(Column::numbers("net ns").rank(2));
        }
        if self.op.is_some() {
            columns.extend(["p50", "p99", "p99.9", "max"].map(|title| Column::numbers(title).rank(5)));
        }
        if self.late {
            columns.extend(["late p99", "late max"].map(|title| Column::numbers(title).rank(6)));
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
            Cell {
                text: NONE.to_owned(),
                ..Cell::drawn(found.filter(|it| it.ci_high.is_finite()).map(Interval::from))
            },
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
            cells.push(number(summary.and_then(|it| it.net_ns_per_op).filter(|_| strategy != FLOOR)));
        }
        if let Some(op) = self.op {
            let row = reading.latency(point, strategy, op, Kind::Service);
            let p50 = row.map_or(NONE.to_owned(), |row| count(row.p50_ns));
            cells.extend([
                Cell::new(p50),
                self.tail(row, |row| row.p99_ns),
                self.tail(row, |row| row.p999_ns),
                self.tail(row, |row| row.max_ns),
            ]);
        }
        if self.late {
            let row = self.op.and_then(|op| reading.latency(point, strategy, op, Kind::Response));
            cells.extend([self.tail(row, |row| row.p99_ns), self.tail(row, |row| row.max_ns)]);
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

    fn tail(&self, row: Option<&LatencyRow>, pick: fn(&LatencyRow) -> u64) -> Cell {
        match row {
            Some(row) if self.reading.tails().is_the_machines(row, pick) => {
                Cell::toned(format!("{MACHINES}{}", count(pick(row))), Tone::Muted)
            }
            row => Cell::new(row.map_or(NONE.to_owned(), |row| count(pick(row)))),
        }
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
    let unfair: Vec<String> = reading.unfair(point).iter().map(|(name, share)| format!("{name} {share:.2}")).collect();
    if !unfair.is_empty() {
        lines.push(format!("Fewest over most operations of a thread: {}; threads.csv has each.", unfair.join(", ")));
    }
    (!lines.is_empty()).then(|| lines.join(" "))
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

/// Percentiles of each operation under each strategy.
fn operations(reading: &Reading<'_>, point: &Point) -> Table {
    let tails = reading.tails();
    let tail = |row: &LatencyRow, pick: fn(&LatencyRow) -> u64| {
        let mark = if tails.is_the_machines(row, pick) { MACHINES } else { "" };
        Cell::new(format!("{mark}{}", count(pick(row))))
    };
    let row = |row: &LatencyRow| {
        vec![
            Cell::new(&row.strategy),
            Cell::new(&row.op),
            Cell::new(row.kind.as_str()),
            Cell::new(count(row.p50_ns)),
            Cell::new(count(row.p90_ns)),
            tail(row, |row| row.p99_ns),
            tail(row, |row| row.p999_ns),
            tail(row, |row| row.p9999_ns),
            tail(row, |row| row.max_ns),
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
        text += "Percentiles include the clock; ~ marks a tail that cannot be told from the floor's, so it is the machine's. ";
    }
    text + &format!(
        "ratio: to {}, taken inside blocks; below 1 is faster. Intervals are simultaneous 95 % intervals over all comparisons \
         of this run; same: within {}.",
        reading.baseline,
        percent(reading.threshold)
    )
}
