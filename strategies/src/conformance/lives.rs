//! Long lives: what is counted in 16 bits, a generation, a version, a number of arrival, begins anew within each of these.

use std::collections::HashSet;

use super::trial::{Found, Trial, right};
use crate::{Nanos, Rearm};

/// More than 16 bits count.
const LIVES: u64 = 0x1_0000 + 3_000;

pub(super) fn long_lives(trial: &Trial) -> Found {
    arrivals(trial)?;
    generations(trial)?;
    firings(trial)?;
    postponements(trial)?;
    Ok(4 * LIVES)
}

/// One run fires more timers than 16 bits count, the callback arming its own again.
fn firings(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        list.armed(10);
        let mut called = 0;
        let counted = list.run(Nanos(10), |list, timer| {
            called += 1;
            if called < LIVES {
                let _ = list.modify(timer, Nanos(10));
            }
        });
        right("timers called back by a run whose callback armed its own again", called, LIVES)?;
        right("timers fired by the answer of that run", counted as u64, LIVES)
    })
}

/// A timer behind the head is put off again and again, later each time, and then time comes to where it was armed first. Whatever tells its
/// places apart may have come round: about each small power of two, and at the larger ones.
fn postponements(trial: &Trial) -> Found {
    const FAR: i64 = 1_000;
    let near = (0..=10).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]);
    trial.on_fresh_list(|list| {
        let [head, timer] = [(); 2].map(|()| list.create());
        let mut start = 0;
        let far = (11..=16).map(|power| (1 << power, false));
        for (times, by_cancel) in near.flat_map(|times| [(times, true), (times, false)]).chain(far) {
            let _ = list.modify(head, Nanos(start + 10));
            let _ = list.modify(timer, Nanos(start + 50));
            for turn in 1..=times {
                if by_cancel {
                    list.cancel(timer);
                }
                let _ = list.modify(timer, Nanos(start + FAR + turn));
            }
            let due = if times == 0 { vec![head, timer] } else { vec![head] };
            right(
                format_args!(
                    "timers fired at {} ns: the head, and not one that was put off {times} times from there to {} ns and later",
                    start + 50,
                    start + FAR + 1
                ),
                list.fired(Nanos(start + 50)),
                due,
            )?;
            right(
                format_args!("deadline after a timer was put off {times} times and the head has fired"),
                list.deadline(),
                (times > 0).then_some(Nanos(start + FAR + times)),
            )?;
            start += FAR + times;
        }
        Ok(LIVES)
    })
}

/// A handle looks after every number of changes up to a few hundred, and after powers of two: whatever it keeps of the head from its
/// last look is known by a count of changes, which may have come round.
pub(super) fn idle_handles(trial: &Trial) -> Found {
    let list = trial.list();
    trial.with_handle(&list, |busy| {
        trial.with_handle(&list, |idle| {
            let timer = busy.armed(1);
            let mut deadline = 1;
            for changes in (1..=300).chain((9..=16).map(|power| 1 << power)) {
                for _ in 0..changes {
                    deadline += 1;
                    let _ = busy.modify(timer, Nanos(deadline));
                }
                right(
                    format_args!("deadline by a handle that was idle for {changes} changes of the head"),
                    idle.deadline(),
                    Some(Nanos(deadline)),
                )?;
                busy.quiescent();
                idle.quiescent();
            }
            Ok(LIVES)
        })
    })
}

