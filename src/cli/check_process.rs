//! The hidden `check-process`: carries out one check from standard input and writes its report to standard output.

use std::io::{Read, stdin};
use std::sync::Once;

use super::answer::answer;
use super::failure::Failure;
use crate::registry::Registry;
use crate::verify::CheckJob;

/// Carries out the check. A strategy's panic is part of its report; the first is also said on standard error, for the case
/// that it brings the process down.
pub fn check(registry: &Registry) -> Result<(), Failure> {
    static FIRST: Once = Once::new();
    std::panic::set_hook(Box::new(|panic| {
        FIRST.call_once(|| {
            let what = panic.payload_as_str().unwrap_or("something that is not text");
            let place =
                panic.location().map_or(String::new(), |place| format!(" at {}:{}", place.file(), place.line()));
            eprintln!("panicked{place}: {what}");
        });
    }));
    let mut text = String::new();
    stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::Error(format!("cannot read the check from standard input: {error}")))?;
    let job: CheckJob = serde_json::from_str(&text).map_err(|error| {
        Failure::Error(format!("standard input holds no check (this command is headlock's own): {error}"))
    })?;
    let Some(entry) = registry.get(&job.strategy) else {
        return Err(Failure::Error(format!("strategy {:?} is not registered", job.strategy)));
    };
    let report = (entry.verify)(&job);
    let report = serde_json::to_string(&report).map_err(|error| Failure::Error(error.to_string()))?;
    answer(&report)
}
