//! Duels: two threads do one operation each at the same moment, on three timers. In the silence after it both look, and one of them cancels
//! or fires what is left: what a list keeps of a timer besides what it shows is seen by that alone. What a duel leaves behind is wrong for
//! good or not at all, so it needs no record of who came first, and a second has hundreds of thousands of them: windows of a few
//! instructions are met by number. Half of the duels hold the lock for so long that whoever waits for it falls asleep: whoever gives
//! the lock back then has to wake the other, and what lies before the lock and after it is no window of a few instructions any more.
//!
//! A duel is drawn, armed by one of the threads in silence, and played some dozens of times, each thread a little later or sooner than the
//! other. What a duel came to, its answers and what both saw afterwards, is judged as any other history is, once for each
//! outcome that differs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use headlock_strategies::conformance::subject::List;
use headlock_strategies::conformance::trial::{Found, Probe, Trial, right};
use headlock_strategies::conformance::words::told;
use headlock_strategies::{Config, Nanos, TimerId, spin};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::barrier::Barrier;
use super::event::{Event, Op};
use super::player::{Tally, judged};
use crate::harness::clock::Moment;

/// Duels of a pass at most, and the time after which no more begin, ns. On a machine that has no processor for each of the two, every
/// step of a duel waits for the scheduler.
const DUELS: u64 = 10_000;
const ENOUGH_NS: u64 = 250_000_000;
/// Turns of an empty loop for which the lock is held in every other pass of duels.
pub const HOLD_SPINS: u32 = 10_000;
/// Times that one is played, and where the lock is held for long, so that the two are sure to meet at it.
const TIMES: u64 = 32;
const TIMES_HELD: u64 = 4;
/// One timer of each thread, and one that is nobody's.
const TIMERS: usize = 3;
const SHARED: usize = 2;
/// Deadlines of a duel, of which several timers may have the same.
const SPOTS: i64 = 8;
/// Duels do not share deadlines, so that an answer left over from an earlier one is not taken for true.
const DUEL: i64 = 100;
/// The most turns of an empty loop that a thread waits longer than the other: an operation's time.
const APART: u32 = 300;

/// An operation to be done. Timers are named by number, deadlines and times by spot.
#[derive(Clone, Copy, Debug)]
enum Move {
    Modify(usize, i64),
    Anticipate(usize, i64),
    Cancel(usize),
    Free,
    Run(i64),
    Poll,
}

/// What is to be played.
struct Duel {
    /// The spots that timers are armed at beforehand.
    start: [Option<i64>; TIMERS],
    moves: [Move; 2],
}

/// What it came to, timers and times as in [`Move`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Outcome {
    start: Vec<Op>,
    moves: [Vec<Op>; 2],
    looks: [Op; 2],
    /// What the first one then took away.
    rest: Vec<Op>,
}

/// What one thread did and saw.
type Told = (Vec<Op>, Op);

impl Duel {
    /// Draws one. Two threads that free one timer do so only where a freed timer's name is harmless.
    fn draw(rng: &mut Xoshiro256PlusPlus, inert: bool) -> Self {
        let start = [(); TIMERS].map(|()| rng.random_bool(0.7).then(|| rng.random_range(1..=SPOTS)));
        let mut moves = [0, 1].map(|me| Move::draw(rng, me));
        // Often enough both are at the same: two that run the list, or change one timer.
        if rng.random_bool(0.25) {
            moves[1] = match moves[0] {
                Move::Modify(0, to) => Move::Modify(1, to),
                Move::Cancel(0) => Move::Cancel(1),
                same => same,
            };
        }
        for me in [0, 1] {
            let other = 1 - me;
            // No list says what becomes of a change that comes beside a free of its timer.
            let is_beside = match moves[other] {
                Move::Modify(timer, _) | Move::Anticipate(timer, _) | Move::Cancel(timer) => timer == SHARED,
                Move::Free => !inert,
                Move::Run(_) | Move::Poll => false,
            };
            if matches!(moves[me], Move::Free) && is_beside {
                moves[other] = if inert { Move::Free } else { Move::Poll };
            }
        }
        Duel { start, moves }
    }
}

impl Move {
    fn draw(rng: &mut Xoshiro256PlusPlus, me: usize) -> Self {
        let spot = rng.random_range(1..=SPOTS);
        match rng.random_range(0..16) {
            0..=4 => Move::Modify(me, spot),
            5 => Move::Modify(SHARED, spot),
            6 | 7 => Move::Anticipate(SHARED, spot),
            8 => Move::Cancel(me),
            9 => Move::Cancel(SHARED),
            10 => Move::Free,
            11 | 12 => Move::Run(spot),
            _ => Move::Poll,
        }
    }
}

