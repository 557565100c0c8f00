//! The same answers whatever the size, and whichever of two handles is asked: random changes held against a sorted list, then everything
//! fires, many in one run.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::trial::{Found, Probe, Trial, right};
use crate::{Nanos, Rearm, TimerId};

/// Sizes: where structures have one element, a few, a node's worth, and several.
const SIZES: [usize; 7] = [1, 2, 10, 65, 130, 300, 1_000];

pub(super) fn sizes(trial: &Trial) -> Found {
    let mut tried = 0;
    for size in SIZES {
        let list = trial.list();
        tried += trial.with_handle(&list, |first| {
            trial.with_handle(&list, |second| {
                let rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed.wrapping_add(size as u64));
                let handles = [first.reborrow(), second.reborrow()];
                Sized { size, handles, rng, queue: Vec::new() }.play()
            })
        })?;
    }
    Ok(tried)
}

/// A list of so many timers and what must be in it, in the order in which it fires.
struct Sized<'p> {
    size: usize,
    handles: [Probe<'p>; 2],
    rng: Xoshiro256PlusPlus,
    queue: Vec<(i64, TimerId)>,
}

impl<'p> Sized<'p> {
    /// One of the handles: what one has made and changed, the other must find.
    fn list(&mut self) -> &mut Probe<'p> {
        &mut self.handles[self.rng.random_range(0..2)]
    }

    fn play(mut self) -> Found {
        let timers: Vec<TimerId> = (0..self.size).map(|_| self.list().create()).collect();
        for &timer in &timers {
            self.arm(timer, false)?;
        }
        let turns = (2 * self.size).clamp(60, 600) as u64;
        for _ in 0..turns {
            let timer = timers[self.rng.random_range(0..self.size)];
            match self.rng.random_range(0..16) {
                0 | 1 => self.cancel(timer)?,
                2..=5 => self.arm(timer, true)?,
                6 => self.fire_few()?,
                _ => self.arm(timer, false)?,
            };
        }
        // From the head on, as nothing random does, until whole parts of a structure are empty.
        for _ in 0..self.queue.len() / 2 {
            if let Some(&(_, head)) = self.queue.first() {
                self.cancel(head)?;
            }
        }
        // A part, and then the rest: what a run leaves is as much in order as what it takes.
        let middle = self.queue.get(self.queue.len() / 3).map_or(0, |&(deadline, _)| deadline);
        self.fire(middle)?;
        self.fire(i64::MAX)?;
        Ok(turns)
    }

    fn arm(&mut self, timer: TimerId, only_sooner: bool) -> Found {
        let size = self.size;
        // Fewer deadlines than timers: most are shared.
        let deadline = 10 + self.rng.random_range(0..size as i64 / 3 + 2);
        let present = self.queue.iter().position(|&(_, other)| other == timer);
        let from = present.map(|at| self.queue[at].0);
        let from_where = from.map_or("where it was inactive".to_owned(), |from| format!("{from} ns"));
        if only_sooner && from.is_some_and(|from| from <= deadline) {
            let got = self.list().anticipate(timer, Nanos(deadline));
            return right(format_args!("rearm of an anticipate to no sooner, {size} timers"), got, Rearm::No);
        }
        present.map(|at| self.queue.remove(at));
        let place = self.queue.partition_point(|&(other, _)| other <= deadline);
        self.queue.insert(place, (deadline, timer));
        let got = match only_sooner {
            true => self.list().anticipate(timer, Nanos(deadline)),
            false => self.list().modify(timer, Nanos(deadline)),
        };
        let among = self.queue.len();
        right(
            format_args!("rearm of a timer moved from {from_where} to {deadline} ns, place {place} of {among}"),
            got,
            Rearm::when(place == 0),
        )?;
        self.look(format_args!("after a timer moved from {from_where} to {deadline} ns, place {place} of {among}"))
    }

    fn cancel(&mut self, timer: TimerId) -> Found {
        let present = self.queue.iter().position(|&(_, other)| other == timer);
        present.map(|at| self.queue.remove(at));
        let place = present.map_or("an inactive timer".to_owned(), |at| format!("place {at}"));
        let among = self.queue.len();
        right(
            format_args!("cancel of {place} before {among} others"),
            self.list().cancel(timer),
            present.is_some(),
        )?;
        self.look(format_args!("after the cancel of {place} before {among} others"))
    }

    fn fire(&mut self, now: i64) -> Found {
        let due = self.queue.partition_point(|&(deadline, _)| deadline <= now);
        let queue: Vec<TimerId> = self.queue.drain(..due).map(|(_, timer)| timer).collect();
        let mut fired = Vec::new();
        let counted = self.list().run(Nanos(now), |_, timer| fired.push(timer));
        right(format_args!("number of timers fired at {now} ns with {due} due"), fired.len(), due)?;
        right(format_args!("timers fired by the answer of a run that fired {due}"), counted, due)?;
        if let Some(place) = fired.iter().zip(&queue).position(|(fired, queued)| fired != queued) {
            return Err(format!("of {due} timers fired at {now} ns, number {} is out of order", place + 1).into());
        }
        self.look(format_args!("after {due} fired at {now} ns"))
    }

    /// Fires some of the first, and arms them again: what is out of order by now must not have to wait for the end, where it may be
    /// in order once more.
    fn fire_few(&mut self) -> Found {
        let few = self.rng.random_range(0..12);
        let Some(&(now, _)) = self.queue.get(few).or(self.queue.last()) else {
            return Ok(1);
        };
        let due: Vec<TimerId> =
            self.queue.iter().take_while(|&&(deadline, _)| deadline <= now).map(|&(_, timer)| timer).collect();
        self.fire(now)?;
        for timer in due {
            self.arm(timer, false)?;
        }
        Ok(1)
    }

    fn look(&mut self, when: std::fmt::Arguments<'_>) -> Found {
        let head = self.queue.first().map(|&(deadline, _)| Nanos(deadline));
        right(format_args!("deadline {when}"), self.list().deadline(), head)
    }
}
