//! `headlock pool`: the result directories of several hosts as one answer.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::answer::{Form, answer, present};
use super::failure::Failure;
use crate::document::{Html, Writer};
use crate::export::{read_results, write_page_to};
use crate::pool::{Pool, document};
use crate::reading::Results;

/// `headlock pool`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock pool results/host-a results/host-b results/host-c
  headlock pool results/fleet                      every result directory in it
  headlock pool results/fleet --page fleet.html    as a page, with more pictures

Result directories must have the same parameters; those of one machine are joined first. Below three microarchitectures \
nothing is pooled: the hosts stand side by side. docs/FLEET.md has the rule, and scripts/fleet measures on many hosts.")]
pub struct PoolArgs {
    /// Result directories, or directories of them
    #[arg(value_name = "DIR", required = true)]
    pub dirs: Vec<PathBuf>,
    /// Write a page here instead of printing the answer
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "markdown"])]
    pub page: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Print Markdown tables
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}

/// Where result directories are looked for in a directory: a host's, a set of its runs, a run.
const DEEPEST: usize = 3;

/// Reads the directories, pools them and answers.
pub fn pool(args: &PoolArgs) -> Result<(), Failure> {
    let mut dirs = Vec::new();
    for dir in &args.dirs {
        let before = dirs.len();
        result_dirs(dir, DEEPEST, &mut dirs).map_err(|error| {
            Failure::Error(format!(
                "cannot read {}: {error}; name a result directory, or one that holds some",
                dir.display()
            ))
        })?;
        if dirs.len() == before {
            return Err(Failure::Error(format!(
                "{} holds no result directory; name those that headlock run or scripts/fleet wrote",
                dir.display()
            )));
        }
    }
    let read = |dir: &PathBuf| read_results(dir, &dir.display().to_string());
    let results: Vec<Results> =
        dirs.iter().map(read).collect::<Result<_, _>>().map_err(|error| Failure::Error(error.to_string()))?;
    if let Some(model) = results.iter().find(|it| it.run.prediction().is_some()) {
        return Err(Failure::Error(format!(
            "{} holds a model's predictions; only what was measured is pooled",
            model.name
        )));
    }
    let pooled = Pool::of(&results).map_err(|reasons| {
        Failure::Error(format!("not to be pooled, since they are unlike the others: {}", reasons.join("; ")))
    })?;
    match &args.page {
        Some(path) => {
            let document = document(&pooled, true);
            write_page_to(path, &Html.write(&document)).map_err(|error| Failure::Error(format!("--page: {error}")))?;
            let found = document.verdict.map_or(String::new(), |verdict| verdict.answer);
            answer(&format!("{}: {found}", path.display()))?;
        }
        None => present(&document(&pooled, false), Form::of(args.json, args.markdown))?,
    }
    match pooled.answers.iter().any(crate::pool::Answer::decides) {
        true => Ok(()),
        false => Err(Failure::NoFigure("no host has a figure to pool: every run has too few blocks".to_owned())),
    }
}

/// The result directories in `dir`, itself if it is one, by name. What is hidden is under way or none.
fn result_dirs(dir: &Path, deepest: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if dir.join("run.json").is_file() {
        found.push(dir.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    for entry in entries.iter().filter(|it| deepest > 0 && !hidden(it) && !it.is_symlink() && it.is_dir()) {
        result_dirs(entry, deepest - 1, found)?;
    }
    Ok(())
}
