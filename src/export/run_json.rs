//! `run.json`: what was run, where, and how it went.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::limited::read_document;
use super::{Format, ReadError, Snapshot};
use crate::json;
use crate::record::{RunRecord, SCHEMA_VERSION};

pub(super) const FILE_NAME: &str = "run.json";

pub(super) struct RunJson;

impl Format for RunJson {
    fn file_name(&self) -> &'static str {
        FILE_NAME
    }

    fn write(&self, snapshot: &Snapshot<'_>, out: &mut dyn Write) -> io::Result<()> {
        json::write(snapshot.run, out)
    }
}

/// The run record of a result directory.
///
/// # Errors
///
/// If there is no readable `run.json`, its content is not one, or its schema is not this program's.
pub fn read_run(dir: &Path) -> Result<RunRecord, ReadError> {
    read_run_file(&dir.join(FILE_NAME))
}

/// The run record in a file.
///
/// # Errors
///
/// As [`read_run`].
pub fn read_run_file(path: &Path) -> Result<RunRecord, ReadError> {
    let bytes = read_document(path).map_err(|error| ReadError::io(path, error))?;
    parse(path, &bytes)
}

/// A record that states its `schema_version`, from a file's content.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, ReadError> {
    let explain = |error: String| ReadError::content(path, 1, error);
    let record: Value = serde_json::from_slice(bytes).map_err(|error| {
        ReadError::content(path, error.line().max(1) as u64, format!("is not JSON, which headlock writes: {error}"))
    })?;
    if !record.is_object() {
        return Err(explain("is no JSON object, which headlock writes".to_owned()));
    }
    // First: a record of another schema may have another shape, and its version explains why.
    let version = record.get("schema_version").cloned().ok_or("missing field `schema_version`".to_owned());
    let schema_version: u32 = version.and_then(json::of).map_err(explain)?;
    let (than_this, remedy) = match schema_version.cmp(&SCHEMA_VERSION) {
        Ordering::Equal => return json::of(record).map_err(explain),
        Ordering::Less => ("older", "measure again"),
        Ordering::Greater => ("newer", "update headlock"),
    };
    let problem =
        format!("schema_version {schema_version} is {than_this} than this headlock's {SCHEMA_VERSION}: {remedy}");
    Err(ReadError::content(path, 1, problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::testing::run;

    #[test]
    fn another_schema_is_refused_by_its_version_whatever_its_shape() {
        for (version, says) in [
            (1, "run.json:1: schema_version 1 is older than this headlock's 2: measure again"),
            (3, "run.json:1: schema_version 3 is newer than this headlock's 2: update headlock"),
        ] {
            let text = format!("{{\"schema_version\": {version}, \"host\": 5}}");
            let error = parse::<RunRecord>(Path::new("run.json"), text.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, says);
        }
    }

    #[test]
    fn what_is_no_object_lacks_no_field() {
        for text in ["[]", "5", "null", "\"run\""] {
            let error = parse::<RunRecord>(Path::new("run.json"), text.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, "run.json:1: is no JSON object, which headlock writes");
        }
    }

    #[test]
    fn a_broken_record_is_told_with_its_line_or_its_field() {
        let text = serde_json::to_string_pretty(&run()).unwrap();
        let line = text.lines().position(|line| line.contains("\"running\"")).unwrap() + 1;
        let told = |wrong: &str| {
            let text = text.replace("\"running\"", wrong);
            parse::<RunRecord>(Path::new("run.json"), text.as_bytes()).unwrap_err().to_string()
        };
        let unknown = told("\"walking\"");
        assert!(unknown.starts_with("run.json:1: state: unknown variant `walking`, expected one of"), "{unknown}");
        let broken = told("running");
        assert!(
            broken.starts_with(&format!("run.json:{line}: is not JSON, which headlock writes: expected value")),
            "{broken}"
        );
    }
}
