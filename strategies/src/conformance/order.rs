//! The rules for one thread, one by one, each in the smallest case that shows it.

use super::trial::{Found, Probe, Trial, right};
use crate::{Nanos, Rearm, TimerId};

pub(super) fn empty_list(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        right("deadline of a new list", list.deadline(), None)?;
        right("expired at the end of time on a new list", list.expired(Nanos::MAX), false)?;
        right("timers fired by a run of a new list", list.fired(Nanos::MAX), vec![])?;
        list.create();
        right("deadline after a create: a new timer is inactive", list.deadline(), None)?;
        right("timers fired after a create: a new timer is inactive", list.fired(Nanos::MAX), vec![])
    })
}

/// All orders of four deadlines: the digits of each number below 4! choose among those left.
fn orders() -> impl Iterator<Item = [i64; 4]> {
    (0..24).map(|number| {
        let mut left = vec![100, 200, 300, 400];
        [number / 6, number / 2 % 3, number % 2, 0].map(|choice| left.remove(choice))
    })
}

pub(super) fn deadline_order(trial: &Trial) -> Found {
    for order in orders() {
        trial.on_fresh_list(|list| {
            let mut timers: Vec<_> = order.iter().map(|&deadline| (deadline, list.armed(deadline))).collect();
            timers.sort();
            right(format_args!("deadline, armed in the order {order:?}"), list.deadline(), Some(Nanos(100)))?;
            let right_order: Vec<_> = timers.iter().map(|&(_, timer)| timer).collect();
            let early = list.fired(Nanos(250));
            right(
                format_args!("timers fired by a run at 250 ns, armed in the order {order:?}"),
                &early[..],
                &right_order[..2],
            )?;
            right("deadline after that run", list.deadline(), Some(Nanos(300)))?;
            let late = list.fired(Nanos(400));
            right(
                format_args!("timers fired by a run at 400 ns, armed in the order {order:?}"),
                &late[..],
                &right_order[2..],
            )?;
            right("timers fired by a second run", list.fired(Nanos::MAX), vec![])
        })?;
    }
    Ok(24)
}

pub(super) fn fifo(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b, c, d] = [100, 100, 100, 100].map(|deadline| list.armed(deadline));
        // Armed anew at its own deadline, a timer goes behind those that were there before.
        let _ = list.modify(b, Nanos(100));
        list.cancel(a);
        let _ = list.modify(a, Nanos(100));
        right(
            "timers fired at one deadline: c, d, then b and a, which were armed again",
            list.fired(Nanos(100)),
            vec![c, d, b, a],
        )?;
        // Through other places in the queue, the order of arrival stays.
        let later = [c, d, b, a].map(|timer| (timer, list.modify(timer, Nanos(200))).0);
        let _ = list.modify(later[2], Nanos(50));
        let _ = list.modify(later[2], Nanos(200));
        let _ = list.anticipate(later[0], Nanos(200));
        let queue = vec![later[0], later[1], later[3], later[2]];
        right(
            "timers fired at one deadline, the third having left the queue and come back",
            list.fired(Nanos(200)),
            queue,
        )
    })
}

pub(super) fn clamp(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let first = list.armed(0);
        let [second, third] = [-1, i64::MIN].map(|deadline| list.armed(deadline));
        right("deadline of timers armed at 0, -1 and the earliest time", list.deadline(), Some(Nanos::ZERO))?;
        right("expired one nanosecond before the clock's start", list.expired(Nanos(-1)), false)?;
        right("timers fired one nanosecond before the clock's start", list.fired(Nanos(-1)), vec![])?;
        right(
            "anticipate of a timer at 0 to -5, which is 0 and so no sooner",
            list.anticipate(first, Nanos(-5)),
            Rearm::No,
        )?;
        right(
            "timers fired at 0: clamped deadlines are equal, so first-in first-out",
            list.fired(Nanos(0)),
            vec![first, second, third],
        )?;
        right("anticipate of an inactive timer to -5", list.anticipate(second, Nanos(-5)), Rearm::Yes)?;
        right("deadline after that", list.deadline(), Some(Nanos::ZERO))
    })
}

