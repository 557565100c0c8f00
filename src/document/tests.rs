//! One document with a block of each kind, through each writer.
//!
//! After a change that is meant, `SNAPSHOTS=overwrite cargo test --lib document` writes what is said now.

use snapbox::{assert_data_eq, file};

use super::*;
use crate::record;

/// What a stranger may have put into a name.
const HOSTILE: &str = "<img src=x>|`b`[c](d)\u{1b}[31m";

fn interval(low: f64, at: f64, high: f64, verdict: record::Verdict) -> Interval {
    Interval { low, at, high, verdict }
}

fn table() -> Table {
    use record::Verdict::{Faster, Same, Unclear};
    let rows = [
        ("mutex", "8.28", None, "", Tone::Plain),
        ("seqlock", "1.24", Some(interval(0.14, 0.15, 0.161, Faster)), "faster", Tone::Good),
        ("mutex-std", "8.31", Some(interval(0.995, 1.003, 1.008, Same)), "same", Tone::Even),
        ("列表", "1,352", Some(interval(0.9, 1.4, f64::INFINITY, Unclear)), "unclear", Tone::Open),
    ];
    let intervals: Vec<Interval> = rows.iter().filter_map(|row| row.2).collect();
    Table {
        caption: "Time beside mutex".to_owned(),
        columns: vec![
            Column::words("strategy"),
            Column::numbers("ns/op"),
            Column::intervals("ratio", Axis::over(&intervals, 0.01)),
            Column::words("verdict"),
            Column::words("what a writer pays for it").rank(1),
        ],
        rows: rows
            .iter()
            .map(|(name, ns, interval, verdict, tone)| {
                vec![
                    Cell::new(*name),
                    Cell::new(*ns),
                    Cell::drawn(*interval),
                    Cell::toned(*verdict, *tone),
                    Cell::new("two stores when the head changes; free defers to a grace period"),
                ]
            })
            .collect(),
        notes: vec!["ns/op: thread time per operation.".to_owned()],
    }
}

/// A block of each kind.
fn document() -> Document {
    let figure = Figure {
        file: "plots/ratios.svg".to_owned(),
        alt: "Ratios".to_owned(),
        caption: "Ratios by thread count".to_owned(),
        svg: "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 2'><path d='M0 0L4 2'/></svg>".to_owned(),
    };
    Document {
        kind: "Design review".to_owned(),
        title: "mutex and its rivals on hot".to_owned(),
        facts: vec!["27 November 2026".to_owned(), "2 CPUs".to_owned()],
        notices: vec!["One trial in ten was disturbed.".to_owned()],
        verdict: Some(Verdict {
            question: "Should something other than mutex guard the head?".to_owned(),
            answer: "Yes: seqlock.".to_owned(),
            tone: Tone::Good,
            sentences: vec!["It takes 0.150 of the time, 0.140 to 0.161.".to_owned()],
        }),
        blocks: vec![
            Block::Text("All strategies were measured side by side, block by block, on one machine.".to_owned()),
            Block::Table(table()),
            Block::Section(Section::new(
                "A name from a file",
                vec![
                    Block::Facts(vec![("trace".to_owned(), HOSTILE.to_owned())]),
                    Block::List(vec![HOSTILE.to_owned(), "harmless".to_owned()]),
                    Block::Notice("It may be anything.".to_owned()),
                ],
            )),
            Block::Section(Section::folded(
                "Run it again",
                vec![
                    Block::Code("headlock run -w hot\nheadlock report NEW".to_owned()),
                    Block::Figure(figure),
                    Block::Verdict(Verdict {
                        question: "Readers take no lock.".to_owned(),
                        answer: "Confirmed.".to_owned(),
                        ..Verdict::default()
                    }),
                ],
            )),
        ],
        data: serde_json::json!({ "strategies": ["mutex", "seqlock"], "trace": HOSTILE }),
    }
}

fn terminal(width: usize) -> String {
    Terminal { width, colour: false }.write(&document())
}

