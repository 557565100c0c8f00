//! Built-in studies: what is played to test a proposal's claims, and what the files then say of each claim.
//!
//! The parts of a study are ordinary commands with ordinary result directories, so that each can be run again by itself. The claims
//! are tested from those files alone: [`claims()`] never saw the measurement. Between `export` and `cli`; never prints.

mod claims;
pub mod qemu_rfc;
pub mod share;
pub mod traces;

pub use claims::{PATCHES, claims};
