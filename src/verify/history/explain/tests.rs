use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::*;

const TIMERS: u64 = 3;

/// The active timers by deadline and arrival: another way to keep them than the search's.
#[derive(Clone, Default)]
struct Model {
    queue: BTreeMap<(i64, u64), TimerId>,
    arrivals: u64,
}

impl Model {
    fn head(&self) -> Option<(i64, TimerId)> {
        self.queue.first_key_value().map(|(&(deadline, _), &timer)| (deadline, timer))
    }

    fn take(&mut self, timer: TimerId) -> Option<i64> {
        let key = self.queue.iter().find(|&(_, &other)| other == timer).map(|(&key, _)| key)?;
        self.queue.remove(&key);
        Some(key.0)
    }

    /// Does the operation, and answers it with what is right; a firing that is not possible is no operation.
    fn play(&mut self, op: &Op) -> Option<Op> {
        let head = self.head();
        Some(match *op {
            Op::Free(timer) => {
                self.take(timer);
                Op::Free(timer)
            }
            Op::Cancel(timer, _) => Op::Cancel(timer, self.take(timer).is_some()),
            Op::Arm { timer, to, only_sooner, .. } => {
                let mut kept = self.clone();
                let present = self.take(timer);
                if only_sooner && present.is_some_and(|present| present <= to.0) {
                    std::mem::swap(self, &mut kept);
                    return Some(Op::Arm { timer, to, only_sooner, rearm: false });
                }
                self.arrivals += 1;
                self.queue.insert((to.0, self.arrivals), timer);
                let rearm = self.head().is_some_and(|(_, head)| head == timer);
                Op::Arm { timer, to, only_sooner, rearm }
            }
            Op::Deadline(_) => Op::Deadline(head.map(|(deadline, _)| Nanos(deadline))),
            Op::Expired(now, _) => Op::Expired(now, head.is_some_and(|(deadline, _)| deadline <= now.0)),
            Op::Fire(_, now) => {
                let (_, timer) = head.filter(|&(deadline, _)| deadline <= now.0)?;
                self.take(timer);
                Op::Fire(timer, now)
            }
            Op::RunEnd { .. } if head.is_some_and(|(deadline, _)| deadline <= 30) => return None,
            ref same => same.clone(),
        })
    }
}

fn drawn(rng: &mut Xoshiro256PlusPlus) -> Op {
    let timer = TimerId::from_raw(rng.random_range(0..TIMERS));
    let to = Nanos(rng.random_range(1..6) * 10);
    match rng.random_range(0..10) {
        0..=3 => Op::Arm { timer, to, only_sooner: rng.random_bool(0.3), rearm: false },
        4 => Op::Cancel(timer, false),
        5 => Op::Free(timer),
        6 => Op::Deadline(None),
        7 => Op::Expired(to, false),
        8 => Op::Fire(timer, Nanos(30)),
        _ => Op::RunEnd { now: Nanos(30), began: 0 },
    }
}

/// A history that has an order, of two or three threads, with operations drawn out in time so that others fit as well.
fn history(rng: &mut Xoshiro256PlusPlus) -> Vec<Event> {
    let mut model = Model::default();
    let threads = rng.random_range(2..4);
    let mut free = vec![1; threads];
    let mut events = Vec::new();
    for moment in 1..8 {
        let Some(op) = model.play(&drawn(rng)) else { continue };
        let thread = rng.random_range(0..threads);
        let point = moment * 100;
        if free[thread] >= point {
            // It is still at its last operation, and what the model did is what nobody did.
            return events;
        }
        // Each thread has a last digit of its own, so that no two tickets are the same.
        let began = rng.random_range(free[thread]..point) / 10 * 10 + thread as u64;
        let ended = (point + rng.random_range(1..250)) / 10 * 10 + 10 + thread as u64;
        free[thread] = ended + 10;
        let op = match op {
            Op::RunEnd { now, .. } => Op::RunEnd { now, began },
            op => op,
        };
        events.push(Event { thread, within: None, began, ended, op });
    }
    events
}

/// Gives one operation another answer.
fn spoilt(rng: &mut Xoshiro256PlusPlus, events: &mut [Event]) {
    let index = rng.random_range(0..events.len());
    match &mut events[index].op {
        Op::Arm { rearm, .. } => *rearm = !*rearm,
        Op::Cancel(_, was_active) => *was_active = !*was_active,
        Op::Deadline(answer) => *answer = [None, Some(Nanos(10)), Some(Nanos(50))][rng.random_range(0..3)],
        Op::Expired(_, due) => *due = !*due,
        Op::Fire(timer, _) | Op::Free(timer) => *timer = TimerId::from_raw(rng.random_range(0..TIMERS)),
        _ => {}
    }
}

