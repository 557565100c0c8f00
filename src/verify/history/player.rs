//! Rounds of a few operations on one list, by several threads at once. Each round ends in silence: everybody polls, the last
//! run takes what is left, and whatever the threads were told must have an order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering as Memory};
use std::thread;

use headlock_strategies::conformance::subject::List;
use headlock_strategies::conformance::trial::{Fault, Found, Probe, Trial};
use headlock_strategies::{Freshness, Nanos, TimerId, spin};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::barrier::Barrier;
use super::event::{Event, Op, Scribe};
use super::explain::{Verdict, explain};
use super::round::{MOST_TIMERS, Round, Turn};
use super::tell;

/// Timers that a thread keeps of its own at most.
const PRIVATE: usize = 2;
/// Times that callbacks of a round arm a timer that is due at once.
const AGAIN: i64 = 3;

/// What the rounds came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Operations that were held against each other.
    pub operations: u64,
    /// Rounds that an order explains with every answer true.
    pub linearizable: u64,
    /// Rounds that need answers that were early, or late with a rearm on its way.
    pub notified: u64,
    /// Rounds that need answers that were late with no rearm on its way.
    pub racy: u64,
    /// Rounds whose search was given up.
    pub unjudged: u64,
}

impl Tally {
    /// Adds another's.
    pub fn add(&mut self, other: Tally) {
        self.operations += other.operations;
        self.linearizable += other.linearizable;
        self.notified += other.notified;
        self.racy += other.racy;
        self.unjudged += other.unjudged;
    }
}

/// What the threads share besides the list.
pub struct Yard<'y> {
    trial: &'y Trial,
    threads: usize,
    barrier: Barrier,
    tickets: AtomicU64,
    round: Mutex<Option<Round>>,
    sheets: Mutex<Vec<Event>>,
    again: AtomicI64,
    tally: Mutex<Tally>,
}

/// Plays so many rounds on this many threads of one list.
///
/// # Errors
/// The first round that nothing explains.
pub fn play(trial: &Trial, list: &List, threads: usize, rounds: u64, place: impl Fn(usize) + Sync) -> Found<Tally> {
    let yard = Yard {
        trial,
        threads,
        barrier: Barrier::new(threads),
        tickets: AtomicU64::new(1),
        round: Mutex::default(),
        sheets: Mutex::default(),
        again: AtomicI64::new(0),
        tally: Mutex::default(),
    };
    trial.threads(threads, |me| {
        place(me);
        trial.with_handle(list, |list| {
            let rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed.wrapping_add(me as u64));
            let mut player = Player {
                me,
                yard: &yard,
                scribe: Scribe::new(me, &yard.tickets),
                rng,
                own: Vec::new(),
                serial: 0,
            };
            match me {
                0 => player.lead(list, rounds),
                _ => player.follow(list, rounds),
            }
        })
    })?;
    Ok(yard.tally.into_inner())
}

/// One thread's part.
struct Player<'y> {
    me: usize,
    yard: &'y Yard<'y>,
    scribe: Scribe<'y>,
    rng: Xoshiro256PlusPlus,
    /// Timers that only this thread names, but for the callbacks that it hears of.
    own: Vec<TimerId>,
    serial: i64,
}

