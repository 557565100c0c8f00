//! Which processors the measured threads run on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

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
