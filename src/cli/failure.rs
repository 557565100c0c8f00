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
    /// Everything was done that was asked, but somewhere there is no figure at all.
    NoFigure(String),
    /// A strict comparison could not decide.
    Unclear(String),
    /// A strategy breaks what it declares; the answer says which and how.
    Broken(String),
    /// The user stopped it; everything measured so far is written.
    Interrupted(String),
}

impl Failure {
    /// What to say on standard error.
    pub fn message(&self) -> &str {
        match self {
            Failure::Usage(message)
            | Failure::Error(message)
            | Failure::Slower(message)
            | Failure::NoFigure(message)
            | Failure::Unclear(message)
            | Failure::Broken(message)
            | Failure::Interrupted(message) => message,
        }
    }

    /// All of them as one, which ends the program as the weightiest does and says what each says, that one first. `None` for
    /// none.
    pub fn all(failures: impl IntoIterator<Item = Failure>) -> Option<Failure> {
        let mut failures: Vec<Failure> = failures.into_iter().collect();
        failures.sort_by_key(|failure| std::cmp::Reverse(failure.weight()));
        let messages: Vec<&str> = failures.iter().map(Failure::message).collect();
        let together = messages.join("; ");
        Some(failures.into_iter().next()?.saying(|_| together))
    }

    /// The same, of a part of something larger.
    pub fn of_part(self, part: &str) -> Failure {
        self.saying(|message| format!("{part}: {message}"))
    }

    fn saying(self, words: impl FnOnce(&str) -> String) -> Failure {
        match self {
            Failure::Usage(message) => Failure::Usage(words(&message)),
            Failure::Error(message) => Failure::Error(words(&message)),
            Failure::Slower(message) => Failure::Slower(words(&message)),
            Failure::NoFigure(message) => Failure::NoFigure(words(&message)),
            Failure::Unclear(message) => Failure::Unclear(words(&message)),
            Failure::Broken(message) => Failure::Broken(words(&message)),
            Failure::Interrupted(message) => Failure::Interrupted(words(&message)),
        }
    }

    /// Which of several exit statuses it is to be: 130, 5, 3, 6, 4, then the others.
    fn weight(&self) -> u8 {
        match self {
            Failure::Error(_) => 0,
            Failure::Usage(_) => 1,
            Failure::Unclear(_) => 2,
            Failure::NoFigure(_) => 3,
            Failure::Slower(_) => 4,
            Failure::Broken(_) => 5,
            Failure::Interrupted(_) => 6,
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
            Failure::NoFigure(_) => 6,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_failures_the_weightiest_decides_and_all_are_told() {
        type Kind = fn(String) -> Failure;
        let by_weight: [Kind; 6] = [
            Failure::Interrupted,
            Failure::Broken,
            Failure::Slower,
            Failure::NoFigure,
            Failure::Unclear,
            Failure::Error,
        ];
        for (place, heavy) in by_weight.iter().enumerate() {
            for light in &by_weight[place + 1..] {
                let all = Failure::all([light("light".to_owned()), heavy("heavy".to_owned())]).unwrap();
                assert_eq!(all.message(), "heavy; light");
                assert_eq!(all.exit_code(), heavy(String::new()).exit_code());
            }
        }
        assert!(Failure::all([]).is_none());
    }
}
