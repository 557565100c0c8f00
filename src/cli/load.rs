//! `--load`: lists from C libraries, and the program's own lists through the same door.

use std::path::{Path, PathBuf};

use clap::Args;
use headlock_door::SUFFIX;

use super::command_line::Command;
use super::config;
use super::failure::Failure;
use crate::behind::LibraryError;
use crate::harness::Behind;
use crate::record::BehindDoor;
use crate::registry::Registry;

/// The libraries to load.
#[derive(Clone, Debug, Default, Args)]
pub struct LoadArgs {
    /// Play the list of this C library too (include/headlock.h); may be repeated. The strategy NAME@c is the built-in NAME behind
    /// the same interface
    #[arg(long = "load", value_name = "LIB.so")]
    pub libraries: Vec<PathBuf>,
    /// What a `run.json` says of them, in the same order.
    #[arg(skip)]
    told: Vec<BehindDoor>,
}

impl LoadArgs {
    /// Those that a `run.json` names.
    pub fn told(behind: &[BehindDoor]) -> Self {
        let told: Vec<BehindDoor> = behind.iter().filter(|it| it.library.is_some()).cloned().collect();
        let libraries = told.iter().filter_map(|it| it.library.as_ref().map(PathBuf::from)).collect();
        LoadArgs { libraries, told }
    }

    /// As they would be typed.
    pub fn as_words(&self) -> impl Iterator<Item = String> + '_ {
        self.libraries.iter().map(|path| format!("--load={}", path.display()))
    }
}

/// What a command asks of the C interface.
struct Asked<'a> {
    load: &'a LoadArgs,
    /// Names that were typed, any of which may end in [`SUFFIX`].
    names: Vec<&'a str>,
    /// Whether `floor@c` is played too.
    measures: bool,
    /// The `run.json` that names the libraries, if one does.
    config: Option<&'a Path>,
}

impl<'a> Asked<'a> {
    /// `None` for a command that has no use for strategies.
    fn by(command: &'a Command) -> Option<Self> {
        let named = |names: &'a [String]| names.iter().map(String::as_str).collect::<Vec<_>>();
        let of = |load: &'a LoadArgs, names| Asked { load, names, measures: false, config: None };
        let common = match command {
            Command::Run(args) => &args.common,
            Command::Replay(args) => &args.common,
            Command::Crossover(args) => &args.common,
            Command::Study(args) => return Some(Asked { measures: true, ..of(&args.load, Vec::new()) }),
            Command::List(args) => return Some(of(&args.load, Vec::new())),
            Command::Verify(args) => return Some(of(&args.load, named(&args.strategies))),
            _ => return None,
        };
        let mut names = named(&common.strategies);
        names.push(&common.baseline);
        Some(Asked {
            measures: true,
            config: common.config.as_deref(),
            ..of(&common.load, names)
        })
    }
}

/// The registry with the lists behind the C interface that the command names.
///
/// # Errors
/// If a library cannot take part: the first that cannot.
pub fn extended(registry: Registry, command: &Command) -> Result<Registry, Failure> {
    let Some(asked) = Asked::by(command) else {
        return Ok(registry);
    };
    let mut extended = registry;
    if let (true, Some(path)) = (cfg!(target_feature = "crt-static"), asked.load.libraries.first()) {
        return Err(Failure::Usage(format!(
            "--load {}: this headlock is linked statically and loads no library; use one that is not",
            path.display()
        )));
    }
    for path in &asked.load.libraries {
        extended.load(path).map_err(|error| {
            let between = if error == LibraryError::Given { "" } else { ":" };
            Failure::Error(format!("--load {}{between} {error}", path.display()))
        })?;
    }
    if let Some(config) = asked.config {
        unchanged(&asked.load.told, extended.behind()).map_err(|problem| config::wrong(config, &problem))?;
    }
    for name in asked.names.iter().filter(|name| name.ends_with(SUFFIX)) {
        // One that does not exist is told of like any other name that does not.
        extended
            .lead_through(name)
            .map_err(|error| Failure::Error(format!("--strategies {name}: {error}")))?;
    }
    if asked.measures && !extended.behind().is_empty() {
        extended.lead_floor_through().map_err(|error| Failure::Error(format!("--load: {error}")))?;
    }
    Ok(extended)
}

/// Refuses a library that is not what it was when the run was recorded that is to be run again.
fn unchanged(told: &[BehindDoor], loaded: &[Behind]) -> Result<(), String> {
    let mut pairs = told.iter().zip(loaded.iter().map(BehindDoor::from)).enumerate();
    let Some((place, (told, loaded))) = pairs.find(|(_, (told, loaded))| told.sha256 != loaded.sha256) else {
        return Ok(());
    };
    let [was, is] = [told, &loaded].map(|it| it.sha256.as_deref().unwrap_or("none"));
    Err(format!(
        "behind_door[{place}].sha256: {} was {was} and is {is}; name the library by --load to play it as it is",
        loaded.library.as_deref().unwrap_or_default()
    ))
}
