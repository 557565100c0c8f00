//! The rows of a CSV file, with bounded memory.
//!
//! Not through the csv crate's reader, which grows its record with the row: a row must be refused before memory is taken for it.
//! The core of that reader fills what it is given and says when that is not enough.

use std::io::{self, BufRead};

use csv::StringRecord;
use csv_core::ReadRecordResult;

/// The longest row, in bytes of its fields.
pub const MAX_ROW: usize = 1 << 16;
/// The most columns.
pub const MAX_COLUMNS: usize = 256;

/// Reads one record after the other.
pub(super) struct Records<'a> {
    input: &'a mut dyn BufRead,
    core: csv_core::Reader,
    fields: Vec<u8>,
    /// Where each field ends in `fields`.
    ends: [usize; MAX_COLUMNS],
    /// Whether the last byte read so far ends a line.
    ended: bool,
}

/// Why there is no record where one should be.
#[derive(Debug)]
pub(super) enum Broken {
    Io(io::Error),
    Content(String),
}

impl<'a> Records<'a> {
    pub(super) fn new(input: &'a mut dyn BufRead) -> Self {
        Records {
            input,
            core: csv_core::Reader::new(),
            fields: vec![0; MAX_ROW],
            ends: [0; MAX_COLUMNS],
            ended: true,
        }
    }

    /// The line that is read next, from 1.
    pub(super) fn line(&self) -> u64 {
        self.core.line()
    }

    /// Whether what was read so far ends with the end of a line.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The next record; `None` at the end of the file. What the core fills is all that is taken, however long the row.
    pub(super) fn next(&mut self) -> Result<Option<StringRecord>, Broken> {
        let (mut filled, mut columns) = (0, 0);
        loop {
            let input = self.input.fill_buf().map_err(Broken::Io)?;
            let (result, read, wrote, ended) =
                self.core.read_record(input, &mut self.fields[filled..], &mut self.ends[columns..]);
            if let Some(last) = input[..read].last() {
                self.ended = *last == b'\n';
            }
            self.input.consume(read);
            filled += wrote;
            columns += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record => return self.record(columns).map(Some),
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::OutputFull => {
                    return Err(Broken::Content(format!("the row is longer than {MAX_ROW} bytes")));
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(Broken::Content(format!("the row has more than {MAX_COLUMNS} columns")));
                }
            }
        }
    }

    fn record(&self, columns: usize) -> Result<StringRecord, Broken> {
        let mut record = StringRecord::with_capacity(0, columns);
        let mut start = 0;
        for &end in &self.ends[..columns] {
            let field = str::from_utf8(&self.fields[start..end]);
            record.push_field(field.map_err(|_| Broken::Content("not UTF-8 text".to_owned()))?);
            start = end;
        }
        Ok(record)
    }
}
