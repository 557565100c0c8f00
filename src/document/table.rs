//! Tables.

use super::{Axis, Interval, words};
use crate::record::{Ratio, Verdict};

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns. The first names the row.
    pub columns: Vec<Column>,
    /// Its rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// What a reader needs to know to read it.
    pub notes: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// What it holds.
    pub kind: Kind,
    /// Where all columns do not fit beside each other, those of the lowest rank stay together, and the others follow below
    /// the table, in the order of their ranks. The first column is always there.
    pub rank: u8,
}

/// The rank of a column that is left out of the terminal's text where it does not fit: others say the same.
pub const OPTIONAL: u8 = u8::MAX;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Words, which may be wrapped.
    Words,
    /// Numbers, which stand to the right.
    Numbers,
    /// Intervals, drawn on this axis. The figures that they show stand in other columns.
    Intervals(Axis),
    /// Ratios in words, each with its interval: drawn on this axis on a page, behind the words in text that has room for it.
    Ratios(Axis),
}

impl Column {
    /// A column of words.
    pub fn words(title: impl Into<String>) -> Self {
        Column { title: title.into(), kind: Kind::Words, rank: 0 }
    }

    /// A column of numbers.
    pub fn numbers(title: impl Into<String>) -> Self {
        Column { kind: Kind::Numbers, ..Column::words(title) }
    }

    /// A column of intervals on one axis.
    pub fn intervals(title: impl Into<String>, axis: Axis) -> Self {
        Column { kind: Kind::Intervals(axis), ..Column::words(title) }
    }

    /// A column of ratios on one axis.
    pub fn ratios(title: impl Into<String>, axis: Axis) -> Self {
        Column { kind: Kind::Ratios(axis), ..Column::words(title) }
    }

    /// The same column of this rank.
    pub fn rank(self, rank: u8) -> Self {
        Column { rank, ..self }
    }

    /// Whether its cells stand to the right.
    pub(super) fn is_numeric(&self) -> bool {
        self.kind == Kind::Numbers
    }
}

/// A cell. The text says all; the tone only shows it, and so does an interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What it says. In a column of intervals: what stands where there is none.
    pub text: String,
    /// How it is coloured.
    pub tone: Tone,
    /// What is drawn, in a column of intervals or of ratios.
    pub interval: Option<Interval>,
}

impl Cell {
    /// A plain cell.
    pub fn new(text: impl Into<String>) -> Self {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A cell of this tone.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Cell { tone, ..Cell::new(text) }
    }

    /// A verdict's word.
    pub fn verdict(verdict: Verdict) -> Self {
        Cell::toned(verdict.as_str(), verdict.into())
    }

    /// A ratio with its verdict, for a column of ratios.
    pub fn ratio(it: &Ratio) -> Self {
        Cell {
            interval: Some(it).filter(|it| it.ci_high.is_finite()).map(Interval::from),
            ..Cell::toned(format!("{} {}", words::short_ratio(it.ratio), it.verdict.as_str()), it.verdict.into())
        }
    }

    /// The text with the interval behind it.
    pub(super) fn text_with_interval(&self) -> String {
        match self.interval {
            Some(Interval { low, high, .. }) => format!("{} ({})", self.text, words::between(low, high)),
            None => self.text.clone(),
        }
    }

    /// A cell in which this interval is drawn, if there is one.
    pub fn drawn(interval: Option<Interval>) -> Self {
        let tone = interval.map_or(Tone::Plain, |it| it.verdict.into());
        Cell { interval, tone, ..Cell::default() }
    }
}

/// What a colour stands for. Never the only bearer of what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// Better than the baseline.
    Good,
    /// Worse, or broken.
    Bad,
    /// No different.
    Even,
    /// Not decided.
    Open,
    /// Of no weight: the machine's own, or a control.
    Muted,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Faster => Tone::Good,
            Verdict::Slower => Tone::Bad,
            Verdict::Same => Tone::Even,
            _ => Tone::Open,
        }
    }
}

impl Table {
    /// All notes: the table's own, and what its pictures show; `ratios` are drawn on a page only.
    pub(super) fn all_notes(&self, ratios: bool) -> Vec<String> {
        let mut axes: Vec<Axis> = Vec::new();
        for column in &self.columns {
            match column.kind {
                Kind::Intervals(axis) if !axes.contains(&axis) => axes.push(axis),
                Kind::Ratios(axis) if ratios && !axes.contains(&axis) => axes.push(axis),
                _ => {}
            }
        }
        let drawn = self.rows.iter().flatten().any(|cell| cell.interval.is_some());
        let legends = axes.iter().filter(|_| drawn).map(Axis::legend);
        self.notes.iter().cloned().chain(legends).collect()
    }
}
