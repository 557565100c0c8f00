//! Random sequences of operations, played on a list and on the oracle, and compared answer by answer.
//!
//! A [`Script`] is plain data, so that a property test can shrink it, and so does [`shrunk`] for those who have none.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::subject::Subject;
use super::trial::{Fault, Found, Probe, Trial, abort, message};
use super::words::told;
use crate::conformance::Effort;
use crate::oracle::Oracle;
use crate::{Nanos, Rearm, TimerId, TimerList};

/// Timers that a script names, 0 to this.
pub const TIMERS: u8 = 6;

/// One operation other than a run. It names its timer by number; a timer that is not there is created first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `modify`.
    Modify(u8, Nanos),
    /// `anticipate`.
    Anticipate(u8, Nanos),
    /// `cancel`.
    Cancel(u8),
    /// `free`; the next action on this number is on a new timer.
    Free(u8),
    /// `expired`. The deadline needs no action: it is read after every one.
    Expired(Nanos),
    /// `quiescent`.
    Quiescent,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An operation by itself.
    Act(Action),
    /// `run`: the first callback performs the first list of actions, and so on; those beyond do nothing.
    Run(Nanos, Vec<Vec<Action>>),
}

/// A sequence of operations for one thread.
pub type Script = Vec<Step>;

/// What one operation or callback answered, and how the head looked afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    what: What,
    answer: Answer,
    deadline: Option<Nanos>,
    /// Whether the head was due just before its deadline, and at it.
    expired: (bool, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Act(Action),
    Callback,
    Run(Nanos),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Rearm(Rearm),
    Bool(bool),
    /// The timer that a callback was called for, by number; none if it is no timer of the script.
    Timer(Option<usize>),
    Fired(usize),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timer = |number: u8| u32::from(number % TIMERS) + 1;
        match *self {
            Action::Modify(number, to) => write!(f, "modify timer {} to {} ns", timer(number), to.0),
            Action::Anticipate(number, to) => write!(f, "anticipate timer {} to {} ns", timer(number), to.0),
            Action::Cancel(number) => write!(f, "cancel timer {}", timer(number)),
            Action::Free(number) => write!(f, "free timer {}", timer(number)),
            Action::Expired(now) => write!(f, "expired at {} ns", now.0),
            Action::Quiescent => f.write_str("quiescent"),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.what, self.answer) {
            (What::Act(action), Answer::Done) => write!(f, "{action}")?,
            (What::Act(action), Answer::Rearm(rearm)) => write!(f, "{action}: {}", told(&rearm))?,
            (What::Act(action), Answer::Bool(answer)) => write!(f, "{action}: {answer}")?,
            (What::Run(now), Answer::Fired(fired)) => write!(f, "run at {} ns: fired {fired}", now.0)?,
            (What::Callback, Answer::Timer(Some(number))) => write!(f, "callback of timer {}", number + 1)?,
            (What::Callback, _) => write!(f, "callback of a timer that is not there")?,
            (What::Act(_) | What::Run(_), _) => unreachable!("each is answered in its own way"),
        }
        let (before, at) = self.expired;
        match self.deadline {
            Some(head) => write!(f, "; the head is at {} ns; expired just before: {before}, at it: {at}", head.0),
            None => write!(f, "; the list is empty; expired just before the end of time: {before}, at it: {at}"),
        }
    }
}

/// A script being played.
struct Player {
    timers: [Option<TimerId>; TIMERS as usize],
    seen: Vec<Seen>,
}

impl Player {
    fn timer(&mut self, list: &mut Probe<'_>, number: u8) -> TimerId {
        *self.timers[usize::from(number % TIMERS)].get_or_insert_with(|| list.create())
    }

    fn note(&mut self, list: &mut Probe<'_>, what: What, answer: Answer) {
        let deadline = list.deadline();
        let due = deadline.unwrap_or(Nanos::MAX);
        let expired = (list.expired(Nanos(due.0.saturating_sub(1))), list.expired(due));
        self.seen.push(Seen { what, answer, deadline, expired });
    }

    fn act(&mut self, list: &mut Probe<'_>, action: Action) {
        let answer = match action {
            Action::Modify(number, expire) => {
                let timer = self.timer(list, number);
                Answer::Rearm(list.modify(timer, expire))
            }
            Action::Anticipate(number, expire) => {
                let timer = self.timer(list, number);
                Answer::Rearm(list.anticipate(timer, expire))
            }
            Action::Cancel(number) => {
                let timer = self.timer(list, number);
                Answer::Bool(list.cancel(timer))
            }
            Action::Free(number) => {
                if let Some(timer) = self.timers[usize::from(number % TIMERS)].take() {
                    list.free(timer);
                }
                Answer::Done
            }
            Action::Expired(now) => Answer::Bool(list.expired(now)),
            Action::Quiescent => {
                list.quiescent();
                Answer::Done
            }
        };
        self.note(list, What::Act(action), answer);
    }

