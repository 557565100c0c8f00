//! Notes the compiler's version for `run.json`: it is part of a result.

use std::process::Command;

fn main() {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(compiler).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    println!("cargo::rustc-env=HEADLOCK_RUSTC={}", version.trim());
    println!("cargo::rerun-if-changed=build.rs");
}
