//! "Most of our read-side critical sections are racy anyway and rely on aio_notify being called whenever the head of the list
//! changes."

use super::Side;
use super::files::Files;
use super::words::count;
use crate::record::{Check, CheckRow, Claim, Found};
use crate::study::qemu_rfc::role;

const ID: &str = "race-covered-by-notify";
const CLAIM: &str =
    "The race with concurrent changes is covered, because whoever changes the head notifies the poller.";

/// The answers of a strategy that would have made its poller oversleep, of how many.
pub fn oversleeps(files: &Files<'_>, strategy: &str) -> Option<(u64, u64)> {
    let row = fresh(files, strategy)?;
    Some((row.figures.late_without_rearm?, row.tried))
}

fn fresh<'a>(files: &Files<'a>, strategy: &str) -> Option<&'a CheckRow> {
    files.study.checks.iter().find(|row| row.check == Check::Fresh && row.strategy == strategy)
}

pub fn claim(files: &Files<'_>) -> Claim {
    let sources = ["verify.csv", "violations.txt"].map(|file| format!("{}/{file}", role::FRESH));
    super::claim(ID, CLAIM, "the freshness of answers", sources, |side| found(files, side))
}

fn found(files: &Files<'_>, side: Side) -> Option<Found> {
    let (late, polls) = oversleeps(files, side.patch)?;
    let answer = match late {
        0 => format!("None of {} polls answered late without a notification on its way.", count(polls)),
        _ => format!(
            "{} of {} polls answered later than the head with no notification on its way: the head was put off, and that \
             notifies nobody. Such a poller sleeps past a timer.",
            count(late),
            count(polls)
        ),
    };
    let found = if late == 0 {
        "Not refuted in this run"
    } else {
        "Does not hold"
    };
    let rows = [side.patch, side.mended].into_iter().filter_map(|strategy| fresh(files, strategy));
    let mut evidence: Vec<String> = rows.map(|row| say(row, side)).collect();
    evidence.extend(sequence(files, side));
    Some(Found { found: found.to_owned(), answer, evidence })
}

fn say(row: &CheckRow, side: Side) -> String {
    let figure = |number: Option<u64>| number.map_or_else(|| "an unknown number".to_owned(), count);
    let mended = if row.strategy == side.mended {
        ", the RFC with the head read once more,"
    } else {
        ""
    };
    format!(
        "{}{mended} beside {} changes: of {} polls {} early, {} late with a notification on its way, {} late without.",
        row.strategy,
        figure(row.figures.changes),
        count(row.tried),
        figure(row.figures.early),
        figure(row.figures.late_with_rearm),
        figure(row.figures.late_without_rearm),
    )
}

/// The shortest sequence of events that was met, a line each.
fn sequence(files: &Files<'_>, side: Side) -> Vec<String> {
    let begins = format!("{}, {}, never_oversleeps", side.patch, Check::Fresh);
    let found = files.study.violations.iter().find(|block| block.starts_with(&begins));
    let Some(found) = found else { return Vec::new() };
    let events = found.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<&str>>().join(" "));
    ["The shortest sequence of events that was met:".to_owned()].into_iter().chain(events).collect()
}
