//! The hidden `layout-process`: answers what this program was built from, for another one that would play blocks with it.

use super::child_process::{ChildArgs, WayBack, receive};
use super::failure::Failure;
use crate::harness::layouts::Build;
use crate::registry::Registry;

/// Answers. The question is empty.
pub fn tell(registry: &Registry, args: &ChildArgs) -> Result<(), Failure> {
    let way_back = WayBack::keep()?;
    let ((), _) = receive(args)?;
    way_back.answer(&build(registry))
}

/// What this program was built from.
pub fn build(registry: &Registry) -> Build {
    let own = registry.entries().iter().map(|entry| entry.strategy.name);
    let behind = |name: &str| registry.behind().iter().any(|behind| behind.declaration.name == name);
    Build::own(own.filter(|name| !behind(name)).map(str::to_owned).collect())
}
