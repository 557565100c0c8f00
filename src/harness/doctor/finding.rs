//! What the facts mean for a measurement.

use std::fmt;

use serde::Serialize;

use crate::harness::state::FAR_NS;
use crate::record::{ClockFacts, Conditions, CoreWidth, CpuPair, Hiccups, Host};
use crate::text::{counted, duration};

/// Fraction of a processor's time whose loss spoils a trial, as in `disturbance`.
const SPOILING_LOSS: f64 = 0.02;
/// Fraction that is worth a word.
const NOTABLE_LOSS: f64 = 0.002;
/// A gap worth a word, ns: what a latency tail shows as its own maximum.
const NOTABLE_GAP_NS: u64 = 1_000_000;
/// Tasks per processor that a machine counts as idle with: what a run of our own leaves in the minute's mean is more.
const IDLE_LOAD: f64 = 0.5;
/// A pair of clock readings above this costs more than any strategy, ns: a system call each.
const SLOW_CLOCK_NS: f64 = 200.0;
/// A step worth a word, ns: reads take from 1 ns.
const COARSE_STEP_NS: f64 = 2.0;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// To be known when figures are read.
    Note,
    /// Figures from here are not to be believed.
    Bad,
}

impl Severity {
    /// The word that tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }
}

/// One fact and what it means. Displayed as one sentence, with the remedy where there is one.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The frequency governor, `None` where it cannot be seen.
    Governor(Option<String>),
    /// Whether the clock rate may rise above its base.
    Turbo(Option<bool>),
    /// Processors in use that share a core, by what the kernel says.
    Siblings(Vec<Vec<usize>>),
    /// Mean load over a minute, and the processors that bear it.
    Load(f64, usize),
    /// The hypervisor, `none` on bare metal.
    Hypervisor(String),
    /// The kernel's clock source.
    ClockSource(String),
    /// What a pair of clock readings costs, ns.
    ClockCost(f64),
    /// The step in which the clock advances, ns.
    ClockResolution(f64),
    /// Processors that may be used, of how many online.
    Affinity(Vec<usize>, usize),
    /// Processor time granted, in processors, and the processors in use.
    Quota(Option<f64>, usize),
    /// `always`, `madvise` or `never`.
    HugePages(String),
    /// Whether address spaces are laid out at random.
    Aslr(bool),
    /// What an empty loop saw on one processor.
    Hiccups(Hiccups),
    /// How wide a processor's core was.
    Core(CoreWidth),
    /// What two processors are to each other.
    Pair(CpuPair),
}

/// Everything that the facts say, in a fixed order, the good included. What could not be found out is passed over, but for
/// governor and turbo, which are then somebody else's.
pub fn findings(host: &Host, conditions: &Conditions) -> Vec<Finding> {
    let it = conditions;
    let cpus = it.affinity.len();
    let clock = |part: fn(&ClockFacts) -> f64| it.clock.as_ref().map(part);
    let mut findings = vec![Finding::Governor(host.governor.clone()), Finding::Turbo(host.turbo)];
    findings.push(Finding::Siblings(it.siblings.clone()));
    findings.extend(it.load_average.map(|load| Finding::Load(load, cpus)));
    findings.extend(host.hypervisor.clone().map(Finding::Hypervisor));
    findings.extend(host.clock_source.clone().map(Finding::ClockSource));
    findings.extend(clock(|clock| clock.pair_cost_ns).map(Finding::ClockCost));
    findings.extend(clock(|clock| clock.resolution_ns).map(Finding::ClockResolution));
    findings.push(Finding::Affinity(it.affinity.clone(), it.online_cpus.unwrap_or(cpus)));
    findings.push(Finding::Quota(it.cpu_quota, cpus));
    findings.extend(it.transparent_huge_pages.clone().map(Finding::HugePages));
    findings.extend(it.aslr.map(Finding::Aslr));
    findings.extend(it.hiccups.iter().copied().map(Finding::Hiccups));
    findings.extend(it.cores.iter().copied().map(Finding::Core));
    findings.extend(it.pairs.iter().copied().map(Finding::Pair));
    findings
}

