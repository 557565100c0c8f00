//! The answer over hosts as a document.

use serde_json::Value;

use super::{Answer, HostAnswer, Pool};
use crate::document::words::{self, between, counted, heading, list, percent};
use crate::document::{Axis, Block, Cell, Column, Document, Interval, Section, Table, Tone, Verdict};
use crate::record::{self, ALL, Metric, Point};
use crate::stats::pool::{FEWEST_UNITS, Pooled, Word};
use crate::stats::{self, MIN_BLOCKS};

/// The whole answer. In detail, the picture of every kind of operation too.
pub fn document(pool: &Pool, in_detail: bool) -> Document {
    let mut blocks: Vec<Block> = pool.points.iter().filter_map(|it| point(pool, it, in_detail)).collect();
    blocks.push(Block::Section(Section::folded("The hosts", vec![Block::Table(hosts(pool))])));
    blocks.push(Block::Section(Section::folded("How to read this", vec![Block::List(rules(pool))])));
    Document {
        kind: "Many hosts".to_owned(),
        title: format!("{} and its rivals on {}", pool.baseline, counted(pool.hosts.len(), "host")),
        facts: facts(pool),
        notices: pool.notes.iter().map(|it| format!("{it}.")).chain(unverified(pool)).collect(),
        verdict: Some(verdict(pool)),
        blocks,
        data: serde_json::to_value(pool).unwrap_or(Value::Null),
    }
}

fn facts(pool: &Pool) -> Vec<String> {
    let runs: usize = pool.hosts.iter().map(|host| host.runs.len()).sum();
    let [first, last] = pool.began.map(|it| it.strftime("%-d %B %Y").to_string());
    vec![
        if first == last {
            first
        } else {
            format!("{first} to {last}")
        },
        counted(pool.hosts.len(), "host"),
        counted(pool.microarchitectures.len(), "microarchitecture"),
        counted(runs, "run"),
        format!("headlock {}", pool.headlock_version),
    ]
}

fn unverified(pool: &Pool) -> Option<String> {
    let names: Vec<&String> = pool.strategies.iter().filter(|it| !pool.verified.contains(it)).collect();
    (!names.is_empty()).then(|| format!("Not verified where they were measured: {}.", list(&names)))
}

/// What decides at all points, a sentence each, and what the hosts are a sample of.
fn verdict(pool: &Pool) -> Verdict {
    let deciding: Vec<&Answer> = pool.answers.iter().filter(|it| it.decides()).collect();
    let of = |word: Word| deciding.iter().filter(|it| it.word == word).count();
    let counts = [Word::Faster, Word::Slower, Word::Same, Word::Depends, Word::Unclear].map(|word| (word, of(word)));
    let said = counts.iter().filter(|(_, count)| *count > 0);
    let said: Vec<String> = said
        .map(|(word, count)| match (word, count) {
            (Word::Depends, 2..) => format!("{count} depend on the host"),
            _ => format!("{count} {}", word.as_str()),
        })
        .collect();
    let mut sentences = vec![scope(pool)];
    for point in &pool.points {
        let mut said: Vec<(String, Vec<String>)> = Vec::new();
        for (word, _) in &counts {
            for answer in deciding.iter().filter(|it| it.point == *point && it.word == *word) {
                let (label, name) = (label(answer), named(pool, answer));
                match said.iter_mut().find(|(known, _)| *known == label) {
                    Some((_, names)) => names.push(name),
                    None => said.push((label, vec![name])),
                }
            }
        }
        let said = said.iter().map(|(label, names)| format!("{}: {label}: {}.", heading(point), names.join(", ")));
        sentences.extend(said);
    }
    Verdict {
        question: format!("How do strategies compare with {} on these hosts?", pool.baseline),
        answer: match said.is_empty() {
            true => "No host has a figure".to_owned(),
            false => format!("Of {}, {}", counted(deciding.len(), "comparison"), said.join(", ")),
        },
        tone: match (of(Word::Faster), of(Word::Slower), of(Word::Same)) {
            (all, 0, 0) if all > 0 && all == deciding.len() => Tone::Good,
            (0, all, 0) if all > 0 && all == deciding.len() => Tone::Bad,
            (0, 0, all) if all > 0 && all == deciding.len() => Tone::Even,
            _ => Tone::Open,
        },
        sentences,
    }
}

/// What the statement is about.
fn scope(pool: &Pool) -> String {
    let hosts = counted(pool.hosts.len(), "host");
    match &pool.microarchitectures[..] {
        [_] if pool.hosts.len() == 1 => format!("{hosts}: there is nothing to pool."),
        [_] if pool.hosts.len() < FEWEST_UNITS => format!("{hosts}: too few to be pooled, so they stand side by side."),
        [only] => {
            format!("All {hosts} are of one microarchitecture ({only}), and so is the next host.")
        }
        many if many.len() < FEWEST_UNITS => format!(
            "{hosts} of {}: too few kinds to be pooled, so the hosts stand side by side.",
            counted(many.len(), "microarchitecture")
        ),
        many => {
            format!("{hosts} of {}; hosts of one count once.", counted(many.len(), "microarchitecture"))
        }
    }
}

