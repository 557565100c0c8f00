//! `headlock doctor`: what is to be known of this machine before a figure from it is believed.

use std::cmp::Reverse;

use clap::Args;
use serde_json::{Value, json};

use super::answer::{Form, present};
use super::failure::Failure;
use crate::document::words::counted;
use crate::document::{Block, Cell, Column, Document, Table, Tone, Verdict};
use crate::harness::doctor::{Depth, Finding, Severity, examine, findings};
use crate::harness::host;
use crate::record::{Conditions, Host};

/// `headlock doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock doctor           what spoils figures here, worst first, with remedies
  headlock doctor --json    the findings, and the facts behind them

Exit status: 0 fit for measuring, 1 not.")]
pub struct DoctorArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print a Markdown table
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// Examines the machine and says what was found.
pub fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let host = host::facts();
    let conditions = examine(Depth::Thorough);
    let mut findings = findings(&host, &conditions);
    worst_first(&mut findings);
    present(&document(&host, &conditions, &findings), Form::of(args.json, args.markdown))?;
    refuse_if_bad(&findings, "")
}

/// Puts those first that spoil most.
fn worst_first(findings: &mut [Finding]) {
    findings.sort_by_key(|it| Reverse(it.severity()));
}

/// A failure that names everything bad, if there is anything, after the flag that asked for it.
pub fn refuse_if_bad(findings: &[Finding], flag: &str) -> Result<(), Failure> {
    let bad: Vec<String> =
        findings.iter().filter(|it| it.severity() == Severity::Bad).map(Finding::to_string).collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Failure::Error(format!("{flag}this host is not fit for measuring: {}", bad.join("; "))))
}

/// Everything that may spoil figures, a sentence each.
pub fn warnings(findings: &[Finding]) -> Vec<String> {
    findings.iter().filter(|it| it.severity() > Severity::Ok).map(Finding::to_string).collect()
}

fn document(host: &Host, conditions: &Conditions, findings: &[Finding]) -> Document {
    let number = |severity| findings.iter().filter(|it| it.severity() == severity).count();
    let (answer, tone) = match (number(Severity::Bad), number(Severity::Note)) {
        (0, 0) => ("Fit for measuring.".to_owned(), Tone::Good),
        (0, notes) => (format!("Fit for measuring, with {} to keep in mind.", counted(notes, "note")), Tone::Good),
        (bad, _) => (format!("Not fit for measuring: {}.", counted(bad, "bad finding")), Tone::Bad),
    };
    let row = |it: &Finding| {
        let severity = it.severity();
        let tone = match severity {
            Severity::Ok => Tone::Plain,
            Severity::Note => Tone::Open,
            Severity::Bad => Tone::Bad,
        };
        vec![
            Cell::new(it.topic()),
            Cell::toned(severity.as_str(), tone),
            Cell::new(it.to_string()),
        ]
    };
    let data = findings
        .iter()
        .map(|it| json!({ "topic": it.topic(), "severity": it.severity(), "text": it.to_string() }));
    let data = json!({
        "severity": findings.iter().map(Finding::severity).max(),
        "answer": answer,
        "findings": data.collect::<Vec<Value>>(),
        "host": host,
        "conditions": conditions,
    });
    let table = Table {
        columns: vec![
            Column::words("topic"),
            Column::words("severity"),
            Column::words("finding"),
        ],
        rows: findings.iter().map(row).collect(),
        ..Table::default()
    };
    Document {
        verdict: Some(Verdict { answer, tone, ..Verdict::default() }),
        blocks: vec![Block::Table(table)],
        data,
        ..Document::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::testing::{says, says_all};

    #[test]
    fn what_is_bad_comes_first() {
        let mut found = [
            Finding::Turbo(Some(false)),
            Finding::Turbo(None),
            Finding::Quota(Some(1.5), 2),
        ];
        worst_first(&mut found);
        assert_eq!(found.map(|it| it.severity()), [Severity::Bad, Severity::Note, Severity::Ok]);
    }

    #[test]
    fn every_finding_is_in_each_form() {
        let host = Host { governor: Some("powersave".to_owned()), ..Host::default() };
        let conditions = Conditions::default();
        let findings = findings(&host, &conditions);
        let document = document(&host, &conditions, &findings);
        says_all("doctor", &document);
        says(
            &document,
            &[
                "Not fit for measuring: 1 bad finding.",
                "the frequency governor is powersave",
                "bad",
            ],
        );
        let data = &document.data;
        assert_eq!((&data["severity"], &data["findings"][0]["topic"]), (&json!("bad"), &json!("governor")));
        for (number, finding) in findings.iter().enumerate() {
            let text = finding.to_string();
            says(&document, &[finding.topic()]);
            assert_eq!(data["findings"][number]["text"], json!(text));
        }
    }
}
