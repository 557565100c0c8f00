//! Reads of shared memory without the lock, counted one by one.
//!
//! The RFC says that a fired timer costs two more memory reads. That is a count, so it is counted: a list that is `rcu-epoch` but
//! for a counter in its reader plays a call with a known number of due timers, and whole traces. What counts as one read is
//! what [`HeadView::read`](headlock_strategies::reclaim::HeadView::read) does: it loads the pointer to the head, and if there is one,
//! the deadline in its node. What the epoch itself reads in order to pin is not in it, and neither are reads under the lock, which
//! are the same with and without the RFC.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use headlock_strategies::list::{Head, HeadList, ListView, Reader};
use headlock_strategies::lock::ParkingLot;
use headlock_strategies::reclaim::Epoch;
use headlock_strategies::{
    Config, Nanos, Strategy, TimerHandle, TimerList, mutex::Mutex as MutexList, rcu_epoch::RcuEpoch,
};

use super::traces::Known;
use crate::harness::{Contestant, Isolation, Job, Load, Maker, Order, Outcome, Speed, play};
use crate::record::{LoadCount, Pass};
use crate::workload::trace::Trace;

/// Reads in calls that run timers, and in polls. Of whoever holds [`COUNTING`].
static IN_RUNS: AtomicU64 = AtomicU64::new(0);
static IN_POLLS: AtomicU64 = AtomicU64::new(0);
static NOBODYS: AtomicU64 = AtomicU64::new(0);
static COUNTING: Mutex<()> = Mutex::new(());

/// Timers of the made-up lists that are not due.
const OTHERS: i64 = 8;
/// Due timers of the made-up lists, up to this.
const MOST_DUE: i64 = 4;

/// `rcu-epoch` with a counter in its reader.
type Counted = HeadList<CountedHead>;

/// The head of [`Counted`]: what readers look at is the reclaimer's pointer, as in `rcu-epoch`.
struct CountedHead;

impl CountedHead {
    fn read(reader: &mut Reader<'_, Self>, counter: &AtomicU64) -> Option<Nanos> {
        let shown = reader.read();
        counter.fetch_add(1 + u64::from(shown.is_some()), Memory::Relaxed);
        shown
    }
}

impl Head for CountedHead {
    const STRATEGY: Strategy = Strategy {
        name: "rcu-epoch-counted",
        ..<RcuEpoch as TimerList>::STRATEGY
    };
    type Lock = ParkingLot;
    type Writer = ();
    type Reclaim = Epoch;
    type Local<'a> = ();

    fn new() -> (Self, ()) {
        (CountedHead, ())
    }
    fn local(&self) {}
    fn publish(&self, (): &mut (), (): &mut (), _list: ListView<'_>) {}

    fn deadline(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>) -> Option<Nanos> {
        Self::read(reader, &IN_POLLS)
    }

    fn worth_locking(_list: &HeadList<Self>, reader: &mut Reader<'_, Self>, now: Nanos, _fired: usize) -> bool {
        // At the end of a pass the replay runs its lists out, to see how many timers are left; that is no call of the trace's.
        let counter = if now == Nanos::MAX { &NOBODYS } else { &IN_RUNS };
        Self::read(reader, counter).is_some_and(|deadline| deadline <= now)
    }
}

/// Counts in one call that runs a list with none, one and more due timers, under the mutex and under the RFC; and in the traces,
/// each in strict order.
///
/// # Errors
/// If a trace does not load any more.
pub fn count(traces: &[Known]) -> Result<Vec<LoadCount>, String> {
    let _alone = COUNTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut counts: Vec<LoadCount> = (0..=MOST_DUE).map(|due| in_one_call::<MutexList>("mutex", due)).collect();
    counts.extend((0..=MOST_DUE).map(|due| in_one_call::<Counted>("rcu-epoch", due)));
    for trace in traces {
        counts.push(in_trace(trace)?);
    }
    Ok(counts)
}

fn reset() {
    IN_RUNS.store(0, Memory::Relaxed);
    IN_POLLS.store(0, Memory::Relaxed);
}

fn in_one_call<L: TimerList>(strategy: &str, due: i64) -> LoadCount {
    let list = L::new(&Config::default());
    let mut handle = list.handle();
    for place in 0..due + OTHERS {
        let timer = handle.create();
        let _ = handle.modify(timer, Nanos(1 + place));
    }
    let before = handle.lock_counts();
    reset();
    let fired = handle.run(Nanos(due), |_, _| {});
    LoadCount {
        case: format!("due-{due}"),
        strategy: strategy.to_owned(),
        runs: 1,
        fired: fired as u64,
        loads_in_runs: IN_RUNS.load(Memory::Relaxed),
        loads_in_polls: IN_POLLS.load(Memory::Relaxed),
        locks_in_runs: handle.lock_counts().since(before).acquisitions,
    }
}

fn in_trace(trace: &Known) -> Result<LoadCount, String> {
    let loaded = Trace::load(&trace.path).map_err(|error| error.to_string())?;
    let load = Load::replay(&loaded, Order::Strict, Speed::Max)
        .map_err(|error| format!("{}: {error}", trace.path.display()))?;
    let name = Counted::STRATEGY.name.to_owned();
    let job = Job {
        contestants: vec![Contestant { name: name.clone(), strategy: name.clone(), inject: 0.0 }],
        behind: Vec::new(),
        baseline: name,
        load,
        // The one that counts all lock acquisitions.
        passes: vec![Pass::Latency],
        // One trip: whole ones are played until this is over.
        trial_ns: 0,
        seed: 0,
        cpus: Vec::new(),
        spins_per_ns: 1.0,
        isolation: Isolation::Process,
        count: false,
    };
    reset();
    let outcome = play(&job, &[Maker::of::<Counted>()], &|_| ()).map_err(|error| error.to_string())?;
    let sum = |of: fn(&Outcome) -> u64| outcome.parts.iter().map(of).sum::<u64>();
    Ok(LoadCount {
        case: trace.facts.name.clone(),
        strategy: "rcu-epoch".to_owned(),
        runs: trace.facts.run,
        fired: sum(|part| part.threads.iter().map(|thread| thread.fired).sum()),
        loads_in_runs: IN_RUNS.load(Memory::Relaxed),
        loads_in_polls: IN_POLLS.load(Memory::Relaxed),
        locks_in_runs: sum(|part| part.locks.unwrap_or_default().acquisitions) - trace.facts.changes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fired_timer_costs_two_reads_and_a_call_saves_one_lock() {
        let counts = count(&[]).unwrap();
        for due in 0..=MOST_DUE as u64 {
            let of = |strategy: &str| {
                let case = format!("due-{due}");
                counts.iter().find(|it| it.strategy == strategy && it.case == case).unwrap()
            };
            let (mutex, rcu) = (of("mutex"), of("rcu-epoch"));
            assert_eq!((mutex.fired, mutex.loads_in_runs, mutex.locks_in_runs), (due, 0, due + 1));
            assert_eq!((rcu.fired, rcu.loads_in_runs, rcu.locks_in_runs), (due, 2 + 2 * due, due));
        }
    }
}