/// Tries all orders that time allows, one by one.
fn by_force(events: &[Event], left: &[usize], model: &Model, freshness: Freshness) -> bool {
    left.is_empty()
        || left.iter().any(|&index| {
            let event = &events[index];
            let is_next = left.iter().all(|&other| other == index || event.began < events[other].ended)
                && left.iter().all(|&other| events[other].thread != event.thread || other >= index);
            let mut after = model.clone();
            let allowed = is_next && allowed(events, event, &mut after, freshness);
            let rest: Vec<usize> = left.iter().copied().filter(|&other| other != index).collect();
            allowed && by_force(events, &rest, &after, freshness)
        })
}

fn allowed(events: &[Event], event: &Event, model: &mut Model, freshness: Freshness) -> bool {
    let head = model.head();
    let is_due = |now: Nanos| head.is_some_and(|(deadline, _)| deadline <= now.0);
    if let Op::RunEnd { now, .. } = event.op {
        return !is_due(now) || excused(events, event, true, freshness);
    }
    let Some(right) = model.play(&event.op) else {
        return false;
    };
    if right == event.op {
        return true;
    }
    match event.op {
        Op::Deadline(answer) => {
            let later = answer.map_or(i64::MAX, |answer| answer.0) > head.map_or(i64::MAX, |(deadline, _)| deadline);
            excused(events, event, later, freshness)
        }
        Op::Expired(now, _) => excused(events, event, is_due(now), freshness),
        _ => false,
    }
}

fn excused(events: &[Event], read: &Event, later: bool, freshness: Freshness) -> bool {
    let mut beside = events
        .iter()
        .filter(|other| other.thread != read.thread && other.began < read.ended && read.began < other.ended);
    match freshness {
        Freshness::Linearizable => false,
        Freshness::Notified if later => beside.any(|other| matches!(other.op, Op::Arm { rearm: true, .. })),
        _ => beside.any(|other| matches!(other.op, Op::Arm { .. } | Op::Free(_) | Op::Cancel(_, true) | Op::Fire(..))),
    }
}

#[test]
fn the_search_says_what_trying_all_orders_says() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(12);
    let mut said = [[0; 2]; 3];
    for number in 0..6_000 {
        let mut events = history(&mut rng);
        if events.is_empty() {
            continue;
        }
        if number % 3 > 0 {
            spoilt(&mut rng, &mut events);
        }
        for (level, freshness) in
            [Freshness::Linearizable, Freshness::Notified, Freshness::Racy].into_iter().enumerate()
        {
            let all: Vec<usize> = (0..events.len()).collect();
            let right = by_force(&events, &all, &Model::default(), freshness);
            let found = explain(&events, freshness);
            assert_eq!(found == Verdict::Explained, right, "{freshness}: {events:#?}");
            said[level][usize::from(right)] += 1;
        }
    }
    // Both answers are met often, and each freshness allows more than the one before.
    assert!(said.iter().flatten().all(|&count| count > 200), "{said:?}");
    assert!(said[0][1] < said[1][1] && said[1][1] < said[2][1], "{said:?}");
}

fn event(thread: usize, began: u64, ended: u64, op: Op) -> Event {
    Event { thread, within: None, began, ended, op }
}

fn arm(timer: u64, to: i64, rearm: bool) -> Op {
    Op::Arm {
        timer: TimerId::from_raw(timer),
        to: Nanos(to),
        only_sooner: false,
        rearm,
    }
}

#[test]
fn a_run_may_leave_what_another_run_under_way_fires_and_nothing_else() {
    let end = |began| Op::RunEnd { now: Nanos(50), began };
    let fire = Op::Fire(TimerId::from_raw(1), Nanos(50));
    let armed = event(0, 1, 2, arm(1, 10, true));
    let left = event(0, 11, 12, end(11));
    let taken = [
        armed.clone(),
        event(1, 10, 20, fire.clone()),
        left.clone(),
        event(1, 21, 22, end(10)),
    ];
    assert_eq!(explain(&taken, Freshness::Linearizable), Verdict::Explained);
    // The other run began only when this one had returned.
    let later = [
        armed.clone(),
        event(1, 13, 20, fire),
        left.clone(),
        event(1, 21, 22, end(13)),
    ];
    assert!(matches!(explain(&later, Freshness::Racy), Verdict::Unexplained(_)));
    assert!(matches!(explain(&[armed, left], Freshness::Racy), Verdict::Unexplained(_)));
}

#[test]
fn where_an_order_ends_is_told() {
    let events = [
        event(0, 1, 2, arm(1, 10, true)),
        event(1, 3, 4, Op::Deadline(Some(Nanos(20)))),
    ];
    let stuck = Stuck {
        explained: 1,
        state: vec![(Nanos(10), TimerId::from_raw(1))],
        next: vec![1],
    };
    assert_eq!(explain(&events, Freshness::Racy), Verdict::Unexplained(stuck));
}
