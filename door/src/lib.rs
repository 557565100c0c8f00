//! The door through which timer lists written in C come into headlock: `include/headlock.h`, from the other side.
//!
//! [`load()`] opens a library and looks its table through; a [`Slot`] keeps the table for the life of the process; [`CList`] is
//! the list type behind a slot. [`table_of`] goes the other way and makes a table of a list in Rust, so that what the door costs
//! can be measured on a list that also plays without it.
//!
//! A library is code that runs in this process with all that it may do, from the moment it is loaded: load it where its end
//! is no loss. headlock does so in the processes of trials and checks, and never in its own.
//!
//! This package holds all the unsafe code that this takes.

mod check;
mod guard;
mod list;
mod load;
mod raw;
mod shim;
mod slot;

pub use check::{FRESHNESSES, PROGRESSES, READERS, Table, TableError};
pub use list::{CHandle, CList};
pub use load::{LoadError, load};
pub use raw::VERSION;
pub use shim::{SUFFIX, table_of};
pub use slot::{SLOTS, Slot, SlotTaken};
