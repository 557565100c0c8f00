//! A neighbour on purpose: a busy loop on a processor that the measured threads leave free, which may share a core with one of theirs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Memory};
use std::thread::JoinHandle;

use super::pin;
use super::state::busy_burst;
use crate::record::Conditions;

/// Why there is no neighbour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NeighbourError {
    /// Threads that are not bound run anywhere.
    #[error("--neighbour busy: the threads are not bound to CPUs, so none is left for it; leave out `--pin none`")]
    Unbound,
    /// The measured threads take all processors.
    #[error(
        "--neighbour busy: {threads} threads take the CPUs {taken:?} and no other may be used (allowed: {allowed:?}); \
         leave one out with --pin, or lower --threads"
    )]
    NoneLeft {
        /// Threads at the largest point.
        threads: usize,
        /// The processors that they are bound to.
        taken: Vec<usize>,
        /// The processors that the process may use.
        allowed: Vec<usize>,
    },
    /// The kernel refuses the processor.
    #[error("--neighbour busy: {0}")]
    Refused(String),
}

/// The processor for a busy neighbour: one that may be used and that none of `threads` threads, bound to `cpus` in turn, is on. One that
/// shares a core with one of theirs, by what the kernel says or probes found, comes first; whether there is one is the second answer.
///
/// # Errors
/// If none is left.
pub fn cpu_for_neighbour(
    cpus: &[usize],
    threads: usize,
    conditions: &Conditions,
) -> Result<(usize, bool), NeighbourError> {
    if cpus.is_empty() {
        return Err(NeighbourError::Unbound);
    }
    let taken = &cpus[..threads.min(cpus.len())];
    let left = |cpu: &usize| conditions.affinity.contains(cpu) && !taken.contains(cpu);
    let probed = conditions.pairs.iter().filter(|pair| pair.one_core > 0).map(|pair| &pair.cpus[..]);
    let told = conditions.siblings.iter().map(Vec::as_slice);
    let beside = probed
        .chain(told)
        .filter(|group| group.iter().any(|cpu| taken.contains(cpu)))
        .flat_map(|group| group.iter().copied().filter(left));
    let others = conditions.affinity.iter().copied().filter(left);
    let beside = beside.map(|cpu| (cpu, true));
    beside.chain(others.map(|cpu| (cpu, false))).next().ok_or_else(|| NeighbourError::NoneLeft {
        threads,
        taken: taken.to_vec(),
        allowed: conditions.affinity.clone(),
    })
}

/// A busy loop on a processor, a thread of this process, until it is dropped.
#[derive(Debug)]
pub struct BusyNeighbour {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BusyNeighbour {
    /// Starts it and waits until it runs on `cpu`.
    ///
    /// # Errors
    /// If no thread can be started or bound there.
    pub fn start(cpu: usize) -> Result<Self, NeighbourError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("neighbour".to_owned())
            .spawn(move || {
                let placed = pin::pin_current(cpu);
                let runs = placed.is_ok();
                // Nobody listens any more only if nobody wants the neighbour.
                let _ = tell.send(placed);
                while runs && !stopped.load(Memory::Relaxed) {
                    busy_burst();
                }
            })
            .map_err(|error| NeighbourError::Refused(format!("no thread can be started: {error}")))?;
        let neighbour = BusyNeighbour { stop, thread: Some(thread) };
        match told.recv() {
            Ok(Ok(())) => Ok(neighbour),
            Ok(Err(error)) => Err(NeighbourError::Refused(error)),
            Err(error) => Err(NeighbourError::Refused(error.to_string())),
        }
    }
}

impl Drop for BusyNeighbour {
    fn drop(&mut self) {
        self.stop.store(true, Memory::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It does not panic, and a drop has nobody to tell.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::CpuPair;

    fn host(affinity: &[usize], siblings: &[&[usize]], one_core: &[[usize; 2]]) -> Conditions {
        let pair = |&cpus: &[usize; 2]| CpuPair {
            cpus,
            looks: 12,
            one_core: 3,
            fastest_ns: 15.0,
            median_ns: 36.0,
            slowest_ns: 47.0,
        };
        Conditions {
            affinity: affinity.to_vec(),
            siblings: siblings.iter().map(|group| group.to_vec()).collect(),
            pairs: one_core.iter().map(pair).collect(),
            ..Conditions::default()
        }
    }

    #[test]
    fn the_neighbour_gets_a_processor_beside_the_threads() {
        let plain = host(&[0, 1, 2, 3], &[], &[]);
        assert_eq!(cpu_for_neighbour(&[0, 1, 2, 3], 1, &plain), Ok((1, false)));
        assert_eq!(cpu_for_neighbour(&[2, 0], 2, &plain), Ok((1, false)));
        let told = host(&[0, 1, 2, 3], &[&[0, 2], &[1, 3]], &[]);
        assert_eq!(cpu_for_neighbour(&[0, 1], 1, &told), Ok((2, true)));
        assert_eq!(cpu_for_neighbour(&[1], 1, &told), Ok((3, true)));
        let found = host(&[0, 1, 2, 3], &[], &[[0, 3]]);
        assert_eq!(cpu_for_neighbour(&[0, 1], 1, &found), Ok((3, true)), "whatever the kernel says");
        assert_eq!(cpu_for_neighbour(&[0, 3], 2, &found), Ok((1, false)), "the one beside is taken");
    }

    #[test]
    fn no_neighbour_fits_where_none_is_left() {
        let error = cpu_for_neighbour(&[0, 1], 2, &host(&[0, 1], &[], &[])).unwrap_err().to_string();
        assert!(error.contains("2 threads take the CPUs [0, 1]") && error.contains("lower --threads"), "{error}");
        assert_eq!(error.lines().count(), 1);
        assert_eq!(cpu_for_neighbour(&[], 1, &host(&[0, 1], &[], &[])), Err(NeighbourError::Unbound));
        assert!(cpu_for_neighbour(&[0], 4, &host(&[0], &[], &[])).is_err());
    }

    #[test]
    fn a_neighbour_ends_when_it_is_dropped_and_is_refused_where_there_is_no_processor() {
        let cpu = pin::allowed_cpus()[0];
        let neighbour = BusyNeighbour::start(cpu).unwrap();
        let stop = Arc::downgrade(&neighbour.stop);
        drop(neighbour);
        assert!(stop.upgrade().is_none(), "its thread holds the other end");
        let error = BusyNeighbour::start(usize::MAX).unwrap_err().to_string();
        assert!(error.starts_with("--neighbour busy: ") && error.lines().count() == 1, "{error}");
    }
}
