//! A round that nothing explains, for a reader: as little of it as still shows that.

use headlock_strategies::conformance::trial::Fault;
use headlock_strategies::{Freshness, Nanos, TimerId};

use super::event::{Event, Op};
use super::explain::{Stuck, Verdict, explain};

/// The fault of a history that nothing explains under this freshness.
pub fn unexplained(events: &[Event], declared: Freshness) -> Fault {
    let (shown, stuck) = shortest(events, declared);
    let names = Names::of(&shown);
    let head = match stuck.state.first() {
        Some(&(deadline, timer)) => format!("the head is {} at {} ns", names.of_timer(timer), deadline.0),
        None => "the list is empty".to_owned(),
    };
    let wrong: Vec<String> = stuck.next.iter().map(|&index| names.wanted(&shown[index], &stuck, declared)).collect();
    let what = format!(
        "no order of these {} operations explains all answers, and {declared} is declared; an order of {} of them leaves off where {head}, \
         and {}",
        shown.len(),
        stuck.explained,
        wrong.join(", and ")
    );
    Fault { what, events: names.tell(&shown) }
}

/// The operations in the order in which they ended.
pub fn events(events: &[Event]) -> Vec<String> {
    Names::of(events).tell(events)
}

/// What is left of a history that nothing explains once all is taken away that need not be there, and where an order of it ends.
fn shortest(events: &[Event], declared: Freshness) -> (Vec<Event>, Stuck) {
    let stuck = |events: &[Event]| match explain(events, declared) {
        Verdict::Unexplained(stuck) => Some(stuck),
        _ => None,
    };
    let mut shown = events.to_vec();
    shown.sort_by_key(|event| event.ended);
    // Up to a moment of silence: what came later has changed nothing before.
    for end in 1..shown.len() {
        let ends = shown[end - 1].ended;
        let is_silent =
            |event: &Event| event.began > ends && !matches!(event.op, Op::RunEnd { began, .. } if began < ends);
        if shown[end..].iter().all(is_silent) && stuck(&shown[..end]).is_some() {
            shown.truncate(end);
            break;
        }
    }
    // Whoever only looked may be left out.
    for index in (0..shown.len()).rev() {
        if event_matters(&shown, index) {
            continue;
        }
        let mut fewer = shown.clone();
        fewer.remove(index);
        if stuck(&fewer).is_some() {
            shown = fewer;
        }
    }
    let stuck = stuck(&shown).unwrap_or_default();
    (shown, stuck)
}

/// Whether others' answers may depend on an operation: it changed the list, or ended a run that fired what another run left.
fn event_matters(events: &[Event], index: usize) -> bool {
    let event = &events[index];
    match event.op {
        Op::RunEnd { began, .. } => events.iter().any(|other| {
            other.thread == event.thread
                && matches!(other.op, Op::Fire(..))
                && other.began >= began
                && other.ended < event.ended
        }),
        ref op => op.changes(),
    }
}

/// Short names for timers, and moments from 1 on.
struct Names {
    timers: Vec<TimerId>,
    moments: Vec<u64>,
}

impl Names {
    fn of(events: &[Event]) -> Self {
        let mut sorted: Vec<&Event> = events.iter().collect();
        sorted.sort_by_key(|event| event.began);
        let mut timers: Vec<TimerId> = Vec::new();
        for timer in sorted.iter().filter_map(|event| timer_of(&event.op)) {
            if !timers.contains(&timer) {
                timers.push(timer);
            }
        }
        let mut moments: Vec<u64> = events.iter().flat_map(|event| [event.began, event.ended]).collect();
        moments.sort_unstable();
        moments.dedup();
        Names { timers, moments }
    }

    fn of_timer(&self, timer: TimerId) -> String {
        match self.timers.iter().position(|&other| other == timer) {
            Some(number) => format!("timer {}", number + 1),
            None => "another timer".to_owned(),
        }
    }

