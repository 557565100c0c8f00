//! Callbacks: what they may do to the list they are called from, and that they hold nothing while they do it.

use std::sync::mpsc;
use std::thread;

use super::trial::{Fault, Found, Probe, Trial, abort, right};
use super::words::told;
use crate::{Nanos, TimerId};

/// Runs the list at `now`, with `act` as the callback's part; the timers that fired, in order.
///
/// `act` gets the number of timers that fired before. More than `most` are too many: a list that fires for ever ends the
/// check.
fn run(
    list: &mut Probe<'_>,
    now: i64,
    most: usize,
    mut act: impl FnMut(&mut Probe<'_>, TimerId, usize) -> Found,
) -> Found<Vec<TimerId>> {
    let mut fired = Vec::new();
    let count = list.run(Nanos(now), |list, timer| {
        if let Err(fault) = act(list, timer, fired.len()) {
            abort(fault);
        }
        fired.push(timer);
        if fired.len() > most {
            abort(
                format!("a run at {now} ns fired {} and goes on; right are at most {most} timers", told(&fired)).into(),
            );
        }
    });
    right("count of fired timers that the run answered", count, fired.len())?;
    Ok(fired)
}

pub(super) fn fires_again(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b] = [100, 150].map(|deadline| list.armed(deadline));
        // a re-arms itself to before now, then to now, then to after it.
        let mut again = [50, 200, 201].into_iter();
        let fired = run(list, 200, 4, |list, timer, _| {
            if let Some(deadline) = (timer == a).then(|| again.next()).flatten() {
                let _ = list.modify(a, Nanos(deadline));
            }
            Ok(1)
        })?;
        right(
            "timers fired: a, re-armed to before now and so first again, then b, then a, re-armed to now",
            fired,
            vec![a, a, b, a],
        )?;
        right("deadline afterwards: a was last re-armed to after now", list.deadline(), Some(Nanos(201)))
    })
}

pub(super) fn callback_changes_others(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b, c, d, e, f] = [10, 20, 30, 40, 50, 900].map(|deadline| list.armed(deadline));
        let fired = run(list, 100, 4, |list, timer, _| {
            if timer == a {
                right("cancel, from a callback, of the timer due next", list.cancel(b), true)?;
                list.free(c);
                let _ = list.modify(d, Nanos(500));
                right(
                    "rearm, from a callback, of a timer that was not due, to the head",
                    list.anticipate(f, Nanos(45)).is_yes(),
                    true,
                )?;
                let created = list.create();
                right(
                    "rearm, from a callback, of a timer created in it",
                    list.modify(created, Nanos(60)).is_yes(),
                    false,
                )?;
            }
            Ok(1)
        })?;
        right("number of timers fired: a, f brought forward, e, and the created one", fired.len(), 4)?;
        right(
            "timers fired after the first callback cancelled b, freed c, postponed d and brought f forward",
            &fired[..3],
            &[a, f, e][..],
        )?;
        right("deadline afterwards: d was postponed to it", list.deadline(), Some(Nanos(500)))?;
        right("timers fired later", list.fired(Nanos(1000)), vec![d])
    })
}

pub(super) fn callback_changes_many(trial: &Trial) -> Found {
    // One by one, several at each deadline, and all at one: where the next one is known by its deadline, another may have the same.
    for at_once in [1, 7, DUE] {
        callbacks_change_many(trial, at_once as i64)?;
    }
    Ok(3)
}

/// Timers that are due.
const DUE: usize = 200;

fn callbacks_change_many(trial: &Trial, at_once: i64) -> Found {
    trial.on_fresh_list(|list| {
        let timers: Vec<TimerId> = (0..DUE as i64).map(|number| list.armed(number / at_once)).collect();
        let mut waiting: Vec<usize> = (0..DUE).collect();
        let mut right_order = Vec::new();
        let fired = run(list, 1_000, DUE, |list, timer, _| {
            right("timer fired, the first of those that wait", timer, timers[waiting[0]])?;
            right_order.push(timer);
            waiting.remove(0);
            // The next one, and one that is far behind it, in one of three ways.
            for behind in [0, 40] {
                if behind < waiting.len() {
                    let gone = timers[waiting.remove(behind)];
                    match right_order.len() % 3 {
                        0 => _ = list.cancel(gone),
                        1 => list.free(gone),
                        _ => _ = list.modify(gone, Nanos(5_000)),
                    }
                }
            }
            Ok(1)
        })?;
        right(
            format_args!("timers fired, {at_once} of each deadline, while each callback took two others away"),
            fired,
            right_order,
        )
    })
}

pub(super) fn callback_changes_itself(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b, c] = [10, 20, 30].map(|deadline| list.armed(deadline));
        let fired = run(list, 100, 3, |list, timer, _| {
            right("cancel, from a callback, of its own timer, which is inactive by then", list.cancel(timer), false)?;
            if timer == a {
                list.free(a);
            } else if timer == b {
                let _ = list.modify(b, Nanos(15));
                right("cancel, from a callback, of its own timer, armed anew by it", list.cancel(b), true)?;
            } else {
                let _ = list.anticipate(c, Nanos(5_000));
            }
            Ok(1)
        })?;
        right("timers fired while each changed itself", fired, vec![a, b, c])?;
        right("deadline afterwards: c armed itself anew", list.deadline(), Some(Nanos(5_000)))?;
        list.free(b);
        list.free(c);
        right("deadline after all were freed", list.deadline(), None)
    })
}

