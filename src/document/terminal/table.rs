//! A table in so many columns.
//!
//! What does not fit beside each other is parted: the columns of the lowest rank stay together, the others follow in tables
//! of their own below, each with the first column again; optional ones are left out. Where not even one column fits beside the first, each row is written
//! as a list of its cells. Words are wrapped, numbers are not, and nothing else is left out.

use comfy_table::{Cell as Drawn, CellAlignment, Color, ColumnConstraint, LineStyle, Table as Grid, TableStyle, Width};

use super::super::interval::{LEAST_WIDTH, WIDTH};
use super::super::{Cell, Column, Kind, OPTIONAL, Table};
use super::wrap::{widest_word, width, wrapped};
use super::{INDENT, colour, coloured};
use crate::text::shown;

/// What is between two columns: a blank of the cell's and one of the style's.
const GAP: usize = 2;
/// A rule under the heading and no other.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The table's lines.
pub fn draw(table: &Table, columns: usize, colour: bool) -> String {
    let sizes = |table: &Table| (0..table.columns.len()).map(|at| Size::of(table, at)).collect::<Vec<Size>>();
    let wide = with_intervals(table);
    let wide_sizes = sizes(&wide);
    let all: Vec<usize> = (0..table.columns.len()).collect();
    if parted(&wide, &wide_sizes, columns).is_some_and(|parts| parts[..] == [&all[..]]) {
        return grid(&wide, &wide_sizes, &all, columns, colour);
    }
    let sizes = sizes(table);
    let Some(parts) = parted(table, &sizes, columns) else {
        return listed(&wide, columns, colour);
    };
    let drawn: Vec<String> = parts.iter().map(|part| grid(table, &sizes, part, columns, colour)).collect();
    // What a picture shows stands in the columns beside it.
    let is_told = |at: &usize| !matches!(table.columns[*at].kind, Kind::Intervals(_));
    let left_out = all.iter().filter(|at| is_told(at) && !parts.iter().any(|part| part.contains(at)));
    let left_out: Vec<&str> = left_out.map(|&at| table.columns[at].title.as_str()).collect();
    let told = match left_out.is_empty() {
        true => String::new(),
        false => {
            wrapped(&format!("No room for: {}.", shown(&left_out.join(", "), usize::MAX)), columns).join("\n") + "\n"
        }
    };
    drawn.join("\n") + &told
}

/// The table with the interval behind each ratio, which it has if all of it fits.
fn with_intervals(table: &Table) -> Table {
    let mut table = table.clone();
    for cell in table.rows.iter_mut().flat_map(|row| row.iter_mut().zip(&table.columns)) {
        if let (cell, Column { kind: Kind::Ratios(_), .. }) = cell {
            cell.text = cell.text_with_interval();
        }
    }
    table
}

/// What a column asks for.
struct Size {
    /// In which no word is broken.
    least: usize,
    /// In which nothing is wrapped.
    natural: usize,
    /// Whether it holds numbers.
    numeric: bool,
}

impl Size {
    fn of(table: &Table, at: usize) -> Self {
        let column = &table.columns[at];
        let title = shown(&column.title, usize::MAX);
        let cells = || table.rows.iter().filter_map(|row| row.get(at)).map(|cell| shown(&cell.text, usize::MAX));
        let widest = cells().map(|text| width(&text)).max().unwrap_or(0);
        let widest_word_of_all = || cells().map(|text| widest_word(&text)).max().unwrap_or(0);
        let (least, natural) = match column.kind {
            Kind::Words | Kind::Ratios(_) => (widest_word_of_all().max(widest_word(&title)), widest.max(width(&title))),
            Kind::Numbers => (widest.max(widest_word(&title)), widest.max(width(&title))),
            Kind::Intervals(_) => (LEAST_WIDTH.max(widest), WIDTH.max(widest)),
        };
        Size { least, natural, numeric: column.is_numeric() }
    }

    /// The least in which it can be read with ease: a column of sentences wants half of the screen, and of numbers no more
    /// than the widest.
    fn comfortable(&self, columns: usize) -> usize {
        if self.numeric {
            self.least
        } else {
            self.least.max(self.natural.min(columns / 2))
        }
    }
}