impl Finding {
    /// What it is about, in a word or two.
    pub fn topic(&self) -> &'static str {
        match self {
            Self::Governor(_) => "governor",
            Self::Turbo(_) => "turbo",
            Self::Siblings(_) => "SMT siblings",
            Self::Load(..) => "load average",
            Self::Hypervisor(_) => "virtualisation",
            Self::ClockSource(_) => "clock source",
            Self::ClockCost(_) => "clock cost",
            Self::ClockResolution(_) => "clock resolution",
            Self::Affinity(..) => "cores",
            Self::Quota(..) => "CPU quota",
            Self::HugePages(_) => "huge pages",
            Self::Aslr(_) => "ASLR",
            Self::Hiccups(_) => "hiccups",
            Self::Core(_) => "issue width",
            Self::Pair(_) => "cache line",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        let note_if = |note: bool| if note { Severity::Note } else { Severity::Ok };
        match self {
            Self::Governor(Some(governor)) if governor != "performance" => Severity::Bad,
            Self::Governor(governor) => note_if(governor.is_none()),
            Self::Turbo(turbo) => note_if(*turbo != Some(false)),
            Self::Siblings(groups) => note_if(!groups.is_empty()),
            // One's own last run is in it too, so it cannot be a reason to refuse; the hiccups are.
            Self::Load(load, cpus) => note_if(*load > IDLE_LOAD * *cpus as f64),
            Self::Hypervisor(name) => note_if(name != "none"),
            Self::ClockSource(source) if matches!(source.as_str(), "hpet" | "acpi_pm" | "jiffies") => Severity::Bad,
            Self::ClockSource(source) => note_if(source != "tsc" && source != "arch_sys_counter"),
            Self::ClockCost(ns) if *ns > SLOW_CLOCK_NS => Severity::Bad,
            Self::ClockCost(_) => Severity::Ok,
            Self::ClockResolution(ns) => note_if(*ns > COARSE_STEP_NS),
            Self::Affinity(cpus, online) => note_if(cpus.len() < *online || cpus.len() < 2),
            Self::Quota(Some(quota), cpus) if *quota < *cpus as f64 => Severity::Bad,
            Self::Quota(..) => Severity::Ok,
            Self::HugePages(choice) => note_if(choice == "always"),
            Self::Aslr(on) => note_if(!on),
            Self::Hiccups(hiccups) if hiccups.lost_share > SPOILING_LOSS => Severity::Bad,
            Self::Hiccups(hiccups) => note_if(hiccups.lost_share > NOTABLE_LOSS || hiccups.max_ns > NOTABLE_GAP_NS),
            Self::Core(core) => note_if(core.shared > 0),
            Self::Pair(pair) => note_if(pair.one_core > 0 || pair.median_ns >= FAR_NS),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remark = self.severity() > Severity::Ok;
        match self {
            Self::Governor(Some(governor)) => {
                write!(f, "the frequency governor is {governor}")?;
                remedy(f, remark, "clock rates follow the load; `cpupower frequency-set -g performance` holds them")
            }
            Self::Governor(None) => f.write_str(
                "the frequency governor cannot be seen from here, so clock rates may change unseen; only ratios within a \
                 block are safe from that",
            ),
            Self::Turbo(Some(true)) => f.write_str(
                "turbo is on, so one busy core runs faster than two; write 1 to \
                 /sys/devices/system/cpu/intel_pstate/no_turbo, or 0 to /sys/devices/system/cpu/cpufreq/boost",
            ),
            Self::Turbo(Some(false)) => f.write_str("turbo is off"),
            Self::Turbo(None) => {
                f.write_str("whether turbo is on cannot be seen from here; do not compare 1 thread with many in ns")
            }
            Self::Siblings(groups) if groups.is_empty() => {
                f.write_str("the kernel says that no two of the CPUs in use share a core")
            }
            Self::Siblings(groups) => write!(
                f,
                "the CPUs {} share a core, so threads there slow each other down without any lock; `--pin` one CPU of each",
                groups.iter().map(|group| cpus(group)).collect::<Vec<_>>().join(" and ")
            ),
            Self::Load(load, cpus) => {
                write!(f, "{load:.2} tasks were running over the last minute, on {cpus} CPUs")?;
                remedy(f, remark, "stop the other tasks or wait for them, unless that was a run of your own")
            }
            Self::Hypervisor(name) if name == "none" => f.write_str("bare metal"),
            Self::Hypervisor(name) => write!(
                f,
                "a virtual machine ({name}): the host may take processor time without saying so, and cache lines may be \
                 shared with strangers; trust tails only where they exceed the floor's"
            ),
            Self::ClockSource(source) => {
                write!(f, "the kernel's clock source is {source}")?;
                remedy(f, remark, "reading it is slower than from the tsc; boot with `clocksource=tsc` if it is stable")
            }
            Self::ClockCost(ns) => {
                write!(f, "a pair of clock readings costs {ns:.1} ns, which every recorded latency contains")?;
                remedy(f, remark, "that is more than the operations take; trust the throughput pass alone")
            }
            Self::ClockResolution(ns) => {
                write!(f, "the clock advances in steps of {ns:.1} ns")?;
                remedy(f, remark, "percentiles are exact to one step; means and throughput are not affected")
            }
            Self::Affinity(allowed, online) => {
                write!(f, "the CPUs {} may be used, {online} are online", cpus(allowed))?;
                let remedy_for_it = if allowed.len() < 2 {
                    "threads cannot run at the same time: measure contention elsewhere, or give the process more CPUs (taskset)"
                } else {
                    "more threads than these are oversubscribed"
                };
                remedy(f, remark, remedy_for_it)
            }
            Self::Quota(None, _) => f.write_str("no control group limits processor time"),
            Self::Quota(Some(quota), _) => {
                write!(f, "a control group limits the process to {quota:.2} CPUs' time")?;
                remedy(f, remark, "once it is used up, threads are stopped for milliseconds; lift it (cpu.max, docker --cpus)")
            }
            Self::HugePages(choice) => {
                write!(f, "transparent huge pages: {choice}")?;
                remedy(f, remark, "khugepaged may move memory at any time; write madvise to /sys/kernel/mm/transparent_hugepage/enabled")
            }
            Self::Aslr(true) => f.write_str("each process gets another address-space layout, which blocks average over"),
            Self::Aslr(false) => f.write_str(
                "ASLR is off: every block has the same layout, and a lucky one looks like a fast strategy; write 2 to \
                 /proc/sys/kernel/randomize_va_space, and do not start through `setarch -R`",
            ),
            Self::Hiccups(hiccups) => {
                write!(
                    f,
                    "CPU {}: an empty loop lost {:.3} % of {} in {}, p99.9 {}, the longest {}",
                    hiccups.cpu,
                    hiccups.lost_share * 100.0,
                    duration(hiccups.watched_ns as f64),
                    counted(hiccups.gaps as usize, "gap"),
                    duration(hiccups.p999_ns as f64),
                    duration(hiccups.max_ns as f64),
                )?;
                remedy(f, remark, "something else runs there: stop it, move it (taskset), or isolate the CPU (isolcpus, nohz_full)")
            }
            Self::Core(core) => {
                write!(
                    f,
                    "CPU {} does {:.1} additions at a time, {:.1} to {:.1} in {}",
                    core.cpu,
                    core.median,
                    core.narrowest,
                    core.widest,
                    counted(core.looks as usize, "probe")
                )?;
                let shared = format!(
                    "its core was shared in {} of them, perhaps with another guest; cheap reads are slower then: read figures by \
                     state",
                    core.shared
                );
                remedy(f, remark, &shared)
            }
            Self::Pair(pair) => {
                let [from, to] = pair.cpus;
                write!(
                    f,
                    "a cache line takes {:.0} ns from CPU {from} to CPU {to}, {:.0} to {:.0} in {}",
                    pair.median_ns,
                    pair.fastest_ns,
                    pair.slowest_ns,
                    counted(pair.looks as usize, "probe")
                )?;
                let text = if pair.one_core > 0 {
                    format!(
                        "both were on one core in {} of them, whatever the kernel says, and figures differ there: read them by \
                         state, or --pin others",
                        pair.one_core
                    )
                } else {
                    "they are far apart, so contention costs more than on near CPUs; choose with --pin".to_owned()
                };
                remedy(f, remark, &text)
            }
        }
    }
}

fn remedy(f: &mut fmt::Formatter<'_>, needed: bool, text: &str) -> fmt::Result {
    if needed { write!(f, ": {text}") } else { Ok(()) }
}

/// Processor numbers like `0-3,8`.
fn cpus(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        one => one.iter().map(usize::to_string).collect(),
    });
    runs.collect::<Vec<_>>().join(",")
}
