//! What stands behind the C interface in a run.

use serde::{Deserialize, Serialize};

/// A strategy that is played through the C interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehindDoor {
    /// Its name in every result file.
    pub name: String,
    /// The library that it comes from: the file's name. `None` for a list of the program's own.
    pub library: Option<String>,
    /// The SHA-256 of that file, in hexadecimal digits.
    pub sha256: Option<String>,
}
