//! The hidden `check-process`: carries out one check from standard input and writes its report to standard output.

use std::sync::Once;

use headlock_strategies::conformance::line::keep_in;

use super::answer::complain;
use super::child_process::{ChildArgs, WayBack, describe, receive};
use super::failure::Failure;
use crate::harness::child::words;
use crate::registry::Registry;
use crate::verify::{self, CheckJob};

/// Carries out the check. A strategy's panic is part of its report; the first is also said on standard error, for the case
/// that it brings the process down.
pub fn check(registry: &Registry, args: &ChildArgs) -> Result<(), Failure> {
    static FIRST: Once = Once::new();
    std::panic::set_hook(Box::new(|panic| FIRST.call_once(|| complain(&describe(panic)))));
    let way_back = WayBack::keep()?;
    let (job, length): (CheckJob, usize) = receive(args)?;
    if let Some(words) = words(length) {
        keep_in(words);
    }
    let registry = registry.opened(&job.behind, |name| name == job.strategy).map_err(Failure::Error)?;
    let Some(entry) = registry.get(&job.strategy) else {
        return Err(Failure::Error(format!("strategy {:?} is not registered", job.strategy)));
    };
    way_back.answer(&verify::check((entry.subject)(), entry.rules, &job))
}
