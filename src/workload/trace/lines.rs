//! Lines of a file, plain or zstd, with bounded memory and exact line numbers.
//!
//! The trace's rows do not go through the csv crate: it grows its record with the line, and a line must be refused before
//! memory is taken for it. It also counts lines differently after blank ones.

use super::MAX_LINE;
use super::error::{Problem, Shown, TraceError};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The first bytes of a zstd frame (RFC 8878, section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The most memory that a frame may want for what it refers back to: 128 MiB, as `zstd` itself grants unasked.
const MAX_WINDOW_LOG: u32 = 27;

/// Reads one file line by line, blank lines left out.
pub(super) struct Lines<'a> {
    path: &'a Path,
    header: &'static str,
    input: Box<dyn BufRead>,
    compressed: bool,
    max_rows: usize,
    line: Vec<u8>,
    /// Of `line`, from 1; blank lines count.
    number: u64,
    /// Complete lines that were not blank, the header left out.
    rows: u64,
}

impl<'a> Lines<'a> {
    /// Opens `path` and reads its first line, which must be `header`. More than `max_rows` lines after it, blank ones
    /// included, are an error, so that a few bytes of zstd cannot keep a reader busy for ever.
    pub(super) fn open(path: &'a Path, header: &'static str, max_rows: usize) -> Result<Self, TraceError> {
        let io = |error| TraceError::in_file(path, Problem::Io(error));
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
        let compressed = file.fill_buf().map_err(io)?.starts_with(&ZSTD_MAGIC);
        let input: Box<dyn BufRead> = if compressed {
            let mut decoder = zstd::Decoder::with_buffer(file).map_err(io)?;
            decoder.window_log_max(MAX_WINDOW_LOG).map_err(io)?;
            Box::new(BufReader::with_capacity(1 << 16, decoder))
        } else {
            Box::new(file)
        };
        let mut lines = Lines {
            path,
            header,
            input,
            compressed,
            max_rows,
            line: Vec::new(),
            number: 0,
            rows: 0,
        };
        if lines.next()?.unwrap_or_default() != header.as_bytes() {
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
        let problem = match error.kind() {
            _ if !self.compressed => Problem::Io(error),
            io::ErrorKind::UnexpectedEof => Problem::Truncated { rows },
            _ => Problem::Damaged { rows, source: error },
        };
        TraceError::on_line(self.path, self.number, problem)
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
