//! Which processor this is, by what the kernel says of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What could be found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cpu {
    /// The model, or what stands in its place: on ARM the board and each kind of core.
    pub model: Option<String>,
    /// Vendor, family and model as numbers, or on ARM each kind of core: names of models do not tell generations apart.
    pub microarchitecture: Option<String>,
    /// Physical cores.
    pub cores: Option<usize>,
    /// The hypervisor underneath, `none` on bare metal.
    pub hypervisor: Option<String>,
}

/// Reads what files say. `root` is `/`, or a stand-in for it.
pub(super) fn read(root: &Path) -> Cpu {
    let files = Files(root);
    let cpuinfo = files.read("proc/cpuinfo").unwrap_or_default();
    let blocks: Vec<&str> = cpuinfo.split("\n\n").filter(|block| !block.trim().is_empty()).collect();
    Cpu {
        model: model(&files, &blocks),
        microarchitecture: microarchitecture(&blocks),
        cores: cores(&files, &blocks),
        hypervisor: hypervisor(&files, &blocks),
    }
}

struct Files<'a>(&'a Path);

impl Files<'_> {
    /// A file's text. Those of a device tree end with a zero byte.
    fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = fs::read_to_string(self.0.join(path)).ok()?;
        Some(text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0').to_owned())
            .filter(|text| !text.is_empty())
    }
}

/// The value of a line like `name : value`.
fn value<'a>(block: &'a str, name: &str) -> Option<&'a str> {
    let line = block.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
    Some(line.split_once(':')?.1.trim()).filter(|value| !value.is_empty())
}

/// x86 names its model; ARM has numbers for who made a core and which it is, and the board's name in the device tree.
fn model(files: &Files<'_>, blocks: &[&str]) -> Option<String> {
    if let Some(name) = blocks.iter().find_map(|block| value(block, "model name")) {
        return Some(name.to_owned());
    }
    let known: Vec<String> = files.read("proc/device-tree/model").into_iter().chain(kinds(blocks)).collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// The kinds of core of an ARM processor.
fn kinds(blocks: &[&str]) -> BTreeSet<String> {
    let kind = |block: &&str| {
        let (implementer, part) = (value(block, "CPU implementer")?, value(block, "CPU part")?);
        Some(format!("implementer {implementer} part {part}"))
    };
    blocks.iter().filter_map(kind).collect()
}

fn microarchitecture(blocks: &[&str]) -> Option<String> {
    let numbers = |block: &&str| {
        let (vendor, family) = (value(block, "vendor_id")?, value(block, "cpu family")?);
        Some(format!("{vendor} family {family} model {}", value(block, "model")?))
    };
    let told: Vec<String> = match blocks.iter().find_map(numbers) {
        Some(told) => vec![told],
        None => kinds(blocks).into_iter().collect(),
    };
    (!told.is_empty()).then(|| told.join(", "))
}

/// Distinct cores, from whichever tells them apart: cpuinfo, which on ARM does not, or the topology.
fn cores(files: &Files<'_>, blocks: &[&str]) -> Option<usize> {
    let named = |block: &&str| Some((value(block, "physical id")?.to_owned(), value(block, "core id")?.to_owned()));
    let by_name: Option<BTreeSet<(String, String)>> = blocks.iter().map(named).collect();
    if let Some(cores) = by_name.filter(|cores| !cores.is_empty()) {
        return Some(cores.len());
    }
    let topology = files.0.join("sys/devices/system/cpu");
    let cpus = fs::read_dir(topology).ok()?.filter_map(|entry| Some(entry.ok()?.path().join("topology")));
    let siblings = cpus.filter_map(|cpu| {
        files.read(cpu.join("core_cpus_list")).or_else(|| files.read(cpu.join("thread_siblings_list")))
    });
    let cores: BTreeSet<String> = siblings.collect();
    (!cores.is_empty()).then_some(cores.len())
}

/// x86 has a flag for it; elsewhere a guest is told by what its host says of itself.
fn hypervisor(files: &Files<'_>, blocks: &[&str]) -> Option<String> {
    let named = || files.read("sys/hypervisor/type").or_else(|| files.read("proc/device-tree/hypervisor/compatible"));
    match blocks.iter().find_map(|block| value(block, "flags")) {
        Some(flags) if !flags.split_whitespace().any(|flag| flag == "hypervisor") => Some("none".to_owned()),
        Some(_) => {
            let product = named().or_else(|| files.read("sys/class/dmi/id/product_name"));
            Some(product.unwrap_or_else(|| "unnamed".to_owned()))
        }
        None => named(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in for `/` with these files.
    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    #[test]
    fn an_arm_board_is_told_by_its_cores_and_its_device_tree() {
        let block = |cpu: usize, part: &str| {
            format!(
                "processor\t: {cpu}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm\nCPU implementer\t: 0x41\n\
                 CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {part}\nCPU revision\t: 3\n\n"
            )
        };
        let cpuinfo = block(0, "0xd03") + &block(1, "0xd03") + &block(2, "0xd08");
        let topology = [0, 1, 2]
            .map(|cpu| (format!("sys/devices/system/cpu/cpu{cpu}/topology/core_cpus_list"), format!("{cpu}\n")));
        let mut files = vec![
            ("proc/cpuinfo", cpuinfo.as_str()),
            ("proc/device-tree/model", "Some Board Rev 1.4\0"),
        ];
        files.extend(topology.iter().map(|(path, content)| (path.as_str(), content.as_str())));
        let cpu = read(root(&files).path());
        let model = "Some Board Rev 1.4, implementer 0x41 part 0xd03, implementer 0x41 part 0xd08";
        assert_eq!(cpu.model.as_deref(), Some(model));
        let cores = "implementer 0x41 part 0xd03, implementer 0x41 part 0xd08";
        assert_eq!(cpu.microarchitecture.as_deref(), Some(cores));
        assert_eq!(cpu.cores, Some(3));
        assert_eq!(cpu.hypervisor, None);
    }

    #[test]
    fn an_x86_machine_names_its_model_and_tells_its_cores_apart() {
        let block = |core: usize| {
            format!(
                "vendor_id\t: Maker\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: Some CPU\nphysical id\t: 0\ncore id\t\t: {core}\nflags\t\t: fpu hypervisor\n\n"
            )
        };
        let cpuinfo = block(0) + &block(0) + &block(1) + &block(1);
        let cpu = read(root(&[("proc/cpuinfo", &cpuinfo), ("sys/class/dmi/id/product_name", "KVM\n")]).path());
        let expected = Cpu {
            model: Some("Some CPU".to_owned()),
            microarchitecture: Some("Maker family 25 model 17".to_owned()),
            cores: Some(2),
            hypervisor: Some("KVM".to_owned()),
        };
        assert_eq!(cpu, expected);
    }

    #[test]
    fn a_machine_that_says_nothing_is_read_as_such() {
        assert_eq!(read(root(&[]).path()), Cpu::default());
    }
}
