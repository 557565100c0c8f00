//! Where the threads of a round wait for each other.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::thread;

use crossbeam_utils::CachePadded;

/// Looks at the others before a thread that waits gives its processor up.
const PATIENT_LOOKS: u32 = 200;

/// Lets threads go on once all have come.
pub struct Barrier {
    of: usize,
    /// Threads that wait. Each adds itself; the last one takes all away.
    arrived: CachePadded<AtomicUsize>,
    /// Times that all have come. Written by the last one.
    opened: CachePadded<AtomicUsize>,
}

impl Barrier {
    /// For so many threads.
    pub fn new(of: usize) -> Self {
        Barrier {
            of,
            arrived: CachePadded::default(),
            opened: CachePadded::default(),
        }
    }

    /// Waits for all; answers whether they came, or `is_over` said that somebody never will.
    pub fn wait(&self, is_over: impl Fn() -> bool) -> bool {
        let opened = self.opened.load(Memory::SeqCst);
        if self.arrived.fetch_add(1, Memory::SeqCst) + 1 == self.of {
            self.arrived.store(0, Memory::SeqCst);
            self.opened.store(opened + 1, Memory::SeqCst);
            return true;
        }
        let mut looks = 0;
        while self.opened.load(Memory::SeqCst) == opened {
            looks += 1;
            if looks < PATIENT_LOOKS {
                spin_loop();
                continue;
            }
            if is_over() {
                return false;
            }
            thread::yield_now();
        }
        true
    }
}

#[cfg(test)]
mod tests {
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
