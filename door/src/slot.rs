//! Where tables are kept: a list type is known when the program is compiled, a library when it runs, and a slot is both.

use std::sync::OnceLock;

use crate::check::Table;

/// How many lists can stand behind the door of one process.
pub const SLOTS: usize = 16;

static TABLES: [OnceLock<Table>; SLOTS] = [const { OnceLock::new() }; SLOTS];

/// The slot is filled already, or there is none of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("slot {0} of {SLOTS} is not free")]
pub struct SlotTaken(pub usize);

/// The place of one table, for the life of the process.
#[derive(Clone, Copy, Debug)]
pub struct Slot(pub usize);

impl Slot {
    /// Puts a table into it.
    ///
    /// # Errors
    /// If it has one already, or the number is [`SLOTS`] or more.
    pub fn fill(self, table: Table) -> Result<(), SlotTaken> {
        let slot = TABLES.get(self.0).ok_or(SlotTaken(self.0))?;
        slot.set(table).map_err(|_| SlotTaken(self.0))
    }

    /// The table in it.
    pub fn table(self) -> Option<Table> {
        TABLES.get(self.0)?.get().copied()
    }
}
