use super::*;
use crate::export::testing::result;
use crate::stats::summarize;

#[test]
fn every_figure_stands_in_its_table() {
    let result = result();
    let text = markdown(&summarize(&result.trials), &result.ratios, &result.latency);
    assert!(text.starts_with("### hot, 1 thread\n\n| strategy | ns/op |"), "{text}");
    assert!(text.contains("| mutex | 10.5 | 10.2 |  |  | 100 | 1.00 | 0.0 % | 8 |"), "{text}");
    assert!(text.contains("| seqlock | 5.25 | 4.92 | 0.500 (0.500 to 0.500) | faster |"), "{text}");
    assert!(text.contains("Ratios are to mutex, with simultaneous 95 % intervals over all points."), "{text}");
    assert!(text.contains("`same` means within 1.00 %.\n"), "{text}");
    assert!(text.contains("| mutex | deadline | service |"), "{text}");

    let text = markdown(&summarize(&result.trials), &result.ratios, &[]);
    assert!(text.contains("`same` means within 1.00 %.\n\n"), "{text}");
}

#[test]
fn every_row_has_as_many_cells_as_its_header() {
    let mut result = result();
    for trial in &mut result.trials {
        trial.workload = "a|b\nc".to_owned();
    }
    let text = markdown(&summarize(&result.trials), &[], &[]);
    assert!(text.starts_with("### a\\|b c, 1 thread\n"));
    let cells = |line: &str| line.matches('|').count();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.len() == 4 && rows.iter().all(|row| cells(row) == cells(rows[0])), "{text}");
}

#[test]
fn numbers_keep_three_digits() {
    let shown = [1234.5, 99.94, 1.2345, 0.12345, -0.2].map(|value| number(Some(value)));
    assert_eq!(shown, ["1234", "99.9", "1.23", "0.123", "-0.200"]);
}
