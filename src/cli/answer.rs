//! Writing: the answer to standard output, and complaints to standard error.

use std::io::{ErrorKind, Write, stderr, stdout};

use anstream::{AutoStream, ColorChoice};

use super::failure::Failure;
use crate::document::{Document, Json, Markdown, Terminal, Writer};
use crate::text::shown;

/// How wide an answer is that goes to no terminal and is told no width.
const WIDTH: usize = 100;

/// What an answer is to be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people, as wide as the terminal.
    Text,
    /// To paste.
    Markdown,
    /// For programs.
    Json,
}

impl Form {
    /// As the two flags say.
    pub fn of(json: bool, markdown: bool) -> Self {
        match (json, markdown) {
            (true, _) => Form::Json,
            (_, true) => Form::Markdown,
            _ => Form::Text,
        }
    }
}

/// Answers with a document.
///
/// # Errors
/// As [`answer`].
pub fn present(document: &Document, form: Form) -> Result<(), Failure> {
    answer(&match form {
        Form::Text => Terminal { width: width(), colour: colour() }.write(document),
        Form::Markdown => Markdown.write(document),
        Form::Json => Json.write(document),
    })
}

/// What `COLUMNS` says, or else the terminal.
fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let seen = || rustix::termios::tcgetwinsize(stdout()).ok().map(|size| usize::from(size.ws_col));
    told.or_else(seen).filter(|columns| *columns > 0).unwrap_or(WIDTH)
}

/// Whether standard output is a terminal that knows colour and `NO_COLOR` is not set (no-color.org); also where
/// `CLICOLOR_FORCE` is set (bixense.com/clicolors).
fn colour() -> bool {
    AutoStream::choice(&stdout()) != ColorChoice::Never
}

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
