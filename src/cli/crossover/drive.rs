//! Plays what the search wants, until it wants nothing more or a limit is met.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use super::super::failure::Failure;
use super::super::session::{Limits, Reached, Recording, Setup};
use super::Base;
use super::args::CrossoverArgs;
use crate::answers::value_of;
use crate::export::write_crossings;
use crate::harness::child::ChildError;
use crate::harness::{Ending, Load, Observer, Plan, Played, Probed, engine};
use crate::record::{CrossoverPoint, CrossoverRow, Point};
use crate::stats::crossover::Sweep;
use crate::stats::ratios;
use crate::workload::Range;

/// Values of the coarse grid.
const GRID: usize = 9;
/// How narrow the interval of a crossing is to be if nothing else is asked for, as half its width.
const PRECISION: f64 = 0.05;
/// Blocks played at a value before the search is asked again: one and the same backwards.
const VISIT: usize = 2;

/// A search that is over.
pub struct Search {
    /// The result directory.
    pub recording: Recording,
    /// What was searched, and how.
    pub sweep: Sweep,
    /// The range.
    pub range: Range,
    /// The workload's name and the threads, where these do not vary.
    pub of: String,
    /// Whether a limit ended it before it had found all that it could.
    pub cut_short: bool,
    /// What ended it other than well.
    pub failure: Option<Failure>,
}

impl Search {
    /// What was found.
    pub fn findings(&self) -> (Vec<CrossoverRow>, Vec<CrossoverPoint>) {
        self.sweep.findings(self.recording.counted())
    }
}

/// Searches and writes as it goes. `base` varies one thing.
pub fn search(args: &CrossoverArgs, base: Base, stop: &AtomicBool, command: Vec<String>) -> Result<Search, Failure> {
    let common = &args.common;
    let range = base.ranges[0];
    let ladder = range.ladder();
    let points: Vec<(Point, Load)> =
        ladder.values().iter().map(|value| base.point(&[*value])).collect::<Result<_, Failure>>()?;
    let precision = common.precision.map_or(PRECISION, |share| share.0);
    let sweep = Sweep::new(
        range.vary.word(),
        &common.baseline,
        &base.compared,
        ladder.values(),
        &points.iter().map(|(point, _)| point.clone()).collect::<Vec<Point>>(),
        args.grid.unwrap_or(GRID),
        ladder.rungs_within((1.0 + precision).powi(2) - 1.0),
        common.threshold.0,
    );
    let recording = Recording::open(Setup {
        what: &base.what(),
        common,
        parameters: &base.parameters(args),
        command,
        spins_per_ns: base.plan.spins_per_ns,
        threads: points.iter().map(|(point, _)| point.threads).max().unwrap_or(1),
    })?;
    let plan = Plan {
        spins_per_ns: recording.spins_per_ns().unwrap_or(base.plan.spins_per_ns),
        ..base.plan.clone()
    };
    let mut drive = Drive {
        sweep,
        recording,
        limits: Limits::new(common),
        failed: Vec::new(),
        blocks: 0,
        until: 0,
        baseline: common.baseline.clone(),
        threshold: common.threshold.0,
        value: String::new(),
    };
    drive.rewrite()?;
    let values: Vec<String> = ladder.values().iter().map(|value| value_of(range.vary.word(), *value)).collect();
    let ended = drive.go(&plan, &points, &values, stop);
    let cut_short = matches!(ended, Ok((_, true)));
    let visited: Vec<Point> = points.iter().map(|(point, _)| point.clone()).filter(|it| drive.visited(it)).collect();
    let failure = drive.recording.close(ended.map(|(ending, _)| ending), &visited);
    let written = drive.rewrite();
    Ok(Search {
        recording: drive.recording,
        sweep: drive.sweep,
        range,
        of: format!("workload {}{}", base.workload.name, base.threads_words()),
        cut_short,
        failure: failure.or(written.err()),
    })
}

/// A search under way.
struct Drive {
    sweep: Sweep,
    recording: Recording,
    limits: Limits,
    failed: Vec<String>,
    /// Blocks of this invocation.
    blocks: usize,
    /// The block at which the visit under way ends.
    until: usize,
    baseline: String,
    threshold: f64,
    /// Where it is, for the user.
    value: String,
}

