//! JSON, read and written in one way: a text becomes a value, and the value whatever type is wanted.
//!
//! So each type is compiled for one reader in place of those of text, bytes and values, and what is wrong is told with the path of its
//! field.

use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a text.
///
/// # Errors
/// If it is no JSON, or not of this type; in words.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    of(serde_json::from_slice(text).map_err(|error| error.to_string())?)
}

/// Reads a value.
///
/// # Errors
/// If it is not of this type: what is wrong with which of its fields.
pub fn of<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(whole_numbers(value)).map_err(|error| {
        let error: serde_path_to_error::Error<serde_json::Error> = error;
        match error.path().to_string().as_str() {
            "." => error.inner().to_string(),
            path => format!("{path}: {}", error.inner()),
        }
    })
}

/// The value with each whole number in whole digits: other programs write 3 as 3.0, and 0.0 as 0.
fn whole_numbers(value: Value) -> Value {
    /// From here on not every whole number is a float.
    const EXACT: f64 = (1_u64 << 53) as f64;
    match value {
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) if float.fract() == 0.0 && float.abs() < EXACT => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(values) => values.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, whole_numbers(value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// Writes a value for people to read, and ends the line.
///
/// # Errors
/// If it cannot be written.
pub fn write(value: &impl Serialize, mut out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")
}

/// A value as text for another process.
///
/// # Errors
/// If it is of a type that JSON has nothing for.
pub fn text(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_value(value)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_path_and_numbers_are_numbers_however_they_are_spelt() {
        type Read = (u64, i64, f64, Vec<Option<u8>>);
        assert_eq!(read::<Read>(b"[3.0, -3.0, 3, [255, null]]").unwrap(), (3, -3, 3.0, vec![Some(255), None]));
        assert_eq!(read::<Read>(b"[3, 3, 3, [256]]").unwrap_err(), "[3][0]: invalid value: integer `256`, expected u8");
        assert!(read::<u64>(b"18446744073709551616.0").is_err(), "no float tells it from its neighbours");
        assert!(read::<u64>(b"{").unwrap_err().contains("line 1"));
    }
}
