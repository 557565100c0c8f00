//! What the program's strategies declare, in words.

use crate::record::Declaration;
use crate::registry::{Entry, Registry};

/// Of every strategy, a plug-in's included.
pub fn declarations(registry: &Registry) -> Vec<Declaration> {
    let declaration = |entry: &Entry| {
        let it = entry.strategy;
        Declaration {
            name: it.name.to_owned(),
            summary: it.summary.to_owned(),
            reader_pays: it.reader.word().to_owned(),
            progress: it.progress.word().to_owned(),
            freshness: it.freshness.word().to_owned(),
            writer_pays: it.writer.to_owned(),
            built_on: it.built_on.to_owned(),
            reference: it.reference.to_owned(),
        }
    };
    registry.entries().iter().map(declaration).collect()
}
