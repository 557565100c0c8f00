//! `scripts/fuzz workload`: what is read and what must hold stands in `src/lib.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| headlock_fuzz::workload(bytes));
