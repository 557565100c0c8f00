//! The answer of `verify`: what each check came to, what it counted, and what was found.

use headlock_strategies::{TimerList, rcu_epoch::RcuEpoch};
use serde_json::json;

use crate::document::words::{count, counted, list, percent};
use crate::document::{Block, Cell, Column, Document, Section, Table, Tone, Verdict};
use crate::harness::host;
use crate::record::{Check, CheckRow, CheckVerdict, Finding, Grade};
use crate::verify::Length;
use crate::verify::odds::{self, Measured, Odds};
use crate::verify::referee::Plan;

/// Why the RFC's reader oversleeps, and what does not. docs/VERIFY.md has the steps.
const RACE: &str = "Why rcu-epoch oversleeps: a writer may modify the head to a later time between the reader's two loads, and \
nobody is notified (docs/VERIFY.md, The race of the RFC). Remedies: read the head again and retry if it moved \
(rcu-epoch-validated), publish an immutable record (rcu-epoch-copy), a sequence lock (seqlock), a single atomic word \
(atomic-deadline).";

/// The whole answer.
pub fn document(plan: &Plan, rows: &[CheckRow], findings: &[Finding], command: &[String]) -> Document {
    let mut blocks = vec![Block::Table(verdicts(plan, rows)), Block::Table(tried(plan, rows))];
    blocks.extend(broken(plan, rows).map(Block::Table));
    if plan.checks.contains(&Check::Fresh) {
        blocks.push(Block::Table(outcomes(rows, Check::Fresh, "polls")));
    }
    if plan.checks.contains(&Check::History) {
        blocks.push(Block::Table(outcomes(rows, Check::History, "rounds by their explanation")));
    }
    if plan.checks.contains(&Check::Reclaim) {
        blocks.push(Block::Table(reclamation(rows)));
    }
    blocks.push(likelihood(plan, odds::measured(&plan.checks)));
    blocks.extend(findings.iter().map(|it| Block::Section(section(it))));
    let is_rfc_race = |finding: &Finding| finding.allowed && finding.strategy == RcuEpoch::STRATEGY.name;
    if findings.iter().any(is_rfc_race) {
        blocks.push(Block::Text(RACE.to_owned()));
    }
    let whole = plan.strategies.len() * plan.checks.len();
    let notice = format!("{} of {} were carried out.", count(rows.len() as u64), counted(whole, "check"));
    Document {
        facts: vec![
            counted(plan.strategies.len(), "strategy"),
            counted(plan.checks.len(), "check"),
            counted(plan.threads, "thread"),
            format!("seed {}", plan.seed),
        ],
        notices: (rows.len() < whole).then_some(notice).into_iter().chain(waited(plan, rows)).collect(),
        verdict: Some(verdict(plan, rows)),
        blocks,
        data: json!({
            "command": command,
            "host": host::facts(),
            "threads": plan.threads,
            "seed": plan.seed,
            "checks": rows,
            "findings": findings,
            "odds": odds::measured(&plan.checks).ok(),
        }),
        ..Document::new("Does each strategy keep what it declares?")
    }
}

/// How long it took, where waiting for what hung is part of it: that is no time in which anything is found.
fn waited(plan: &Plan, rows: &[CheckRow]) -> Option<String> {
    let hung = rows.iter().filter(|row| row.verdict == CheckVerdict::Hung);
    let (number, seconds) = hung.fold((0, 0.0), |(number, seconds), row| (number + 1, seconds + row.seconds));
    let all: f64 = rows.iter().map(|row| row.seconds).sum();
    let patience = plan.patience_ns as f64 / 1e9;
    (number > 0).then(|| {
        format!(
            "{} hung and took {seconds:.1} s of {all:.1} s: what hangs is waited for, twice {patience} s (--patience).",
            counted(number, "check")
        )
    })
}

