//! Every file that fuzzing kept because it reaches code that no other does, findings among them, is read once more. What must
//! hold of each is said where the fuzz targets have it from.

#[path = "../fuzz/src/lib.rs"]
mod fuzzed;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Hands every file of a target's corpus to the function that its fuzz target calls.
fn play(target: &str, read: fn(&[u8])) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target).with_extension("tar");
    let mut corpus = tar::Archive::new(File::open(&path).expect("a corpus"));
    let mut files = 0;
    for file in corpus.entries().expect("an archive") {
        let mut file = file.expect("a file of it");
        // Captured, and shown with whatever goes wrong.
        println!("{}: {}", path.display(), file.path().expect("its name").display());
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("its content");
        read(&content);
        files += 1;
    }
    assert!(files > 0, "{} is empty", path.display());
}

/// What is told of a file is checked, and is no output of a test that passes.
fn quietly(play: impl FnOnce()) {
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null").expect("a place for complaints");
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
