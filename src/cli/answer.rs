//! Writing: the answer to standard output, and complaints to standard error.

use std::io::{ErrorKind, Write, stderr, stdout};

use super::failure::Failure;
use super::paint::{Paint, columns};
use crate::document::{Document, Json, Markdown, Terminal, Writer};
use crate::text::shown;

/// Writes `text` and a line's end to standard output. A reader that has read enough (`| head`) is no failure.
///
/// # Errors
/// If standard output cannot be written for any other reason, a full disk for one.
pub fn answer(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Error(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes one line to standard error. If that cannot be written either, nobody is left to be told.
pub fn complain(line: &str) {
    let _ = writeln!(stderr(), "headlock: {}", shown(line, usize::MAX));
}

/// Writes a document as JSON or Markdown, or else for the terminal, in its width.
///
/// # Errors
/// As [`answer`].
pub fn answer_document(document: &Document, json: bool, markdown: bool) -> Result<(), Failure> {
    answer(&match (json, markdown) {
        (true, _) => Json.write(document),
        (_, true) => Markdown.write(document),
        _ => Terminal { width: columns(), colour: Paint::for_stdout().is_on() }.write(document),
    })
}

/// Writes a value as one JSON document.
///
/// # Errors
/// As [`answer`].
pub fn answer_json(value: &serde_json::Value) -> Result<(), Failure> {
    answer(&format!("{value:#}"))
}