/// The word, or a stronger one where each of several hosts says it by itself.
fn label(answer: &Answer) -> String {
    let word = answer.word.as_str();
    match answer.on_every_host && answer.hosts.len() > 1 {
        true => format!("{word} on every host tried"),
        false => word.to_owned(),
    }
}

/// The most hosts that a sentence names; the pictures name all.
const NAMED: usize = 3;

/// A strategy and, where its hosts are decided otherwise, which are what.
fn named(pool: &Pool, answer: &Answer) -> String {
    if answer.word != Word::Depends {
        return answer.strategy.clone();
    }
    let groups =
        [record::Verdict::Faster, record::Verdict::Same, record::Verdict::Slower]
            .into_iter()
            .filter_map(|word| {
                let names =
                    answer.hosts.iter().filter(|it| it.ratio.verdict == word).map(|it| &pool.hosts[it.host].name);
                let names: Vec<&String> = names.collect();
                let which = match names.len() {
                    ..=NAMED => list(&names),
                    many => counted(many, "host"),
                };
                (!names.is_empty()).then(|| format!("{} on {which}", word.as_str()))
            });
    format!("{} ({})", answer.strategy, groups.collect::<Vec<_>>().join("; "))
}

/// A point: the strategies in one table, each one's hosts as a picture, then states, operations and percentiles.
fn point(pool: &Pool, point: &Point, in_detail: bool) -> Option<Block> {
    let here: Vec<&Answer> = pool.answers.iter().filter(|it| it.point == *point).collect();
    let deciding: Vec<&Answer> = here.iter().filter(|it| it.decides()).copied().collect();
    if deciding.is_empty() {
        return None;
    }
    let mut blocks = vec![Block::Table(table(pool, &deciding, "", |_| String::new()))];
    blocks.extend(deciding.iter().map(|it| Block::Section(pictured(pool, it))));
    type Wanted = fn(&Answer) -> bool;
    type Named = fn(&Answer) -> String;
    let parts: [(&str, &str, Wanted, Named); 3] = [
        (
            "By state of the machine",
            "state",
            |it| it.state != ALL && it.op == ALL && it.metric.is_raw(),
            |it| it.state.clone(),
        ),
        (
            "By kind of operation, and by role",
            "operation",
            |it| it.state == ALL && it.op != ALL && it.metric.is_raw(),
            |it| it.op.clone(),
        ),
        (
            "Percentiles",
            "percentile",
            |it| it.state == ALL && it.metric.is_percentile(),
            |it| format!("{} {}", it.op, percentile(it.metric)),
        ),
    ];
    for (title, column, wanted, name) in parts {
        let rows: Vec<&Answer> = here.iter().filter(|it| wanted(it)).copied().collect();
        if rows.is_empty() {
            continue;
        }
        let mut of_part = vec![Block::Table(table(pool, &rows, column, name))];
        if in_detail {
            let pictures = rows.iter().map(|it| {
                let section = pictured(pool, it);
                Block::Section(Section {
                    title: format!("{}, {}", name(it), section.title),
                    folded: true,
                    ..section
                })
            });
            of_part.extend(pictures);
        }
        blocks.push(Block::Section(Section::folded(title, of_part)));
    }
    Some(Block::Section(Section::new(heading(point), blocks)))
}

fn percentile(metric: Metric) -> &'static str {
    match metric {
        Metric::P50Ns => "p50",
        Metric::P99Ns => "p99",
        Metric::P999Ns => "p99.9",
        Metric::ResponseP99Ns => "response p99",
        Metric::ResponseP999Ns => "response p99.9",
        Metric::NsPerOp | Metric::NetNsPerOp | Metric::ServiceNs => "mean",
    }
}

