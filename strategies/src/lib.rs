//! Timer lists that differ only in how their head is guarded, behind one trait.
#![deny(unsafe_code)]

mod api;
pub use api::*;
