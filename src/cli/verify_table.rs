//! The answer of `verify`: what was tried and what was broken, how fresh answers were, and what was found.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, Table, presets};
use headlock_strategies::{TimerList, rcu_epoch::RcuEpoch};

use super::figures::count;
use super::paint::Paint;
use crate::record::{Check, CheckRow, CheckVerdict, Finding};
use crate::verify::referee::Plan;

/// Why the RFC's reader oversleeps.
const RACE: &str = "Why rcu-epoch oversleeps: the RFC's reader loads the pointer to the head node, A, and then A's deadline, and \
nothing ties the two loads together. If a writer modifies A to a later time in between, A is unlinked, B becomes the head, and \
A gets its new deadline behind B. The reader then finds A's new deadline, which is later than B's. The modified timer is not \
the head, so modify answers no rearm and nobody is notified: the poller sleeps past B. Reading the head once more after the \
deadline, and again if it has moved, closes the gap (rcu-epoch-validated); so do publishing an immutable record \
(rcu-epoch-copy), a sequence lock (seqlock) and a single atomic word (atomic-deadline).";

/// The whole answer.
pub fn text(plan: &Plan, rows: &[CheckRow], findings: &[Finding], paint: Paint) -> String {
    let mut text = format!(
        "{}\nA cell is tried / broken: tried counts polls under fresh and reclaim; broken counts answers under fresh, rules \
         elsewhere. {} threads, seed {}.\n",
        overview(plan, rows, paint),
        plan.threads,
        plan.seed
    );
    if plan.checks.contains(&Check::Fresh) {
        let _ = write!(
            text,
            "\n{}\nearly: the poller wakes for nothing; late: it would sleep past the head, but for the rearm on its way; \
             oversleeps: no rearm is.\n",
            freshness(rows, paint)
        );
    }
    if plan.checks.contains(&Check::Reclaim) {
        let _ = write!(
            text,
            "\n{}\npeak: most nodes that waited to be reclaimed at one moment; left: those that still waited when the readers \
             had gone and one thread had tidied up until 4,096 or fewer did.\n",
            reclamation(rows, paint)
        );
    }
    for finding in findings {
        let _ = write!(text, "\n{finding}\n");
    }
    let is_rfc_race = |finding: &Finding| finding.allowed && finding.strategy == RcuEpoch::STRATEGY.name;
    if findings.iter().any(is_rfc_race) {
        let _ = write!(text, "\n{RACE}\n");
    }
    text
}

fn overview(plan: &Plan, rows: &[CheckRow], paint: Paint) -> Table {
    let mut table =
        table(paint, ["strategy", "declares"].into_iter().chain(plan.checks.iter().map(|check| check.word())));
    for strategy in &plan.strategies {
        let cells = plan.checks.iter().map(|&check| {
            let row = rows.iter().find(|row| row.strategy == strategy.name && row.check == check);
            row.map_or(Cell::new(""), cell)
        });
        let declares = format!("{}, {}", strategy.freshness, strategy.progress);
        table.add_row([Cell::new(strategy.name), Cell::new(declares)].into_iter().chain(cells));
    }
    align(&mut table, 2);
    table
}

fn cell(row: &CheckRow) -> Cell {
    let counts = format!("{} / {}", count(row.tried), count(row.broken));
    let text = match row.verdict {
        CheckVerdict::Kept => counts,
        other => format!("{counts} {}", other.word()),
    };
    Paint::check(row.verdict, text)
}

fn freshness(rows: &[CheckRow], paint: Paint) -> Table {
    let mut table = table(
        paint,
        [
            "strategy",
            "declares",
            "polls",
            "changes",
            "early",
            "late",
            "oversleeps",
            "unjudged",
        ],
    );
    for row in rows.iter().filter(|row| row.check == Check::Fresh) {
        let figures = row.figures;
        let counts = [
            Some(row.tried),
            figures.changes,
            figures.early,
            figures.late_with_rearm,
            figures.late_without_rearm,
            figures.unjudged,
        ];
        table.add_row([row.strategy.clone(), row.declared.clone()].into_iter().chain(counts.map(optional)));
    }
    align(&mut table, 2);
    table
}

fn reclamation(rows: &[CheckRow], paint: Paint) -> Table {
    let mut table = table(paint, ["strategy", "frees", "peak", "left"]);
    for row in rows.iter().filter(|row| row.check == Check::Reclaim) {
        let figures = row.figures;
        let counts = [figures.frees, figures.peak_unreclaimed, figures.unreclaimed];
        table.add_row([row.strategy.clone()].into_iter().chain(counts.map(optional)));
    }
    align(&mut table, 1);
    table
}

fn table(paint: Paint, header: impl IntoIterator<Item = &'static str>) -> Table {
    let mut table = paint.table(presets::UTF8_BORDERS_ONLY);
    table.set_header(header.into_iter().collect::<Vec<_>>());
    table
}

fn align(table: &mut Table, words: usize) {
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn optional(number: Option<u64>) -> String {
    number.map_or(String::new(), count)
}