/// The columns of each part, or `None` if some column does not fit beside the first.
fn parted(table: &Table, sizes: &[Size], columns: usize) -> Option<Vec<Vec<usize>>> {
    let (first, others) = sizes.split_first()?;
    // Where the name is a sentence it may be wrapped to leave room.
    let widest = others.iter().map(|size| size.least).max().unwrap_or(0);
    let name = if first.comfortable(columns) + GAP + widest <= columns {
        first.comfortable(columns)
    } else {
        first.least
    };
    if name > columns || others.iter().any(|size| name + GAP + size.least > columns) {
        return None;
    }
    let mut left: Vec<usize> = (1..sizes.len()).collect();
    left.sort_by_key(|&at| table.columns[at].rank);
    let mut parts = Vec::new();
    loop {
        let mut used = name;
        let mut part = vec![0];
        left.retain(|&at| {
            let wanted = GAP + sizes[at].comfortable(columns);
            // The first of a part is taken as narrow as it must be.
            let fits = used + wanted <= columns || part.len() == 1;
            if fits {
                used += wanted;
                part.push(at);
            }
            !fits
        });
        part.sort_unstable();
        parts.push(part);
        left.retain(|&at| table.columns[at].rank < OPTIONAL);
        if left.is_empty() {
            return Some(parts);
        }
    }
}

/// How wide each column of a part becomes: what is left goes to those that are furthest from what they ask for.
fn shared(sizes: &[Size], part: &[usize], columns: usize) -> Vec<usize> {
    let gaps = GAP * (part.len() - 1);
    let comfortable: Vec<usize> = part.iter().map(|&at| sizes[at].comfortable(columns)).collect();
    let mut widths = match comfortable.iter().sum::<usize>() + gaps <= columns {
        true => comfortable,
        false => part.iter().map(|&at| sizes[at].least).collect(),
    };
    for _ in widths.iter().sum::<usize>() + gaps..columns {
        let wanting = (0..part.len()).filter(|&i| widths[i] < sizes[part[i]].natural);
        let share = |i: usize| sizes[part[i]].natural as f64 / widths[i].max(1) as f64;
        match wanting.max_by(|&a, &b| share(a).total_cmp(&share(b)).then(b.cmp(&a))) {
            Some(furthest) => widths[furthest] += 1,
            None => break,
        }
    }
    widths
}

fn grid(table: &Table, sizes: &[Size], part: &[usize], columns: usize, colour: bool) -> String {
    let widths = shared(sizes, part, columns);
    let mut grid = Grid::new();
    grid.load_style(STYLE).force_no_tty();
    if colour {
        grid.enforce_styling().style_text_only();
    }
    grid.set_header(part.iter().zip(&widths).map(|(&at, &width)| title(&table.columns[at], width)));
    for row in &table.rows {
        grid.add_row(
            part.iter()
                .zip(&widths)
                .filter_map(|(&at, &width)| Some(drawn(row.get(at)?, &table.columns[at], width))),
        );
    }
    for (number, (&at, width)) in part.iter().zip(&widths).enumerate() {
        let Some(column) = grid.column_mut(number) else {
            continue;
        };
        let gap = if number == 0 { 0 } else { GAP - 1 };
        column.set_padding((gap as u16, 0));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed((width + gap) as u16)));
        if table.columns[at].is_numeric() {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    grid.trim_fmt() + "\n"
}

fn title(column: &Column, width: usize) -> Drawn {
    match column.kind {
        Kind::Intervals(axis) => Drawn::new(axis.scale(width)),
        _ => Drawn::new(shown(&column.title, usize::MAX)),
    }
}

fn text(cell: &Cell, column: &Column, width: usize) -> String {
    match (column.kind, &cell.interval) {
        (Kind::Intervals(axis), Some(it)) => axis.draw(it, width),
        _ => shown(&cell.text, usize::MAX),
    }
}

fn drawn(cell: &Cell, column: &Column, width: usize) -> Drawn {
    let drawn = Drawn::new(text(cell, column, width));
    match colour(cell.tone) {
        Some(number) => drawn.fg(Color::AnsiValue(number)),
        None => drawn,
    }
}

/// A row after the other, a cell in each line.
fn listed(table: &Table, columns: usize, colour: bool) -> String {
    let mut text_of = String::new();
    for row in &table.rows {
        for (number, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
            let indent = if number == 0 { "" } else { INDENT };
            let said = text(cell, column, columns - INDENT.len());
            let lines = match column.kind {
                Kind::Intervals(_) if cell.interval.is_some() => vec![said],
                _ if number == 0 => wrapped(&said, columns),
                _ if said.is_empty() => continue,
                _ => wrapped(&format!("{}: {said}", shown(&column.title, usize::MAX)), columns - INDENT.len()),
            };
            for line in lines {
                let line = if colour { coloured(&line, cell.tone) } else { line };
                text_of += &format!("{indent}{line}\n");
            }
        }
    }
    text_of
}