pub(super) fn due(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let timer = list.armed(1000);
        right("deadline of a timer armed at 1000", list.deadline(), Some(Nanos(1000)))?;
        right("expired at 999 with the head at 1000", list.expired(Nanos(999)), false)?;
        right("expired at 1000 with the head at 1000", list.expired(Nanos(1000)), true)?;
        right("expired at 1001 with the head at 1000", list.expired(Nanos(1001)), true)?;
        right("timers fired at 999 with the head at 1000", list.fired(Nanos(999)), vec![])?;
        right("timers fired at 1000 with the head at 1000", list.fired(Nanos(1000)), vec![timer])?;
        right("deadline after the timer has fired", list.deadline(), None)?;
        right("expired after the timer has fired", list.expired(Nanos::MAX), false)
    })
}

pub(super) fn latest_deadline(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let never = list.create();
        right("rearm of the only timer, at the latest time", list.modify(never, Nanos::MAX), Rearm::Yes)?;
        right("deadline with one timer at the latest time", list.deadline(), Some(Nanos::MAX))?;
        right("expired one nanosecond before the latest time", list.expired(Nanos(i64::MAX - 1)), false)?;
        right("expired at the latest time", list.expired(Nanos::MAX), true)?;
        right("rearm of a timer before it", list.anticipate(never, Nanos(i64::MAX - 1)), Rearm::Yes)?;
        right("rearm back to the latest time, still the head", list.modify(never, Nanos::MAX), Rearm::Yes)?;
        right("timers fired at the latest time", list.fired(Nanos::MAX), vec![never])
    })
}

pub(super) fn rearm(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b] = [list.create(), list.create()];
        right("rearm of the first timer", list.modify(a, Nanos(100)), Rearm::Yes)?;
        right("rearm of a second one behind it", list.modify(b, Nanos(200)), Rearm::No)?;
        right("rearm of the head to a sooner time", list.modify(a, Nanos(50)), Rearm::Yes)?;
        right("rearm of the head to a later time, still the head", list.modify(a, Nanos(150)), Rearm::Yes)?;
        right("rearm of the head to its own deadline", list.modify(a, Nanos(150)), Rearm::Yes)?;
        right(
            "rearm of the second to the head's deadline: it stands behind",
            list.modify(b, Nanos(150)),
            Rearm::No,
        )?;
        right("rearm of the head to its own deadline, behind another there", list.modify(a, Nanos(150)), Rearm::No)?;
        right("rearm of the head to a later time, behind the second", list.modify(b, Nanos(300)), Rearm::No)?;
        right("deadline then: the other timer is the head", list.deadline(), Some(Nanos(150)))?;
        right("rearm of the second to before the head", list.modify(b, Nanos(149)), Rearm::Yes)?;
        list.cancel(b);
        right(
            "rearm of the timer that a cancel left as the head, to a later time",
            list.modify(a, Nanos(400)),
            Rearm::Yes,
        )
    })
}

pub(super) fn anticipate(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b] = [list.create(), list.create()];
        right("rearm of an inactive timer on an empty list", list.anticipate(a, Nanos(100)), Rearm::Yes)?;
        right("rearm of an inactive timer behind the head", list.anticipate(b, Nanos(200)), Rearm::No)?;
        right("rearm of a timer to a later time: nothing changes", list.anticipate(a, Nanos(150)), Rearm::No)?;
        right("deadline after that: anticipate never postpones", list.deadline(), Some(Nanos(100)))?;
        right("rearm of a timer to its own deadline: nothing changes", list.anticipate(a, Nanos(100)), Rearm::No)?;
        right("rearm of the second to a sooner time behind the head", list.anticipate(b, Nanos(120)), Rearm::No)?;
        right("rearm of the second to before the head", list.anticipate(b, Nanos(80)), Rearm::Yes)?;
        right("deadline after that", list.deadline(), Some(Nanos(80)))?;
        right("rearm of the head to a sooner time", list.anticipate(b, Nanos(70)), Rearm::Yes)?;
        right("timers fired at 100", list.fired(Nanos(100)), vec![b, a])?;
        right("rearm of a timer that has fired, to later than it was", list.anticipate(a, Nanos(500)), Rearm::Yes)
    })
}

