//! What a study asks of the figures, and what they answered.

use serde::{Deserialize, Serialize};

/// One claim, tested. Whoever makes it takes every figure in `evidence` from result files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// A short name to refer to it by, like `a`.
    pub id: String,
    /// The claim as it was made, in one sentence.
    pub claim: String,
    /// The answer in a few words, like `holds`.
    pub answer: String,
    /// Sentences with the figures that the answer rests on.
    pub evidence: Vec<String>,
    /// The files that they come from, relative to the study's directory.
    pub files: Vec<String>,
}
