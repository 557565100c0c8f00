//! Strategies behind the C interface: libraries that were loaded, and the program's own lists played as if they were.
//!
//! A library's code runs from the moment it is loaded, so the program proper loads none: a process of its own loads it, looks its
//! table through and answers what it declares. Those that play trials and carry out checks load what they need of it again.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use headlock_door::{FRESHNESSES, PROGRESSES, READERS, SLOTS, SUFFIX, Slot, Table};
use headlock_strategies::Strategy;
use serde::{Deserialize, Serialize};

use crate::harness::child::{self, ChildError};
use crate::harness::{Behind, LibraryFile, NotALibrary};
use crate::record::{AA_CONTROL, Declaration, FLOOR, FLOOR_BEHIND};
use crate::registry::Registry;

/// The hidden subcommand that loads a library and answers what it declares.
pub const SUBCOMMAND: &str = "library-process";

/// How long a library may take to load. Nothing but its own constructors takes more than milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Words that mean something else where a strategy is named, so that no library may have them as a name.
const RESERVED: [&str; 6] = ["core", "all", "baseline", FLOOR, AA_CONTROL, crate::harness::INJECTED];

/// Why a library is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// There is no such file, or none that could be one.
    #[error("{0}")]
    File(#[from] NotALibrary),
    /// It was loaded and refused.
    #[error("{0}")]
    Refused(String),
    /// The process that loaded it did not live to tell.
    #[error("loading it: {0}; expected {expected}", expected = expected(.0))]
    Died(ChildError),
    /// Its name is taken.
    #[error("its list is called {0}, and so is {1}; expected a name of its own")]
    Taken(String, &'static str),
    /// Its name means something else.
    #[error("its list is called {0}, a word that means something else here; expected a name of its own")]
    Reserved(String),
    /// It is there already.
    #[error("was given already")]
    Given,
    /// There is no slot left.
    #[error("there is room for {SLOTS} lists behind the C interface, and this is one more")]
    Full,
    /// It is not what it was when it was first looked at.
    #[error("the file has changed since it was first loaded; run it again")]
    Changed,
}

/// What would have been right where the process that loaded a library ended. A page that the file does not have is a SIGBUS.
fn expected(how: &ChildError) -> &'static str {
    match how.to_string().contains("SIGBUS") {
        true => "a whole shared library: this file is shorter than it says",
        false => "constructors, if any, and a headlock_export() that return at once and leave the process alone",
    }
}

/// What a library's process is asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Question {
    /// The library.
    pub path: PathBuf,
}

/// What it answers: what the list declares, or why there is none.
pub type Answer = Result<Declaration, String>;

/// Loads a library in this process, which may not survive it, and answers what it declares.
pub fn look(question: &Question) -> Answer {
    match headlock_door::load(&question.path) {
        Ok(table) => Ok((&table.strategy()).into()),
        Err(error) => Err(error.to_string()),
    }
}

impl Registry {
    /// Adds the list of a library, which a process of its own loads.
    ///
    /// # Errors
    /// If it is no library, or none that can take part.
    pub(crate) fn load(&mut self, path: &Path) -> Result<(), LibraryError> {
        let file = LibraryFile::read(path)?;
        if self
            .behind()
            .iter()
            .filter_map(|behind| behind.library.as_ref())
            .any(|other| other.path == file.path)
        {
            return Err(LibraryError::Given);
        }
        let question = Question { path: file.path.clone() };
        let answer: Answer =
            child::ask(SUBCOMMAND, &question, PATIENCE, &AtomicBool::new(false)).map_err(LibraryError::Died)?;
        let strategy = kept(answer.map_err(LibraryError::Refused)?)?;
        if RESERVED.contains(&strategy.name) {
            return Err(LibraryError::Reserved(strategy.name.to_owned()));
        }
        if self.get(strategy.name).is_some() {
            let whose = match self.behind().iter().any(|behind| behind.declaration.name == strategy.name) {
                true => "the list of another library",
                false => "a built-in strategy",
            };
            return Err(LibraryError::Taken(strategy.name.to_owned(), whose));
        }
        self.add_at_door(Some(file), strategy)
    }

    /// Adds a strategy of the program's own, named with [`SUFFIX`], to be played through the C interface; answers whether there is
    /// one, which may have been added before.
    ///
    /// # Errors
    /// If there is no room for it.
    pub(crate) fn lead_through(&mut self, name: &str) -> Result<bool, LibraryError> {
        if self.get(name).is_some() {
            return Ok(true);
        }
        let Some(table) = self.own(name) else {
            return Ok(false);
        };
        self.add_at_door(None, table().strategy())?;
        Ok(true)
    }

