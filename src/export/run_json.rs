//! `run.json`: what was run, where, and how it went.

use std::io::{self, Write};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::limited::read_document;
use super::{Format, ReadError, Snapshot};
use crate::record::{RunRecord, SCHEMA_VERSION};

const FILE_NAME: &str = "run.json";

pub(super) struct RunJson;

impl Format for RunJson {
    fn file_name(&self) -> &'static str {
        FILE_NAME
    }

    fn write(&self, snapshot: &Snapshot<'_>, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, snapshot.run)?;
        out.write_all(b"\n")
    }
}

/// The run record of a result directory.
///
/// # Errors
///
/// If there is no readable `run.json`, its content is not one, or its schema is newer than this program.
pub fn read_run(dir: &Path) -> Result<RunRecord, ReadError> {
    let path = dir.join(FILE_NAME);
    let bytes = read_document(&path).map_err(|error| ReadError::io(&path, error))?;
    parse(&path, &bytes)
}

/// A record that states its `schema_version`, from a file's content.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, ReadError> {
    /// Read first: a newer record may have another shape, and its version explains why.
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let explain = |error: serde_json::Error| ReadError::content(path, error.line().max(1) as u64, error.to_string());
    let Version { schema_version } = serde_json::from_slice(bytes).map_err(explain)?;
    if schema_version > SCHEMA_VERSION {
        let problem =
            format!("schema_version {schema_version} is newer than this headlock's {SCHEMA_VERSION}: update it");
        return Err(ReadError::content(path, 1, problem));
    }
    serde_json::from_slice(bytes).map_err(explain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::testing::run;

    #[test]
    fn a_newer_schema_is_refused_by_its_version_whatever_its_shape() {
        let text = format!("{{\"schema_version\": {}, \"host\": 5}}", SCHEMA_VERSION + 1);
        let error = parse::<RunRecord>(Path::new("run.json"), text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("run.json:1: schema_version 2 is newer"), "{error}");
    }

    #[test]
    fn a_broken_record_is_named_by_its_line() {
        let text = serde_json::to_string_pretty(&run()).unwrap();
        let line = text.lines().position(|line| line.contains("\"running\"")).unwrap() + 1;
        let error = parse::<RunRecord>(Path::new("run.json"), text.replace("\"running\"", "\"walking\"").as_bytes())
            .unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with(&format!("run.json:{line}: unknown variant `walking`, expected one of")),
            "{error}"
        );
    }
}
