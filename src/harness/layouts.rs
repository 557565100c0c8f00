//! Programs that differ from this one in the layout of their code alone.
//!
//! Where functions lie decides which of them share cache sets and branch-predictor entries, so one binary is one sample of that, and an
//! interval over its blocks holds for it alone (Mytkowicz et al., *Producing wrong data without doing anything obviously wrong!*, 2009).
//! Blocks that draw from several binaries have it in their spread (Curtsinger and Berger, *Stabilizer*, 2013).
//!
//! Each is asked by a process of its own what it was built from. All must answer as this program would.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::child;
use super::host;
use crate::record::Layout;
use crate::text::counted;

/// The hidden subcommand that answers what the program was built from.
pub const SUBCOMMAND: &str = "layout-process";

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a program was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Source, compiler and settings, as [`Host::source`](crate::record::Host::source) has it.
    pub source: Option<String>,
    /// The names of its strategies.
    pub strategies: Vec<String>,
}

impl Build {
    /// This program's, which offers these.
    pub fn own(strategies: Vec<String>) -> Self {
        Build { source: host::facts().source, strategies }
    }
}

/// One of the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutFile {
    /// Where it is, from the root.
    pub path: PathBuf,
    /// How the result calls it.
    pub layout: Layout,
}

/// The programs in a directory, by name. `own` is what each must have been built from.
///
/// # Errors
/// If there are fewer than two, or one was built from something else; one line.
pub fn of(dir: &Path, own: &Build) -> Result<Vec<LayoutFile>, String> {
    let unreadable = |path: &Path, error: std::io::Error| {
        format!(
            "{} cannot be read: {error}; expected a directory of programs, as `just layouts` builds",
            path.display()
        )
    };
    let entries = fs::read_dir(dir).map_err(|error| unreadable(dir, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(dir, error))?.path();
        let there = path.metadata().map_err(|error| unreadable(&path, error))?;
        if there.is_file() && there.permissions().mode() & 0o111 != 0 {
            paths.push(path.canonicalize().map_err(|error| unreadable(&path, error))?);
        }
    }
    paths.sort();
    if paths.len() < 2 {
        return Err(format!(
            "{} holds {}; expected two or more, as `just layouts` builds them",
            dir.display(),
            counted(paths.len(), "program")
        ));
    }
    paths.into_iter().map(|path| checked(path, own)).collect()
}

fn checked(path: PathBuf, own: &Build) -> Result<LayoutFile, String> {
    let built: Build = child::ask_program(&path, SUBCOMMAND, &(), PATIENCE)
        .map_err(|error| format!("{} does not say what it was built from: {error}", path.display()))?;
    let short = |source: &Option<String>| {
        source.as_ref().map_or("nothing known".to_owned(), |it| it.chars().take(12).collect())
    };
    if built.source != own.source {
        return Err(format!(
            "{} was built from source {}, this program from {}; build all of them anew",
            path.display(),
            short(&built.source),
            short(&own.source)
        ));
    }
    if built.strategies != own.strategies {
        return Err(format!("{} offers other strategies than this program; build all of them anew", path.display()));
    }
    let content = fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let sha256 = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    Ok(LayoutFile { path, layout: Layout { name, sha256 } })
}