fn verdict(plan: &Plan, rows: &[CheckRow]) -> Verdict {
    let named = |matching: fn(&CheckRow) -> bool| -> Vec<&str> {
        let matches = |name: &str| rows.iter().any(|row| row.strategy == name && matching(row));
        plan.strategies.iter().map(|it| it.name).filter(|name| matches(name)).collect()
    };
    let broken = named(|row| !row.verdict.is_good());
    let racy = named(|row| row.verdict == CheckVerdict::Racy);
    let (answer, tone) = match broken.is_empty() {
        true => ("Every strategy keeps what it declares.".to_owned(), Tone::Good),
        false => (format!("Broken: {}.", list(&broken)), Tone::Bad),
    };
    let sentences = (!racy.is_empty()).then(|| format!("A poller oversleeps under {}, as declared.", list(&racy)));
    Verdict {
        answer,
        tone,
        sentences: sentences.into_iter().collect(),
        ..Verdict::default()
    }
}

/// A cell for each strategy and check that was carried out.
fn by_check(plan: &Plan, rows: &[CheckRow], column: fn(&str) -> Column, cell: fn(&CheckRow) -> Cell) -> Table {
    let columns = plan.checks.iter().map(|check| column(check.word()));
    let row = |name: &str| {
        let row = |check: &Check| rows.iter().find(|row| row.strategy == name && row.check == *check);
        let cells = plan.checks.iter().map(|check| row(check).map_or(Cell::default(), cell));
        std::iter::once(Cell::new(name)).chain(cells).collect()
    };
    Table {
        columns: std::iter::once(Column::words("strategy")).chain(columns).collect(),
        rows: plan.strategies.iter().map(|it| row(it.name)).collect(),
        ..Table::default()
    }
}

fn verdicts(plan: &Plan, rows: &[CheckRow]) -> Table {
    let cell = |row: &CheckRow| {
        let tone = match row.verdict {
            CheckVerdict::Kept => Tone::Plain,
            CheckVerdict::Racy => Tone::Open,
            _ => Tone::Bad,
        };
        Cell::toned(row.verdict.word(), tone)
    };
    let mut table = by_check(plan, rows, |word| Column::words(word), cell);
    table.columns.push(Column::words("declares").rank(1));
    for (row, it) in table.rows.iter_mut().zip(&plan.strategies) {
        row.push(Cell::new(format!("{}, {}", it.freshness, it.progress)));
    }
    Table { caption: "Verdicts".to_owned(), ..table }
}

fn tried(plan: &Plan, rows: &[CheckRow]) -> Table {
    Table {
        caption: "Tried".to_owned(),
        notes: vec!["polls under fresh and reclaim; operations, answers or sequences elsewhere.".to_owned()],
        ..by_check(plan, rows, |word| Column::numbers(word), |row| Cell::new(count(row.tried)))
    }
}

/// The strategies of which something is broken, if there are any.
fn broken(plan: &Plan, rows: &[CheckRow]) -> Option<Table> {
    let is_broken = |name: &str| rows.iter().any(|row| row.strategy == name && row.broken > 0);
    let plan = Plan {
        strategies: plan.strategies.iter().filter(|it| is_broken(it.name)).copied().collect(),
        ..plan.clone()
    };
    (!plan.strategies.is_empty()).then(|| Table {
        caption: "Broken".to_owned(),
        notes: vec!["answers under fresh; rules elsewhere.".to_owned()],
        ..by_check(&plan, rows, |word| Column::numbers(word), |row| Cell::new(count(row.broken)))
    })
}

/// What a check met under each strategy, how often, and what the strategy declares of it.
fn outcomes(rows: &[CheckRow], check: Check, of: &str) -> Table {
    let rows: Vec<&CheckRow> = rows.iter().filter(|row| row.check == check).collect();
    let mut words: Vec<&str> = Vec::new();
    for it in rows.iter().flat_map(|row| &row.outcomes) {
        if !words.contains(&it.outcome.as_str()) {
            words.push(&it.outcome);
        }
    }
    let cell = |row: &CheckRow, word: &str| {
        let outcome = row.outcomes.iter().find(|it| it.outcome == word);
        outcome.map_or(Cell::default(), |it| match (it.met, it.grade) {
            (0, _) | (_, Grade::Acceptable) => Cell::new(count(it.met)),
            (_, Grade::Interesting) => Cell::toned(format!("{} ?", count(it.met)), Tone::Open),
            (_, Grade::Forbidden) => Cell::toned(format!("{} !", count(it.met)), Tone::Bad),
        })
    };
    let row = |row: &&CheckRow| {
        [Cell::new(&row.strategy), Cell::new(&row.declared)]
            .into_iter()
            .chain(words.iter().map(|word| cell(row, word)))
            .collect()
    };
    Table {
        caption: format!("Outcomes under {check}, {of}"),
        columns: [Column::words("strategy"), Column::words("declares")]
            .into_iter()
            .chain(words.iter().map(|&word| Column::numbers(word)))
            .collect(),
        rows: rows.iter().map(row).collect(),
        notes: vec![
            "?: interesting, the declaration allows it; !: the declaration forbids it. early: a poller wakes for nothing; late: it would \
             sleep past the head, but a rearm is on its way; oversleeps: no rearm is."
                .to_owned(),
        ],
    }
}