    fn step(&mut self, list: &mut Probe<'_>, step: &Step) {
        match step {
            Step::Act(action) => self.act(list, *action),
            Step::Run(now, callbacks) => {
                // No callback arms more timers than it has actions, so a run that goes on longer never ends.
                let most = usize::from(TIMERS) + callbacks.iter().map(Vec::len).sum::<usize>();
                let mut called = 0;
                let fired = list.run(*now, |list, timer| {
                    let number = self.timers.iter().position(|&known| known == Some(timer));
                    self.note(list, What::Callback, Answer::Timer(number));
                    for &action in callbacks.get(called).into_iter().flatten() {
                        self.act(list, action);
                    }
                    called += 1;
                    if called > most {
                        abort(
                            format!("a run at {} ns fired more timers than were armed, {called} so far", now.0).into(),
                        );
                    }
                });
                self.note(list, What::Run(*now), Answer::Fired(fired));
            }
        }
    }
}

/// Plays a script on a fresh list. What was seen before a panic comes with its message.
fn play(trial: &Trial, script: &[Step]) -> (Vec<Seen>, Option<String>) {
    let mut player = Player { timers: [None; TIMERS as usize], seen: Vec::new() };
    let played = panic::catch_unwind(AssertUnwindSafe(|| {
        trial.on_fresh_list(|list| script.iter().for_each(|step| player.step(list, step)));
    }));
    let panic = played.err().map(|payload| match payload.downcast::<Fault>() {
        Ok(fault) => fault.what,
        Err(payload) => format!("panicked: {}", message(&*payload)),
    });
    (player.seen, panic)
}

/// Where the list first differs from the oracle, if it does.
fn difference(trial: &Trial, oracle: &Trial, script: &[Step]) -> Option<Fault> {
    let (seen, panic) = play(trial, script);
    let (expected, _) = play(oracle, script);
    if panic.is_none() && seen == expected {
        return None;
    }
    let first = seen.iter().zip(&expected).take_while(|(seen, expected)| seen == expected).count();
    let mut events: Vec<String> = expected[..first].iter().map(Seen::to_string).collect();
    let what = match (seen.get(first), expected.get(first), panic) {
        (Some(seen), Some(expected), _) => {
            events.push(seen.to_string());
            format!("an answer differs from the oracle's, which is {expected}")
        }
        (_, _, Some(panic)) => panic,
        (Some(seen), None, None) => format!("one event too many: {seen}"),
        (None, _, None) => "an event is missing at the end".to_owned(),
    };
    Some(Fault { what, events })
}

/// Holds one script against the oracle, for property tests.
///
/// # Errors
/// What differed first, with the events up to there.
pub fn compare<L: TimerList>(script: &[Step]) -> Result<(), String> {
    let effort = Effort::default();
    let [list, oracle] = [Subject::of::<L>(), Subject::of::<Oracle>()].map(|subject| Trial::new(subject, &effort));
    match difference(&list, &oracle, script) {
        None => Ok(()),
        Some(fault) => Err(format!("{}: {}\n  {}", L::strategy().name, fault.what, fault.events.join("\n  "))),
    }
}

/// Draws a deadline: mostly few and close, so that equal ones and due ones abound, and sometimes at the ends of time.
fn draw_time(rng: &mut Xoshiro256PlusPlus) -> Nanos {
    match rng.random_range(0..20) {
        0 => Nanos(i64::MIN),
        1 => Nanos::MAX,
        2 => Nanos(rng.random_range(0..i64::MAX)),
        _ => Nanos(rng.random_range(-2..20)),
    }
}

fn draw_action(rng: &mut Xoshiro256PlusPlus) -> Action {
    let timer = rng.random_range(0..TIMERS);
    match rng.random_range(0..16) {
        0..=6 => Action::Modify(timer, draw_time(rng)),
        7..=9 => Action::Anticipate(timer, draw_time(rng)),
        10..=11 => Action::Cancel(timer),
        12 => Action::Free(timer),
        13..=14 => Action::Expired(draw_time(rng)),
        _ => Action::Quiescent,
    }
}

/// Draws a script.
pub fn draw(rng: &mut Xoshiro256PlusPlus) -> Script {
    (0..rng.random_range(1..30))
        .map(|_| {
            if rng.random_bool(0.2) {
                let callbacks = (0..rng.random_range(0..4))
                    .map(|_| (0..rng.random_range(0..3)).map(|_| draw_action(rng)).collect())
                    .collect();
                Step::Run(draw_time(rng), callbacks)
            } else {
                Step::Act(draw_action(rng))
            }
        })
        .collect()
}

/// Leaves out steps and callbacks' actions for as long as `fails` still holds: the shortest sequence that one-by-one
/// removal finds.
pub fn shrunk(mut script: Script, fails: impl Fn(&[Step]) -> bool) -> Script {
    loop {
        let shorter = (0..script.len()).flat_map(|index| without(&script, index)).find(|shorter| fails(shorter));
        match shorter {
            Some(shorter) => script = shorter,
            None => return script,
        }
    }
}

