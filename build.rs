//! Notes for `run.json` what this program was built with and from: both are part of a result.

use std::env::var;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use sha2::{Digest, Sha256};

/// What decides the code of the program, as far as it is there: a published package has its own part alone. The lock file stands for
/// the packages that are not named.
const SOURCES: [&str; 10] = [
    "src",
    "Cargo.toml",
    "Cargo.lock",
    "build.rs",
    "strategies/src",
    "strategies/Cargo.toml",
    "door/src",
    "door/Cargo.toml",
    "sealed/src",
    "sealed/Cargo.toml",
];

/// What the same source may be compiled with. Flags of the linker are none of it: they move code, and change none.
const SETTINGS: [&str; 6] = [
    "TARGET",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "CARGO_CFG_TARGET_FEATURE",
    "CARGO_CFG_PANIC",
];

fn main() -> io::Result<()> {
    let compiler = var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(compiler).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    println!("cargo::rustc-env=HEADLOCK_RUSTC={}", version.trim());

    let mut hash = Sha256::new_with_prefix(version);
    for setting in SETTINGS {
        hash.update(format!("{setting}={}\n", var(setting).unwrap_or_default()));
    }
    // They lie between 0x1f bytes (Cargo's way of passing a list).
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    for flag in flags.split('\u{1f}').filter(|flag| !flag.starts_with("-Clink")) {
        hash.update(format!("{flag}\n"));
    }
    for source in SOURCES.map(Path::new).into_iter().filter(|source| source.exists()) {
        println!("cargo::rerun-if-changed={}", source.display());
        for file in files(source)? {
            let content = fs::read(&file)?;
            hash.update(format!("{} {}\n", file.display(), content.len()));
            hash.update(content);
        }
    }
    let digits = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    println!("cargo::rustc-env=HEADLOCK_SOURCE={digits}");
    Ok(())
}

/// A file, or all files of a directory, by name.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    let mut all = Vec::new();
    for entry in entries {
        all.extend(files(&entry)?);
    }
    Ok(all)
}