/// Arms a few timers at one deadline again and again; whatever fires must be in order of arrival.
fn arrivals(trial: &Trial) -> Found {
    const SOON: i64 = 100;
    const LATE: i64 = 900;
    trial.on_fresh_list(|list| {
        let timers = [(); 5].map(|()| list.create());
        let mut late = vec![list.armed(LATE)];
        let mut queue = Vec::new();
        for arming in 0..LIVES {
            let timer = timers[(arming * 3 % 5) as usize];
            queue.retain(|&other| other != timer);
            queue.push(timer);
            right(
                format_args!("rearm of a timer that joins {} of its deadline, arming {arming}", queue.len() - 1),
                list.modify(timer, Nanos(SOON)),
                Rearm::when(queue.len() == 1),
            )?;
            right(format_args!("deadline after arming {arming}"), list.deadline(), Some(Nanos(SOON)))?;
            // Groups of different lengths, so that wherever a count begins anew, timers of both ages are waiting somewhere.
            if arming % 18 == 4 || arming % 18 == 10 || arming % 18 == 17 {
                right(
                    format_args!("timers fired after arming {arming}, of one deadline and so in order of arrival"),
                    list.fired(Nanos(SOON)),
                    std::mem::take(&mut queue),
                )?;
            }
            if arming % 10_000 == 9_999 {
                late.push(list.armed(LATE));
            }
        }
        queue.extend(late);
        right("timers fired at last, those of each deadline in order of arrival", list.fired(Nanos(LATE)), queue)
    })
}

/// Creates, arms, and frees one timer after the other, beside one that stays.
fn generations(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let keeper = list.armed(1_000);
        for life in 0..LIVES {
            let timer = list.create();
            right(format_args!("whether timer {life} has the name of one that is there"), timer == keeper, false)?;
            right(
                format_args!("rearm of timer {life}, armed before the one that stays"),
                list.modify(timer, Nanos(10)),
                Rearm::Yes,
            )?;
            right(format_args!("deadline with timer {life} armed"), list.deadline(), Some(Nanos(10)))?;
            match life % 3 {
                0 => right(format_args!("timers fired with timer {life} due"), list.fired(Nanos(10)), vec![timer])?,
                1 => right(format_args!("cancel of timer {life}, which is active"), list.cancel(timer), true)?,
                _ => 1,
            };
            list.free(timer);
            right(format_args!("deadline with timer {life} freed"), list.deadline(), Some(Nanos(1_000)))?;
            list.quiescent();
        }
        right("timers fired at last: the one that stayed", list.fired(Nanos(1_000)), vec![keeper])
    })
}

pub(super) fn names_last(trial: &Trial) -> Found {
    names_by_number(trial)?;
    trial.on_fresh_list(|list| {
        let mut names = HashSet::new();
        let first = list.create();
        names.insert(first);
        list.free(first);
        let mut last = first;
        for life in 1..LIVES {
            let timer = list.create();
            right(format_args!("whether timer {life} has a new name"), names.insert(timer), true)?;
            let _ = list.modify(timer, Nanos(10));
            for (stale, age) in [(first, life), (last, 1)] {
                right(
                    format_args!("cancel of a timer freed {age} timers ago, while timer {life} is active"),
                    list.cancel(stale),
                    false,
                )?;
                list.free(stale);
                right(
                    format_args!(
                        "deadline with timer {life} armed, after one freed {age} timers ago was cancelled and freed"
                    ),
                    list.deadline(),
                    Some(Nanos(10)),
                )?;
            }
            list.free(timer);
            right(format_args!("deadline with timer {life} freed"), list.deadline(), None)?;
            list.quiescent();
            last = timer;
        }
        Ok(LIVES)
    })
}

/// Timers that live for nothing but their names, one at a time, so that they come by the million.
fn names_by_number(trial: &Trial) -> Found {
    // A few, since a count may begin anew with another number than its first.
    const EARLY: usize = 4;
    trial.on_fresh_list(|list| {
        let mut early = Vec::with_capacity(EARLY);
        for life in 0..trial.effort.names {
            let timer = list.create();
            if early.contains(&timer) {
                let what = format_args!("whether timer {life} has the name of one freed long before");
                return right(what, true, false);
            }
            if early.len() < EARLY {
                early.push(timer);
            }
            list.free(timer);
            if life % 64 == 0 {
                list.quiescent();
            }
        }
        Ok(u64::from(trial.effort.names))
    })
}
