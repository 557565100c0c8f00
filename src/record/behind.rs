//! What stands behind the C interface in a run.

use serde::{Deserialize, Serialize};

use super::Declaration;

/// A strategy that is played through the C interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehindDoor {
    /// What it declares, its name in every result file first: no program that reads the result knows of it otherwise.
    #[serde(flatten)]
    pub declaration: Declaration,
    /// The library that it comes from: the file's path, from the root. `None` for a list of the program's own.
    pub library: Option<String>,
    /// The SHA-256 of that file, in hexadecimal digits.
    pub sha256: Option<String>,
}

impl BehindDoor {
    /// The name of the library's file.
    pub fn file_name(&self) -> Option<&str> {
        self.library.as_deref().and_then(|path| path.rsplit('/').next())
    }
}