impl Drive {
    /// Plays until the search is over; also tells whether it was a limit that ended it.
    fn go(
        &mut self,
        plan: &Plan,
        points: &[(Point, Load)],
        names: &[String],
        stop: &AtomicBool,
    ) -> Result<(Ending, bool), Failure> {
        loop {
            let wants = self.sweep.wants(self.recording.counted(), &self.failed);
            if wants.is_empty() {
                let nothing_left = self.sweep.strategies().iter().all(|name| self.failed.contains(name));
                return Ok((
                    if nothing_left {
                        Ending::NothingLeft
                    } else {
                        Ending::Complete
                    },
                    false,
                ));
            }
            for (rung, strategies) in wants {
                if self.limits.met(self.reached(0.0)) {
                    return Ok((Ending::Complete, true));
                }
                let point = &points[rung].0;
                self.value.clone_from(&names[rung]);
                let first_block = self.next_block(point);
                self.until = first_block + VISIT;
                let visit = Plan {
                    strategies: plan
                        .strategies
                        .iter()
                        .filter(|name| **name == self.baseline || strategies.contains(name))
                        .filter(|name| !self.failed.contains(name))
                        .cloned()
                        .collect(),
                    points: vec![points[rung].clone()],
                    first_block,
                    ..plan.clone()
                };
                match engine::run(&visit, self, stop)? {
                    Ending::Complete => {}
                    other => return Ok((other, false)),
                }
                if self.failed.contains(&self.baseline) {
                    return Ok((Ending::NothingLeft, false));
                }
            }
            self.rewrite()?;
        }
    }

    /// Whether anything was played at a point.
    fn visited(&self, point: &Point) -> bool {
        self.next_block(point) > 0
    }

    /// The number of the next block at a point: blocks are counted there, so that every second one plays the one before it
    /// backwards.
    fn next_block(&self, point: &Point) -> usize {
        let here = self
            .recording
            .trials
            .iter()
            .filter(|it| (it.threads, &it.workload) == (point.threads, &point.workload));
        here.map(|trial| trial.block + 1).max().unwrap_or(0)
    }

    fn rewrite(&mut self) -> Result<(), Failure> {
        self.recording.sort_blocks()?;
        let (rows, points) = self.sweep.findings(self.recording.counted());
        write_crossings(self.recording.path(), &rows, &points).map_err(|error| Failure::Error(error.to_string()))?;
        let ratios = ratios(self.recording.measured(), &self.baseline, self.threshold);
        self.recording.rewrite(&ratios)
    }

    fn reached(&self, fraction: f64) -> Reached {
        Reached {
            blocks: self.blocks as f64 + fraction,
            fewest_blocks: 0,
            elapsed_ns: self.recording.began.elapsed_ns(),
            precision: None,
        }
    }
}

impl Observer for Drive {
    type Error = Failure;

    fn starting(&mut self, _block: usize, number: usize, of: usize, strategy: &str, _point: &Point) {
        let reached = self.reached(number as f64 / of as f64);
        let left = self.limits.left_ns(reached);
        let left = left.map_or(String::new(), |ns| format!("at most {} s left, ", ns.div_ceil(1_000_000_000)));
        self.recording
            .progress
            .set(self.limits.percent(reached), format!("{left}{}: {strategy}", self.value));
    }

    fn played(&mut self, played: Played) -> Result<(), Failure> {
        self.recording.keep(played)
    }

    fn failed(&mut self, strategy: &str, point: &Point, reason: &ChildError) -> Result<(), Failure> {
        self.recording.leave_out(strategy, point, reason);
        self.failed.push(strategy.to_owned());
        Ok(())
    }

    fn probed(&mut self, probed: Probed<'_>) {
        self.recording.probed(probed);
    }

    fn crashed_together(&mut self, at_work: Option<&str>, point: &Point, reason: &ChildError) {
        self.recording.crashed_together(at_work, point, reason);
    }

    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Failure> {
        self.blocks += 1;
        self.recording.block_ended()?;
        let over = block + 1 >= self.until || self.limits.met(self.reached(0.0));
        Ok(if over {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
