//! Every file that fuzzing kept because it reaches code that no other does, findings among them, is read once more. What must
//! hold of each is said where the fuzz targets have it from.

#[path = "../fuzz/src/lib.rs"]
mod fuzzed;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use headlock::export::{read_latency, read_run, read_trials};

/// Hands every file of a target's corpus to the function that its fuzz target calls.
fn play(target: &str, mut read: impl FnMut(&[u8])) {
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

/// Files of an older format are refused at their first line, and test nothing.
#[test]
fn each_reader_accepts_some_files_of_its_corpus() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let mut accepted = [0; 6];
    let mut read = |counts: [usize; 3], files: [&[u8]; 3]| {
        for (name, content) in ["run.json", "trials.csv", "latency.csv"].iter().zip(files) {
            std::fs::write(dir.path().join(name), content).expect("the scratch directory can be written");
        }
        let there = [
            read_run(dir.path()).is_ok(),
            read_trials(dir.path()).is_ok(),
            read_latency(dir.path()).is_ok(),
        ];
        counts.into_iter().zip(there).for_each(|(count, is_ok)| accepted[count] += usize::from(is_ok));
    };
    play("run_json", |bytes| read([0, 5, 5], [bytes, b"", b""]));
    play("tables", |bytes| read([5, 1, 2], [b"", bytes, bytes]));
    play("compare", |bytes| {
        let mut parts = bytes.splitn(3, |byte| *byte == 0);
        let parts = [(); 3].map(|()| parts.next().unwrap_or_default());
        read([3, 4, 4], parts);
    });
    assert!(accepted[..5].iter().all(|count| *count > 0), "{accepted:?}");
}

#[test]
fn histograms() {
    play("histograms", fuzzed::histograms);
}

#[test]
fn whole_results() {
    quietly(|| play("compare", fuzzed::compare));
}
