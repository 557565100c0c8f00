//! Handles and lists beside each other on one thread, and after each other: none knows of another's but what the list says.

use std::collections::HashSet;

use super::trial::{Found, Trial, right};
use crate::{Nanos, Rearm};

/// Two lists are told the same number of changes, and one after the other as many again: whatever is kept outside of a list, in the thread
/// or the process, is there for the wrong one.
pub(super) fn lists_apart(trial: &Trial) -> Found {
    const ROUNDS: i64 = 300;
    let [this, that] = [trial.list(), trial.list()];
    trial.with_handle(&this, |this| {
        trial.with_handle(&that, |that| {
            let timers = [this.create(), that.create()];
            for round in 1..=ROUNDS {
                let deadlines = [2 * round, 2 * round + 1].map(Nanos);
                let _ = this.modify(timers[0], deadlines[0]);
                let _ = that.modify(timers[1], deadlines[1]);
                for turn in 0..3 {
                    let (mut list, own, other) = match turn % 2 {
                        0 => (this.reborrow(), deadlines[0], deadlines[1]),
                        _ => (that.reborrow(), deadlines[1], deadlines[0]),
                    };
                    right(
                        format_args!(
                            "deadline of a list armed at {own:?}, asked after another list, armed at {other:?}"
                        ),
                        list.deadline(),
                        Some(own),
                    )?;
                    right(
                        format_args!(
                            "expired at {:?} of a list armed at {own:?}, asked beside another list",
                            deadlines[0]
                        ),
                        list.expired(deadlines[0]),
                        own <= deadlines[0],
                    )?;
                }
                this.quiescent();
                that.quiescent();
            }
            right("cancel of a timer of one list", this.cancel(timers[0]), true)?;
            right("timers fired by another list afterwards", that.fired(Nanos::MAX), vec![timers[1]])?;
            right("timers fired by the first", this.fired(Nanos::MAX), vec![])
        })
    })?;
    for life in 1..=ROUNDS {
        trial.on_fresh_list(|list| {
            right("deadline of a new list, after others of the thread have ended", list.deadline(), None)?;
            let timer = list.armed(life);
            right(
                "deadline of a list with one timer, after others of the thread have ended",
                list.deadline(),
                Some(Nanos(life)),
            )?;
            right("timers fired by it", list.fired(Nanos(life)), vec![timer])
        })?;
    }
    Ok(2 * ROUNDS as u64)
}

/// Handles come and go, on one thread, and what each has made stays for the others.
pub(super) fn handles_end(trial: &Trial) -> Found {
    // Names, slots and nodes may be handed out to a handle by the block: less than one, a whole one, and more.
    const MADE: [usize; 12] = [1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 65, 130];
    let list = trial.list();
    let mut queue = Vec::new();
    let mut names = HashSet::new();
    let mut deadline = 0;
    for made in MADE.into_iter().chain(MADE.into_iter().rev()) {
        trial.with_handle(&list, |list| {
            for number in 0..made {
                deadline += 1;
                let timer = list.create();
                right(
                    format_args!(
                        "whether the name of timer {number} of a handle is the name of no other timer, though {} handles have ended",
                        trial.handles_made() - 1
                    ),
                    names.insert(timer),
                    true,
                )?;
                right(
                    format_args!("rearm of a timer armed behind {} others", queue.len()),
                    list.modify(timer, Nanos(deadline)).is_yes(),
                    queue.is_empty(),
                )?;
                queue.push((Nanos(deadline), timer));
            }
            // What this handle made last, and what one that has ended made first.
            for gone in [queue.pop(), (!queue.is_empty()).then(|| queue.remove(0))].into_iter().flatten() {
                list.free(gone.1);
                names.remove(&gone.1);
            }
            let head = queue.first().map(|&(deadline, _)| deadline);
            right("deadline after timers of this handle and of an ended one were freed", list.deadline(), head)?;
            list.quiescent();
            Found::Ok(1)
        })?;
    }
    let right_order: Vec<_> = queue.into_iter().map(|(_, timer)| timer).collect();
    let fired = trial.with_handle(&list, |list| list.fired(Nanos::MAX));
    right("timers fired that handles made which have ended since", fired, right_order)
}

/// One handle makes the list longer, timer by timer; the other goes on with a timer that was there before. Neither may miss what the other
/// does to it, wherever the list moved to as it grew.
pub(super) fn grown_by_another(trial: &Trial) -> Found {
    const MOST: i64 = 300;
    let list = trial.list();
    trial.with_handle(&list, |grower| {
        trial.with_handle(&list, |other| {
            let timer = other.armed(1);
            for size in 2..=MOST {
                grower.create();
                let at = |after| Nanos(10 * size + after);
                let told = |what: &str| format!("{what}, the list having grown to {size} timers by one of two handles");
                right(told("cancel by the other handle"), other.cancel(timer), true)?;
                right(told("anticipate of that timer by the first"), grower.anticipate(timer, at(0)), Rearm::Yes)?;
                right(told("deadline for the other"), other.deadline(), Some(at(0)))?;
                right(told("modify by the other"), other.modify(timer, at(9)), Rearm::Yes)?;
                right(told("anticipate to a sooner time by the first"), grower.anticipate(timer, at(5)), Rearm::Yes)?;
                right(told("anticipate to a later time by the other"), other.anticipate(timer, at(7)), Rearm::No)?;
                right(told("timers fired by the first"), grower.fired(at(5)), vec![timer])?;
                right(told("anticipate by the other, once fired"), other.anticipate(timer, at(9)), Rearm::Yes)?;
                grower.quiescent();
                other.quiescent();
            }
            Ok(MOST as u64)
        })
    })
}
