//! A trace's figures as tables and sentences.

use comfy_table::{CellAlignment, Table, presets};

use super::super::figures::{count, percent, time};
use super::Played;
use crate::workload::profile::{Distances, ListProfile, NEAR_NS, Pending, Profile, Rows, share};
use crate::workload::trace::TraceOp;

/// Lists in a table of their own row each; the others share one.
const SHOWN_LISTS: usize = 32;

/// The whole answer.
pub fn text(profile: &Profile, played: &[Played]) -> String {
    let ops: Vec<TraceOp> = TraceOp::ALL.into_iter().filter(|&op| profile.rows.0[op] > 0).collect();
    [
        overview(profile),
        threads(profile, &ops).to_string(),
        lists(profile, &ops),
        met(profile),
        distances(&profile.distances),
        nearness(profile),
        locks(profile, played),
    ]
    .join("\n")
}

fn overview(profile: &Profile) -> String {
    let seconds = profile.span_ns as f64 / 1e9;
    let rate = if seconds > 0.0 {
        format!(", {} a second", count((profile.ops() as f64 / seconds).round() as u64))
    } else {
        String::new()
    };
    format!(
        "{}: {} operations in {}{rate}; {} threads, {} lists, {} of which ever hold a timer",
        profile.trace,
        count(profile.ops()),
        time(profile.span_ns as i64),
        profile.threads.len(),
        profile.lists.len(),
        profile.lists.iter().filter(|list| list.pending.max > 0).count(),
    )
}

fn threads(profile: &Profile, ops: &[TraceOp]) -> Table {
    let mut table = table(["thread", "name"], ops, &[]);
    for thread in &profile.threads {
        table.add_row(row([thread.id.to_string(), thread.name.clone()], &thread.rows, ops));
    }
    table.add_row(row(["all".to_owned(), String::new()], &profile.rows, ops));
    let shares = ops.iter().map(|&op| match op {
        TraceOp::Fire => String::new(),
        op => percent(profile.rows.share(op)),
    });
    table.add_row(["share".to_owned(), String::new()].into_iter().chain(shares));
    aligned(table)
}

fn lists(profile: &Profile, ops: &[TraceOp]) -> String {
    let mut table = table(["list", "owner, clock"], ops, &["empty", "pending", "by others"]);
    let mut busiest: Vec<&ListProfile> = profile.lists.iter().collect();
    busiest.sort_by_key(|list| std::cmp::Reverse(list.rows.0.total()));
    let hidden = busiest.split_off(busiest.len().min(SHOWN_LISTS));
    for list in &busiest {
        let name = [list.owner.as_str(), list.clock.as_str()].into_iter().filter(|part| !part.is_empty());
        let named = [list.id.to_string(), name.collect::<Vec<_>>().join(", ")];
        let more = [
            percent(share(list.met.empty_polls, list.met.polls)),
            pending(list.pending),
            percent(share(list.by_others, list.rows.0.played())),
        ];
        table.add_row(row(named, &list.rows, ops).into_iter().chain(more));
    }
    let more = match hidden.len() {
        0 => String::new(),
        number => format!(" {number} lists with fewer operations are not shown."),
    };
    format!(
        "{}\nempty: polls that meet an empty list; pending: timers at fewest, for half of the time, at most; by others: operations \
         by threads other than the list's busiest.{more}",
        aligned(table)
    )
}

fn met(profile: &Profile) -> String {
    let (met, rows) = (profile.met, profile.rows.0);
    let runs = rows[TraceOp::Run];
    let mods = rows[TraceOp::Mod];
    let recorded = match rows[TraceOp::Fire] {
        0 => "and the trace does not say how many in the recorded program".to_owned(),
        fires => format!("{} recorded", count(fires)),
    };
    let mut lines = vec![
        format!(
            "Polls (deadline, expired, run): {}, of which {} meet an empty list.",
            count(met.polls),
            percent(share(met.empty_polls, met.polls))
        ),
        format!(
            "Runs: {} of {} fire; {} timers fired, {recorded}.",
            percent(share(met.firing_runs, runs)),
            count(runs),
            count(met.fired)
        ),
        format!(
            "Mods: {} of {} rearm; {} put the head behind another timer, which notifies nobody.",
            percent(share(met.rearming_mods, mods)),
            count(mods),
            count(met.silent_mods)
        ),
    ];
    if rows[TraceOp::Del] > 0 {
        lines.push(format!(
            "Dels: {} of {} find their timer not pending.",
            percent(share(met.idle_dels, rows[TraceOp::Del])),
            count(rows[TraceOp::Del])
        ));
    }
    lines.push(format!(
        "Pending timers on all lists: {} (at fewest, for half of the time, at most); an operation on a list that holds timers \
         meets {}.",
        pending(profile.pending),
        count(profile.pending_met)
    ));
    lines.join("\n")
}

fn pending(pending: Pending) -> String {
    let Pending { min, median, max } = pending;
    [min, median, max].map(count).join(" / ")
}

fn distances(distances: &Distances) -> String {
    if distances.percentiles.is_empty() {
        return "No deadline that comes is set.".to_owned();
    }
    let parts = distances.percentiles.iter().map(|&(percent, ns)| {
        let name = match percent {
            0.0 => "least".to_owned(),
            100.0 => "most".to_owned(),
            percent => format!("p{percent}"),
        };
        format!("{name} {}", time(ns))
    });
    format!(
        "Distances of {} deadlines from the time of their row: {}; {} not ahead, {} never.",
        count(distances.count),
        parts.collect::<Vec<_>>().join(", "),
        count(distances.past),
        count(distances.never)
    )
}

fn nearness(profile: &Profile) -> String {
    let near = profile.nearness;
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let within = NEAR_NS.map(|ns| format!("within {} us", ns / 1_000));
    table.set_header(["on one list".to_owned(), "of".to_owned()].into_iter().chain(within));
    let shares = |counts: [u64; NEAR_NS.len()], of| counts.map(|number| percent(share(number, of)));
    for (name, counts, of) in [
        ("operations near another thread's", near.near, near.ops),
        ("changes near another thread's poll", near.changes_near_poll, near.changes),
    ] {
        table.add_row([name.to_owned(), count(of)].into_iter().chain(shares(counts, of)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

fn locks(profile: &Profile, played: &[Played]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["strategy", "locks", "locks/op", "fired"]);
    for it in played {
        table.add_row([
            it.strategy.clone(),
            count(it.lock_acquisitions),
            format!("{:.4}", it.lock_acquisitions as f64 / profile.ops().max(1) as f64),
            count(it.fired),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!(
        "{table}\nlocks: acquisitions when all rows are played on one thread in time order, as `headlock replay` counts them."
    )
}

fn table(names: [&'static str; 2], ops: &[TraceOp], more: &[&'static str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(names.into_iter().chain(ops.iter().map(|op| op.name())).chain(more.iter().copied()));
    table
}

fn row(names: [String; 2], rows: &Rows, ops: &[TraceOp]) -> Vec<String> {
    names.into_iter().chain(ops.iter().map(|&op| count(rows.0[op]))).collect()
}

fn aligned(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
