//! What a strategy declares about itself, in the words that tables and files use.

use headlock_strategies::Freshness;
use serde::{Deserialize, Serialize};

/// The freshness of a strategy under which a poller can oversleep.
pub const RACY: &str = Freshness::Racy.word();

/// A strategy's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// Its name in every result file.
    pub name: String,
    /// How the head is guarded and read, in one line.
    pub summary: String,
    /// What a read costs the reader: `none`, `fence`, `RMW`, `lock` or `asymmetric`.
    pub reader_pays: String,
    /// What a reader is promised about finishing: `blocking` to `wait-free`.
    pub progress: String,
    /// How true a reader's answer is: `linearizable`, `notified` or [`RACY`].
    pub freshness: String,
    /// What a writer pays on top of the lock and the list.
    pub writer_pays: String,
    /// The crate or mechanism that it is built on.
    pub built_on: String,
    /// Where the idea comes from.
    pub reference: String,
}
