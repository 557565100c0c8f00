//! The ways in which a command can end other than well.

use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// What was asked for makes no sense; nothing was done.
    Usage(String),
    /// Something went wrong.
    Error(String),
    /// A comparison found something slower than the threshold, or a limit broken.
    Slower(String),
    /// A strict comparison could not decide.
    Unclear(String),
    /// A strategy breaks what it declares; the answer says which and how.
    Broken(String),
    /// The user stopped it; everything measured so far is written.
    Interrupted(String),
}

impl Failure {
    /// What to say on standard error.
    pub fn message(&self) -> Option<&str> {
        match self {
            Failure::Usage(message)
            | Failure::Error(message)
            | Failure::Slower(message)
            | Failure::Unclear(message)
            | Failure::Broken(message)
            | Failure::Interrupted(message) => Some(message),
        }
    }

    /// The documented exit status.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Error(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Slower(_) => 3,
            Failure::Unclear(_) => 4,
            Failure::Broken(_) => 5,
            Failure::Interrupted(_) => 130,
        })
    }
}

/// Makes a usage failure.
pub fn usage<T>(message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Usage(message.into()))
}

/// Turns any error into a failure with its whole chain on one line.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Error(format!("{error:#}"))
    }
}
