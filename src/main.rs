//! The `headlock` binary: the built-in strategies under the command line.

use std::process::ExitCode;

use headlock::Registry;

fn main() -> ExitCode {
    headlock::cli::main(Registry::builtin())
}
