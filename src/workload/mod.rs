//! What is to be played, as plain data that has been validated once: traces of real programs. Nothing here plays it.

pub mod trace;
