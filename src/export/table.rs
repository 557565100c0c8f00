//! What the CSV files share: a header that is checked, rows that are records.

mod numbers;
mod records;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use csv::{DeserializeErrorKind, ErrorKind, StringRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ReadError;
use crate::text::shown;
use numbers::Numbers;
use records::{Broken, Records};

/// The most rows of a table: of trials, some 400 MB in memory.
pub const MAX_ROWS: usize = 1_000_000;

/// How much of a broken file an error shows, in characters.
const SHOWN: usize = 120;

/// What a CSV file held.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<T> {
    /// Its rows, in order.
    pub rows: Vec<T>,
    /// What the reader had to leave out, one line for the user.
    pub note: Option<String>,
}

/// Writes the header and all rows.
pub(super) fn write<T: Serialize>(columns: &[&str], rows: &[T], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = writer(out);
    writer.write_record(columns).map_err(into_io)?;
    for row in rows {
        writer.serialize(row).map_err(into_io)?;
    }
    writer.flush()
}

fn writer(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    csv::WriterBuilder::new().has_headers(false).from_writer(out)
}

/// One row with its newline, to be written in one call.
pub(super) fn row<T: Serialize>(row: &T) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = writer(&mut bytes);
    writer.serialize(row).map_err(into_io)?;
    writer.flush()?;
    drop(writer);
    Ok(bytes)
}

/// The I/O error itself where there is one, so that a full disk stays recognisable.
fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Reads a file whose header begins with `columns`. More columns to the right are a newer version's and passed over. A last
/// row without its newline was being written when the run ended, and is left out with a note.
///
/// # Errors
///
/// If the file cannot be read, the header is another, a row does not fit it, or there are more than [`MAX_ROWS`].
pub(super) fn read<T: DeserializeOwned>(path: &Path, columns: &[&str]) -> Result<Rows<T>, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::io(path, error))?;
    parse(path, BufReader::with_capacity(1 << 16, file), columns)
}

/// As [`read`], from the file's content.
pub(super) fn parse<T: DeserializeOwned>(
    path: &Path,
    mut content: impl BufRead,
    columns: &[&str],
) -> Result<Rows<T>, ReadError> {
    let numbers: Vec<(usize, Numbers)> = columns
        .iter()
        .enumerate()
        .filter_map(|(place, column)| Some((place, Numbers::of(column)?)))
        .collect();
    let mut rows = Vec::new();
    let note = each(path, &mut content, columns, &mut |record| {
        for (place, numbers) in &numbers {
            let refused = numbers.refuse(record.get(*place).unwrap_or_default());
            refused.map_err(|problem| format!("{}: {problem}", columns[*place]))?;
        }
        rows.push(typed(record, columns).map_err(|error| explain(columns, &error))?);
        Ok(())
    })?;
    Ok(Rows { rows, note })
}

/// Hands each record over; answers what had to be left out.
fn each(
    path: &Path,
    content: &mut dyn BufRead,
    columns: &[&str],
    take: &mut dyn FnMut(StringRecord) -> Result<(), String>,
) -> Result<Option<String>, ReadError> {
    let mut records = Records::new(content);
    let header = records.next().map_err(|broken| match broken {
        Broken::Io(error) => ReadError::io(path, error),
        Broken::Content(problem) => ReadError::content(path, 1, problem),
    })?;
    let Some(header) = header else {
        let begins = columns.iter().take(3).copied().collect::<Vec<&str>>().join(",");
        return Err(ReadError::content(path, 1, format!("is empty; expected a header, which begins `{begins}`")));
    };
    check_header(path, &header, columns)?;

    // Whether a row is the last is known only after the next one, and an unfinished last row must not count as wrong.
    let mut last: Option<(u64, Result<StringRecord, String>)> = None;
    let mut taken = 0;
    let mut take = |(line, record): (u64, Result<StringRecord, String>)| {
        taken += 1;
        record
            .and_then(&mut *take)
            .map_err(|problem| ReadError::content(path, line, problem))
            .map(|()| taken)
    };
    loop {
        let line = records.line();
        let record = match records.next() {
            Ok(None) => break,
            Ok(Some(record)) if record.len() == header.len() => Ok(record),
            Ok(Some(record)) => Err(format!("{} columns where the header has {}", record.len(), header.len())),
            Err(Broken::Content(problem)) => Err(problem),
            Err(Broken::Io(error)) => return Err(ReadError::io(path, error)),
        };
        if let Some(before) = last.replace((line, record))
            && take(before)? == MAX_ROWS
        {
            let problem = format!("more than {MAX_ROWS} rows; expected at most that many");
            return Err(ReadError::content(path, line, problem));
        }
    }
    match last {
        Some((line, _)) if !records.ended() => {
            return Ok(Some(format!("{}:{line}: left out the last row, which is unfinished", path.display())));
        }
        Some(last) => take(last).map(drop)?,
        None => {}
    }
    Ok(None)
}

