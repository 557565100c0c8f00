//! `--config`: what a `run.json` says takes the place of what was not typed.

use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::failure::{Failure, usage};
use crate::export::{ReadError, read_run_file};
use crate::record::Parameters;

/// Which of a command's flags were typed, and are no defaults.
pub struct Typed(ArgMatches);

impl Typed {
    /// From what clap made of the words after the command.
    pub fn of(matches: &ArgMatches) -> Typed {
        Typed(matches.subcommand().map_or_else(ArgMatches::default, |(_, after)| after.clone()))
    }

    /// Whether this flag was typed.
    pub fn has(&self, flag: &str) -> bool {
        self.0.value_source(flag) == Some(ValueSource::CommandLine)
    }

    /// Puts what a file says of `field` into a flag's place, unless the flag was typed.
    ///
    /// # Errors
    /// If what the file says cannot be; the message begins with the field's name.
    pub fn or<T>(&self, flag: &str, place: &mut T, field: &str, said: Result<T, String>) -> Result<(), String> {
        if !self.has(flag) {
            *place = said.map_err(|problem| format!("{field}: {problem}"))?;
        }
        Ok(())
    }
}

/// What the run was told whose `run.json` this is.
///
/// # Errors
/// If it cannot be read, or says nonsense; the message names the field.
pub fn read(path: &Path) -> Result<Parameters, Failure> {
    match read_run_file(path) {
        Ok(record) if record.prediction().is_some() => {
            Err(wrong(path, "it is of a model, which measured nothing; expected that of a run"))
        }
        Ok(record) => Ok(record.parameters),
        Err(ReadError::Io { path, source }) => usage(format!(
            "--config {}: cannot be read: {source}; expected a run.json that headlock wrote",
            path.display()
        )),
        Err(error) => usage(format!("--config {error}")),
    }
}

/// A failure that names the file and what is wrong in it.
pub fn wrong(path: &Path, problem: &str) -> Failure {
    Failure::Usage(format!("--config {}: {problem}", path.display()))
}

/// Refuses the `run.json` of another command.
pub fn of_another_command<T>(path: &Path, told: &Parameters) -> Result<T, Failure> {
    let word = told.command.word();
    Err(wrong(
        path,
        &format!("command: it is of `headlock {word}`; `headlock {word} --config` runs it again"),
    ))
}