pub(super) fn cancel(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b, c] = [100, 200, 300].map(|deadline| list.armed(deadline));
        right("cancel of an active timer that is not the head", list.cancel(b), true)?;
        right("cancel of a timer that is cancelled already", list.cancel(b), false)?;
        right("deadline after a cancel behind the head", list.deadline(), Some(Nanos(100)))?;
        right("cancel of the head", list.cancel(a), true)?;
        right("deadline after the head was cancelled", list.deadline(), Some(Nanos(300)))?;
        right("expired at 100 after the timer due then was cancelled", list.expired(Nanos(100)), false)?;
        right("timers fired at 300, two of three being cancelled", list.fired(Nanos(300)), vec![c])?;
        right("cancel of a timer that has fired", list.cancel(c), false)?;
        let created = list.create();
        right("cancel of a timer that was never armed", list.cancel(created), false)?;
        right("rearm of a cancelled timer on an empty list", list.modify(a, Nanos(50)), Rearm::Yes)?;
        right("cancel of the only timer", list.cancel(a), true)?;
        right("deadline after the only timer was cancelled", list.deadline(), None)
    })
}

pub(super) fn free(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b] = [100, 200].map(|deadline| list.armed(deadline));
        let idle = list.create();
        list.free(idle);
        right("deadline after an inactive timer was freed", list.deadline(), Some(Nanos(100)))?;
        list.free(a);
        right("deadline after the head was freed", list.deadline(), Some(Nanos(200)))?;
        right("timers fired at 200, the first of two being freed", list.fired(Nanos(200)), vec![b])?;
        list.free(b);
        let fresh = list.create();
        right("deadline of a list whose timers are freed, with a new one", list.deadline(), None)?;
        right("rearm of the new timer", list.modify(fresh, Nanos(7)), Rearm::Yes)?;
        list.free(fresh);
        right("deadline after the only timer was freed", list.deadline(), None)?;
        right("timers fired after the only timer was freed", list.fired(Nanos::MAX), vec![])
    })
}

pub(super) fn stale_names(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let mut names = std::collections::HashSet::new();
        let mut stale = list.armed(5);
        list.free(stale);
        for round in 0..1000 {
            // Before another timer may have its place, and after.
            inert(list, stale, None)?;
            let fresh = list.create();
            right(
                format_args!("whether the timer created in round {round} has a new name"),
                names.insert(fresh),
                true,
            )?;
            right("whether a name is given out again", fresh == stale, false)?;
            let _ = list.modify(fresh, Nanos(1000));
            inert(list, stale, Some(Nanos(1000)))?;
            list.free(fresh);
            stale = fresh;
        }
        Ok(1000)
    })
}

/// Tries everything on a freed timer; the head stays.
fn inert(list: &mut Probe<'_>, stale: TimerId, head: Option<Nanos>) -> Found {
    right("rearm of a freed timer that is modified", list.modify(stale, Nanos(10)), Rearm::No)?;
    right("deadline after a freed timer was modified", list.deadline(), head)?;
    right("rearm of a freed timer that is anticipated", list.anticipate(stale, Nanos(10)), Rearm::No)?;
    right("timers fired once a freed timer was modified and anticipated", list.fired(Nanos(10)), vec![])?;
    right("cancel of a freed timer", list.cancel(stale), false)?;
    list.free(stale);
    right("deadline after all that was tried on a freed timer", list.deadline(), head)
}

pub(super) fn growth(trial: &Trial) -> Found {
    let count = u64::from(trial.effort.timers);
    trial.on_fresh_list(|list| {
        // A multiplier with no factor in common with the count visits every deadline once, far from sorted.
        let deadlines = (0..count).map(|index| (index * 61_803 % count) as i64);
        let mut timers: Vec<_> = deadlines.map(|deadline| (deadline, list.armed(deadline))).collect();
        timers.sort();
        right(
            format_args!("deadline of a list of {count}"),
            list.deadline(),
            timers.first().map(|&(first, _)| Nanos(first)),
        )?;
        for &(deadline, timer) in timers.iter().filter(|(deadline, _)| deadline % 3 == 0) {
            right(format_args!("cancel of the timer at {deadline}"), list.cancel(timer), true)?;
        }
        timers.retain(|&(deadline, _)| deadline % 3 != 0);
        let in_order: Vec<_> = timers.into_iter().map(|(_, timer)| timer).collect();
        right("whether the rest fires in order", list.fired(Nanos::MAX) == in_order, true)?;
        Ok(count)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn all_orders_are_different() {
        assert_eq!(orders().collect::<HashSet<_>>().len(), 24);
    }
}