impl Player<'_> {
    /// Waits for all others; answers whether they came.
    fn meet(&self) -> bool {
        self.yard.barrier.wait(|| self.yard.trial.is_over())
    }

    /// A number that no other deadline of this round has.
    fn serial(&mut self) -> i64 {
        self.serial += 1;
        self.serial * self.yard.threads as i64 + self.me as i64
    }

    fn follow(&mut self, list: &mut Probe<'_>, rounds: u64) -> Found {
        for _ in 0..rounds {
            if !self.meet() {
                break;
            }
            let Some(round) = self.yard.round.lock().clone() else {
                break;
            };
            if !self.act(list, &round)? {
                break;
            }
            list.quiescent();
        }
        Ok(rounds)
    }

    fn lead(&mut self, list: &mut Probe<'_>, rounds: u64) -> Found {
        let mut pool: Vec<TimerId> = (0..MOST_TIMERS).map(|_| list.create()).collect();
        let mut alive: HashMap<TimerId, i64> = pool.iter().map(|&timer| (timer, 1)).collect();
        for number in 0..rounds {
            let round = Round::draw(&mut self.rng, number, &pool, self.yard.threads);
            for &timer in &round.shared[..round.armed] {
                let (deadline, only_sooner) = (self.deadline(&round), self.rng.random_bool(0.2));
                self.scribe.arm(list, timer, deadline, only_sooner);
            }
            self.yard.again.store(AGAIN, Memory::SeqCst);
            *self.yard.round.lock() = Some(round.clone());
            if !self.meet() || !self.act(list, &round)? {
                break;
            }
            self.run(list, &round, round.end(), false)?;
            self.scribe.deadline(list);
            self.yard.sheets.lock().append(&mut self.scribe.events);
            let events = std::mem::take(&mut *self.yard.sheets.lock());
            names(&events, &mut alive)?;
            self.judge(&events)?;
            // A new timer takes the place of one of those that nobody freed.
            if number % 8 == 7 {
                let place = self.rng.random_range(0..4);
                list.free(pool[place]);
                alive.remove(&pool[place]);
                pool[place] = list.create();
                if alive.insert(pool[place], 1).is_some() {
                    return Err(TWICE.to_owned().into());
                }
            }
            list.quiescent();
        }
        Ok(rounds)
    }

    /// A thread's part of a round: its operations, silence, one look at the list, and silence again. Answers whether all took part.
    fn act(&mut self, list: &mut Probe<'_>, round: &Round) -> Found<bool> {
        let turns: Vec<Turn> = (0..round.turns).map(|_| round.turn(&mut self.rng, self.me)).collect();
        for turn in turns {
            if round.pause > 0 {
                spin(self.rng.random_range(0..round.pause));
            }
            self.turn(list, round, turn)?;
        }
        if !self.meet() {
            return Ok(false);
        }
        self.scribe.deadline(list);
        if self.rng.random_bool(0.3) {
            let now = round.now(&mut self.rng);
            self.scribe.expired(list, now);
        }
        if self.me > 0 {
            self.yard.sheets.lock().append(&mut self.scribe.events);
        }
        Ok(self.meet())
    }

    fn turn(&mut self, list: &mut Probe<'_>, round: &Round, turn: Turn) -> Found {
        match turn {
            Turn::Arm | Turn::Anticipate => {
                let (timer, deadline) = (self.any(round), self.deadline(round));
                self.scribe.arm(list, timer, deadline, turn == Turn::Anticipate);
            }
            Turn::Cancel => {
                let timer = self.any(round);
                self.scribe.cancel(list, timer);
            }
            Turn::Create => self.create(list, round),
            Turn::Free => match self.own.pop() {
                Some(timer) => self.scribe.free(list, timer),
                None => self.create(list, round),
            },
            Turn::Deadline => _ = self.scribe.deadline(list),
            Turn::Expired => {
                let now = round.now(&mut self.rng);
                self.scribe.expired(list, now);
            }
            Turn::Run => {
                let now = round.now(&mut self.rng);
                self.run(list, round, now, round.callbacks)?;
            }
        }
        Ok(1)
    }

    /// A timer that may be changed: one of the round's, or its own.
    fn any(&mut self, round: &Round) -> TimerId {
        match self.rng.random_range(0..round.shared.len() + self.own.len()) {
            index if index < round.shared.len() => round.shared[index],
            index => self.own[index - round.shared.len()],
        }
    }

    fn deadline(&mut self, round: &Round) -> Nanos {
        let serial = self.serial();
        round.deadline(&mut self.rng, serial)
    }

    fn create(&mut self, list: &mut Probe<'_>, round: &Round) {
        if self.own.len() == PRIVATE {
            let timer = self.own.remove(0);
            self.scribe.free(list, timer);
        }
        let timer = self.scribe.create(list);
        self.own.push(timer);
        let deadline = self.deadline(round);
        self.scribe.arm(list, timer, deadline, false);
    }

    fn run(&mut self, list: &mut Probe<'_>, round: &Round, now: Nanos, callbacks: bool) -> Found {
        let Player { me, yard, scribe, rng, own, serial } = self;
        let threads = yard.threads as i64;
        let (counted, fired) = scribe.run(list, now, |scribe, list, timer| {
            if round.pause > 0 {
                spin(rng.random_range(0..round.pause));
            }
            if !callbacks {
                return;
            }
            *serial += 1;
            let later = round.far(*serial * threads + *me as i64);
            match rng.random_range(0..10) {
                0 | 1 if round.shared.contains(&timer) => scribe.arm(list, timer, later, false),
                // At once, a few times a round, so that every run ends.
                2 if round.shared.contains(&timer) && yard.again.fetch_sub(1, Memory::SeqCst) > 0 => {
                    scribe.arm(list, timer, now, false);
                }
                3 => {
                    let other = round.shared[rng.random_range(0..round.shared.len())];
                    scribe.cancel(list, other);
                }
                4 | 5 => {
                    if let Some(at) = own.iter().position(|&own| own == timer) {
                        own.remove(at);
                        scribe.free(list, timer);
                    } else if let Some(other) = own.pop() {
                        scribe.free(list, other);
                    }
                }
                6 => _ = scribe.deadline(list),
                7 => thread::yield_now(),
                8 if round.private && own.len() < PRIVATE => {
                    let timer = scribe.create(list);
                    own.push(timer);
                    scribe.arm(list, timer, later, false);
                }
                _ => {}
            }
        });
        if counted == fired {
            return Ok(1);
        }
        let what = format!(
            "thread {me}'s run at {} answered that {counted} timers fired, and called back {fired} times; right is {fired}",
            now.0
        );
        Err(Fault { what, events: tell::events(&scribe.events) })
    }

    /// Looks for an order that explains the round.
    fn judge(&self, events: &[Event]) -> Found {
        let tally = judged(events, self.yard.trial.subject.strategy.freshness)?;
        self.yard.tally.lock().add(tally);
        Ok(1)
    }
}

