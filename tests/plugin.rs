//! A crate outside the workspace gets the whole program by one line: `examples/plugin` is built, tested and run as a stranger
//! would, and is what docs/STRATEGY.md shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn plugin() -> PathBuf {
    Path::new(ROOT).join("examples/plugin")
}

/// Runs cargo on the plug-in. It shares this build's target directory and its versions, so that it compiles little anew.
fn cargo(arguments: &str) -> Output {
    let this_test = std::env::current_exe().expect("a running test has a path");
    let target = this_test.ancestors().nth(3).expect("tests are built in TARGET/PROFILE/deps");
    fs::copy(Path::new(ROOT).join("Cargo.lock"), plugin().join("Cargo.lock")).expect("the lock file can be copied");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(plugin())
        .env("CARGO_TARGET_DIR", target)
        .env("HEADLOCK_STATE", "")
        .args(arguments.split_whitespace());
    cargo.output().expect("cargo can be started")
}

/// What a successful command printed.
#[track_caller]
fn printed(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 6)), "{}\n{said}", output.status);
    String::from_utf8(output.stdout).expect("output is text")
}

#[test]
fn a_crate_outside_the_workspace_passes_conformance_and_gets_the_command_line() {
    let conformance = printed(cargo("test --quiet"));
    assert!(conformance.contains("0 failed") && !conformance.contains(" 0 passed"), "{conformance}");

    let list = printed(cargo("run --quiet -- list"));
    assert!(list.contains("mutex-queue") && list.contains("rcu-epoch"), "{list}");

    let verified = printed(cargo("run --quiet -- verify --quiet --passes 1 --strategies mutex-queue"));
    assert!(verified.contains("mutex-queue"), "{verified}");

    let results = tempfile::tempdir().expect("a temporary directory can be made");
    let out = results.path().join("run");
    let table = printed(cargo(&format!(
        "run --quiet -- run --strategies mutex-queue,mutex --workload hot --threads 1 --pin none --blocks 1 --trial 1ms --out {}",
        out.display()
    )));
    assert!(table.contains("mutex-queue"), "{table}");
    let trials = fs::read_to_string(out.join("trials.csv")).expect("the run writes its trials");
    assert!(trials.contains("mutex-queue"), "{trials}");
}

#[test]
fn the_guide_shows_the_example_word_for_word() {
    let guide = fs::read_to_string(Path::new(ROOT).join("docs/STRATEGY.md")).expect("the guide can be read");
    let example = fs::read_to_string(plugin().join("src/main.rs")).expect("the example can be read");
    assert!(guide.contains(&format!("```rust,no_run\n{example}```\n")));
    let code = example.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//"));
    assert!(code.count() < 90, "the guide promises less than 90 lines");
}
