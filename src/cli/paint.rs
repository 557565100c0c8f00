//! Colour in tables: on a terminal, unless the user wants none.

use std::io::stdout;

use anstream::{AutoStream, ColorChoice};
use comfy_table::{Cell, Color, Table, TableStyle};

use crate::record::{CheckVerdict, Verdict};

/// Whether to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// No colour: for files, pipes and Markdown.
    pub const NEVER: Paint = Paint(false);

    /// Colour if standard output is a terminal that knows it and `NO_COLOR` is not set (no-color.org); also where
    /// `CLICOLOR_FORCE` is set (bixense.com/clicolors).
    pub fn for_stdout() -> Paint {
        Paint(AutoStream::choice(&stdout()) != ColorChoice::Never)
    }

    /// An empty table. It looks at no terminal of its own accord.
    pub fn table(self, style: TableStyle) -> Table {
        let mut table = Table::new();
        table.load_style(style).force_no_tty();
        if self.0 {
            table.enforce_styling();
        }
        table
    }

    /// A verdict's word: green for the better, red for the worse, yellow for what is open.
    pub fn verdict(verdict: Verdict) -> Cell {
        let cell = Cell::new(verdict.as_str());
        match verdict {
            Verdict::Faster => cell.fg(Color::Green),
            Verdict::Slower => cell.fg(Color::Red),
            Verdict::Unclear => cell.fg(Color::Yellow),
            Verdict::Same => cell,
        }
    }

    /// A cell about a check: red if the strategy breaks what it declares, yellow if pollers oversleep as it declares they may.
    pub fn check(verdict: CheckVerdict, text: String) -> Cell {
        let cell = Cell::new(text);
        match verdict {
            CheckVerdict::Kept => cell,
            CheckVerdict::Racy => cell.fg(Color::Yellow),
            _ => cell.fg(Color::Red),
        }
    }
}
