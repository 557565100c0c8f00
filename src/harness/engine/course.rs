//! The course of a run: block after block, process after process, and what follows where one ends badly.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering as Memory};

use super::counted::CountedLocks;
use super::describe::{describe, stand_on_floor};
use super::turns::{Turn, turns_of_block};
use super::{Ending, Observer, Plan, Probed};
use crate::harness::Isolation;
use crate::harness::child::{Broken, ChildError};
use crate::harness::job::{BlockOutcome, Job};
use crate::record::{Pass, Point, Trial, is_floor};
use crate::text::counted;

/// So many crashes of processes that contestants shared are let pass though none of them crashes alone. The next one ends the run.
const MOST_TOGETHER: usize = 3;

/// Plays blocks with whatever `play` makes of a job and a layout.
pub(super) fn play_blocks<O: Observer>(
    plan: &Plan,
    observer: &mut O,
    stop: &AtomicBool,
    play: impl FnMut(&Job, Option<usize>) -> Result<BlockOutcome, Broken>,
) -> Result<Ending, O::Error> {
    let mut course = Course {
        plan,
        observer,
        play,
        failed: Vec::new(),
        counts: CountedLocks::default(),
        crashed_together: 0,
    };
    for block in plan.first_block.. {
        if let Some(ending) = course.block(block, stop)? {
            return Ok(ending);
        }
        if plan.strategies.iter().all(|strategy| course.failed.contains(strategy)) {
            return Ok(Ending::NothingLeft);
        }
        if course.observer.block_ended(block)?.is_break() {
            break;
        }
    }
    Ok(Ending::Complete)
}

/// A run under way.
struct Course<'a, O, P> {
    plan: &'a Plan,
    observer: &'a mut O,
    play: P,
    /// Who is left out.
    failed: Vec<String>,
    counts: CountedLocks,
    /// Crashes of shared processes that nobody repeated alone.
    crashed_together: usize,
}

