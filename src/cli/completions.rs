//! `headlock completions`: a shell's completion script.

use clap::{Command, CommandFactory};

use super::answer::answer;
use super::args::{Cli, CompletionsArgs};
use super::failure::Failure;

/// Prints the script for one shell, made from the same definitions as the help.
pub fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    // Without the commands that are for headlock's own use, which generators offer though they are hidden.
    let program = Cli::command();
    let offered = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let mut offered = Command::new("headlock")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .subcommands(offered);
    clap_complete::generate(args.shell, &mut offered, name(), &mut script);
    answer(&String::from_utf8_lossy(&script))
}

/// The name that this program is called by: one with strategies of its own has another.
fn name() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().map_or("headlock".to_owned(), |name| name.to_string_lossy().into_owned())
}
