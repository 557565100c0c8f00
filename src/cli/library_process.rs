//! The hidden `library-process`: loads a library and answers what its list declares, or dies of it.

use super::answer::complain;
use super::child_process::{ChildArgs, WayBack, describe, receive};
use super::failure::Failure;
use crate::behind::{Question, look};

/// Loads the library and tells of it. A panic, which is how the door reports an exception, ends the process with one line.
pub fn tell(args: &ChildArgs) -> Result<(), Failure> {
    std::panic::set_hook(Box::new(|panic| {
        complain(&describe(panic));
        std::process::exit(1);
    }));
    let way_back = WayBack::keep()?;
    let (question, _): (Question, usize) = receive(args)?;
    way_back.answer(&look(&question))
}
