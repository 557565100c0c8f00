//! What each strategy gives up: its own declaration, and what was counted.

use super::NONE;
use crate::document::words::{counted, list};
use crate::document::{Block, Cell, Column, Section, Table, Tone};
use crate::reading::Reading;
use crate::record::{Check, CheckRow, Declaration, RACY, Verified};
use crate::text::count;

/// What a strategy says of itself, and what was found of that.
struct Known<'a> {
    name: &'a str,
    declared: Option<&'a Declaration>,
    checks: Vec<&'a CheckRow>,
    /// Whether it had passed `headlock verify` before each run.
    verified: bool,
    /// Nodes that went through its reclaimer, and the most that waited there.
    reclaimed: (u64, u64),
}

/// A table of the strategies that were measured, and each in words. `verify` is the command that checks them.
pub(super) fn blocks(
    readings: &[&Reading<'_>],
    declarations: &[Declaration],
    checks: &[CheckRow],
    verify: &str,
) -> Vec<Block> {
    let mut names: Vec<&str> = Vec::new();
    for name in readings.iter().flat_map(|reading| &reading.strategies) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let known = |name| {
        let reclaimed = readings.iter().map(|it| it.reclaimed(name));
        Known {
            name,
            declared: declarations.iter().find(|it| it.name == name),
            checks: checks.iter().filter(|row| row.strategy == name).collect(),
            verified: readings.iter().all(|it| it.run.verified(name).is_some_and(Verified::is_whole)),
            reclaimed: reclaimed.fold((0, 0), |(sum, peak), (retired, most)| (sum + retired, peak.max(most))),
        }
    };
    let strategies: Vec<Known<'_>> = names.into_iter().map(known).collect();
    let mut blocks = vec![Block::Table(table(&strategies))];
    if checks.is_empty() {
        blocks.push(Block::Text(
            "Whether each strategy keeps what it declares was not checked here. This command checks it, and the page then shows the counts:"
                .to_owned(),
        ));
        blocks.push(Block::Code(verify.to_owned()));
    }
    let in_words = |it: &Known<'_>| Block::Section(Section::new(it.name, vec![Block::Facts(topics(it))]));
    blocks.push(Block::Section(Section::folded("Each in words", strategies.iter().map(in_words).collect())));
    blocks
}

/// All of it at a glance.
fn table(strategies: &[Known<'_>]) -> Table {
    let row = |it: &Known<'_>| {
        let word = |pick: fn(&Declaration) -> &String| Cell::new(it.declared.map_or(NONE, |it| pick(it)));
        let freshness = match it.declared {
            Some(it) if it.freshness == RACY => Cell::toned(&it.freshness, Tone::Bad),
            _ => word(|it| &it.freshness),
        };
        let late = it.checks.iter().filter_map(|row| row.figures.late_without_rearm).sum::<u64>();
        let verify = match (it.checks.is_empty(), it.checks.iter().all(|row| row.verdict.is_good())) {
            (true, _) if it.verified => Cell::new("passed before"),
            (true, _) => Cell::toned("not verified", Tone::Open),
            (_, true) if late > 0 => Cell::new(format!("kept, {} late", counted(late as usize, "poll"))),
            (_, true) => Cell::new("kept"),
            (_, false) => Cell::toned("broken", Tone::Bad),
        };
        let peak = Cell::new(count(it.reclaimed.1));
        vec![
            Cell::new(it.name),
            freshness,
            word(|it| &it.progress),
            word(|it| &it.reader_pays),
            peak,
            verify,
        ]
    };
    Table {
        caption: "Declared, counted and checked".to_owned(),
        columns: vec![
            Column::words("strategy"),
            Column::words("freshness"),
            Column::words("a poll is"),
            Column::words("a read pays"),
            Column::numbers("nodes waiting"),
            Column::words("verify"),
        ],
        rows: strategies.iter().map(row).collect(),
        notes: vec![
            "Nodes waiting: the most freed nodes that were not yet reclaimed at one moment of a trial.".to_owned(),
        ],
    }
}

fn topics(known: &Known<'_>) -> Vec<(String, String)> {
    let Known { declared, checks, .. } = known;
    let mut topics = Vec::new();
    let mut add = |topic: &str, text: String| topics.push((topic.to_owned(), text));
    match declared {
        Some(it) => {
            add("Idea", format!("{}.", it.summary.trim_end_matches('.')));
            add("Freshness", freshness(it, checks));
            add("Progress", format!("{}: {}.", it.progress, progress(&it.progress)));
            add("Reader pays", format!("{}.", reader(&it.reader_pays)));
            add("Writer pays", format!("{}.", it.writer_pays));
            add("Rests on", format!("{}; {}.", it.built_on, it.reference.trim_end_matches('.')));
        }
        None => add("Declares", "this program does not know the strategy, so nothing it declares is shown.".to_owned()),
    }
    add("Memory", memory(known));
    if !checks.is_empty() {
        add("Verify", verified(checks));
    }
    topics
}

fn freshness(declared: &Declaration, checks: &[&CheckRow]) -> String {
    let means = match declared.freshness.as_str() {
        "linearizable" => "an answer was true at some moment during the call",
        "notified" => "an answer may be stale, but later than the truth only while a rearm is on its way to the poller",
        RACY => "an answer may be later than the truth with no rearm on its way, and the poller oversleeps",
        _ => "a word of the strategy's own",
    };
    let text = format!("{}: {means}.", declared.freshness);
    let Some(row) = checks.iter().find(|row| row.check == Check::Fresh) else {
        return text;
    };
    let figures = row.figures;
    let counts: Vec<String> = [
        (figures.late_without_rearm, "later than the truth with no rearm on its way"),
        (figures.late_with_rearm, "later with one on its way"),
        (figures.early, "earlier"),
    ]
    .into_iter()
    .filter_map(|(number, what)| Some(format!("{} {what}", count(number?))))
    .collect();
    match counts.is_empty() {
        true => text,
        false => format!("{text} verify judged {} answers: {}.", count(row.tried), list(&counts)),
    }
}

fn progress(word: &str) -> &'static str {
    match word {
        "blocking" => "a thread that stalls inside stops every poll",
        "obstruction-free" => "a poll ends if it runs alone for long enough",
        "lock-free" => "some thread always makes progress; a single poll may start over",
        "wait-free" => "every poll ends in a bounded number of its own steps",
        _ => "a word of the strategy's own",
    }
}

