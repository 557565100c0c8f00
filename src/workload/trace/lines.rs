//! Lines of a file, plain or compressed, with bounded memory and exact line numbers.
//!
//! The trace's rows do not go through the csv crate: it grows its record with the line, and a line must be refused before
//! memory is taken for it. It also counts lines differently after blank ones.

use super::MAX_LINE;
use super::error::{Problem, Shown, TraceError};
use super::frames::FrameError;
use super::source::{self, Packing};
use std::io::{self, BufRead, Read};
use std::path::Path;

/// May stand before the first line of a text, and is no part of it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads one file line by line, blank lines left out.
pub(super) struct Lines<'a> {
    path: &'a Path,
    header: &'static str,
    input: Box<dyn BufRead>,
    packing: Option<Packing>,
    max_rows: usize,
    line: Vec<u8>,
    /// Of `line`, from 1; blank lines count.
    number: u64,
    /// Complete lines that were not blank, the header left out.
    rows: u64,
}

impl<'a> Lines<'a> {
    /// Opens `path` and reads its first line, which must name the columns of `header`, in quotes or without. More than `max_rows` lines after it, blank ones
    /// included, are an error, so that a few bytes of zstd cannot keep a reader busy for ever.
    pub(super) fn open(path: &'a Path, header: &'static str, max_rows: usize) -> Result<Self, TraceError> {
        let (input, packing) = source::open(path).map_err(|problem| TraceError::in_file(path, problem))?;
        let mut lines = Lines {
            path,
            header,
            input,
            packing,
            max_rows,
            line: Vec::new(),
            number: 0,
            rows: 0,
        };
        if !is_header(lines.next()?.unwrap_or_default(), header) {
            let found = Shown::new(&lines.line);
            return Err(lines.error(Problem::Header { expected: header, found }));
        }
        lines.rows = 0;
        Ok(lines)
    }

    /// The next line that is not blank, without its end; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, TraceError> {
        loop {
            self.line.clear();
            self.number += 1;
            // Two more than a line may hold, for its end.
            let read = (&mut self.input).take(MAX_LINE as u64 + 2).read_until(b'\n', &mut self.line);
            if read.map_err(|error| self.read_error(error))? == 0 {
                return Ok(None);
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if self.line.ends_with(b"\n") {
                self.line.pop();
            }
            if self.line.ends_with(b"\r") {
                self.line.pop();
            }
            if self.line.len() > MAX_LINE {
                return Err(self.error(Problem::LongLine { expected: self.header }));
            }
            if self.number > self.max_rows as u64 + 1 {
                return Err(self.error(Problem::TooMany { what: "rows", limit: self.max_rows }));
            }
            if !self.line.is_empty() {
                self.rows += 1;
                return Ok(Some(&self.line));
            }
        }
    }

    /// The line that was read last.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Something is wrong with the line that was read last. If it is not text at all, that is what is wrong.
    pub(super) fn error(&self, problem: Problem) -> TraceError {
        let problem = match std::str::from_utf8(&self.line) {
            Ok(_) => problem,
            Err(_) => Problem::NotUtf8 { expected: self.header },
        };
        TraceError::on_line(self.path, self.number, problem)
    }

    fn read_error(&self, error: io::Error) -> TraceError {
        let rows = self.rows;
        let Some(packing) = self.packing else {
            return TraceError::on_line(self.path, self.number, Problem::Io(error));
        };
        let frame = error.get_ref().and_then(|source| source.downcast_ref::<FrameError>());
        match (frame, error.kind()) {
            (Some(&FrameError::Window { window }), _) => TraceError::in_file(self.path, Problem::Window { window }),
            (Some(&FrameError::Dictionary { id }), _) => TraceError::in_file(self.path, Problem::Dictionary { id }),
            (None, io::ErrorKind::UnexpectedEof) => {
                TraceError::on_line(self.path, self.number, Problem::Truncated { packing, rows })
            }
            _ => TraceError::on_line(self.path, self.number, Problem::Damaged { packing, rows, source: error }),
        }
    }
}

/// Whether `line` names the columns of `header`.
fn is_header(line: &[u8], header: &'static str) -> bool {
    line == header.as_bytes() || record(line, header).is_ok_and(|names| names.iter().eq(header.split(',')))
}

/// A row of texts, which may hold commas and quotes but no line's end.
pub(super) fn record(line: &[u8], names: &'static str) -> Result<csv::StringRecord, Problem> {
    let mut record = csv::StringRecord::new();
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.chain(&b"\n"[..]))
        .read_record(&mut record)
        .map_err(|_| Problem::NotUtf8 { expected: names })?;
    // The line's end is part of a text only where a quote before it was not closed.
    match record.iter().next_back() {
        Some(last) if last.ends_with('\n') => Err(Problem::OpenQuote),
        _ => Ok(record),
    }
}

/// The fields of a row, by position. A field may stand in double quotes, as some programs write text columns.
pub(super) fn fields<'a, const N: usize>(line: &'a [u8], names: &'static str) -> Result<[&'a [u8]; N], Problem> {
    let mut fields = [&line[..0]; N];
    let mut found = 0;
    for field in line.split(|&byte| byte == b',') {
        if let Some(place) = fields.get_mut(found) {
            *place = field.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(field);
        }
        found += 1;
    }
    if found == N {
        Ok(fields)
    } else {
        Err(Problem::Columns { expected: N, names, found })
    }
}

/// The number in `field`, which must lie in `min..=max`.
pub(super) fn number<T>(field: &[u8], column: &'static str, min: T, max: T) -> Result<T, Problem>
where
    T: std::str::FromStr + PartialOrd + Into<i128> + Copy,
{
    std::str::from_utf8(field)
        .ok()
        .and_then(|text| text.parse::<T>().ok())
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| Problem::Number {
            column,
            found: Shown::new(field),
            min: min.into(),
            max: max.into(),
        })
}
