//! Does some order of the operations explain every answer?
//!
//! Each operation takes effect at one moment between its two tickets. The search looks for such moments, thread by thread in the order
//! in which each did its own (J. Wing and C. Gong, "Testing and verifying concurrent objects", JPDC 1993), and never
//! looks twice at what is left from one state (G. Lowe, "Testing for linearizability", CCPE 2017). An operation that never
//! changes anything, as a poll or a cancel that found its timer inactive, is taken as soon as its answer fits: whatever order
//! exists without it there exists with it there.
//!
//! What changes the list takes effect at one moment under every list: that is what rearm, cancel and the order of firing are held to.
//! Freshness is about what reads may answer besides the truth:
//!
//! - *linearizable*: nothing;
//! - *notified*: something earlier while a change is under way, something later while one that rearms is;
//! - *racy*: anything while a change is under way.
//!
//! Where no change is under way beside it, a read tells the truth under every list. A run that returns while something is due
//! was told so by a read, and is judged like one; or it leaves the timer to another run under way, which fires it.

use std::collections::HashSet;

use headlock_strategies::{Freshness, Nanos, TimerId};

use super::event::{Event, Op};

/// The active timers in the order in which they fire.
pub type State = Vec<(Nanos, TimerId)>;

/// Steps after which a search gives up. Rounds are small enough that none does, but for a list that is broken in many ways.
const MOST_STEPS: u64 = 200_000;

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is such an order.
    Explained,
    /// There is none. How far one came that came far.
    Unexplained(Stuck),
    /// It took too long.
    GaveUp,
}

/// Where an order that explains as much as any ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stuck {
    /// How many operations it explains.
    pub explained: usize,
    /// The list after them.
    pub state: State,
    /// The operations that may be next, none of which fits: indices of events.
    pub next: Vec<usize>,
}

/// What was under way beside an operation.
#[derive(Clone, Debug, Default)]
struct Beside {
    change: bool,
    rearm: bool,
    /// Timers that runs under way beside the end of this one fire.
    taken: Vec<TimerId>,
}

/// One history under search.
struct Search<'e> {
    events: &'e [Event],
    beside: Vec<Beside>,
    /// Indices of events by thread, each in its thread's order.
    threads: Vec<Vec<usize>>,
    freshness: Freshness,
    seen: HashSet<(Vec<u16>, State)>,
    steps: u64,
    best: Stuck,
}

/// Looks for an order that explains `events`, which begin on an empty list, under this freshness.
pub fn explain(events: &[Event], freshness: Freshness) -> Verdict {
    let count = events.iter().map(|event| event.thread + 1).max().unwrap_or(0);
    let mut threads = vec![Vec::new(); count];
    for (index, event) in events.iter().enumerate() {
        threads[event.thread].push(index);
    }
    for thread in &mut threads {
        thread.sort_by_key(|&index| events[index].began);
    }
    let mut search = Search {
        events,
        beside: beside(events),
        threads,
        freshness,
        seen: HashSet::new(),
        steps: 0,
        best: Stuck::default(),
    };
    if search.from(vec![0; count], State::new()) {
        Verdict::Explained
    } else if search.steps >= MOST_STEPS {
        Verdict::GaveUp
    } else {
        Verdict::Unexplained(search.best)
    }
}

fn overlap(one: &Event, other: &Event) -> bool {
    one.thread != other.thread && one.began < other.ended && other.began < one.ended
}

/// For each read what was under way beside it.
fn beside(events: &[Event]) -> Vec<Beside> {
    // A change beside another's is nothing to anybody, and in a history most operations are changes that had nobody beside them.
    let of = |read: &Event| {
        if read.op.changes() {
            return Beside::default();
        }
        let mut found = Beside::default();
        for other in events.iter().filter(|other| overlap(read, other)) {
            found.change |= other.op.changes();
            found.rearm |= other.op.rearms();
        }
        if let Op::RunEnd { .. } = read.op {
            found.taken = taken(events, read);
        }
        found
    };
    events.iter().map(of).collect()
}

/// The timers that other runs, which were under way when this one ended, fired after it began to end.
fn taken(events: &[Event], end: &Event) -> Vec<TimerId> {
    let mut taken = Vec::new();
    for run in events.iter().filter(|other| other.thread != end.thread) {
        let Op::RunEnd { began, .. } = run.op else { continue };
        if began < end.ended && end.began < run.ended {
            let fired = events.iter().filter(|event| {
                event.thread == run.thread && event.began >= began && event.ended < run.ended && event.ended > end.began
            });
            taken.extend(fired.filter_map(|event| match event.op {
                Op::Fire(timer, _) => Some(timer),
                _ => None,
            }));
        }
    }
    taken
}