    fn moment(&self, ticket: u64) -> usize {
        self.moments.partition_point(|&moment| moment < ticket) + 1
    }

    fn tell(&self, events: &[Event]) -> Vec<String> {
        let mut sorted: Vec<&Event> = events.iter().collect();
        sorted.sort_by_key(|event| event.ended);
        let line = |event: &&Event| {
            let within =
                event.within.map_or(String::new(), |timer| format!(", in the callback of {}", self.of_timer(timer)));
            format!(
                "moments {} to {}, thread {}{within}: {}",
                self.moment(event.began),
                self.moment(event.ended),
                event.thread,
                self.op(&event.op)
            )
        };
        sorted.iter().map(line).collect()
    }

    fn op(&self, op: &Op) -> String {
        let timer = |timer: TimerId| self.of_timer(timer);
        match *op {
            Op::Create(it) => format!("creates {}", timer(it)),
            Op::Free(it) => format!("frees {}", timer(it)),
            Op::Arm { timer: it, to, only_sooner, rearm } => {
                let verb = if only_sooner { "anticipates" } else { "modifies" };
                let told = if rearm { "a rearm" } else { "no rearm" };
                format!("{verb} {} to {} ns; answer: {told}", timer(it), to.0)
            }
            Op::Cancel(it, was_active) => {
                format!("cancels {}; answer: it was {}", timer(it), if was_active { "active" } else { "inactive" })
            }
            Op::Deadline(answer) => format!("asks for the deadline; answer: {}", at(answer)),
            Op::Expired(now, due) => {
                format!("asks whether the head is due at {} ns; answer: {}", now.0, if due { "yes" } else { "no" })
            }
            Op::Fire(it, now) => format!("runs the list at {} ns, which unlinks {} and calls back", now.0, timer(it)),
            Op::RunEnd { now, .. } => format!("ends its run at {} ns, with nothing more due by its account", now.0),
        }
    }

    /// What an operation should have been told after the longest order that explains the others.
    fn wanted(&self, event: &Event, stuck: &Stuck, declared: Freshness) -> String {
        let state = &stuck.state;
        let head = state.first();
        let truth = head.map(|&(deadline, _)| deadline);
        let right = match event.op {
            Op::Deadline(_) => format!("right is {}", at(truth)),
            Op::Expired(_, due) => format!("right is {}", if due { "no" } else { "yes" }),
            Op::Cancel(_, was_active) => format!("right is {}", if was_active { "inactive" } else { "active" }),
            Op::Arm { rearm, .. } => format!("right is {}", if rearm { "no rearm" } else { "a rearm" }),
            Op::Fire(_, now) | Op::RunEnd { now, .. } => match head.filter(|&&(deadline, _)| deadline <= now) {
                Some(&(deadline, timer)) => {
                    format!("right is to fire {}, due at {} ns", self.of_timer(timer), deadline.0)
                }
                None => "right is to fire nothing".to_owned(),
            },
            _ => return format!("thread {} {}", event.thread, self.op(&event.op)),
        };
        let excuse = match (&event.op, declared) {
            (Op::Deadline(_) | Op::Expired(..) | Op::RunEnd { .. }, Freshness::Notified) => {
                ", or early while a change is under way, or late while one that rearms is"
            }
            (Op::Deadline(_) | Op::Expired(..) | Op::RunEnd { .. }, Freshness::Racy) => ", no change being under way",
            _ => "",
        };
        format!("thread {} {}, where {right}{excuse}", event.thread, self.op(&event.op))
    }
}

fn timer_of(op: &Op) -> Option<TimerId> {
    match *op {
        Op::Create(timer) | Op::Free(timer) | Op::Cancel(timer, _) | Op::Fire(timer, _) | Op::Arm { timer, .. } => {
            Some(timer)
        }
        _ => None,
    }
}

fn at(deadline: Option<Nanos>) -> String {
    deadline.map_or("no timer".to_owned(), |deadline| format!("{} ns", deadline.0))
}