impl Outcome {
    /// The history of it. All of a duel lies beside all that the other thread did.
    fn events(&self) -> Vec<Event> {
        const BESIDE: u64 = 100;
        const SILENCE: u64 = 200;
        const REST: u64 = 300;
        let mut events = Vec::new();
        let mut note = |thread, began, ended, op: &Op| {
            let op = match *op {
                Op::RunEnd { now, .. } => Op::RunEnd { now, began: if began < SILENCE { BESIDE } else { REST } },
                ref op => op.clone(),
            };
            events.push(Event { thread, within: None, began, ended, op });
        };
        for (op, moment) in self.start.iter().zip((1..).step_by(2)) {
            note(0, moment, moment + 1, op);
        }
        for (thread, moves) in self.moves.iter().enumerate() {
            for (op, moment) in moves.iter().zip(BESIDE..) {
                note(thread, moment, SILENCE + u64::from(matches!(op, Op::RunEnd { .. })), op);
            }
        }
        for (thread, look) in self.looks.iter().enumerate() {
            note(thread, SILENCE + 2, SILENCE + 3, look);
        }
        for (op, moment) in self.rest.iter().zip((REST..).step_by(2)) {
            note(0, moment, moment + 1, op);
        }
        events
    }
}

/// What the two share besides the list.
struct Ring<'r> {
    trial: &'r Trial,
    inert: bool,
    times: u64,
    barrier: Barrier,
    timers: Mutex<[TimerId; TIMERS]>,
    /// What the second thread did and saw.
    told: Mutex<Option<Told>>,
    tally: Mutex<Tally>,
    freed: Mutex<u64>,
    /// Set by the first thread before both meet, if there is to be no more.
    enough: AtomicBool,
}

/// Plays a pass of duels, with the lock held for so long. `inert` says that the name of a freed timer may be used, and does nothing.
///
/// # Errors
/// The first duel that nothing explains, or more retired timers than were freed.
pub fn play(trial: &Trial, inert: bool, hold_spins: u32, place: impl Fn(usize) + Sync) -> Found<Tally> {
    let list = trial.list_with(&Config { hold_spins, ..Config::default() });
    let ring = Ring {
        trial,
        inert,
        times: if hold_spins > 0 { TIMES_HELD } else { TIMES },
        barrier: Barrier::new(2),
        timers: Mutex::new(trial.with_handle(&list, |list| [(); TIMERS].map(|()| list.create()))),
        told: Mutex::default(),
        tally: Mutex::default(),
        freed: Mutex::default(),
        enough: AtomicBool::new(false),
    };
    trial.threads(2, |me| {
        place(me);
        trial.with_handle(&list, |list| ring.play(list, me))
    })?;
    ring.count(&list)?;
    Ok(ring.tally.into_inner())
}

