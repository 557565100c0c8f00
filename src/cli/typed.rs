//! What to say when what was typed is no command: the help that was asked for, or one line about what is wrong.

use std::io::ErrorKind as Io;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::answer::complain;
use super::failure::Failure;
use crate::harness::{child, layouts};
use crate::verify::referee;

/// Prints what clap has to say, and answers with the exit status. Help and version are errors to clap, but no failures,
/// and neither is a reader that has read enough of them (`| head`).
pub fn explain(mut error: clap::Error) -> ExitCode {
    forget_hidden(&mut error);
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match error.print() {
            Err(error) if error.kind() != Io::BrokenPipe => {
                complain(&format!("cannot write to standard output: {error}"));
                Failure::Error(String::new()).exit_code()
            }
            _ => ExitCode::SUCCESS,
        },
        // Who types no command at all is shown what there is; clap puts it on standard error.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Failure::Usage(String::new()).exit_code()
        }
        _ => {
            complain(&one_line(&error.render().to_string()));
            Failure::Usage(String::new()).exit_code()
        }
    }
}

/// Takes subcommands out of the tip that are hidden: they are for this program's own processes.
fn forget_hidden(error: &mut clap::Error) {
    const HIDDEN: [&str; 4] = [
        child::SUBCOMMAND,
        referee::SUBCOMMAND,
        layouts::SUBCOMMAND,
        crate::behind::SUBCOMMAND,
    ];
    let shown = match error.remove(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(mut names)) => {
            names.retain(|name| !HIDDEN.contains(&name.as_str()));
            (!names.is_empty()).then_some(ContextValue::Strings(names))
        }
        Some(ContextValue::String(name)) if HIDDEN.contains(&name.as_str()) => None,
        other => other,
    };
    if let Some(shown) = shown {
        error.insert(ContextKind::SuggestedSubcommand, shown);
    }
}

/// clap's paragraphs on one line: what is wrong, its tips, and whose help says more.
fn one_line(text: &str) -> String {
    let (wrong, rest) = text.split_once("Usage: ").unwrap_or((text, ""));
    let wrong = wrong.strip_prefix("error: ").unwrap_or(wrong);
    let lines = wrong
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    let mut said = lines.collect::<Vec<_>>().join("; ").replace(":; ", ": ");
    let command: Vec<&str> = rest.split_whitespace().take_while(|word| !word.starts_with(['[', '<', '-'])).collect();
    if !command.is_empty() {
        said += &format!("; see {} --help", command.join(" "));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_complaint_keeps_its_tip_and_names_the_help() {
        let text = "error: unexpected argument '--bogus' found\n\n  tip: a similar argument exists: '--blocks'\n\n\
                    Usage: headlock run --blocks <N>\n\nFor more information, try '--help'.\n";
        assert_eq!(
            one_line(text),
            "unexpected argument '--bogus' found; tip: a similar argument exists: '--blocks'; see headlock run --help"
        );
    }

    #[test]
    fn a_list_follows_its_colon() {
        let text = "error: the following required arguments were not provided:\n  <TRACE>...\n\nUsage: headlock replay <TRACE>...\n";
        let expected = "the following required arguments were not provided: <TRACE>...; see headlock replay --help";
        assert_eq!(one_line(text), expected);
    }

    #[test]
    fn a_wrong_value_needs_no_more_than_its_own_words() {
        let text = "error: invalid value 'x' for '--seed <N>': expected a whole number\n\nFor more information, try '--help'.\n";
        assert_eq!(one_line(text), "invalid value 'x' for '--seed <N>': expected a whole number");
    }
}
