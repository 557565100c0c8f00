//! Colour is for terminals: none in a pipe, none where `NO_COLOR` is set. What `compare` colours is in `compare.rs`, and which
//! cells of a table are coloured is checked beside the table.
#![cfg(target_os = "linux")]

#[path = "support/terminal.rs"]
mod terminal;

use std::path::Path;

use terminal::{ESCAPE, on_a_terminal, piped};

const ROUNDS: [&str; 8] = ["--blocks", "2", "--trial", "2ms", "--pin", "none", "--quiet", "--out"];

#[test]
fn measured_tables_are_coloured_on_a_terminal_only_and_not_with_no_color() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/replay.in/ok.csv");
    let trace = trace.to_str().expect("UTF-8");
    for (name, command) in [
        ("run", vec!["run", "-w", "hot", "--threads", "1", "-s", "mutex,seqlock"]),
        ("replay", vec!["replay", trace, "-s", "mutex,seqlock"]),
    ] {
        let words = |number: usize| {
            let out = scratch.path().join(format!("{name}-{number}")).to_str().expect("UTF-8").to_owned();
            let words = command.iter().chain(&ROUNDS).map(|word| (*word).to_owned());
            words.chain([out]).collect::<Vec<String>>()
        };
        let said = |number: usize, environment: &[(&str, &str)], terminal: bool| {
            let words = words(number);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if terminal {
                on_a_terminal(&words, environment)
            } else {
                piped(&words, environment)
            }
        };
        let coloured = said(0, &[], true);
        assert!(coloured.contains("mutex") && coloured.contains(ESCAPE), "{name}: {coloured:?}");
        for (number, environment, terminal) in [
            (1, &[("NO_COLOR", "1")][..], true),
            (2, &[("TERM", "dumb")][..], true),
            (3, &[][..], false),
        ] {
            let plain = said(number, environment, terminal);
            assert!(plain.contains("mutex") && !plain.contains(ESCAPE), "{name} {environment:?}: {plain:?}");
        }
    }
}

#[test]
fn a_check_that_is_not_kept_is_coloured_on_a_terminal() {
    let words = [
        "verify",
        "--strategies",
        "rcu-epoch,mutex",
        "--checks",
        "fresh",
        "--passes",
        "1",
        "--quiet",
    ];
    let plain = on_a_terminal(&words, &[("NO_COLOR", "1")]);
    assert!(plain.contains("oversleeps") && !plain.contains(ESCAPE), "{plain:?}");
    assert!(!piped(&words, &[]).contains(ESCAPE));
    let coloured = on_a_terminal(&words, &[]);
    // Whether the RFC's race is met in one pass is chance; the cell and its colour come together.
    let racy = |line: &str| line.contains("rcu-epoch") && line.matches("racy").count() == 2;
    assert!(!coloured.lines().any(racy) || coloured.contains("\u{1b}[38;5;11m"), "{coloured:?}");
}

#[test]
fn help_and_manual_keep_to_the_same_rule() {
    assert!(on_a_terminal(&["run", "--help"], &[]).contains(ESCAPE));
    assert!(!on_a_terminal(&["run", "--help"], &[("NO_COLOR", "1")]).contains(ESCAPE));
    assert!(!piped(&["run", "--help"], &[]).contains(ESCAPE));
    assert!(!on_a_terminal(&["man"], &[]).contains(ESCAPE));
}
