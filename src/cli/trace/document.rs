//! A trace's figures as a document.

use serde_json::json;

use super::Played;
use crate::document::words::{count, counted, duration, share as percent};
use crate::document::{Block, Cell, Column, Document, Table};
use crate::workload::profile::{Distances, Fit, ListProfile, NEAR_NS, Pending, Profile, Rows, share};
use crate::workload::trace::TraceOp;

/// Lists in a table of their own row each; the others are counted.
const SHOWN_LISTS: usize = 32;

/// The whole answer.
pub fn document(profile: &Profile, checksum: u32, played: &[Played], fitted: Option<&Fit>) -> Document {
    let ops: Vec<TraceOp> = TraceOp::ALL.into_iter().filter(|&op| profile.rows.0[op] > 0).collect();
    let mut blocks = vec![
        Block::Table(threads(profile, &ops)),
        Block::Table(lists(profile, &ops)),
        Block::List(met(profile)),
        distances(&profile.distances),
        Block::Table(nearness(profile)),
        Block::Table(locks(profile, played)),
    ];
    if let Some(fitted) = fitted {
        blocks.push(Block::Text("What the workload fitted to it does not say:".to_owned()));
        blocks.push(Block::List(fitted.notes.clone()));
    }
    Document {
        facts: facts(profile),
        blocks,
        data: json!({
            "profile": profile,
            "checksum": format!("{checksum:08x}"),
            "strict_replay": played,
            "workload": fitted.map(|fitted| &fitted.workload),
            "workload_notes": fitted.map(|fitted| &fitted.notes),
        }),
        ..Document::new(&profile.trace)
    }
}

fn facts(profile: &Profile) -> Vec<String> {
    let seconds = profile.span_ns as f64 / 1e9;
    let ops = counted(profile.ops() as usize, "operation");
    let mut facts = vec![format!("{ops} in {}", duration(profile.span_ns as f64))];
    if seconds > 0.0 {
        facts.push(format!("{} a second", count((profile.ops() as f64 / seconds).round() as u64)));
    }
    facts.push(counted(profile.threads.len(), "thread"));
    let held = profile.lists.iter().filter(|list| list.pending.max > 0).count();
    facts.push(format!("{}, timers on {held}", counted(profile.lists.len(), "list")));
    facts
}

fn threads(profile: &Profile, ops: &[TraceOp]) -> Table {
    let mut rows: Vec<Vec<Cell>> = profile
        .threads
        .iter()
        .map(|thread| row([thread.id.to_string(), thread.name.clone()], &thread.rows, ops))
        .collect();
    rows.push(row(["all".to_owned(), String::new()], &profile.rows, ops));
    let shares = ops.iter().map(|&op| match op {
        TraceOp::Fire => Cell::default(),
        op => Cell::new(percent(profile.rows.share(op))),
    });
    rows.push([Cell::new("share"), Cell::default()].into_iter().chain(shares).collect());
    Table {
        caption: "Rows by thread".to_owned(),
        columns: columns(["thread", "name"], ops).collect(),
        rows,
        ..Table::default()
    }
}

fn lists(profile: &Profile, ops: &[TraceOp]) -> Table {
    let mut busiest: Vec<&ListProfile> = profile.lists.iter().collect();
    busiest.sort_by_key(|list| std::cmp::Reverse(list.rows.0.total()));
    let hidden = busiest.split_off(busiest.len().min(SHOWN_LISTS)).len();
    let row = |list: &&ListProfile| {
        let name = [list.owner.as_str(), list.clock.as_str()].into_iter().filter(|part| !part.is_empty());
        let named = [list.id.to_string(), name.collect::<Vec<_>>().join(", ")];
        let Pending { min, median, max } = list.pending;
        let more = [
            percent(share(list.met.empty_polls, list.met.polls)),
            count(min),
            count(median),
            count(max),
            percent(share(list.by_others, list.rows.0.played())),
        ];
        row(named, &list.rows, ops).into_iter().chain(more.map(Cell::new)).collect()
    };
    let more = ["empty", "fewest", "median", "most", "by others"].map(|title| Column::numbers(title).rank(1));
    let notes = [
        "empty: polls that meet an empty list; fewest, median, most: timers pending over time; by others: operations by threads \
         other than the list's busiest."
            .to_owned(),
        format!("{} with fewer operations are not shown.", counted(hidden, "list")),
    ];
    Table {
        caption: "Rows by list".to_owned(),
        columns: columns(["list", "owner, clock"], ops).chain(more).collect(),
        rows: busiest.iter().map(row).collect(),
        notes: notes.into_iter().take(if hidden == 0 { 1 } else { 2 }).collect(),
    }
}