fn reclamation(rows: &[CheckRow]) -> Table {
    let row = |row: &CheckRow| {
        let it = row.figures;
        let counts = [it.frees, it.frees_in_crowds, it.peak_unreclaimed, it.unreclaimed];
        std::iter::once(Cell::new(&row.strategy)).chain(counts.map(optional)).collect()
    };
    Table {
        caption: "Reclamation".to_owned(),
        columns: std::iter::once(Column::words("strategy"))
            .chain(["frees", "in crowds", "peak", "left"].map(Column::numbers))
            .collect(),
        rows: rows.iter().filter(|row| row.check == Check::Reclaim).map(row).collect(),
        notes: vec![
            "in crowds: of the frees, those beside ten threads or more, which are fewer where each takes long; peak: the most nodes that \
             waited to be reclaimed at one moment; left: those that still waited after the readers were gone and one thread had worked \
             on, which must be at most 4,096."
                .to_owned(),
        ],
    }
}

/// How likely a fault of each kind was to be found by these checks, as it was measured on broken lists.
fn likelihood(plan: &Plan, measured: Result<Measured, String>) -> Block {
    let measured = match measured {
        Ok(measured) => measured,
        Err(why) => return Block::Text(format!("How likely faults are to be found cannot be said: {why}")),
    };
    if measured.odds.iter().all(|it| it.found.is_none()) {
        return Block::Text("How likely a fault of each kind is to be found was not measured (just odds).".to_owned());
    }
    let row = |it: &Odds| {
        let median = it.median_seconds.map_or(String::new(), |seconds| format!("{seconds:.1}"));
        let found = it.found.map_or("not measured".to_owned(), percent);
        let cells = [it.lists.to_string(), it.sure.to_string(), found, median];
        std::iter::once(Cell::new(&it.kind)).chain(cells.map(Cell::new)).collect()
    };
    let given = match plan.length {
        Length::Passes(_) => "This time passes were counted, which take another time".to_owned(),
        Length::Time(ns) => {
            let seconds = ns as f64 / 1e9 / plan.strategies.len().max(1) as f64;
            let likely = if seconds >= measured.seconds {
                "so at least as likely"
            } else {
                "so less likely"
            };
            format!("This time a list had {seconds:.1} s, {likely} on such a machine")
        }
    };
    Block::Table(Table {
        caption: "How likely a fault of each kind is to be found".to_owned(),
        columns: [Column::words("kind")]
            .into_iter()
            .chain(["lists", "19 in 20", "runs that found it", "median s"].map(Column::numbers))
            .collect(),
        rows: measured.odds.iter().map(row).collect(),
        notes: vec![format!(
            "lists: broken by somebody who did not know the checks; 19 in 20: of them, found in as many runs or more, with {} s a list, \
             by the checks asked for. Measured {}. {given}.",
            measured.seconds, measured.machine
        )],
    })
}

fn section(finding: &Finding) -> Section {
    let Finding { strategy, check, rule, allowed, what, events, failure: _ } = finding;
    let allowed = if *allowed { " (as declared)" } else { "" };
    let mut blocks = vec![Block::Text(what.clone())];
    if !events.is_empty() {
        blocks.push(Block::List(events.clone()));
    }
    Section::new(format!("{strategy}, {check}, {rule}{allowed}"), blocks)
}

