//! The facts of the machine and the build that belong to every result.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::cpu;
use crate::record::Host;

/// The lock file that this program was built from.
const LOCK_FILE: &str = include_str!("../../Cargo.lock");
/// Whose versions decide a strategy's figures.
const CRATES: [&str; 10] = [
    "arc-swap",
    "criterion",
    "crossbeam-epoch",
    "crossbeam-utils",
    "haphazard",
    "hdrhistogram",
    "left-right",
    "parking_lot",
    "quanta",
    "seize",
];

/// Gathers what can be found out.
pub fn facts() -> Host {
    let cpu = cpu::read(Path::new("/"));
    let system = rustix::system::uname();
    Host {
        hostname: system.nodename().to_string_lossy().into_owned(),
        machine_id: machine_id(),
        cpu_model: cpu.model,
        microarchitecture: cpu.microarchitecture,
        cores: cpu.cores,
        logical_cpus: std::thread::available_parallelism().ok().map(Into::into),
        smt: read("/sys/devices/system/cpu/smt/active").map(|active| active == "1"),
        governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        turbo: turbo(),
        clock_source: read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        hypervisor: cpu.hypervisor,
        kernel: Some(system.release().to_string_lossy().into_owned()),
        os: os(),
        source: Some(env!("HEADLOCK_SOURCE").to_owned()),
        rustc: Some(env!("HEADLOCK_RUSTC").to_owned()).filter(|version| !version.is_empty()),
        crates: crate_versions(LOCK_FILE),
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A hash of systemd's machine id, since machine-id(5) asks to keep the id itself to the machine.
fn machine_id() -> Option<String> {
    let id = read("/etc/machine-id").filter(|id| id != "uninitialized")?;
    let digest = Sha256::digest(format!("headlock {id}"));
    Some(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Intel's driver says whether turbo is off, the generic one whether boost is on.
fn turbo() -> Option<bool> {
    let intel = read("/sys/devices/system/cpu/intel_pstate/no_turbo").map(|off| off == "0");
    intel.or_else(|| read("/sys/devices/system/cpu/cpufreq/boost").map(|on| on == "1"))
}

fn os() -> Option<String> {
    let release = read("/etc/os-release")?;
    let line = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(line.trim_matches('"').to_owned())
}

fn crate_versions(lock_file: &str) -> BTreeMap<String, String> {
    let Ok(lock) = lock_file.parse::<toml::Table>() else {
        return BTreeMap::new();
    };
    let packages = lock.get("package").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    packages
        .iter()
        .filter_map(|package| Some((package.get("name")?.as_str()?, package.get("version")?.as_str()?)))
        .filter(|(name, _)| CRATES.contains(name))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_the_versions_that_decide_figures() {
        let versions = crate_versions(LOCK_FILE);
        assert!(versions.contains_key("parking_lot"), "{versions:?}");
        assert!(versions.contains_key("crossbeam-epoch"), "{versions:?}");
    }
}
