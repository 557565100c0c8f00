//! The program on a terminal and into a pipe, with no word about colour in its environment but what a test says.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// Begins every change of colour.
pub const ESCAPE: char = '\u{1b}';

fn headlock(words: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headlock"));
    command.env("HEADLOCK_STATE", "");
    command.args(words).stdin(Stdio::null()).stderr(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "CI"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").envs(environment.iter().copied());
    command
}

/// What it says into a pipe.
pub fn piped(words: &[&str], environment: &[(&str, &str)]) -> String {
    let done = headlock(words, environment).output().expect("headlock starts");
    String::from_utf8(done.stdout).expect("UTF-8")
}

/// What it says on a terminal.
pub fn on_a_terminal(words: &[&str], environment: &[(&str, &str)]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("a name").into_string().expect("UTF-8");
    let theirs = File::options().read(true).write(true).open(name).expect("the other side");
    // The command holds the other side until it is dropped, and reading ends when nobody holds it any more.
    let mut child = {
        let mut command = headlock(words, environment);
        command.stdout(theirs).spawn().expect("headlock starts")
    };
    let mut said = Vec::new();
    let mut reader = File::from(ours);
    let mut chunk = [0; 4096];
    // A terminal whose other side is gone answers with an error.
    while let Ok(length @ 1..) = reader.read(&mut chunk) {
        said.extend_from_slice(&chunk[..length]);
    }
    child.wait().expect("headlock is waited for");
    String::from_utf8(said).expect("UTF-8")
}