impl Ring<'_> {
    /// One thread's part of all duels: both draw the same, the first one arms and judges.
    fn play(&self, list: &mut Probe<'_>, me: usize) -> Found {
        let mut drawn = Xoshiro256PlusPlus::seed_from_u64(self.trial.effort.seed);
        let mut own = Xoshiro256PlusPlus::seed_from_u64(self.trial.effort.seed.wrapping_add(1 + me as u64));
        let mut known = HashMap::new();
        let began = Moment::now();
        let mut duel = Duel::draw(&mut drawn, self.inert);
        for number in 0..DUELS {
            if number > 0 && number.is_multiple_of(self.times) {
                duel = Duel::draw(&mut drawn, self.inert);
                known.clear();
            }
            let base = DUEL * (number as i64 + 1);
            let start = if me == 0 {
                self.arm(list, &duel, base)
            } else {
                Vec::new()
            };
            if me == 0 && began.elapsed_ns() > ENOUGH_NS {
                self.enough.store(true, Memory::SeqCst);
            }
            if !self.meet() || self.enough.load(Memory::SeqCst) {
                break;
            }
            let timers = *self.timers.lock();
            spin(own.random_range(0..APART));
            let done = act(list, &timers, base, duel.moves[me])?;
            if !self.meet() {
                break;
            }
            let look = Op::Deadline(list.deadline().map(|deadline| spot(deadline, base)));
            list.quiescent();
            if me == 1 {
                *self.told.lock() = Some((done, look));
                if !self.meet() {
                    break;
                }
                continue;
            }
            if !self.meet() {
                break;
            }
            let Some((other, others_look)) = self.told.lock().take() else {
                break;
            };
            let frees = duel.moves.iter().any(|it| matches!(it, Move::Free));
            let rest = self.take_away(list, frees, base, number)?;
            self.judge(
                Outcome {
                    start,
                    moves: [done, other],
                    looks: [look, others_look],
                    rest,
                },
                &mut known,
            )?;
            if frees {
                *self.freed.lock() += 1;
                self.timers.lock()[SHARED] = list.create();
            }
        }
        Ok(DUELS)
    }

    /// Waits for the other; answers whether it came.
    fn meet(&self) -> bool {
        self.barrier.wait(|| self.trial.is_over())
    }

    /// Takes away what a duel has left: fires it, or cancels it timer by timer, but for one that was freed.
    fn take_away(&self, list: &mut Probe<'_>, freed: bool, base: i64, number: u64) -> Found<Vec<Op>> {
        let timers = *self.timers.lock();
        if number.is_multiple_of(2) {
            return act(list, &timers, base, Move::Run(SPOTS));
        }
        let left = (0..TIMERS).filter(|&timer| !freed || timer != SHARED);
        Ok(left.map(|timer| Op::Cancel(name(timer), list.cancel(timers[timer]))).collect())
    }

    /// Arms what a duel begins with. The one before has left nothing.
    fn arm(&self, list: &mut Probe<'_>, duel: &Duel, base: i64) -> Vec<Op> {
        let timers = *self.timers.lock();
        let mut start = Vec::new();
        for (index, to) in duel.start.iter().enumerate() {
            if let &Some(to) = to {
                let rearm = list.modify(timers[index], Nanos(base + to)).is_yes();
                start.push(Op::Arm { timer: name(index), to: Nanos(to), only_sooner: false, rearm });
            }
        }
        start
    }

    /// Adds what a duel came to, or finds that nothing explains it.
    fn judge(&self, outcome: Outcome, known: &mut HashMap<Outcome, Tally>) -> Found {
        let tally = match known.get(&outcome) {
            Some(&tally) => tally,
            None => {
                let tally = judged(&outcome.events(), self.trial.subject.strategy.freshness)?;
                known.insert(outcome, tally);
                tally
            }
        };
        self.tally.lock().add(tally);
        Ok(1)
    }

    /// Holds what the list counts as retired against what was freed, once however many threads freed it.
    fn count(&self, list: &List) -> Found {
        let (freed, counts) = (*self.freed.lock(), list.counts());
        right(
            format_args!(
                "whether at most the {freed} timers that were freed, some by two threads at once, were retired: {}",
                told(&counts)
            ),
            counts.retired <= freed && counts.reclaimed <= counts.retired,
            true,
        )
    }
}

/// A timer's name in what a duel came to.
fn name(index: usize) -> TimerId {
    TimerId::from_raw(index as u64)
}

/// A deadline as a duel has it. What an earlier duel has left is below zero, and nothing that this one armed.
fn spot(deadline: Nanos, base: i64) -> Nanos {
    Nanos(deadline.0.saturating_sub(base))
}

/// Does one thread's operation, and answers it as it is to be judged.
fn act(list: &mut Probe<'_>, timers: &[TimerId; TIMERS], base: i64, wanted: Move) -> Found<Vec<Op>> {
    let arm = |list: &mut Probe<'_>, timer: usize, to: i64, only_sooner: bool| {
        let rearm = match only_sooner {
            true => list.anticipate(timers[timer], Nanos(base + to)),
            false => list.modify(timers[timer], Nanos(base + to)),
        };
        Op::Arm {
            timer: name(timer),
            to: Nanos(to),
            only_sooner,
            rearm: rearm.is_yes(),
        }
    };
    Ok(match wanted {
        Move::Modify(timer, to) => vec![arm(list, timer, to, false)],
        Move::Anticipate(timer, to) => vec![arm(list, timer, to, true)],
        Move::Cancel(timer) => vec![Op::Cancel(name(timer), list.cancel(timers[timer]))],
        Move::Free => {
            list.free(timers[SHARED]);
            vec![Op::Free(name(SHARED))]
        }
        Move::Poll => vec![Op::Deadline(list.deadline().map(|deadline| spot(deadline, base)))],
        Move::Run(now) => {
            let mut done = Vec::new();
            let counted = list.run(Nanos(base + now), |_, timer| {
                let index = timers.iter().position(|&known| known == timer).unwrap_or(TIMERS);
                done.push(Op::Fire(name(index), Nanos(now)));
            });
            let called = done.len();
            right(
                format_args!("timers fired by the answer of a run that called back {called} times"),
                counted,
                called,
            )?;
            done.push(Op::RunEnd { now: Nanos(now), began: 0 });
            done
        }
    })
}

