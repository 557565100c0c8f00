//! Small programs whose cost or outcome on a machine is known, to calibrate the model on, to hold it against, and to test it.
//!
//! Each thread of the plan does the experiment's operation until measuring is over. What is printed is as in [`play`](crate::play),
//! and `value NAME NUMBER` for what an experiment found.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use headlock_strategies::lock::{CountedMutex, ParkingLot, Std};

use crate::machine::{self, Phase, Task};
use crate::plan::Plan;

/// A word on a cache line of its own, two lines away from the next: processors fetch lines in pairs.
#[repr(align(128))]
#[derive(Default)]
struct Padded(AtomicU64);

/// Words of one cache line.
#[repr(align(64))]
#[derive(Default)]
struct Unpadded([AtomicU64; 8]);

/// What the experiments work on.
#[derive(Default)]
struct Shared {
    shared: Padded,
    other: Padded,
    padded: [Padded; 16],
    unpadded: Unpadded,
    parking_lot: Option<CountedMutex<ParkingLot, u64>>,
    std: Option<CountedMutex<Std, u64>>,
    plain: Plain,
    block: std::sync::Mutex<Option<Box<[u64; 250]>>>,
    sleeper: std::sync::OnceLock<std::thread::Thread>,
}

/// Handed over by message passing alone.
#[derive(Default)]
#[repr(align(128))]
struct Plain(UnsafeCell<u64>);
// SAFETY: all simulated threads are coroutines on one thread of the kernel, so no two touch it at once.
unsafe impl Sync for Plain {}

/// The gap between two threads' starts, ps: they are not to play in step.
const STAGGER: i64 = 3_700;

/// What a thread does, over and over: on what all share, by the thread's number, in the round of that number.
type Operation = fn(&Shared, usize, u64);

