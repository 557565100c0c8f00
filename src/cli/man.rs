//! `headlock man`: the manual, made from the same definitions as the help.

use clap::Args;
use clap::Command;
use clap_mangen::Man;

use super::answer::answer;
use super::failure::{Failure, usage};

/// `headlock man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  headlock man | man -l -           the program
  headlock man run | man -l -       one command
  headlock man > headlock.1         for a package")]
pub struct ManArgs {
    /// The command whose page to print; the program's own if none is named
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// Prints the page of the program or of one of its commands, for man to format.
pub fn man(program: Command, args: &ManArgs) -> Result<(), Failure> {
    // Built, so that commands know what they inherit: the version, and who calls them.
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => match commands(&program).find(|command| command.get_name() == name) {
            Some(command) => command.clone(),
            None => {
                let known: Vec<&str> = commands(&program).map(Command::get_name).collect();
                return usage(format!("man {name}: no such command; there are {}", known.join(", ")));
            }
        },
    };
    let mut roff = Vec::new();
    Man::new(page)
        .manual("headlock")
        .render(&mut roff)
        .map_err(|error| Failure::Error(format!("cannot format the manual: {error}")))?;
    answer(&String::from_utf8_lossy(&roff))
}

/// The commands that are for users.
fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| !command.is_hide_set())
}
