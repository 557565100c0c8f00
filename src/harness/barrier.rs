//! Where the threads of a block meet before and after each slice.

use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::sync::{Condvar, Mutex, PoisonError};

use crossbeam_utils::CachePadded;

/// A barrier that the threads wait at awake, so that they leave it within a cache miss of each other. Where there are more threads
/// than processors, or waits are long, they sleep instead.
pub struct Meeting {
    threads: usize,
    asleep: bool,
    arrived: CachePadded<AtomicUsize>,
    /// How often they have met.
    held: CachePadded<AtomicUsize>,
    lock: Mutex<()>,
    woken: Condvar,
}

impl Meeting {
    /// Of so many threads.
    pub fn new(threads: usize, asleep: bool) -> Self {
        Meeting {
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
        let held = self.held.load(Memory::Acquire);
        if self.arrived.fetch_add(1, Memory::AcqRel) + 1 < self.threads {
            return self.wait(held);
        }
        alone();
        self.arrived.store(0, Memory::Relaxed);
        if self.asleep {
            let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.held.store(held + 1, Memory::Release);
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
            while self.held.load(Memory::Acquire) == held {
                guard = self.woken.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            return;
        }
        let mut looks = 0;
        while self.held.load(Memory::Acquire) == held {
            looks += 1;
            if looks < AWAKE {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_on_before_all_have_come_and_one_has_done_what_is_done_alone() {
        for asleep in [false, true] {
            const THREADS: usize = 3;
            const MEETINGS: usize = 100;
            let meeting = Meeting::new(THREADS, asleep);
            let (come, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        for number in 1..=MEETINGS {
                            come.fetch_add(1, Memory::Relaxed);
                            meeting.meet(|| {
                                assert_eq!(come.load(Memory::Relaxed), number * THREADS);
                                done.fetch_add(1, Memory::Relaxed);
                            });
                            assert_eq!(done.load(Memory::Relaxed), number);
                            meeting.meet(|| ());
                        }
                    });
                }
            });
        }
    }
}