/// What explains one history, as counts.
///
/// # Errors
/// If nothing that is declared does.
pub fn judged(events: &[Event], declared: Freshness) -> Found<Tally> {
    let mut tally = Tally { operations: events.len() as u64, ..Tally::default() };
    for freshness in [Freshness::Linearizable, Freshness::Notified, Freshness::Racy] {
        match explain(events, freshness) {
            Verdict::Explained => match freshness {
                Freshness::Linearizable => tally.linearizable += 1,
                Freshness::Notified => tally.notified += 1,
                Freshness::Racy => tally.racy += 1,
            },
            Verdict::GaveUp => tally.unjudged += 1,
            Verdict::Unexplained(_) if freshness != declared => continue,
            Verdict::Unexplained(_) => return Err(tell::unexplained(events, declared)),
        }
        break;
    }
    Ok(tally)
}

const TWICE: &str = "create answered the name of another timer that is there; right is a name of its own";

/// Holds the names that were given out against those that are taken.
fn names(events: &[Event], alive: &mut HashMap<TimerId, i64>) -> Found {
    let mut created = Vec::new();
    for event in events {
        match event.op {
            Op::Create(timer) => {
                *alive.entry(timer).or_default() += 1;
                created.push(timer);
            }
            Op::Free(timer) => *alive.entry(timer).or_default() -= 1,
            _ => {}
        }
    }
    match created.iter().find(|&timer| alive[timer] > 1) {
        Some(_) => Err(Fault { what: TWICE.to_owned(), events: tell::events(events) }),
        None => {
            alive.retain(|_, count| *count > 0);
            Ok(1)
        }
    }
}
