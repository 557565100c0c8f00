//! Where the threads of a round wait for each other: for a moment at once, since others come within an operation, then asleep, since a
//! thread that may be needed has to get the processor.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::time::Duration;

use crossbeam_utils::CachePadded;
use parking_lot::{Condvar, Mutex};

/// Looks at the others before a thread that waits goes to sleep.
const PATIENT_LOOKS: u32 = 300;
/// How long one sleeps between two looks at whether anybody will come at all.
const NAP: Duration = Duration::from_millis(50);

/// Lets threads go on once all have come.
pub struct Barrier {
    of: usize,
    /// Threads that wait. Each adds itself; the last one takes all away.
    arrived: Mutex<usize>,
    /// Told when all have come.
    all: Condvar,
    /// Times that all have come. Written by the last one, under the mutex.
    opened: CachePadded<AtomicUsize>,
}

impl Barrier {
    /// For so many threads.
    pub fn new(of: usize) -> Self {
        Barrier {
            of,
            arrived: Mutex::new(0),
            all: Condvar::new(),
            opened: CachePadded::default(),
        }
    }

    /// Waits for all; answers whether they came, or `is_over` said that somebody never will.
    pub fn wait(&self, is_over: impl Fn() -> bool) -> bool {
        let opened = {
            let mut arrived = self.arrived.lock();
            let opened = self.opened.load(Memory::SeqCst);
            *arrived += 1;
            if *arrived == self.of {
                *arrived = 0;
                self.opened.store(opened + 1, Memory::SeqCst);
                self.all.notify_all();
                return true;
            }
            opened
        };
        let is_open = || self.opened.load(Memory::SeqCst) != opened;
        for _ in 0..PATIENT_LOOKS {
            if is_open() {
                return true;
            }
            spin_loop();
        }
        let mut arrived = self.arrived.lock();
        while !is_open() {
            if is_over() {
                return false;
            }
            self.all.wait_for(&mut arrived, NAP);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn nobody_goes_on_before_all_have_come_or_one_never_will() {
        let barrier = Barrier::new(3);
        let rounds = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 0..100 {
                        rounds.fetch_add(1, Memory::SeqCst);
                        assert!(barrier.wait(|| false));
                        assert!(rounds.load(Memory::SeqCst) >= (round + 1) * 3);
                        assert!(barrier.wait(|| false));
                    }
                });
            }
        });
        assert!(!barrier.wait(|| true));
    }
}
