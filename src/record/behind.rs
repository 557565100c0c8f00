//! What stands behind the C interface in a run.

use serde::{Deserialize, Serialize};

use super::Declaration;

/// A strategy that is played through the C interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BehindDoor {
    /// What it declares, its name in every result file first: no program that reads the result knows of it otherwise.
    #[serde(flatten)]
    pub declaration: Declaration,
    /// The library that it comes from: the file's name. `None` for a list of the program's own.
    pub library: Option<String>,
    /// The SHA-256 of that file, in hexadecimal digits.
    pub sha256: Option<String>,
}

impl BehindDoor {
    /// Those that a run's parameters name, as [`RunRecord::parameters`](super::RunRecord::parameters) has them.
    pub fn of(parameters: &serde_json::Value) -> Vec<Self> {
        serde_json::from_value(parameters["behind_door"].clone()).unwrap_or_default()
    }
}