fn met(profile: &Profile) -> Vec<String> {
    let (met, rows) = (profile.met, profile.rows.0);
    let runs = rows[TraceOp::Run];
    let mods = rows[TraceOp::Mod];
    let recorded = match rows[TraceOp::Fire] {
        0 => "the trace does not say how many fired in the recorded program".to_owned(),
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
    let Pending { min, median, max } = profile.pending;
    lines.push(format!(
        "Timers pending on all lists: {} at the fewest, {} in the median over time, {} at the most.",
        count(min),
        count(median),
        count(max)
    ));
    lines.push(format!("An operation on a list that holds timers meets {}.", count(profile.pending_met)));
    lines
}

fn distances(distances: &Distances) -> Block {
    if distances.percentiles.is_empty() {
        return Block::Text("No deadline that comes is set.".to_owned());
    }
    let title = |percent: f64| match percent {
        0.0 => "least".to_owned(),
        100.0 => "most".to_owned(),
        percent => format!("p{percent}"),
    };
    let cells = distances.percentiles.iter().map(|&(_, ns)| Cell::new(duration(ns as f64)));
    Block::Table(Table {
        caption: "How far ahead of their row's time deadlines are set".to_owned(),
        columns: std::iter::once(Column::numbers("of"))
            .chain(distances.percentiles.iter().map(|&(percent, _)| {
                let among_the_first = [0.0, 10.0, 50.0, 90.0, 99.0, 100.0].contains(&percent);
                Column::numbers(title(percent)).rank(if among_the_first { 0 } else { 1 })
            }))
            .collect(),
        rows: vec![std::iter::once(Cell::new(count(distances.count))).chain(cells).collect()],
        notes: vec![format!(
            "{} are not ahead, {} never come.",
            count(distances.past),
            count(distances.never)
        )],
    })
}

fn nearness(profile: &Profile) -> Table {
    let near = profile.nearness;
    let within = NEAR_NS.map(|ns| Column::numbers(format!("≤ {}", duration(ns as f64))));
    let row = |name: &str, counts: [u64; NEAR_NS.len()], of: u64| {
        let shares = counts.map(|number| Cell::new(percent(share(number, of))));
        [Cell::new(name), Cell::new(count(of))].into_iter().chain(shares).collect()
    };
    Table {
        caption: "How near in time threads meet on one list: shares within a time".to_owned(),
        columns: [Column::words("of"), Column::numbers("number")].into_iter().chain(within).collect(),
        rows: vec![
            row("operations near another thread's", near.near, near.ops),
            row("changes near another thread's poll", near.changes_near_poll, near.changes),
        ],
        ..Table::default()
    }
}

fn locks(profile: &Profile, played: &[Played]) -> Table {
    let row = |it: &Played| {
        vec![
            Cell::new(&it.strategy),
            Cell::new(count(it.lock_acquisitions)),
            Cell::new(format!("{:.4}", it.lock_acquisitions as f64 / profile.ops().max(1) as f64)),
            Cell::new(count(it.fired)),
        ]
    };
    Table {
        caption: "Lock acquisitions in strict order".to_owned(),
        columns: std::iter::once(Column::words("strategy"))
            .chain(["locks", "locks/op", "fired"].map(Column::numbers))
            .collect(),
        rows: played.iter().map(row).collect(),
        notes: vec![
            "locks: acquisitions when all rows are played on one thread in time order, as `headlock replay` counts them."
                .to_owned(),
        ],
    }
}

fn columns(names: [&str; 2], ops: &[TraceOp]) -> impl Iterator<Item = Column> {
    let names = names.map(Column::words);
    names.into_iter().chain(ops.iter().map(|op| Column::numbers(op.name())))
}

fn row(names: [String; 2], rows: &Rows, ops: &[TraceOp]) -> Vec<Cell> {
    names.into_iter().chain(ops.iter().map(|&op| count(rows.0[op]))).map(Cell::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::testing::{says, says_all};
    use crate::workload::trace::Trace;

    #[test]
    fn every_figure_is_in_each_form() {
        let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/trace.in/small.csv");
        let trace = Trace::load(trace).expect("a trace");
        let played = [Played {
            strategy: "mutex".to_owned(),
            lock_acquisitions: 1_414,
            fired: 2,
        }];
        let document = document(&Profile::of(&trace), trace.checksum(), &played, None);
        says_all("trace", &document);
        says(
            &document,
            &[
                "small",
                "12 operations in 500 µs",
                "main loop, VIRTUAL",
                "41.7 %",
                "8, of which 37.5 % meet an empty list.",
                "391 µs",
                "0 are not ahead, 1 never come.",
                "changes near another thread's poll",
                "mutex",
                "1,414",
            ],
        );
        let data = &document.data;
        assert_eq!((&data["profile"]["met"]["polls"], &data["checksum"]), (&json!(8), &json!("6c110e45")));
        assert_eq!(data["strict_replay"][0]["lock_acquisitions"], json!(1_414));
    }
}
