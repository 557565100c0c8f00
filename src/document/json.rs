//! The document's data, for a program.

use super::{Document, Writer};

/// Writes the data as one JSON document.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Writer for Json {
    fn write(&self, document: &Document) -> String {
        format!("{:#}\n", document.data)
    }
}