fn optional(number: Option<u64>) -> Cell {
    Cell::new(number.map_or(String::new(), count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::testing::{says, says_all};
    use crate::record::{CheckFigures, CheckOutcome, Failure};
    use crate::registry::Registry;
    use crate::verify::Length;

    fn row(strategy: &str, check: Check, tried: u64, broken: u64, verdict: CheckVerdict) -> CheckRow {
        CheckRow {
            strategy: strategy.to_owned(),
            check,
            tried,
            broken,
            declared: "racy".to_owned(),
            seconds: 1.0,
            verdict,
            outcomes: vec![
                CheckOutcome::new("early", 4_321, Grade::Interesting),
                CheckOutcome::new("oversleeps", broken, Grade::Forbidden),
            ],
            figures: CheckFigures {
                early: Some(4_321),
                frees: Some(16_384),
                ..CheckFigures::default()
            },
        }
    }

    #[test]
    fn time_that_went_by_waiting_for_what_hung_is_told() {
        let plan = Plan {
            strategies: Vec::new(),
            behind: Vec::new(),
            checks: vec![Check::Model],
            length: Length::Passes(1),
            threads: 3,
            timers: 100,
            seed: 7,
            patience_ns: 1_500_000_000,
        };
        let of = |seconds, verdict| CheckRow { seconds, ..row("x", Check::Model, 1, 1, verdict) };
        let rows = [
            of(3.25, CheckVerdict::Hung),
            of(3.5, CheckVerdict::Hung),
            of(2.0, CheckVerdict::Kept),
        ];
        assert_eq!(
            waited(&plan, &rows).as_deref(),
            Some("2 checks hung and took 6.8 s of 8.8 s: what hangs is waited for, twice 1.5 s (--patience).")
        );
        assert_eq!(waited(&plan, &rows[2..]), None);
    }

    #[test]
    fn what_was_tried_and_what_was_broken_are_in_each_form_and_never_in_one_cell() {
        let known = ["mutex", "rcu-epoch"];
        let plan = Plan {
            strategies: Registry::builtin()
                .entries()
                .iter()
                .map(|it| it.strategy)
                .filter(|it| known.contains(&it.name))
                .collect(),
            behind: Vec::new(),
            checks: vec![Check::Fresh, Check::Reclaim],
            length: Length::Passes(1),
            threads: 3,
            timers: 100,
            seed: 7,
            patience_ns: 1,
        };
        let rows = [
            row("mutex", Check::Fresh, 117_281, 0, CheckVerdict::Kept),
            row("mutex", Check::Reclaim, 109_863, 2, CheckVerdict::Broken),
            row("rcu-epoch", Check::Fresh, 1_562_000, 107_810, CheckVerdict::Racy),
        ];
        let finding = Finding {
            strategy: "rcu-epoch".to_owned(),
            check: Check::Fresh,
            rule: "never_oversleeps".to_owned(),
            failure: Failure::Wrong,
            allowed: true,
            what: "107,810 polls answered later than the head".to_owned(),
            events: vec!["poller 1: begins to poll".to_owned()],
        };
        let document = document(&plan, &rows, &[finding], &["headlock".to_owned()]);
        says_all("verify", &document);
        says(
            &document,
            &[
                "Broken: mutex.",
                "A poller oversleeps under rcu-epoch, as declared.",
                "3 of 4 checks were carried out.",
                "1,562,000",
                "107,810",
                "4,321 ?",
                "107,810 !",
                "16,384",
                "rcu-epoch, fresh, never_oversleeps (as declared)",
                "poller 1: begins to poll",
                "Why rcu-epoch oversleeps",
                "How likely a fault of each kind is to be found",
            ],
        );
        let odds = |found| {
            let kind = "windows".to_owned();
            let odds = vec![Odds {
                kind,
                lists: 6,
                sure: 4,
                found,
                median_seconds: found.map(|_| 0.5),
            }];
            let measured = Measured { machine: "on a guest".to_owned(), seconds: 3.0, odds };
            Document {
                blocks: vec![likelihood(&plan, Ok(measured))],
                ..document.clone()
            }
        };
        says(&odds(Some(0.75)), &["75 %", "This time passes were counted"]);
        says(&odds(None), &["was not measured (just odds)"]);
        let checks = &document.data["checks"];
        assert_eq!((&checks[2]["tried"], &checks[2]["broken"]), (&json!(1_562_000), &json!(107_810)));
        assert_eq!(document.data["findings"][0]["rule"], json!("never_oversleeps"));
        for block in &document.blocks {
            let Block::Table(table) = block else { continue };
            assert!(table.rows.iter().flatten().all(|cell| !cell.text.contains('/')), "{table:?}");
        }
    }
}
