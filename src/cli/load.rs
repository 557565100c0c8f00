//! `--load`: lists from C libraries, and the program's own lists through the same door.

use std::path::PathBuf;

use clap::Args;
use headlock_door::SUFFIX;

use super::args::Command;
use super::failure::Failure;
use crate::registry::Registry;

/// The libraries to load.
#[derive(Clone, Debug, Default, Args)]
pub struct LoadArgs {
    /// Play the list of this C library too (include/headlock.h); may be repeated. NAME@c among the strategies is a built-in list
    /// through the same interface
    #[arg(long = "load", value_name = "LIB.so")]
    pub libraries: Vec<PathBuf>,
}

impl LoadArgs {
    /// As they would be typed.
    pub fn as_words(&self) -> impl Iterator<Item = String> + '_ {
        self.libraries.iter().map(|path| format!("--load={}", path.display()))
    }
}

/// What a command asks of the door.
struct Asked<'a> {
    load: &'a LoadArgs,
    /// Names that were typed, any of which may end in [`SUFFIX`].
    names: Vec<&'a str>,
    /// Whether the floor behind the door is played beside what stands there.
    measures: bool,
}

impl<'a> Asked<'a> {
    /// `None` for a command that has no use for strategies.
    fn by(command: &'a Command) -> Option<Self> {
        let named = |names: &'a [String]| names.iter().map(String::as_str).collect::<Vec<_>>();
        let (common, measures) = match command {
            Command::Run(args) => (&args.common, true),
            Command::Replay(args) => (&args.common, true),
            Command::Crossover(args) => (&args.common, false),
            Command::Study(args) => return Some(Asked { load: &args.load, names: Vec::new(), measures: false }),
            Command::List(args) => return Some(Asked { load: &args.load, names: Vec::new(), measures: false }),
            Command::Verify(args) => {
                return Some(Asked {
                    load: &args.load,
                    names: named(&args.strategies),
                    measures: false,
                });
            }
            _ => return None,
        };
        let mut names = named(&common.strategies);
        names.push(&common.baseline);
        Some(Asked { load: &common.load, names, measures })
    }
}

/// The registry with what the command wants from behind the door.
///
/// # Errors
/// If a library cannot take part: the first that cannot.
pub fn extended(registry: Registry, command: &Command) -> Result<Registry, Failure> {
    let Some(asked) = Asked::by(command) else {
        return Ok(registry);
    };
    let mut extended = registry;
    for path in &asked.load.libraries {
        extended.load(path).map_err(|error| Failure::Error(format!("--load {}: {error}", path.display())))?;
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
