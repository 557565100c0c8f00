//! One walk over the rows that counts everything but [nearness].

use super::pending::Timeline;
use super::{Distances, ListProfile, Met, PERCENTILES, Profile, Rows, ThreadProfile, nearness};
use crate::workload::trace::{NO_TIMER, OpCounts, Row, Trace, TraceOp};
use headlock_strategies::mutex::Mutex;
use headlock_strategies::{Config, Nanos, TimerHandle, TimerId, TimerList};
use std::collections::{BTreeMap, HashMap};

pub(super) fn gather(trace: &Trace) -> Profile {
    let lists: Vec<Mutex> = trace.lists.iter().map(|_| Mutex::new(&Config::default())).collect();
    let mut walk = Walk::new(trace, lists.iter().map(Mutex::handle).collect());
    for row in &trace.rows {
        walk.step(row);
    }
    walk.profile(trace)
}

/// The trace's lists as far as they have been played, and what was counted on the way.
struct Walk<H> {
    handles: Vec<H>,
    timers: Vec<Timer>,
    /// The timers of each list by the name that the list gave them.
    names: Vec<HashMap<TimerId, u32>>,
    lists: Vec<Counted>,
    threads: Vec<OpCounts>,
    pending: Timeline,
    /// How many operations on a list that holds timers met how many.
    met_pending: BTreeMap<u64, u64>,
    distances: Vec<i64>,
    never: u64,
    end_ns: u64,
}

/// What was counted on one list.
struct Counted {
    rows: OpCounts,
    met: Met,
    pending: Timeline,
    /// Operations of each thread.
    by_thread: Vec<u64>,
}

/// A timer of the trace.
#[derive(Clone, Copy, Default)]
struct Timer {
    /// Between its creation and its being freed.
    name: Option<TimerId>,
    pending: bool,
}

impl<H: TimerHandle> Walk<H> {
    fn new(trace: &Trace, handles: Vec<H>) -> Self {
        let counted = || Counted {
            rows: OpCounts::default(),
            met: Met::default(),
            pending: Timeline::new(0),
            by_thread: vec![0; trace.threads.len()],
        };
        let mut walk = Walk {
            handles,
            timers: vec![Timer::default(); trace.timers.len()],
            names: vec![HashMap::new(); trace.lists.len()],
            lists: trace.lists.iter().map(|_| counted()).collect(),
            threads: vec![OpCounts::default(); trace.threads.len()],
            pending: Timeline::new(0),
            met_pending: BTreeMap::new(),
            distances: Vec::new(),
            never: 0,
            end_ns: 0,
        };
        for (number, timer) in trace.timers.iter().enumerate().filter(|(_, timer)| !timer.created_in_trace) {
            walk.create(usize::from(timer.list), number as u32);
        }
        for &(timer, expire) in &trace.init {
            let list = usize::from(trace.timers[timer as usize].list);
            walk.arm(list, timer, |handle, name| {
                let _ = handle.modify(name, expire);
            });
        }
        // What is pending at the start is there from the start on, so that it does not count as none.
        walk.pending = Timeline::new(walk.pending.now());
        for list in &mut walk.lists {
            list.pending = Timeline::new(list.pending.now());
        }
        walk
    }

    fn step(&mut self, row: &Row) {
        let list = usize::from(row.list);
        self.lists[list].rows[row.op] += 1;
        self.threads[usize::from(row.thread)][row.op] += 1;
        let time_ns = row.time.0.unsigned_abs();
        self.end_ns = self.end_ns.max(time_ns);
        if row.op == TraceOp::Fire {
            return;
        }
        self.lists[list].by_thread[usize::from(row.thread)] += 1;
        let pending = self.lists[list].pending.now();
        if pending > 0 {
            *self.met_pending.entry(pending).or_default() += 1;
        }
        self.lists[list].met.polls += u64::from(row.op.is_poll());
        self.lists[list].met.empty_polls += u64::from(row.op.is_poll() && pending == 0);
        if row.op.needs_expire() {
            match row.expire {
                Nanos::MAX => self.never += 1,
                Nanos(expire) => self.distances.push(expire.saturating_sub(row.time.0)),
            }
        }
        self.play(row, list, time_ns);
    }

    fn play(&mut self, row: &Row, list: usize, time_ns: u64) {
        match row.op {
            // Polls change nothing.
            TraceOp::Deadline | TraceOp::Expired | TraceOp::Fire => {}
            TraceOp::Create => self.create(list, row.timer),
            TraceOp::Free => {
                self.disarm(list, row.timer, time_ns);
                if let Some(name) = self.timers[row.timer as usize].name.take() {
                    self.names[list].remove(&name);
                    self.handles[list].free(name);
                }
            }
            TraceOp::Mod => {
                let head = self.handles[list].deadline();
                let rearm = self.arm_at(row, list, time_ns, H::modify);
                let later = self.handles[list].deadline() > head && head.is_some();
                let met = &mut self.lists[list].met;
                met.rearming_mods += u64::from(rearm);
                met.silent_mods += u64::from(later && !rearm);
            }
            TraceOp::Anticipate => {
                let rearm = self.arm_at(row, list, time_ns, H::anticipate);
                self.lists[list].met.rearming_anticipates += u64::from(rearm);
            }
            TraceOp::Del => {
                let was_pending = self.disarm(list, row.timer, time_ns);
                self.lists[list].met.idle_dels += u64::from(!was_pending);
            }
            TraceOp::Run => {
                let (names, timers) = (&self.names[list], &mut self.timers);
                let fired = self.handles[list].run(row.time, |_, name| timers[names[&name] as usize].pending = false);
                let fired = fired as u64;
                let met = &mut self.lists[list].met;
                met.fired += fired;
                met.firing_runs += u64::from(fired > 0);
                self.less_pending(list, fired, time_ns);
            }
        }
    }

