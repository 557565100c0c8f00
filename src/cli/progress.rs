//! The progress bar on standard error, only on a terminal.

use std::io::{IsTerminal, stderr};

use super::answer::complain;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar, or nothing where nobody watches.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// A bar over `length` units of work.
    pub fn new(quiet: bool, length: u64) -> Self {
        if quiet || !stderr().is_terminal() {
            return Progress(None);
        }
        let style = ProgressStyle::with_template("{wide_bar:.cyan} {pos}/{len} % {elapsed} {msg}");
        Progress(Some(ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))))
    }

    /// How far the work is, and what is under way.
    pub fn set(&self, position: u64, what: String) {
        if let Some(bar) = &self.0 {
            bar.set_position(position);
            bar.set_message(what);
        }
    }

    /// A line above the bar.
    pub fn note(&self, quiet: bool, line: &str) {
        match &self.0 {
            Some(bar) => bar.println(format!("headlock: {line}")),
            None if quiet => {}
            None => complain(line),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