/// The script without step `index`, and, if that is a run, without each of its callbacks and their actions.
fn without(script: &[Step], index: usize) -> Vec<Script> {
    let mut shorter = vec![[&script[..index], &script[index + 1..]].concat()];
    if let Step::Run(now, callbacks) = &script[index] {
        let mut replace = |callbacks| {
            let mut script = script.to_vec();
            script[index] = Step::Run(*now, callbacks);
            shorter.push(script);
        };
        for callback in 0..callbacks.len() {
            replace([&callbacks[..callback], &callbacks[callback + 1..]].concat());
            for action in 0..callbacks[callback].len() {
                let mut callbacks = callbacks.clone();
                callbacks[callback].remove(action);
                replace(callbacks);
            }
        }
    }
    shorter
}

pub(super) fn random_sequences(trial: &Trial) -> Found {
    let oracle = Trial::new(Subject::of::<Oracle>(), &trial.effort);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(trial.effort.seed);
    for _ in 0..trial.effort.sequences {
        let script = draw(&mut rng);
        if let Some(first) = difference(trial, &oracle, &script) {
            let shortest = shrunk(script, |script| difference(trial, &oracle, script).is_some());
            return Err(difference(trial, &oracle, &shortest).unwrap_or_else(|| Fault {
                what: format!(
                    "{}; the same operations gave the right answers when a fresh list played them again: right is that nothing comes from \
                     outside of the list, such as from one that its thread used before",
                    first.what
                ),
                ..first
            }));
        }
    }
    Ok(trial.effort.sequences)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> Vec<Step> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        (0..2_000).flat_map(|_| draw(&mut rng)).collect()
    }

    /// Every action of a script, those of callbacks included.
    fn actions(script: &[Step]) -> Vec<Action> {
        let of_step = |step: &Step| match step {
            Step::Act(action) => vec![*action],
            Step::Run(_, callbacks) => callbacks.concat(),
        };
        script.iter().flat_map(of_step).collect()
    }

    #[test]
    fn everything_is_drawn() {
        let script = drawn();
        let runs: Vec<_> = script.iter().filter(|step| matches!(step, Step::Run(..))).cloned().collect();
        for (what, actions) in [("steps", actions(&script)), ("callbacks", actions(&runs))] {
            let kinds = |timer| {
                let mut kinds = [false; 4];
                for action in &actions {
                    match *action {
                        Action::Modify(on, _) if on == timer => kinds[0] = true,
                        Action::Anticipate(on, _) if on == timer => kinds[1] = true,
                        Action::Cancel(on) if on == timer => kinds[2] = true,
                        Action::Free(on) if on == timer => kinds[3] = true,
                        _ => {}
                    }
                }
                kinds
            };
            assert!((0..TIMERS).all(|timer| kinds(timer) == [true; 4]), "{what}");
            assert!(actions.iter().any(|action| matches!(action, Action::Expired(_))), "{what}");
            assert!(actions.contains(&Action::Quiescent), "{what}");
        }
        let times: Vec<i64> = actions(&script)
            .into_iter()
            .filter_map(|action| match action {
                Action::Modify(_, Nanos(time)) | Action::Anticipate(_, Nanos(time)) => Some(time),
                _ => None,
            })
            .collect();
        for time in (-2..20).chain([i64::MIN, i64::MAX]) {
            assert!(times.contains(&time), "{time}");
        }
        assert!(times.iter().any(|&time| time > 1_000 && time < i64::MAX));
    }

    #[test]
    fn a_script_names_its_timers_by_number() {
        let oracle = Trial::new(Subject::of::<Oracle>(), &Effort::default());
        let script = [
            Action::Modify(1, Nanos(5)),
            Action::Modify(2, Nanos(7)),
            Action::Free(1),
            Action::Free(2),
        ];
        let (seen, panic) = play(&oracle, &script.map(Step::Act));
        assert_eq!(panic, None);
        let deadlines: Vec<_> = seen.iter().map(|seen| seen.deadline.map(|deadline| deadline.0)).collect();
        assert_eq!(deadlines, [Some(5), Some(5), Some(7), None]);
        // Just before the deadline and at it, at the end of time where there is none.
        let expired: Vec<_> = seen.iter().map(|seen| seen.expired).collect();
        assert_eq!(expired, [(false, true), (false, true), (false, true), (false, false)]);
    }

    #[test]
    fn the_shortest_script_that_fails_is_found_callbacks_included() {
        let needed = [Action::Cancel(3), Action::Quiescent];
        let callbacks = vec![
            vec![Action::Free(1)],
            vec![Action::Free(2), needed[0], Action::Expired(Nanos(1))],
            vec![],
        ];
        let long = vec![
            Step::Act(Action::Modify(0, Nanos(1))),
            Step::Run(Nanos(9), callbacks),
            Step::Act(Action::Cancel(1)),
            Step::Act(needed[1]),
        ];
        let fails = |script: &[Step]| needed.iter().all(|needed| actions(script).contains(needed));
        assert_eq!(shrunk(long, fails), [Step::Run(Nanos(9), vec![vec![needed[0]]]), Step::Act(needed[1])]);
    }
}
