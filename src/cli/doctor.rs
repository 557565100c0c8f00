//! `headlock doctor`: what is to be known of this machine before a figure from it is believed.

use clap::Args;
use serde_json::json;

use super::answer::{answer, answer_json};
use super::failure::Failure;
use crate::harness::doctor::{Depth, Finding, Severity, examine, findings};
use crate::harness::host;
use crate::record::{Conditions, Host};

/// `headlock doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock doctor             what spoils figures here, worst first, each with a remedy
  headlock doctor --json      what was found, and what it was found from
Exit status: 0 fit for measuring, 1 not")]
pub struct DoctorArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Examines the machine and says what was found.
pub fn doctor(args: &DoctorArgs) -> Result<(), Failure> {
    let host = host::facts();
    let conditions = examine(Depth::Thorough);
    let findings = findings(&host, &conditions);
    if args.json {
        answer_json(&as_json(&host, &conditions, &findings))?;
    } else {
        answer(&as_text(&findings))?;
    }
    refuse_if_bad(&findings, "")
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

fn as_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    let width = findings.iter().map(|it| it.topic().len()).max().unwrap_or(0);
    for it in findings {
        text += &format!("{:4}  {:width$}  {it}\n", it.severity().as_str(), it.topic());
    }
    let count = |severity| findings.iter().filter(|it| it.severity() == severity).count();
    let verdict = match (count(Severity::Bad), count(Severity::Note)) {
        (0, 0) => "A good host to measure on.".to_owned(),
        (0, notes) => format!("Fit for measuring; {notes} to be known when figures are read."),
        (bad, _) => format!("Not fit for measuring: {bad} bad."),
    };
    text + &verdict
}

fn as_json(host: &Host, conditions: &Conditions, findings: &[Finding]) -> serde_json::Value {
    let list: Vec<_> = findings
        .iter()
        .map(|it| json!({ "topic": it.topic(), "severity": it.severity(), "text": it.to_string() }))
        .collect();
    json!({
        "severity": findings.iter().map(Finding::severity).max(),
        "findings": list,
        "host": host,
        "conditions": conditions,
    })
}