/// The record as a row, by the places of its columns, which the header has in order.
///
/// Other programs write `True` for `true` and 3.0 for 3: a cell that is refused is tried once more as headlock would write it.
fn typed<T: DeserializeOwned>(mut record: StringRecord, columns: &[&str]) -> Result<T, csv::Error> {
    record.truncate(columns.len());
    loop {
        let error = match record.deserialize(None) {
            Ok(row) => return Ok(row),
            Err(error) => error,
        };
        let ErrorKind::Deserialize { err, .. } = error.kind() else {
            return Err(error);
        };
        let place = err.field().map(|field| field as usize);
        let Some((place, cell)) = place.and_then(|place| Some((place, plain(err.kind(), record.get(place)?)?))) else {
            return Err(error);
        };
        record = record.iter().enumerate().map(|(at, old)| if at == place { &cell } else { old }).collect();
    }
}

/// A cell that other programs write in another way, as headlock writes it; `None` if it is none of these.
fn plain(wrong: &DeserializeErrorKind, cell: &str) -> Option<String> {
    /// From here on not every whole number is a float.
    const EXACT: f64 = (1_u64 << 53) as f64;
    match wrong {
        DeserializeErrorKind::ParseBool(_) => match cell {
            "True" | "TRUE" | "1" => Some("true".to_owned()),
            "False" | "FALSE" | "0" => Some("false".to_owned()),
            _ => None,
        },
        DeserializeErrorKind::ParseInt(_) => {
            let number: f64 = cell.parse().ok()?;
            let whole = number.fract() == 0.0 && (0.0..EXACT).contains(&number);
            // A cell that is digits already is out of range, and would be for ever.
            (whole && cell.contains(['.', 'e', 'E'])).then(|| (number as u64).to_string())
        }
        _ => None,
    }
}

fn check_header(path: &Path, header: &StringRecord, columns: &[&str]) -> Result<(), ReadError> {
    for (i, column) in columns.iter().enumerate() {
        let found = header.get(i).unwrap_or("");
        if found != *column {
            let problem = format!("column {} is `{}` where `{column}` belongs", i + 1, shown(found, SHOWN));
            return Err(ReadError::content(path, 1, problem));
        }
    }
    let mut seen = BTreeSet::new();
    match header.iter().find(|column| !seen.insert(*column)) {
        Some(column) => Err(ReadError::content(path, 1, format!("column `{}` stands twice", shown(column, SHOWN)))),
        None => Ok(()),
    }
}

/// What is wrong with a row that is no record of its type, and what would be right.
fn explain(columns: &[&str], error: &csv::Error) -> String {
    let ErrorKind::Deserialize { err, .. } = error.kind() else {
        return format!("{:?}", error.kind());
    };
    let column = err.field().and_then(|field| columns.get(field as usize)).copied();
    let problem = match err.kind() {
        DeserializeErrorKind::ParseInt(_) => "not a whole number within range".to_owned(),
        DeserializeErrorKind::ParseFloat(_) => "not a number".to_owned(),
        DeserializeErrorKind::ParseBool(_) => "neither `true` nor `false`".to_owned(),
        other => shown(&other.to_string(), SHOWN),
    };
    column.map_or_else(|| problem.clone(), |column| format!("{column}: {problem}"))
}

#[cfg(test)]
mod tests;
