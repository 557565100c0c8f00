//! Does the memory of a list grow with what was done to it?
//!
//! One thread does the same again and again, and the process's resident memory is looked at in between. What waits to be reclaimed, and
//! what an allocator keeps, is there after the first time; a list that keeps something for each change grows by that each time.

use std::fs;

use headlock_strategies::Nanos;
use headlock_strategies::conformance::subject::List;
use headlock_strategies::conformance::trial::{Found, Trial};

/// Changes between two looks.
const CHANGES: u64 = 40_000;
/// Growth between two looks that is put down to chance, KiB: ten bytes a change.
const CHANCE_KIB: u64 = 400;
/// Growth in so many looks in a row is none of it.
const IN_A_ROW: u32 = 3;
/// Address space beyond which a sanitizer's shadow is in it, KiB. Sanitizers keep back what is freed.
const SANITIZED_KIB: u64 = 1 << 30;

/// What is done without end.
type Work = fn(&Trial, &List);

const WORKS: [(&str, Work); 4] = [
    ("modifies of a timer behind the head", |trial, list| {
        trial.with_handle(list, |list| {
            // Both stay: what a list would keep of the changes may be swept away with its head.
            let [_head, timer] = [1, 2].map(|deadline| list.armed(deadline));
            for change in 0..CHANGES as i64 {
                let _ = list.modify(timer, Nanos(2 + change % 100));
                list.quiescent();
            }
        });
    }),
    ("modifies of the head", |trial, list| {
        trial.with_handle(list, |list| {
            let timer = list.armed(1);
            for change in 0..CHANGES as i64 {
                let _ = list.modify(timer, Nanos(2 + change % 100));
                list.quiescent();
            }
            list.free(timer);
        });
    }),
    ("timers created, armed, cancelled and freed", |trial, list| {
        trial.with_handle(list, |list| {
            for _ in 0..CHANGES {
                let timer = list.armed(1);
                list.cancel(timer);
                list.free(timer);
                list.quiescent();
            }
        });
    }),
    ("timers created, armed and freed, eight a handle", |trial, list| {
        for _ in 0..CHANGES / 8 {
            trial.with_handle(list, |list| {
                let timers: Vec<_> = (0..8).map(|deadline| list.armed(deadline)).collect();
                for timer in timers {
                    list.free(timer);
                }
                list.quiescent();
            });
        }
    }),
];

/// Does each work until memory has stopped growing, or gives the list up.
pub fn memory_bounded(trial: &Trial) -> Found {
    for (name, work) in WORKS {
        let list = trial.list();
        work(trial, &list);
        let mut grown_kib = Vec::new();
        loop {
            let before = resident_kib();
            work(trial, &list);
            // Where the system does not tell, or a sanitizer keeps memory back, there is nothing to see.
            let (Some(before), Some(after)) = (before, resident_kib()) else {
                return Ok(0);
            };
            if after <= before + CHANCE_KIB {
                break;
            }
            grown_kib.push(after - before);
            if grown_kib.len() as u32 == IN_A_ROW {
                let what = format!(
                    "memory grew by {} KiB in {IN_A_ROW} times {CHANGES} {name}, none of which left anything behind; right is \
                     no growth after the first time",
                    grown_kib.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
                );
                return Err(what.into());
            }
        }
    }
    Ok(WORKS.len() as u64)
}

/// The process's resident memory, KiB; `None` where it says nothing.
fn resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    of("VmRSS:").filter(|_| of("VmSize:").is_some_and(|size| size < SANITIZED_KIB))
}