impl<O: Observer, P: FnMut(&Job, Option<usize>) -> Result<BlockOutcome, Broken>> Course<'_, O, P> {
    /// Plays a block. Answers how the run ends, if it does.
    fn block(&mut self, block: usize, stop: &AtomicBool) -> Result<Option<Ending>, O::Error> {
        let plan = self.plan;
        let layout = plan.layout(block);
        let mut queue: VecDeque<Turn> = turns_of_block(plan, block).into();
        // By point and pass, where contestants have processes of their own: each floor, once it has played, which it does first.
        let mut floors: BTreeMap<(usize, Pass, String), Trial> = BTreeMap::new();
        let mut number = 0;
        while let Some(mut turn) = queue.pop_front() {
            turn.names.retain(|name| !self.failed.contains(name));
            let floors_alone = turn.names.iter().all(|name| is_floor(name));
            if floors_alone && turn.isolation == Isolation::Slices || turn.names.is_empty() {
                continue;
            }
            let (point, load) = &plan.points[turn.point];
            self.observer.starting(block, number, number + queue.len() + 1, &turn.who(), point);
            number += 1;
            let job = plan.job(&turn, block, &self.counts);
            let outcome = match (self.play)(&job, layout) {
                Ok(outcome) => outcome,
                Err(broken) => match self.at_fault(&turn, layout, &job, broken)? {
                    Some(ending) => return Ok(Some(ending)),
                    // The others' turns are played again.
                    None => {
                        queue.push_front(turn);
                        continue;
                    }
                },
            };
            if let Some(state) = &outcome.state {
                let contestant = (turn.isolation == Isolation::Process).then(|| turn.names[0].as_str());
                self.observer.probed(Probed { block, point, contestant, layout, state });
            }
            let played = match describe(plan, &turn, block, outcome, &mut self.counts) {
                Ok(played) => played,
                Err(reason) => return Ok(Some(Ending::Failed(reason))),
            };
            let again = !turn.repeated && played.iter().any(|played| played.trial.disturbed);
            for mut played in played {
                if turn.isolation == Isolation::Process {
                    let trial = &mut played.trial;
                    let of = |name: &str| (turn.point, trial.pass, name.to_owned());
                    if let Some(floor) = floors.get(&of(plan.floor_of(&trial.strategy))) {
                        stand_on_floor(trial, floor, load);
                    }
                    if is_floor(&trial.strategy) {
                        floors.insert((turn.point, trial.pass, trial.strategy.clone()), trial.clone());
                    }
                }
                self.observer.played(played)?;
            }
            if again {
                let again = Turn { repeated: true, ..turn };
                // A floor at once where it plays alone, since the others' rows state its figure.
                if floors_alone {
                    queue.push_front(again);
                } else {
                    queue.push_back(again);
                }
            }
            if stop.load(Memory::Acquire) {
                return Ok(Some(Ending::Interrupted));
            }
        }
        Ok(None)
    }

    /// Leaves out who is at fault that a process ended badly, if it is any contestant's fault. Answers how the run ends, if it does.
    fn at_fault(
        &mut self,
        turn: &Turn,
        layout: Option<usize>,
        job: &Job,
        (reason, at_work): Broken,
    ) -> Result<Option<Ending>, O::Error> {
        let point = &self.plan.points[turn.point].0;
        match reason {
            ChildError::Interrupted => return Ok(Some(Ending::Interrupted)),
            ChildError::Spawn(_) => return Ok(Some(Ending::Failed(reason.to_string()))),
            ChildError::Hung(_) | ChildError::Failed(_) | ChildError::Sanitized(..) => {}
        }
        let at_work = at_work.and_then(|number| job.contestants.get(number)).map(|it| it.name.clone());
        if turn.names.len() > 1 && self.plan.is_loaded_among(&turn.names) {
            return self.try_alone(turn, (layout, job.seed), point, reason, at_work);
        }
        let Some(at_work) = at_work else {
            return Ok(Some(Ending::Failed(reason.to_string())));
        };
        self.leave_out(at_work, point, &reason)?;
        Ok(None)
    }

    /// Plays each of them in a process of its own, the loaded lists first: a list written in C may have spoilt what another one then
    /// stumbled over. The first that ends badly by itself is at fault. If none does, nobody is, unless that goes on.
    fn try_alone(
        &mut self,
        turn: &Turn,
        (layout, seed): (Option<usize>, u64),
        point: &Point,
        reason: ChildError,
        at_work: Option<String>,
    ) -> Result<Option<Ending>, O::Error> {
        for name in self.plan.suspects(&turn.names, at_work.as_deref()) {
            let alone = Turn {
                names: vec![name.clone()],
                isolation: Isolation::Process,
                ..turn.clone()
            };
            let job = Job {
                seed,
                count: false,
                ..self.plan.job(&alone, self.plan.first_block, &self.counts)
            };
            match (self.play)(&job, layout) {
                Ok(_) => {}
                Err((ChildError::Interrupted, _)) => return Ok(Some(Ending::Interrupted)),
                // No contestant was at work, so none is to blame.
                Err((alone @ ChildError::Spawn(_), _) | (alone, None)) => {
                    return Ok(Some(Ending::Failed(alone.to_string())));
                }
                Err((alone, Some(_))) => {
                    self.leave_out(name, point, &alone)?;
                    return Ok(None);
                }
            }
        }
        self.observer.crashed_together(at_work.as_deref(), point, &reason);
        self.crashed_together += 1;
        if self.crashed_together <= MOST_TOGETHER {
            return Ok(None);
        }
        Ok(Some(Ending::Failed(format!(
            "{} crashed in which strategies took turns, and none of these crashes alone, so one may write beyond its memory; \
             --isolation process gives each its own ({} with {}: {reason})",
            counted(self.crashed_together, "block"),
            point.workload,
            counted(point.threads, "thread")
        ))))
    }

    fn leave_out(&mut self, name: String, point: &Point, reason: &ChildError) -> Result<(), O::Error> {
        self.observer.failed(&name, point, reason)?;
        self.failed.push(name);
        Ok(())
    }
}
