//! Which processors the measured threads run on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The most processors that can be told apart.
pub const MAX_CPUS: usize = CpuSet::MAX_CPU;

/// Whether so many threads, bound in turn to these processors, share any of them.
pub fn shares_a_cpu(threads: usize, cpus: &[usize]) -> bool {
    let mut taken: Vec<usize> = cpus.iter().cycle().take(threads).copied().collect();
    taken.sort_unstable();
    taken.windows(2).any(|pair| pair[0] == pair[1])
}

/// The processors that this process may use, in order of number.
pub fn allowed_cpus() -> Vec<usize> {
    match sched_getaffinity(None) {
        Ok(set) => (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect(),
        Err(_) => Vec::new(),
    }
}

/// Binds the calling thread to one processor.
///
/// # Errors
/// If the kernel refuses, as it does for a processor outside the affinity mask or the cgroup's set.
pub fn pin_current(cpu: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    if cpu >= CpuSet::MAX_CPU {
        return Err(format!("processor {cpu} is beyond the {} that can be named", CpuSet::MAX_CPU));
    }
    set.set(cpu);
    sched_setaffinity(None, &set).map_err(|error| format!("cannot bind a thread to processor {cpu}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::shares_a_cpu;

    #[test]
    fn threads_share_a_cpu_if_it_comes_round_or_is_named_twice() {
        for (threads, cpus, shared) in [
            (2, &[0, 1][..], false),
            (3, &[0, 1], true),
            (1, &[1, 1], false),
            (2, &[1, 1], true),
            (2, &[0, 1, 0], false),
            (3, &[0, 1, 0], true),
            (9, &[], false),
        ] {
            assert_eq!(shares_a_cpu(threads, cpus), shared, "{threads} on {cpus:?}");
        }
    }
}