fn reader(word: &str) -> String {
    let means = match word {
        "none" => "plain loads only",
        "fence" => "a full fence, or a store that needs one",
        "RMW" => "an atomic read-modify-write on memory that other threads touch",
        "lock" => "a lock, held for the read",
        "asymmetric" => "compiler fences only; the writer makes the readers' processors execute fences",
        _ => return word.to_owned(),
    };
    format!("{word}: {means}")
}

/// Freed nodes that readers may still hold, in the trials and under verify.
fn memory(known: &Known<'_>) -> String {
    let Known { checks, reclaimed, .. } = known;
    let measured = match reclaimed {
        (0, _) => "no timer was freed through a reclaimer in these trials".to_owned(),
        (retired, peak) => format!(
            "{} went through the reclaimer in these trials, at most {} waited at one moment",
            counted(*retired as usize, "freed node"),
            count(*peak)
        ),
    };
    let under_verify = checks.iter().find(|row| row.check == Check::Reclaim).and_then(|row| {
        let (frees, peak) = (row.figures.frees?, row.figures.peak_unreclaimed?);
        Some(format!("; under verify's readers {} were freed and at most {} waited", count(frees), count(peak)))
    });
    format!("{measured}{}.", under_verify.unwrap_or_default())
}

fn verified(checks: &[&CheckRow]) -> String {
    let kept = checks.iter().filter(|row| row.verdict.is_good()).count();
    let tried: u64 = checks.iter().map(|row| row.tried).sum();
    let broken: Vec<String> = checks
        .iter()
        .filter(|row| !row.verdict.is_good())
        .map(|row| {
            format!("{} is {} ({} of {})", row.check.word(), row.verdict.word(), count(row.broken), count(row.tried))
        })
        .collect();
    match broken.is_empty() {
        true => {
            format!("kept in all of {}; {} answers and sequences tried.", counted(checks.len(), "check"), count(tried))
        }
        false => format!("kept in {kept} of {}; {}.", counted(checks.len(), "check"), list(&broken)),
    }
}