/// What an operation does to a state whose answers it fits.
enum Fit {
    /// Nothing, and it would do nothing to any other that it fits.
    Reads,
    /// This is the state afterwards.
    Leaves(State),
}

impl Search<'_> {
    /// Whether what is left from these positions on can be explained.
    fn from(&mut self, mut at: Vec<u16>, mut state: State) -> bool {
        loop {
            self.steps += 1;
            if self.steps >= MOST_STEPS {
                return false;
            }
            let next = self.next(&at);
            if next.is_empty() {
                return true;
            }
            let mut changes = Vec::new();
            let mut read = false;
            for &index in &next {
                match self.fit(index, &state) {
                    Some(Fit::Reads) => {
                        at[self.events[index].thread] += 1;
                        read = true;
                        break;
                    }
                    Some(Fit::Leaves(after)) => changes.push((index, after)),
                    None => {}
                }
            }
            if read {
                continue;
            }
            if changes.len() == 1
                && let Some((index, after)) = changes.pop()
            {
                at[self.events[index].thread] += 1;
                state = after;
                continue;
            }
            self.keep(&at, &state, &next, changes.is_empty());
            if changes.is_empty() || !self.seen.insert((at.clone(), state)) {
                return false;
            }
            return changes.into_iter().any(|(index, after)| {
                let mut at = at.clone();
                at[self.events[index].thread] += 1;
                self.from(at, after)
            });
        }
    }

    /// Notes how far an order came that goes no further.
    fn keep(&mut self, at: &[u16], state: &State, next: &[usize], is_end: bool) {
        let explained = at.iter().map(|&at| usize::from(at)).sum();
        if is_end && explained >= self.best.explained {
            self.best = Stuck { explained, state: state.clone(), next: next.to_vec() };
        }
    }

    /// The operations of which each may be the next: none of the others ended before it began.
    fn next(&self, at: &[u16]) -> Vec<usize> {
        let heads = || self.threads.iter().zip(at).filter_map(|(thread, &at)| thread.get(usize::from(at)).copied());
        let first_end = heads().map(|index| self.events[index].ended).min().unwrap_or(0);
        heads().filter(|&index| self.events[index].began < first_end).collect()
    }

    /// What the operation does to the state, if its answer fits there.
    fn fit(&self, index: usize, state: &State) -> Option<Fit> {
        let head = state.first();
        let truth = head.map(|&(deadline, _)| deadline);
        let position = |timer| state.iter().position(|&(_, other)| other == timer);
        let reads = |fits: bool| fits.then_some(Fit::Reads);
        let without = |at: usize| {
            let mut after = state.clone();
            after.remove(at);
            after
        };
        match self.events[index].op {
            Op::Create(_) => Some(Fit::Reads),
            Op::Free(timer) => Some(Fit::Leaves(position(timer).map_or_else(|| state.clone(), without))),
            Op::Cancel(timer, was_active) => match (position(timer), was_active) {
                (Some(at), true) => Some(Fit::Leaves(without(at))),
                (None, false) => Some(Fit::Reads),
                _ => None,
            },
            Op::Arm { timer, to, only_sooner, rearm } => {
                let to = to.max(Nanos::ZERO);
                let present = position(timer);
                if only_sooner && present.is_some_and(|at| state[at].0 <= to) {
                    return (!rearm).then(|| Fit::Leaves(state.clone()));
                }
                let mut after = state.clone();
                present.map(|at| after.remove(at));
                let place = after.partition_point(|&(deadline, _)| deadline <= to);
                after.insert(place, (to, timer));
                (rearm == (place == 0)).then_some(Fit::Leaves(after))
            }
            Op::Deadline(answer) => {
                let later = answer.unwrap_or(Nanos::MAX) > truth.unwrap_or(Nanos::MAX) || answer.is_none();
                reads(answer == truth || self.excused(index, later))
            }
            Op::Expired(now, due) => {
                let is_due = truth.is_some_and(|truth| truth <= now);
                reads(due == is_due || self.excused(index, is_due))
            }
            Op::Fire(timer, now) => {
                let &(deadline, first) = head?;
                (first == timer && deadline <= now).then(|| Fit::Leaves(without(0)))
            }
            Op::RunEnd { now, .. } => {
                let left = head.filter(|&&(deadline, _)| deadline <= now);
                let fits = left.is_none_or(|(_, timer)| self.beside[index].taken.contains(timer));
                reads(fits || self.excused(index, true))
            }
        }
    }

    /// Whether a read may answer what is not true, and later than it or earlier.
    fn excused(&self, index: usize, later: bool) -> bool {
        let beside = &self.beside[index];
        match self.freshness {
            Freshness::Linearizable => false,
            Freshness::Notified => {
                if later {
                    beside.rearm
                } else {
                    beside.change
                }
            }
            Freshness::Racy => beside.change,
        }
    }
}

#[cfg(test)]
mod tests;