#[cfg(test)]
mod tests {
    use headlock_strategies::Freshness;
    use headlock_strategies::conformance::Effort;
    use headlock_strategies::conformance::subject::Subject;
    use headlock_strategies::oracle::Oracle;

    use super::*;

    #[test]
    fn a_list_that_does_everything_right_passes_and_every_duel_is_judged() {
        let trial = Trial::new(Subject::of::<Oracle>(), &Effort::default());
        for hold_spins in [0, HOLD_SPINS] {
            let Ok(tally) = play(&trial, true, hold_spins, |_| ()) else {
                panic!("the oracle is right")
            };
            assert!((1..=DUELS).contains(&tally.linearizable), "{tally:?}");
            assert_eq!((tally.notified, tally.racy, tally.unjudged), (0, 0, 0));
        }
    }

    #[test]
    fn what_is_taken_away_at_last_must_be_what_the_two_have_left() {
        let arm = |timer, to, rearm| Op::Arm { timer: name(timer), to: Nanos(to), only_sooner: false, rearm };
        let of = |rest: &[Op]| Outcome {
            start: vec![arm(SHARED, 5, true)],
            moves: [vec![Op::Cancel(name(SHARED), true)], vec![arm(SHARED, 7, true)]],
            looks: [7, 7].map(|at| Op::Deadline(Some(Nanos(at)))),
            rest: rest.to_vec(),
        };
        let cancels = |was_active| [0, 1, SHARED].map(|timer| Op::Cancel(name(timer), timer == SHARED && was_active));
        let end = Op::RunEnd { now: Nanos(SPOTS), began: 0 };
        for right in [&cancels(true)[..], &[Op::Fire(name(SHARED), Nanos(SPOTS)), end.clone()]] {
            assert!(judged(&of(right).events(), Freshness::Linearizable).is_ok(), "{right:?}");
        }
        for wrong in [
            &cancels(false)[..],
            std::slice::from_ref(&end),
            &[Op::Fire(name(0), Nanos(SPOTS)), end.clone()],
        ] {
            assert!(judged(&of(wrong).events(), Freshness::Racy).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn every_pair_of_moves_is_drawn_but_for_changes_beside_a_free() {
        let drawn = |inert| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..20_000 {
                let what = Duel::draw(&mut rng, inert).moves.map(|it| match it {
                    Move::Modify(timer, _) => ["modifies own", "modifies"][usize::from(timer == SHARED)],
                    Move::Anticipate(..) => "anticipates",
                    Move::Cancel(timer) => ["cancels own", "cancels"][usize::from(timer == SHARED)],
                    Move::Free => "frees",
                    Move::Run(_) => "runs",
                    Move::Poll => "polls",
                });
                seen.insert(what);
            }
            seen
        };
        let (inert, not) = (drawn(true), drawn(false));
        // Eight by eight, without a change of the shared timer beside its free, either way.
        assert_eq!(inert.len(), 64 - 6);
        assert_eq!(not.len(), 64 - 6 - 1);
        assert!(inert.contains(&["frees", "frees"]) && !not.contains(&["frees", "frees"]));
    }

    #[test]
    fn what_is_left_in_the_silence_must_be_what_one_order_of_the_two_leaves() {
        let arm = |timer, to, rearm| Op::Arm { timer: name(timer), to: Nanos(to), only_sooner: false, rearm };
        let of = |looks: [i64; 2]| Outcome {
            start: vec![arm(0, 5, true)],
            moves: [vec![arm(0, 7, true)], vec![arm(1, 6, true)]],
            looks: looks.map(|at| Op::Deadline(Some(Nanos(at)))),
            rest: Vec::new(),
        };
        for freshness in [Freshness::Linearizable, Freshness::Notified, Freshness::Racy] {
            assert!(judged(&of([6, 6]).events(), freshness).is_ok());
            // Earlier or later than the truth, to either: nothing is under way any more.
            for looks in [[5, 6], [6, 7], [7, 7], [-94, 6]] {
                assert!(judged(&of(looks).events(), freshness).is_err(), "{looks:?}");
            }
        }
    }
}
