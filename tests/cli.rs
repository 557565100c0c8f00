//! Transcripts of the command line: help, the list of strategies, and one clear line for whatever makes no sense.
//!
//! After a change that is meant, `TRYCMD=overwrite cargo test --test cli` writes what is said now.

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        // Help is wrapped to the terminal's width.
        .env("COLUMNS", "100")
        // No stamps: what passed `verify` before is none of a transcript's business.
        .env("HEADLOCK_STATE", "")
        .case("tests/cli/*.trycmd");
}