#[test]
fn at_80_columns_wide_columns_go_below_and_no_word_is_broken() {
    assert_data_eq!(terminal(80), file!["tests/terminal-80.txt"].raw());
}

#[test]
fn at_20_columns_a_row_is_a_list() {
    assert_data_eq!(terminal(20), file!["tests/terminal-20.txt"].raw());
}

#[test]
fn as_markdown() {
    assert_data_eq!(Markdown.write(&document()), file!["tests/page.md"].raw());
}

#[test]
fn as_html() {
    let page = Html.write(&document());
    assert_data_eq!(page.split_once("<header>").expect("a header").1, file!["tests/page.html"].raw());
}

#[test]
fn as_json_its_data() {
    let read: serde_json::Value = serde_json::from_str(&Json.write(&document())).expect("JSON");
    assert_eq!(read, document().data);
}

#[test]
fn no_width_is_exceeded_and_every_word_is_said() {
    let words = |text: &str| -> Vec<String> {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words.dedup();
        words
    };
    let whole = words(&Terminal { width: 1000, colour: false }.write(&document()));
    for width in 20..=200 {
        let text = terminal(width);
        for line in text.lines().filter(|line| !line.starts_with("  headlock ")) {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}\n{text}");
        }
        // Below that the hostile name is itself too wide.
        if width >= 40 {
            let said = words(&text);
            let missing: Vec<&String> = whole
                .iter()
                .filter(|word| !said.contains(word) && word.chars().any(char::is_alphanumeric))
                .collect();
            assert!(missing.is_empty(), "{width}: {missing:?}\n{text}");
        }
    }
}

#[test]
fn a_ratio_has_its_interval_where_there_is_room_and_its_picture_on_a_page() {
    let ratio = Interval {
        low: 0.19,
        at: 0.22,
        high: 0.25,
        verdict: record::Verdict::Faster,
    };
    let axis = Axis::over(&[ratio], 0.01);
    let cell = || Cell {
        interval: Some(ratio),
        ..Cell::toned("0.22 faster", Tone::Good)
    };
    let table = Table {
        columns: vec![
            Column::words("strategy"),
            Column::ratios("all", axis),
            Column::ratios("deadline", axis).rank(OPTIONAL),
            Column::ratios("cancel", axis).rank(OPTIONAL),
        ],
        rows: vec![vec![Cell::new("seqlock"), cell(), cell(), Cell::new("–")]],
        ..Table::default()
    };
    let document = Document { blocks: vec![Block::Table(table)], ..Document::default() };
    let at = |width| Terminal { width, colour: false }.write(&document);
    assert!(at(100).contains("0.22 faster (0.190 to 0.250)"), "{}", at(100));
    assert!(!at(50).contains("0.190") && at(50).contains("cancel"), "{}", at(50));
    assert!(at(30).contains("No room for: deadline"), "{}", at(30));
    assert!(Markdown.write(&document).contains("| 0.22 faster (0.190 to 0.250) |"));
    let page = Html.write(&document);
    assert_eq!(page.matches("<svg class=\"interval\"").count(), 2);
    assert!(page.contains("0.22 faster<span class=\"bounds\">0.190 to 0.250</span>"), "{page}");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let coloured = Terminal { width: 80, colour: true }.write(&document());
    assert!(coloured.contains("\u{1b}[38;5;10mYes: seqlock.\u{1b}[39m"), "{coloured:?}");
    assert!(coloured.contains("\u{1b}[38;5;11munclear"), "{coloured:?}");
    let bare: String = coloured
        .split('\u{1b}')
        .enumerate()
        .map(|(number, part)| {
            if number == 0 {
                part
            } else {
                part.split_once('m').expect("an end").1
            }
        })
        .collect();
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&bare), trimmed(&terminal(80)));
}

#[test]
fn no_control_character_reaches_anyone() {
    for text in [
        terminal(80),
        Markdown.write(&document()),
        Html.write(&document()),
        Json.write(&document()),
    ] {
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
}
