//! What a list counts about itself.

use super::subject::List;
use super::trial::{Found, Probe, Trial, right};
use crate::{Counts, Nanos, ReaderCost, TimerId};

/// The same few operations for every list.
fn busy(list: &mut Probe<'_>) {
    let [a, b] = [100, 200].map(|deadline| list.armed(deadline));
    list.deadline();
    list.expired(Nanos(150));
    list.fired(Nanos(150));
    list.cancel(a);
    let _ = list.anticipate(b, Nanos(50));
    list.free(b);
    list.free(a);
    list.quiescent();
}

pub(super) fn counts_add_up(trial: &Trial) -> Found {
    right("counts of a new list", trial.list().counts(), Counts::default())?;
    let [first, second] = [1, 2].map(|times| {
        let list = trial.list();
        for _ in 0..times {
            trial.with_handle(&list, |list| {
                busy(list);
            });
        }
        list.counts()
    });
    right(
        "lock acquisitions of the same operations done twice",
        second.lock.acquisitions,
        first.lock.acquisitions * 2,
    )?;
    right("retired nodes of two frees", first.retired.min(2), first.retired)?;
    right("retired nodes of the same operations done twice", second.retired, first.retired * 2)?;
    right("contended acquisitions on one thread", second.lock.contended, 0)?;
    right("time waited for a lock on one thread", second.lock.wait_ns, 0)?;
    right("reads that had to start over on one thread", second.retries, 0)
}

/// Lock acquisitions that `act` causes.
fn cost(trial: &Trial, list: &List, act: impl FnOnce(&mut Probe<'_>)) -> u64 {
    let before = list.counts().lock.acquisitions;
    trial.with_handle(list, act);
    list.counts().lock.acquisitions - before
}

pub(super) fn lock_counts(trial: &Trial) -> Found {
    let list = trial.list();
    let mut timer = TimerId::from_raw(0);
    right("lock acquisitions of create", cost(trial, &list, |list| timer = list.create()), 0)?;
    let once = |name, taken| right(format_args!("lock acquisitions of {name}"), taken, 1);
    once("modify", cost(trial, &list, |list| _ = list.modify(timer, Nanos(100))))?;
    once("modify of an active timer", cost(trial, &list, |list| _ = list.modify(timer, Nanos(200))))?;
    once("anticipate that changes nothing", cost(trial, &list, |list| _ = list.anticipate(timer, Nanos(300))))?;
    once("anticipate to a sooner time", cost(trial, &list, |list| _ = list.anticipate(timer, Nanos(150))))?;

    let read = u64::from(trial.subject.strategy.reader == ReaderCost::Lock);
    right("lock acquisitions of deadline", cost(trial, &list, |list| _ = list.deadline()), read)?;
    right("lock acquisitions of expired", cost(trial, &list, |list| _ = list.expired(Nanos(9))), read)?;
    right(
        "lock acquisitions of a run with nothing due",
        cost(trial, &list, |list| _ = list.fired(Nanos(9))),
        read,
    )?;
    // The run that fires a timer looks before and after, where a look may take a lock of the readers' own.
    let mut fired = Vec::new();
    let taken = cost(trial, &list, |list| fired = list.fired(Nanos(150)));
    right("timers fired at 150", fired, vec![timer])?;
    let few = (1..=1 + 2 * read).contains(&taken);
    right(
        format_args!("whether {taken} lock acquisitions are one, and two reads' at most, for a run that fires one"),
        few,
        true,
    )?;

    once("cancel of an inactive timer", cost(trial, &list, |list| _ = list.cancel(timer)))?;
    once("free", cost(trial, &list, |list| list.free(timer)))?;

    // Nothing is lost in the counts of several threads, readers included, once their handles are dropped.
    let timers = trial.with_handle(&list, |list| [(); 2].map(|()| list.armed(7)));
    let rounds = trial.effort.rounds;
    let before = list.counts().lock.acquisitions;
    trial.threads(timers.len(), |index| {
        trial.with_handle(&list, |list| {
            for _ in 0..rounds {
                let _ = list.modify(timers[index], Nanos(7));
                list.deadline();
            }
        });
        Ok(rounds)
    })?;
    let taken = list.counts().lock.acquisitions - before;
    let right_count = rounds * 2 * (1 + read);
    right(
        format_args!("lock acquisitions of two threads' {rounds} modifies and deadlines each"),
        taken,
        right_count,
    )?;
    Ok(rounds)
}
