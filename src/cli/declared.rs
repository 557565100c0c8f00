//! What the program's strategies declare, in words.

use crate::record::Declaration;
use crate::registry::Registry;

/// Of every strategy, a plug-in's included.
pub fn declarations(registry: &Registry) -> Vec<Declaration> {
    registry.entries().iter().map(|entry| Declaration::from(&entry.strategy)).collect()
}