    fn add_at_door(&mut self, library: Option<LibraryFile>, strategy: Strategy) -> Result<(), LibraryError> {
        if self.behind().len() == SLOTS {
            return Err(LibraryError::Full);
        }
        self.add_behind(Behind { declaration: (&strategy).into(), library }, strategy);
        Ok(())
    }

    /// The table of the strategy that plays through the C interface under this name; none of one that stands behind it anyway.
    fn own(&self, name: &str) -> Option<fn() -> Table> {
        self.player(name.strip_suffix(SUFFIX)?)?.table
    }

    /// The registry of a process that plays or checks those of these names: what stands behind the C interface is loaded, each in
    /// the slot that its place says.
    ///
    /// # Errors
    /// If something cannot be loaded, or is not what it was.
    pub(crate) fn opened(&self, behind: &[Behind], wanted: impl Fn(&str) -> bool) -> Result<Registry, String> {
        let mut registry = self.clone();
        for (slot, behind) in behind.iter().enumerate() {
            let name = &behind.declaration.name;
            if wanted(name) {
                Slot(slot).fill(self.table(behind)?).map_err(|error| error.to_string())?;
            }
            let strategy = kept(behind.declaration.clone()).map_err(|error| error.to_string())?;
            registry.add_at_door(behind.library.clone(), strategy).map_err(|error| error.to_string())?;
        }
        Ok(registry)
    }

    /// The table of something behind the C interface; a library is loaded for it.
    fn table(&self, behind: &Behind) -> Result<Table, String> {
        let Some(file) = &behind.library else {
            let name = &behind.declaration.name;
            let own = self.own(name).ok_or_else(|| format!("strategy {name:?} is not registered"))?;
            return Ok(own());
        };
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.path.display());
        if LibraryFile::read(&file.path).map_err(|error| told(&error))? != *file {
            return Err(told(&LibraryError::Changed));
        }
        headlock_door::load(&file.path).map_err(|error| told(&error))
    }

    /// Adds the strategy that does nothing, to be played through the C interface: the floor of what else stands behind it.
    ///
    /// # Errors
    /// If there is no room for it.
    pub(crate) fn lead_floor_through(&mut self) -> Result<(), LibraryError> {
        self.lead_through(FLOOR_BEHIND).map(drop)
    }

    /// The names of the lists that were loaded.
    pub(crate) fn loaded(&self) -> impl Iterator<Item = &'static str> + '_ {
        let loaded = self.behind().iter().filter(|behind| behind.library.is_some());
        loaded.filter_map(|behind| Some(self.get(&behind.declaration.name)?.strategy.name))
    }
}

impl From<&Strategy> for Declaration {
    fn from(strategy: &Strategy) -> Self {
        Declaration {
            name: strategy.name.to_owned(),
            summary: strategy.summary.to_owned(),
            reader_pays: strategy.reader.word().to_owned(),
            progress: strategy.progress.word().to_owned(),
            freshness: strategy.freshness.word().to_owned(),
            writer_pays: strategy.writer.to_owned(),
            built_on: strategy.built_on.to_owned(),
            reference: strategy.reference.to_owned(),
        }
    }
}

/// What a process of its own has told, for the life of this one.
fn kept(told: Declaration) -> Result<Strategy, LibraryError> {
    let unknown =
        |word: &str| LibraryError::Refused(format!("it declares {word:?}, which is no word of this program's"));
    let reader = READERS.into_iter().find(|it| it.word() == told.reader_pays);
    let progress = PROGRESSES.into_iter().find(|it| it.word() == told.progress);
    let freshness = FRESHNESSES.into_iter().find(|it| it.word() == told.freshness);
    Ok(Strategy {
        reader: reader.ok_or_else(|| unknown(&told.reader_pays))?,
        progress: progress.ok_or_else(|| unknown(&told.progress))?,
        freshness: freshness.ok_or_else(|| unknown(&told.freshness))?,
        name: told.name.leak(),
        summary: told.summary.leak(),
        built_on: told.built_on.leak(),
        writer: told.writer_pays.leak(),
        reference: told.reference.leak(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_behind_the_door_is_called_as_any_strategy_behind_it() {
        assert_eq!(FLOOR_BEHIND.strip_suffix(SUFFIX), Some(FLOOR));
        let mut registry = Registry::builtin();
        registry.lead_floor_through().unwrap();
        assert_eq!(registry.get(FLOOR_BEHIND).map(|entry| entry.strategy.name), Some(FLOOR_BEHIND));
    }
}
