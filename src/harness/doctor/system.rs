//! What the kernel says, from the files under /proc and /sys.

use std::fs;
use std::path::{Path, PathBuf};

use crate::record::Conditions;

/// The flag of personality(2) that switches address-space randomisation off for one process.
const ADDR_NO_RANDOMIZE: u32 = 0x0004_0000;

/// Reads what files say. `root` is `/`, or a stand-in for it.
pub fn read(root: &Path, cpus: Vec<usize>) -> Conditions {
    let files = Files(root);
    let online = files.read("sys/devices/system/cpu/online");
    let load = files.read("proc/loadavg");
    Conditions {
        online_cpus: online.map(|list| cpu_list(&list).len()),
        siblings: siblings(&files, &cpus),
        affinity: cpus,
        cpu_quota: cpu_quota(&files),
        load_average: load.and_then(|load| load.split(' ').next()?.parse().ok()),
        transparent_huge_pages: huge_pages(&files),
        aslr: aslr(&files),
        ..Conditions::default()
    }
}

struct Files<'a>(&'a Path);

impl Files<'_> {
    fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        fs::read_to_string(self.0.join(path)).ok().map(|text| text.trim().to_owned())
    }
}

/// Processor numbers like `0-3,8`.
fn cpu_list(text: &str) -> Vec<usize> {
    text.split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?)
        })
        .flatten()
        .collect()
}

/// The groups of two and more of `cpus` that share a core.
fn siblings(files: &Files<'_>, cpus: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = cpus
        .iter()
        .filter_map(|cpu| files.read(format!("sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")))
        .map(|list| cpu_list(&list).into_iter().filter(|cpu| cpus.contains(cpu)).collect::<Vec<_>>())
        .filter(|group| group.len() > 1)
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

/// The choice in brackets of a line like `always [madvise] never`.
fn huge_pages(files: &Files<'_>) -> Option<String> {
    let line = files.read("sys/kernel/mm/transparent_hugepage/enabled")?;
    let (_, rest) = line.split_once('[')?;
    Some(rest.split_once(']')?.0.to_owned())
}

fn aslr(files: &Files<'_>) -> Option<bool> {
    let machine = files.read("proc/sys/kernel/randomize_va_space")?;
    let personality = files.read("proc/self/personality").unwrap_or_default();
    let process = u32::from_str_radix(&personality, 16).unwrap_or(0);
    Some(machine != "0" && process & ADDR_NO_RANDOMIZE == 0)
}

/// The tightest limit on processor time among this process's control groups and all above them, in processors.
fn cpu_quota(files: &Files<'_>) -> Option<f64> {
    let groups = files.read("proc/self/cgroup")?;
    let mounts = files.read("proc/self/mountinfo")?;
    groups
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            let unified = controllers.is_empty();
            if !unified && !controllers.split(',').any(|name| name == "cpu") {
                return None;
            }
            let directory = mounts.lines().find_map(|mount| mounted(mount, unified, path))?;
            tightest(files, &directory, if unified { limit_v2 } else { limit_v1 })
        })
        .reduce(f64::min)
}

/// Where a control group is to be found, and its mount's own directory: from a line of mountinfo, if it is the right mount.
fn mounted(line: &str, unified: bool, group: &str) -> Option<(PathBuf, PathBuf)> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let (root, point) = (mount.next()?, mount.next()?);
    let (kind, source_and_options) = file_system.split_once(' ')?;
    let (_, options) = source_and_options.rsplit_once(' ')?;
    let right = match unified {
        true => kind == "cgroup2",
        false => kind == "cgroup" && options.split(',').any(|name| name == "cpu"),
    };
    let relative = |path: &str| PathBuf::from(path.trim_start_matches('/'));
    // In a container the mount may begin below the hierarchy's root.
    let within = Path::new(group).strip_prefix(root).unwrap_or(Path::new(""));
    right.then(|| (relative(point).join(within), relative(point)))
}

fn tightest(
    files: &Files<'_>,
    (directory, top): &(PathBuf, PathBuf),
    limit: fn(&Files<'_>, &Path) -> Option<f64>,
) -> Option<f64> {
    let upwards = directory.ancestors().take_while(|path| path.starts_with(top));
    upwards.filter_map(|path| limit(files, path)).reduce(f64::min)
}

/// `cpu.max` holds quota and period in µs, or `max` for no quota.
fn limit_v2(files: &Files<'_>, group: &Path) -> Option<f64> {
    let text = files.read(group.join("cpu.max"))?;
    let (quota, period) = text.split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

/// The quota, in µs, is -1 where there is none.
fn limit_v1(files: &Files<'_>, group: &Path) -> Option<f64> {
    let quota: f64 = files.read(group.join("cpu.cfs_quota_us"))?.parse().ok()?;
    let period: f64 = files.read(group.join("cpu.cfs_period_us"))?.parse().ok()?;
    (quota > 0.0).then(|| quota / period)
}