/// The experiments, by name.
const EXPERIMENTS: [(&str, Operation); 16] = [
    ("increment", |it, _, _| _ = it.shared.0.fetch_add(1, Ordering::Relaxed)),
    ("increment-own", |it, thread, _| _ = it.padded[thread % 16].0.fetch_add(1, Ordering::Relaxed)),
    ("increment-beside", |it, thread, _| _ = it.unpadded.0[thread % 8].fetch_add(1, Ordering::Relaxed)),
    ("refcount", |it, _, _| {
        it.shared.0.fetch_add(1, Ordering::Relaxed);
        it.shared.0.fetch_sub(1, Ordering::Release);
    }),
    ("read", |it, _, _| _ = it.shared.0.load(Ordering::Acquire)),
    ("fence", |_, _, _| fence(Ordering::SeqCst)),
    // One thread writes what the other reads, turn by turn.
    ("bounce", |it, thread, _| {
        if it.shared.0.load(Ordering::Acquire) % 2 == thread as u64 {
            it.shared.0.fetch_add(1, Ordering::AcqRel);
        }
    }),
    ("lock", |it, _, _| *lock_value(&it.parking_lot) += 1),
    ("lock-std", |it, _, _| *lock_value(&it.std) += 1),
    // One thread writes what the others read: eight lines, their numbers in any order, or each line's word the address of the next.
    ("read-many", |it, thread, round| match thread {
        0 => it.padded[..8].iter().for_each(|word| word.0.store(round % 7, Ordering::Release)),
        _ => it.padded[..8].iter().for_each(|word| _ = word.0.load(Ordering::Acquire)),
    }),
    ("read-chain", |it, thread, _| match thread {
        0 => {
            (0..8).for_each(|at| it.padded[at].0.store((&raw const it.padded[at + 1]).addr() as u64, Ordering::Release))
        }
        _ => (0..8).for_each(|at| _ = it.padded[at].0.load(Ordering::Acquire)),
    }),
    ("write-many", |it, thread, round| {
        if thread == 0 {
            it.padded[..8].iter().for_each(|word| word.0.store(round, Ordering::Release));
            fence(Ordering::SeqCst);
        } else {
            it.padded[..8].iter().for_each(|word| _ = word.0.load(Ordering::Acquire));
        }
    }),
    // One thread wakes the other whenever that has gone to sleep. The sleeper looks up by itself too, so that it sees the end.
    ("wake", |it, thread, _| {
        if thread == 1 {
            it.sleeper.get_or_init(std::thread::current);
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        } else if let Some(sleeper) = it.sleeper.get() {
            sleeper.unpark();
        } else {
            machine::work(1_000);
        }
    }),
    // One thread makes blocks of memory and the other frees them. How many there were, and how many lay where one had been.
    ("hand-over-blocks", |it, thread, _| {
        // The other may have ended, so nobody waits for ever.
        if !(0..1_000).any(|_| it.padded[1].0.load(Ordering::Acquire) == thread as u64) {
            return;
        }
        let mut place = it.block.lock().expect("nobody panics");
        if thread == 1 {
            drop(place.take());
        } else {
            let block = Box::new([0; 250]);
            let address = (&raw const *block).addr() as u64;
            let highest = it.padded[0].0.fetch_max(address, Ordering::Relaxed);
            it.other.0.fetch_add(u64::from(address <= highest), Ordering::Relaxed);
            it.shared.0.fetch_add(1, Ordering::Relaxed);
            *place = Some(block);
        }
        drop(place);
        it.padded[1].0.store(1 - thread as u64, Ordering::Release);
    }),
    // Store buffering: each writes its own word, then reads the other's, and notes what it saw in which round. Whoever finds that the
    // other has finished the same round judges both.
    ("store-buffering", |it, thread, round| {
        it.padded[thread].0.store(round, Ordering::Relaxed);
        let seen = it.padded[1 - thread].0.load(Ordering::Relaxed);
        it.padded[2 + thread].0.store(round << 32 | seen, Ordering::Relaxed);
        // The other may have ended, so nobody waits for ever.
        let others = || it.padded[3 - thread].0.load(Ordering::Relaxed);
        let other = (0..1_000).map(|_| others()).find(|other| other >> 32 >= round).unwrap_or(0);
        if other >> 32 == round {
            it.shared.0.fetch_add(1, Ordering::Relaxed);
            let (mine_missed, others_missed) = (seen < round, (other & 0xffff_ffff) < round);
            it.other.0.fetch_add(u64::from(mine_missed && others_missed), Ordering::Relaxed);
        }
    }),
    // Message passing: whoever sees the flag sees the data.
    ("message", |it, thread, round| {
        if thread == 0 {
            // SAFETY: see `Plain`.
            unsafe { *it.plain.0.get() = round };
            it.shared.0.store(round, Ordering::Release);
        } else {
            let flag = it.shared.0.load(Ordering::Acquire);
            // SAFETY: see `Plain`.
            let data = unsafe { *it.plain.0.get() };
            if data < flag {
                it.other.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }),
];

fn lock_value<K: headlock_strategies::lock::LockKind>(
    lock: &Option<CountedMutex<K, u64>>,
) -> headlock_strategies::lock::CountedGuard<'_, K, u64> {
    lock.as_ref().expect("made before the threads").lock()
}

/// Plays an experiment, and prints what came of it.
///
/// # Errors
/// If there is none of that name.
pub fn play(name: &str, plan: &Plan) -> Result<(), String> {
    let (_, operation) = *EXPERIMENTS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| format!("no experiment {name:?}; there are {}", EXPERIMENTS.map(|(name, _)| name).join(", ")))?;
    machine::describe(&plan.machine, plan.seed);
    let mut made = None;
    let make = || {
        made = Some(Box::new(Shared {
            parking_lot: Some(CountedMutex::new(0)),
            std: Some(CountedMutex::new(0)),
            ..Shared::default()
        }));
    };
    machine::run(vec![Task { core: plan.threads[0].core, at: 0, work: Box::new(make) }]);
    let shared = made.expect("the task has made it");
    let [warm_up, least, most] = plan.phases;
    machine::phases(warm_up, least, most, plan.operations);
    let mut played = vec![(0, 0, machine::Counts::default()); plan.threads.len()];
    let tasks = plan.threads.iter().zip(&mut played).enumerate().map(|(number, (thread, played))| {
        let shared = &*shared;
        Task {
            core: thread.core,
            at: 0,
            work: Box::new(move || {
                // What the loop itself reads is here before it begins, or threads would start in the order of its lines' arrival.
                let (work, think) = (plan.work[0], thread.think);
                machine::meet(plan.threads.len());
                machine::wait_until(machine::now() + number as i64 * STAGGER);
                let (mut ops, mut started, mut rounds) = (0, None, 0);
                let counts = machine::counted(|| {
                    loop {
                        let phase = machine::phase();
                        if phase == Phase::Over {
                            break;
                        }
                        if phase == Phase::Measure && started.is_none() {
                            started = Some(machine::now());
                        }
                        rounds += 1;
                        operation(shared, number, rounds);
                        machine::work(work);
                        if started.is_some() {
                            ops += 1;
                            machine::finished_operation();
                        }
                        machine::work(think);
                    }
                });
                *played = (ops, started.map_or(0, |started| machine::now() - started), counts);
            }),
        }
    });
    machine::run(tasks.collect());
    for (number, ((ops, elapsed, counts), thread)) in played.iter().zip(&plan.threads).enumerate() {
        println!("thread {number} {} {ops} {elapsed} 0 0", thread.role);
        println!(
            "counts {number} {} {} {} {} {} {}",
            counts.parks, counts.pauses, counts.waited, counts.lines_taken, counts.lines_fetched, counts.syscalls
        );
        println!("rmws {number} {}", counts.rmws);
    }
    println!("value shared {}", shared.shared.0.load(Ordering::Relaxed));
    println!("value violations {}", shared.other.0.load(Ordering::Relaxed));
    println!("value locked {}", *lock_value(&shared.parking_lot) + *lock_value(&shared.std));
    Ok(())
}