    fn create(&mut self, list: usize, timer: u32) {
        let name = self.handles[list].create();
        self.names[list].insert(name, timer);
        self.timers[timer as usize].name = Some(name);
    }

    /// Arms the row's timer by `how`; answers whether it became the head.
    fn arm_at(
        &mut self,
        row: &Row,
        list: usize,
        time_ns: u64,
        how: impl FnOnce(&mut H, TimerId, Nanos) -> headlock_strategies::Rearm,
    ) -> bool {
        debug_assert_ne!(row.timer, NO_TIMER, "the reader demands a timer for this operation");
        let mut rearm = false;
        self.arm_from(list, row.timer, time_ns, |handle, name| rearm = how(handle, name, row.expire).is_yes());
        rearm
    }

    fn arm(&mut self, list: usize, timer: u32, how: impl FnOnce(&mut H, TimerId)) {
        self.arm_from(list, timer, 0, how);
    }

    fn arm_from(&mut self, list: usize, timer: u32, time_ns: u64, how: impl FnOnce(&mut H, TimerId)) {
        let state = &mut self.timers[timer as usize];
        let Some(name) = state.name else { return };
        how(&mut self.handles[list], name);
        if !std::mem::replace(&mut state.pending, true) {
            let of_list = &mut self.lists[list].pending;
            of_list.set(time_ns, of_list.now() + 1);
            self.pending.set(time_ns, self.pending.now() + 1);
        }
    }

    /// Cancels a timer; answers whether it was pending.
    fn disarm(&mut self, list: usize, timer: u32, time_ns: u64) -> bool {
        let state = &mut self.timers[timer as usize];
        if let Some(name) = state.name {
            let _ = self.handles[list].cancel(name);
        }
        let was_pending = std::mem::take(&mut state.pending);
        self.less_pending(list, u64::from(was_pending), time_ns);
        was_pending
    }

    fn less_pending(&mut self, list: usize, fewer: u64, time_ns: u64) {
        let of_list = &mut self.lists[list].pending;
        of_list.set(time_ns, of_list.now() - fewer);
        self.pending.set(time_ns, self.pending.now() - fewer);
    }

    fn profile(self, trace: &Trace) -> Profile {
        let end_ns = self.end_ns;
        let lists: Vec<ListProfile> = self
            .lists
            .into_iter()
            .zip(&trace.lists)
            .map(|(counted, list)| ListProfile {
                id: list.id,
                clock: list.clock.clone(),
                owner: list.owner.clone(),
                rows: Rows(counted.rows),
                met: counted.met,
                pending: counted.pending.end(end_ns),
                by_others: counted.rows.played() - counted.by_thread.iter().max().copied().unwrap_or(0),
            })
            .collect();
        let threads = self.threads.into_iter().zip(&trace.threads);
        Profile {
            trace: trace.name.clone(),
            span_ns: end_ns,
            rows: Rows(trace.counts()),
            met: lists.iter().fold(Met::default(), |sum, list| sum.plus(list.met)),
            pending: self.pending.end(end_ns),
            pending_met: median_of(&self.met_pending),
            distances: distances(self.distances, self.never),
            nearness: nearness::nearness(trace),
            threads: threads
                .map(|(rows, thread)| ThreadProfile { id: thread.id, name: thread.name.clone(), rows: Rows(rows) })
                .collect(),
            lists,
        }
    }
}

impl Met {
    fn plus(self, other: Met) -> Met {
        Met {
            polls: self.polls + other.polls,
            empty_polls: self.empty_polls + other.empty_polls,
            firing_runs: self.firing_runs + other.firing_runs,
            fired: self.fired + other.fired,
            rearming_mods: self.rearming_mods + other.rearming_mods,
            silent_mods: self.silent_mods + other.silent_mods,
            rearming_anticipates: self.rearming_anticipates + other.rearming_anticipates,
            idle_dels: self.idle_dels + other.idle_dels,
        }
    }
}

/// The median of values that each stand for so many; zero if there are none.
fn median_of(counts: &BTreeMap<u64, u64>) -> u64 {
    let all: u64 = counts.values().sum();
    let mut passed = 0;
    let median = counts.iter().find(|(_, count)| {
        passed += **count;
        passed * 2 >= all
    });
    median.map_or(0, |(value, _)| *value)
}

fn distances(mut distances: Vec<i64>, never: u64) -> Distances {
    distances.sort_unstable();
    // The nearest rank: a distance that was there.
    let rank = |percent: f64| ((percent / 100.0 * distances.len() as f64).ceil() as usize).max(1) - 1;
    let percentiles = match distances.is_empty() {
        true => Vec::new(),
        false => PERCENTILES.into_iter().map(|percent| (percent, distances[rank(percent)])).collect(),
    };
    Distances {
        count: distances.len() as u64 + never,
        never,
        past: distances.partition_point(|&distance| distance <= 0) as u64,
        percentiles,
    }
}
