use std::collections::BTreeMap;
use std::fs;

use super::finding::{Finding, Severity, findings};
use super::probe::{describe, step};
use super::system;
use crate::harness::latency::empty_histogram;
use crate::record::{Conditions, CoreWidth, CpuPair, Hiccups, Host};

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
fn what_the_kernel_says_is_read() {
    let root = root(&[
        ("sys/devices/system/cpu/online", "0-3\n"),
        ("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,2\n"),
        ("sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1,3\n"),
        ("sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "0,2\n"),
        ("proc/loadavg", "1.25 0.80 0.50 2/141 7331\n"),
        ("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"),
        ("proc/sys/kernel/randomize_va_space", "2\n"),
        ("proc/self/personality", "00040000\n"),
    ]);
    let conditions = system::read(root.path(), vec![0, 1, 2]);
    assert_eq!(conditions.online_cpus, Some(4));
    assert_eq!(conditions.affinity, [0, 1, 2]);
    assert_eq!(conditions.siblings, [[0, 2]]);
    assert_eq!(conditions.load_average, Some(1.25));
    assert_eq!(conditions.transparent_huge_pages.as_deref(), Some("always"));
    assert_eq!(conditions.aslr, Some(false), "setarch -R switches it off for one process");
    assert_eq!(conditions.cpu_quota, None);
}

#[test]
fn a_machine_that_says_nothing_is_read_as_such() {
    let root = root(&[]);
    assert_eq!(system::read(root.path(), vec![]), Conditions::default());
}

#[test]
fn the_tightest_quota_of_all_groups_above_counts() {
    let v2 = root(&[
        ("proc/self/cgroup", "0::/outer/inner\n"),
        ("proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"),
        ("sys/fs/cgroup/outer/cpu.max", "150000 100000\n"),
        ("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n"),
    ]);
    assert_eq!(system::read(v2.path(), vec![]).cpu_quota, Some(1.5));

    let v1 = root(&[
        ("proc/self/cgroup", "4:memory:/\n3:cpu,cpuacct:/docker/ab\n0::/\n"),
        (
            "proc/self/mountinfo",
            "30 31 0:9 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
             32 31 0:29 /docker/ab /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
        ),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
    ]);
    assert_eq!(system::read(v1.path(), vec![]).cpu_quota, Some(0.5));

    let unlimited = root(&[
        ("proc/self/cgroup", "1:cpu:/\n"),
        ("proc/self/mountinfo", "32 31 0:29 / /cpu rw - cgroup cgroup rw,cpu\n"),
        ("cpu/cpu.cfs_quota_us", "-1\n"),
        ("cpu/cpu.cfs_period_us", "100000\n"),
    ]);
    assert_eq!(system::read(unlimited.path(), vec![]).cpu_quota, None);
}

#[test]
fn a_counters_step_is_told_from_the_distances_it_shows() {
    let counts = |distances: &[(u64, u64)]| distances.iter().copied().collect::<BTreeMap<u64, u64>>();
    let coarse = counts(&[
        (24, 60_000),
        (25, 50_000),
        (49, 60_000),
        (73, 8_000),
        (74, 7_000),
        (98, 4_000),
        (9_000, 1),
    ]);
    assert_eq!(step(&coarse), 24);
    let fine: BTreeMap<u64, u64> = (20..90).map(|distance| (distance, 100)).collect();
    assert_eq!(step(&fine), 1);
    assert_eq!(step(&counts(&[(0, 10), (100, 1_000)])), 100);
    assert_eq!(step(&counts(&[(40, 7)])), 40, "a single distance bounds it");
    assert_eq!(step(&counts(&[])), 0);
}

#[test]
fn only_gaps_of_a_microsecond_are_lost_time() {
    let mut gaps = empty_histogram();
    gaps.record_n(20, 1_000_000).unwrap();
    gaps.record_n(2_000, 3).unwrap();
    gaps.record(4_000_000).unwrap();
    let seen = describe(1, 40_006_000, &gaps);
    assert_eq!((seen.cpu, seen.gaps, seen.p999_ns), (1, 4, 20));
    assert!(seen.max_ns >= 4_000_000, "{seen:?}");
    assert!((seen.lost_share - 0.1).abs() < 0.001, "{seen:?}");
}

fn hiccups(lost_share: f64, max_ns: u64) -> Finding {
    Finding::Hiccups(Hiccups {
        cpu: 0,
        watched_ns: 500_000_000,
        gaps: 7,
        lost_share,
        p999_ns: 40,
        max_ns,
    })
}

fn core(shared: u64) -> Finding {
    Finding::Core(CoreWidth {
        cpu: 1,
        looks: 12,
        shared,
        narrowest: 1.84,
        median: 3.66,
        widest: 3.7,
    })
}

fn pair(one_core: u64, median_ns: f64) -> Finding {
    Finding::Pair(CpuPair {
        cpus: [0, 1],
        looks: 12,
        one_core,
        fastest_ns: 15.2,
        median_ns,
        slowest_ns: 211.0,
    })
}

#[test]
fn each_finding_has_its_severity_and_the_bad_ones_their_remedy() {
    use Severity::{Bad, Note, Ok};
    let name = |name: &str| name.to_owned();
    for (finding, severity, says) in [
        (Finding::Governor(Some(name("performance"))), Ok, "performance"),
        (Finding::Governor(Some(name("powersave"))), Bad, "cpupower frequency-set -g performance"),
        (Finding::Governor(None), Note, "cannot be seen"),
        (Finding::Turbo(Some(true)), Note, "no_turbo"),
        (Finding::Turbo(Some(false)), Ok, "off"),
        (Finding::Turbo(None), Note, "cannot be seen"),
        (Finding::Siblings(vec![]), Ok, "the kernel says that no two"),
        (Finding::Siblings(vec![vec![0, 2], vec![1, 3]]), Note, "the CPUs 0,2 and 1,3 share a core"),
        (Finding::Load(0.4, 2), Ok, "0.40"),
        (Finding::Load(3.0, 2), Note, "stop the other tasks"),
        (Finding::Hypervisor(name("none")), Ok, "bare metal"),
        (Finding::Hypervisor(name("KVM")), Note, "floor's"),
        (Finding::ClockSource(name("tsc")), Ok, "tsc"),
        (Finding::ClockSource(name("kvm-clock")), Note, "clocksource=tsc"),
        (Finding::ClockSource(name("hpet")), Bad, "clocksource=tsc"),
        (Finding::ClockCost(20.0), Ok, "20.0 ns"),
        (Finding::ClockCost(900.0), Bad, "throughput pass alone"),
        (Finding::ClockResolution(0.4), Ok, "0.4 ns"),
        (Finding::ClockResolution(10.0), Note, "exact to one step"),
        (Finding::Affinity(vec![0, 1], 2), Ok, "0-1 may be used, 2 are online"),
        (Finding::Affinity(vec![0, 1, 5], 8), Note, "the CPUs 0-1,5"),
        (Finding::Affinity(vec![3], 8), Note, "taskset"),
        (Finding::Quota(None, 2), Ok, "no control group"),
        (Finding::Quota(Some(2.0), 2), Ok, "2.00 CPUs"),
        (Finding::Quota(Some(1.5), 2), Bad, "cpu.max"),
        (Finding::HugePages(name("madvise")), Ok, "madvise"),
        (Finding::HugePages(name("always")), Note, "write madvise"),
        (Finding::Aslr(true), Ok, "layout"),
        (Finding::Aslr(false), Note, "randomize_va_space"),
        (hiccups(0.001, 90_000), Ok, "90 µs"),
        (hiccups(0.001, 2_000_000), Note, "isolcpus"),
        (hiccups(0.01, 90_000), Note, "isolcpus"),
        (hiccups(0.05, 90_000), Bad, "5.000 %"),
        (core(0), Ok, "CPU 1 does 3.7 additions at a time, 1.8 to 3.7 in 12 probes"),
        (core(5), Note, "its core was shared in 5 of them"),
        (pair(0, 36.0), Ok, "36 ns from CPU 0 to CPU 1, 15 to 211 in 12 probes"),
        (pair(3, 36.0), Note, "both were on one core in 3 of them"),
        (pair(0, 205.0), Note, "far apart"),
    ] {
        let text = finding.to_string();
        assert_eq!(finding.severity(), severity, "{text}");
        assert!(text.contains(says), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn facts_that_are_not_there_are_passed_over() {
    let topics: Vec<&str> = findings(&Host::default(), &Conditions::default()).iter().map(Finding::topic).collect();
    assert_eq!(topics, ["governor", "turbo", "SMT siblings", "cores", "CPU quota"]);
}

#[test]
fn this_machine_can_be_examined() {
    let conditions = super::examine(super::Depth::Quick);
    let clock = conditions.clock.unwrap();
    assert!(clock.pair_cost_ns >= 0.0 && clock.resolution_ns >= 0.0);
    assert_eq!(conditions.hiccups.len(), conditions.affinity.len());
    assert!(conditions.cores.iter().all(|core| core.looks > 0 && conditions.affinity.contains(&core.cpu)));
    assert!(conditions.pairs.iter().all(|pair| pair.looks > 0 && pair.cpus[0] != pair.cpus[1]));
    let text = serde_json::to_string(&conditions).unwrap();
    assert_eq!(serde_json::from_str::<Conditions>(&text).unwrap().affinity, conditions.affinity);
}
