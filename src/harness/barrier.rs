//! Where the threads of a block meet: before and after each slice, and before they probe.
//!
//! # Orderings
//! Whatever a thread wrote before a meeting, every other one sees after it. Each arrival releases what its thread wrote, and the last one
//! acquires all of it (the additions form one release sequence); it releases that, and what it did alone, by counting the meeting, which
//! the others acquire: under the lock where they sleep. It resets the arrivals first, and nobody arrives again before having seen the
//! meeting counted, so the reset needs no ordering of its own. `strategies/tests/loom/barrier.rs` explores all of this file: each ordering
//! that is not relaxed is needed.

use crossbeam_utils::CachePadded;

use super::primitive::{AtomicUsize, Condvar, Memory, Mutex, PoisonError, spin_loop, yield_now};

/// A barrier that the threads wait at awake, so that they leave it within a cache miss of each other. Where there are more threads
/// than processors, or waits are long, they sleep instead.
#[derive(Debug)]
pub struct Barrier {
    threads: usize,
    asleep: bool,
    /// Threads that are here. Incremented by each that arrives, reset by the last one.
    arrived: CachePadded<AtomicUsize>,
    /// How often they have met. Written by the last one to arrive.
    held: CachePadded<AtomicUsize>,
    lock: Mutex<()>,
    woken: Condvar,
}

impl Barrier {
    /// For so many threads.
    pub fn new(threads: usize, asleep: bool) -> Self {
        Barrier {
            threads,
            asleep,
            arrived: CachePadded::new(AtomicUsize::new(0)),
            held: CachePadded::new(AtomicUsize::new(0)),
            lock: Mutex::new(()),
            woken: Condvar::new(),
        }
    }

    /// Waits for all threads. The last to come does `alone` before anybody goes on, and everybody sees what it did.
    pub fn meet(&self, alone: impl FnOnce()) {
        // This thread has seen the last meeting counted, or has counted it.
        let held = self.held.load(Memory::Relaxed);
        if self.arrived.fetch_add(1, Memory::AcqRel) + 1 < self.threads {
            return self.wait(held);
        }
        alone();
        self.arrived.store(0, Memory::Relaxed);
        if self.asleep {
            let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            // The lock orders it.
            self.held.store(held + 1, Memory::Relaxed);
            self.woken.notify_all();
        } else {
            self.held.store(held + 1, Memory::Release);
        }
    }

    fn wait(&self, held: usize) {
        /// Some 100 µs. Who waits longer may be in the way of the thread that it waits for.
        const AWAKE: u32 = 1 << 13;
        if self.asleep {
            let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            while self.held.load(Memory::Relaxed) == held {
                guard = self.woken.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            return;
        }
        let mut looks = 0;
        while self.held.load(Memory::Acquire) == held {
            looks += 1;
            if looks < AWAKE {
                spin_loop();
            } else {
                yield_now();
            }
        }
    }
}

// Real threads; loom has tests of its own.
#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_on_before_all_have_come_and_one_has_done_what_is_done_alone() {
        for asleep in [false, true] {
            const THREADS: usize = 3;
            const MEETINGS: usize = 100;
            let barrier = Barrier::new(THREADS, asleep);
            let (come, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        for number in 1..=MEETINGS {
                            come.fetch_add(1, Memory::Relaxed);
                            barrier.meet(|| {
                                assert_eq!(come.load(Memory::Relaxed), number * THREADS);
                                done.fetch_add(1, Memory::Relaxed);
                            });
                            assert_eq!(done.load(Memory::Relaxed), number);
                            barrier.meet(|| ());
                        }
                    });
                }
            });
        }
    }
}
