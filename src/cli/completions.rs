//! `headlock completions`: a shell's completion script.

use clap::Args;
use clap::Command;

use super::answer::answer;
use super::failure::Failure;

/// `headlock completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock completions bash > ~/.local/share/bash-completion/completions/headlock
  headlock completions zsh > ~/.zfunc/_headlock    with ~/.zfunc in fpath
  headlock completions fish > ~/.config/fish/completions/headlock.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Prints the script for one shell, made from the same definitions as the help.
pub fn completions(program: Command, args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    // Without the commands that are for headlock's own use, which generators offer though they are hidden.
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