/// A row for each answer; `part` says of what, if there is such a column.
fn table(pool: &Pool, answers: &[&Answer], column: &str, part: fn(&Answer) -> String) -> Table {
    let mut columns = vec![Column::words("strategy")];
    if !column.is_empty() {
        columns.push(Column::words(column));
    }
    columns.extend([
        Column::words("hosts tried"),
        Column::numbers("lowest to highest"),
        Column::numbers("mean"),
        Column::words("interval").rank(1),
        Column::words("next host").rank(1),
        Column::numbers("hosts").rank(1),
    ]);
    let row = |answer: &&Answer| {
        let mut cells = vec![Cell::new(&answer.strategy)];
        if !column.is_empty() {
            cells.push(Cell::new(part(answer)));
        }
        let ratios = || answer.hosts.iter().map(|it| it.ratio.interval.estimate);
        let (lowest, highest) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
        let pooled = |text: &dyn Fn(&Pooled) -> String| Cell::new(answer.pooled.as_ref().map_or("–".to_owned(), text));
        cells.extend([
            Cell::toned(answer.word.as_str(), tone(answer.word)),
            Cell::new(if answer.hosts.len() == 1 {
                words::ratio(lowest)
            } else {
                between(lowest, highest)
            }),
            pooled(&|it| words::ratio(it.mean.estimate)),
            pooled(&|it| between(it.mean.low, it.mean.high)),
            pooled(&|it| between(it.next.low, it.next.high)),
            Cell::new(format!("{} of {}", answer.hosts.len(), pool.hosts.len())),
        ]);
        cells
    };
    Table {
        caption: match column {
            "" => format!("Ratios to {}", pool.baseline),
            column => format!("Ratios to {}, {column} by {column}", pool.baseline),
        },
        columns,
        rows: answers.iter().map(row).collect(),
        ..Table::default()
    }
}

fn tone(word: Word) -> Tone {
    match word {
        Word::Faster => Tone::Good,
        Word::Slower => Tone::Bad,
        Word::Same => Tone::Even,
        Word::Depends | Word::Unclear => Tone::Open,
    }
}

/// One strategy: a row a host, then the mean and the next host.
fn pictured(pool: &Pool, answer: &Answer) -> Section {
    let drawn = |it: &stats::Interval, verdict| Interval { low: it.low, at: it.estimate, high: it.high, verdict };
    let judged = |it: &stats::Interval| stats::verdict(*it, MIN_BLOCKS, pool.threshold);
    let of_host = |it: &HostAnswer| (pool.hosts[it.host].name.as_str(), drawn(&it.ratio.interval, it.ratio.verdict));
    let mut rows: Vec<(&str, Interval)> = answer.hosts.iter().map(of_host).collect();
    if let Some(pooled) = &answer.pooled {
        for (name, interval) in [("mean over hosts", &pooled.mean), ("next host", &pooled.next)] {
            rows.push((name, drawn(interval, judged(interval))));
        }
    }
    let axis = Axis::over(rows.iter().map(|(_, interval)| interval), pool.threshold);
    let row = |(name, interval): (&str, Interval)| {
        vec![
            Cell::new(name),
            Cell::new(words::ratio(interval.at)),
            Cell {
                text: "–".to_owned(),
                ..Cell::drawn(Some(interval).filter(|it| it.high.is_finite()))
            },
            Cell::new(between(interval.low, interval.high)),
            Cell::toned(interval.verdict.as_str(), interval.verdict.into()),
        ]
    };
    let table = Table {
        caption: differ(answer),
        columns: vec![
            Column::words("host"),
            Column::numbers("ratio"),
            Column::intervals(format!("ratio to {}", pool.baseline), axis),
            // As numbers, which keep to one line beside the longest name.
            Column::numbers("interval").rank(1),
            Column::words("verdict"),
        ],
        rows: rows.into_iter().map(row).collect(),
        ..Table::default()
    };
    Section::new(format!("{}: {}", answer.strategy, answer.word.as_str()), vec![Block::Table(table)])
}

/// Whether its hosts differ, in a sentence.
fn differ(answer: &Answer) -> String {
    match (answer.hosts.len(), answer.hosts_differ) {
        (1, _) => "One host has this figure".to_owned(),
        (_, true) => "The hosts differ by more than their own intervals".to_owned(),
        (_, false) => "No two hosts differ by more than their own intervals".to_owned(),
    }
}

fn hosts(pool: &Pool) -> Table {
    let row = |host: &super::Host| {
        vec![
            Cell::new(&host.name),
            Cell::new(host.cpu_model.as_deref().unwrap_or("not known")),
            Cell::new(&host.microarchitecture),
            Cell::new(list(&host.directories)),
        ]
    };
    Table {
        caption: "The hosts and their results".to_owned(),
        columns: ["host", "CPU", "microarchitecture", "results"].map(Column::words).to_vec(),
        rows: pool.hosts.iter().map(row).collect(),
        ..Table::default()
    }
}

fn rules(pool: &Pool) -> Vec<String> {
    [
        format!("ratio: to {}; below 1 is faster. A host's own interval is that of its runs.", pool.baseline),
        "mean: over hosts, on the logarithm, each host with the same weight; its interval holds with 95 %.".to_owned(),
        "next host: the ratio of one more host lies in this interval with 95 %, if it is like these."
            .to_owned(),
        format!(
            "faster, slower: each host by itself is, or the mean is and no host is decided otherwise; same on every host tried: each \
             host's interval lies within {}.",
            percent(pool.threshold)
        ),
        "depends on the host: two hosts are decided otherwise and their intervals do not meet.".to_owned(),
        "The rule and how it was tried are in docs/FLEET.md.".to_owned(),
    ]
    .to_vec()
}