pub(super) fn callback_reads(trial: &Trial) -> Found {
    trial.on_fresh_list(|list| {
        let [a, b] = [10, 20].map(|deadline| list.armed(deadline));
        let fired = run(list, 100, 2, |list, timer, _| {
            let rest = (timer == a).then_some(Nanos(20));
            right("deadline in a callback: its own timer is no longer there", list.deadline(), rest)?;
            right("expired at 20 in a callback", list.expired(Nanos(20)), rest.is_some())?;
            right("expired at 19 in a callback", list.expired(Nanos(19)), false)
        })?;
        right("timers fired", fired, vec![a, b])
    })
}

/// What another thread does while a callback runs.
type Foreign = fn(&mut Probe<'_>, TimerId);

pub(super) fn callback_unlocked(trial: &Trial) -> Found {
    let operations: [(&str, Foreign); 7] = [
        ("deadline", |list, _| _ = list.deadline()),
        ("expired", |list, _| _ = list.expired(Nanos(5))),
        ("modify", |list, timer| _ = list.modify(timer, Nanos(700))),
        ("anticipate", |list, timer| _ = list.anticipate(timer, Nanos(600))),
        ("cancel", |list, timer| _ = list.cancel(timer)),
        ("run", |list, _| _ = list.run(Nanos(5), |_, _| ())),
        ("create and free", |list, _| {
            let timer = list.create();
            list.free(timer);
        }),
    ];
    for (name, operation) in operations {
        one_callback_unlocked(trial, name, operation)?;
    }
    Ok(operations.len() as u64)
}

pub(super) fn callbacks_beside_each_other(trial: &Trial) -> Found {
    let operations: [(&str, Foreign); 3] = [
        ("free", |list, timer| list.free(timer)),
        ("cancel", |list, timer| _ = list.cancel(timer)),
        ("modify", |list, timer| _ = list.modify(timer, Nanos(700))),
    ];
    for (name, operation) in operations {
        two_callbacks(trial, name, operation)?;
    }
    Ok(operations.len() as u64)
}

/// Two runs each call back the timer that the other one's callback then changes.
fn two_callbacks(trial: &Trial, name: &str, operation: Foreign) -> Found {
    let list = trial.list();
    let timers = trial.with_handle(&list, |list| [10, 20].map(|deadline| list.armed(deadline)));
    // Each callback tells the other that it has begun. Whoever waits in vain goes on: that nobody comes is another rule's business.
    let (first, first_begun) = mpsc::channel::<()>();
    let (second, second_begun) = mpsc::channel::<()>();
    let wait = |begun: &mpsc::Receiver<()>| _ = begun.recv_timeout(trial.effort.patience / 2);
    let fired = thread::scope(|scope| {
        let (list, wait) = (&list, &wait);
        let beside = scope.spawn(move || {
            wait(&first_begun);
            trial.with_handle(list, |list| {
                let mut fired = Vec::new();
                list.run(Nanos(20), |list, timer| {
                    fired.push(timer);
                    let _ = second.send(());
                    operation(list, timers[0]);
                });
                fired
            })
        });
        let mut fired = trial.with_handle(list, |list| {
            let mut fired = Vec::new();
            list.run(Nanos(10), |list, timer| {
                fired.push(timer);
                let _ = first.send(());
                wait(&second_begun);
                operation(list, timers[1]);
            });
            fired
        });
        fired.extend(beside.join().unwrap_or_default());
        fired
    });
    right(
        format_args!(
            "timers fired by two runs, each of whose callbacks calls {name} on the timer that the other one calls back"
        ),
        fired,
        timers.to_vec(),
    )
}

fn one_callback_unlocked(trial: &Trial, name: &str, operation: Foreign) -> Found {
    let list = trial.list();
    let (begin, begun) = mpsc::channel::<TimerId>();
    let (end, ended) = mpsc::channel();
    thread::scope(|scope| {
        let list = &list;
        scope.spawn(move || {
            trial.with_handle(list, |list| {
                if let Ok(timer) = begun.recv() {
                    operation(list, timer);
                    // The callback has stopped waiting if it ran out of patience.
                    let _ = end.send(());
                }
            });
        });
        trial.with_handle(list, |list| {
            let due = list.armed(10);
            let other = list.armed(800);
            let mut answered = true;
            list.run(Nanos(100), |_, timer| {
                if timer == due {
                    begin.send(other).expect("the other thread waits for it");
                    answered = ended.recv_timeout(trial.effort.patience).is_ok();
                }
            });
            drop(begin);
            if answered {
                Ok(1)
            } else {
                let what =
                    format!("{name} on another thread did not finish while a callback ran; callbacks hold no lock");
                Err(Fault::from(what))
            }
        })
    })
}
