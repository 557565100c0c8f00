//! Every file that fuzzing kept because it reaches code that no other does, findings among them, is read once more. What must
//! hold of each is said where the fuzz targets have it from.

#[path = "../fuzz/src/lib.rs"]
mod fuzzed;

use std::fs;
use std::path::Path;

/// Hands every file of a target's corpus to the function that its fuzz target calls.
fn play(target: &str, read: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(&dir).expect("a corpus") {
        let path = entry.expect("a file of it").path();
        // Captured, and shown with whatever goes wrong.
        println!("{}", path.display());
        read(&fs::read(&path).expect("its content"));
        files += 1;
    }
    assert!(files > 0, "{} is empty", dir.display());
}

/// What is told of a file is checked, and is no output of a test that passes.
fn quietly(play: impl FnOnce()) {
    let nowhere = fs::OpenOptions::new().write(true).open("/dev/null").expect("a place for complaints");
    rustix::stdio::dup2_stderr(nowhere).expect("standard error can be replaced");
    play();
}

#[test]
fn traces() {
    play("trace", fuzzed::trace);
}

#[test]
fn workloads() {
    play("workload", fuzzed::workload);
}

#[test]
fn records_of_runs() {
    quietly(|| play("run_json", fuzzed::run_json));
}

#[test]
fn tables_of_results() {
    play("tables", fuzzed::tables);
}

#[test]
fn histograms() {
    play("histograms", fuzzed::histograms);
}

#[test]
fn whole_results() {
    quietly(|| play("compare", fuzzed::compare));
}
