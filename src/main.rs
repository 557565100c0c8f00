//! The `headlock` binary.
fn main() {}
