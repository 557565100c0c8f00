use std::collections::BTreeSet;

use headlock_strategies::LockCounts;

use super::counted::CountedLocks;
use super::course::play_blocks;
use super::describe::{at_floor, compare, describe_part};
use super::turns::{Turn, turns_of_block};
use super::*;
use crate::harness::job::{BlockOutcome, Job, Outcome, ThreadOutcome, Watch};
use crate::harness::{Handed, Inject, LibraryFile, Speed};
use crate::record::{AA_CONTROL, FLOOR, FLOOR_BEHIND, Pass};
use crate::workload::{Overrides, Workload};

fn hot() -> Load {
    Load::Synthetic {
        workload: Box::new(Workload::preset("hot").unwrap()),
        threads: 1,
    }
}

#[test]
fn what_takes_no_more_than_nothing_is_at_the_floor() {
    assert!(at_floor(&hot(), Pass::Throughput, 50_000, 1.02_f64.ln()));
    assert!(!at_floor(&hot(), Pass::Throughput, 50_000, 1.04_f64.ln()));
    assert!(!at_floor(&hot(), Pass::Throughput, 500, 0.0), "too few to tell");
    assert!(!at_floor(&hot(), Pass::Latency, 50_000, 0.0), "clocks are most of it");
    let replay = Load::Replay { trace: Handed::at("x"), speed: Speed::Max };
    assert!(!at_floor(&replay, Pass::Throughput, 50_000, 0.0), "rows are most of it");
}

fn plan() -> Plan {
    let points = ["a", "b"].map(|workload| {
        let point = Point { workload: workload.to_owned(), threads: 1 };
        (point, hot())
    });
    Plan {
        strategies: ["mutex", "seqlock", "arc-swap"].map(str::to_owned).to_vec(),
        baseline: "mutex".to_owned(),
        points: points.to_vec(),
        trial_ns: 1,
        expected_ns: 0,
        behind: Vec::new(),
        patience_ns: 1,
        seed: 7,
        cpus: vec![],
        inject: None,
        spins_per_ns: 1.0,
        first_block: 0,
        deciding_only: false,
        isolation: Isolation::Slices,
        layouts: Vec::new(),
    }
}

/// With a process for each trial.
fn apart() -> Plan {
    Plan { isolation: Isolation::Process, ..plan() }
}

/// Point, pass and name of everything that a block plays.
fn all_of(turns: &[Turn]) -> Vec<(usize, Pass, &str)> {
    let of_turn =
        |turn: &'_ Turn| -> Vec<(usize, Pass)> { turn.passes.iter().map(|&pass| (turn.point, pass)).collect() };
    let named = turns.iter().flat_map(|turn| turn.names.iter().map(move |name| (of_turn(turn), name.as_str())));
    named
        .flat_map(|(played, name)| played.into_iter().map(move |(point, pass)| (point, pass, name)))
        .collect()
}

#[test]
fn a_block_plays_every_strategy_once_at_every_point_in_every_pass() {
    for (plan, processes) in [(plan(), 2), (apart(), 2 * 2 * 5)] {
        let turns = turns_of_block(&plan, 0);
        assert_eq!(turns.len(), processes);
        let mut all = all_of(&turns);
        assert_eq!(all.len(), 2 * 2 * (3 + 1 + 1));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2 * 2 * (3 + 1 + 1));
    }
}

#[test]
fn a_plan_for_what_decides_alone_plays_each_point_in_its_first_pass() {
    for plan in [plan(), apart()] {
        let turns = turns_of_block(&Plan { deciding_only: true, ..plan }, 0);
        assert_eq!(all_of(&turns).len(), 2 * (3 + 1 + 1));
        assert!(turns.iter().all(|turn| turn.passes == [Pass::Throughput]));
    }
}

#[test]
fn lists_that_are_too_large_to_stand_side_by_side_have_processes_of_their_own() {
    let mut plan = plan();
    let given = Overrides { timers: Some(100_000), ..Overrides::default() };
    let large = Workload::preset("hot").unwrap().with(given, "test").unwrap();
    plan.points[1].1 = Load::Synthetic { workload: Box::new(large), threads: 1 };
    let turns = turns_of_block(&plan, 0);
    let processes = |point| turns.iter().filter(|turn| turn.point == point).count();
    assert_eq!((processes(0), processes(1)), (1, 2 * 5));
}

#[test]
fn an_odd_block_plays_the_one_before_it_backwards_but_for_the_floor() {
    let plan = apart();
    let contest = |block| {
        let mut turns = turns_of_block(&plan, block);
        turns.retain(|turn| turn.names != [FLOOR]);
        turns
    };
    let mut backwards = contest(5);
    backwards.reverse();
    assert_eq!(contest(4), backwards);
    assert_ne!(contest(4), contest(6));
}

#[test]
fn the_floor_is_played_first_in_each_group() {
    for block in 0..4 {
        let turns = turns_of_block(&apart(), block);
        for group in turns.chunks(5) {
            assert_eq!(group[0].names, [FLOOR]);
            assert!(group.iter().all(|turn| (turn.point, &turn.passes) == (group[0].point, &group[0].passes)));
        }
    }
}

/// Length of a trial, ns.
const TRIAL_NS: u64 = 20_000_000;

/// Notes what the engine tells it, and has enough after so many blocks.
struct Notes {
    blocks: usize,
    trials: Vec<Trial>,
    failed: Vec<String>,
    /// Who was at work in crashes that nobody repeated alone.
    together: Vec<String>,
}

impl Notes {
    fn of(blocks: usize) -> Self {
        Notes {
            blocks,
            trials: Vec::new(),
            failed: Vec::new(),
            together: Vec::new(),
        }
    }

    /// Whether each of a strategy's trials of a pass and block is disturbed.
    fn trials_of(&self, strategy: &str, pass: Pass, block: usize) -> Vec<bool> {
        let own = |it: &&Trial| (it.strategy.as_str(), it.pass, it.block) == (strategy, pass, block);
        self.trials.iter().filter(own).map(|it| it.disturbed).collect()
    }
}

impl Observer for Notes {
    type Error = std::convert::Infallible;

    fn played(&mut self, played: Played) -> Result<(), Self::Error> {
        self.trials.push(played.trial);
        Ok(())
    }

    fn failed(&mut self, strategy: &str, _point: &Point, _reason: &ChildError) -> Result<(), Self::Error> {
        self.failed.push(strategy.to_owned());
        Ok(())
    }

    fn crashed_together(&mut self, at_work: Option<&str>, _point: &Point, _reason: &ChildError) {
        self.together.extend(at_work.map(str::to_owned));
    }

    fn block_ended(&mut self, block: usize) -> Result<ControlFlow<()>, Self::Error> {
        Ok(if block + 1 == self.blocks {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}

/// A plan of one point on one processor, so that trials are judged.
fn judged() -> Plan {
    let mut plan = plan();
    plan.points.truncate(1);
    plan.strategies = ["mutex", "seqlock"].map(str::to_owned).to_vec();
    Plan { trial_ns: TRIAL_NS, cpus: vec![0], ..plan }
}

/// What a process answers that had its processor for these shares of the time, pass by pass.
fn outcome(job: &Job, shares: impl Fn(Pass) -> f64) -> BlockOutcome {
    let thread = ThreadOutcome {
        ops: 1_000,
        elapsed_ns: TRIAL_NS,
        cpu_ns: TRIAL_NS,
        ..ThreadOutcome::default()
    };
    let parts = job
        .passes
        .iter()
        .flat_map(|&pass| job.contestants.iter().map(move |contestant| (contestant.name.clone(), pass)));
    let part = |(name, pass)| Outcome {
        name,
        pass,
        threads: vec![thread.clone()],
        locks: None,
        retries: 0,
        retired: 0,
        peak_unreclaimed: 0,
        active_start: 0,
        active_end: 0,
        histograms: Vec::new(),
        slices: 1,
        overlap: 1.0,
        log_ratio: None,
        log_net_ratio: None,
        log_over_floor: None,
    };
    let watch = |&pass| Watch {
        pass,
        wall_ns: TRIAL_NS,
        awake_ns: TRIAL_NS,
        lost_ns: (TRIAL_NS as f64 * (1.0 - shares(pass))) as u64,
        stopped_ns: 0,
        sleeps: 0,
        runqueue_ns: 0,
        block_ns: TRIAL_NS,
    };
    BlockOutcome {
        parts: parts.map(part).collect(),
        watches: job.passes.iter().map(watch).collect(),
        ..BlockOutcome::default()
    }
}

/// Plays `plan` for so many blocks; `disturbs` says, by who plays, the pass and how many processes came before, whether something
/// took half of its time.
fn play(plan: &Plan, blocks: usize, disturbs: impl Fn(&Job, Pass, usize) -> bool) -> Notes {
    let mut notes = Notes::of(blocks);
    let mut processes = 0;
    let ending = play_blocks(plan, &mut notes, &AtomicBool::new(false), |job, _| {
        processes += 1;
        Ok(outcome(job, |pass| if disturbs(job, pass, processes - 1) { 0.5 } else { 1.0 }))
    });
    assert_eq!(ending, Ok(Ending::Complete));
    notes
}

fn plays(job: &Job, name: &str) -> bool {
    job.contestants.iter().any(|contestant| contestant.name == name)
}

#[test]
fn a_disturbed_block_is_played_once_more_and_its_verdict_is_everybodys() {
    let notes = play(&judged(), 2, |_, pass, before| before == 0 && pass == Pass::Throughput);
    for strategy in [FLOOR, "mutex", "seqlock", AA_CONTROL] {
        assert_eq!(notes.trials_of(strategy, Pass::Throughput, 0), [true, false]);
        assert_eq!(notes.trials_of(strategy, Pass::Latency, 0), [false, false]);
        assert_eq!(notes.trials_of(strategy, Pass::Throughput, 1), [false]);
    }
    let disturbed: Vec<&Trial> = notes.trials.iter().filter(|trial| trial.disturbed).collect();
    assert_eq!(disturbed.len(), 4);
    assert_eq!(disturbed[0].disturbance, "50.0 % of the threads' time went elsewhere");
}

#[test]
fn a_block_that_is_disturbed_again_is_let_be() {
    let notes = play(&judged(), 2, |_, _, _| true);
    for block in 0..2 {
        assert_eq!(notes.trials_of("seqlock", Pass::Latency, block), [true, true]);
    }
}

#[test]
fn a_disturbed_process_of_one_is_played_again_at_the_end_of_its_block() {
    let plan = Plan { isolation: Isolation::Process, ..judged() };
    let notes = play(&plan, 1, |job, pass, before| plays(job, "seqlock") && pass == Pass::Throughput && before < 10);
    let last = notes.trials.last().expect("a trial");
    assert_eq!((last.strategy.as_str(), last.pass), ("seqlock", Pass::Throughput));
    assert_eq!(notes.trials.len(), 4 * 2 + 1);
    // The floor at once, before anybody stands on it.
    let notes = play(&plan, 1, |job, _, before| plays(job, FLOOR) && before == 0);
    let first: Vec<(&str, bool)> = notes.trials[..2].iter().map(|it| (it.strategy.as_str(), it.disturbed)).collect();
    assert_eq!(first, [(FLOOR, true), (FLOOR, false)]);
}

#[test]
fn who_fails_is_left_out_and_the_others_play_their_turns_again() {
    let mut notes = Notes::of(2);
    let mut tried = 0;
    let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |job, _| {
        tried += 1;
        match job.contestants.iter().position(|contestant| contestant.name == "seqlock") {
            Some(playing) => Err((ChildError::Failed("it crashed".to_owned()), Some(playing))),
            None => Ok(outcome(job, |_| 1.0)),
        }
    });
    assert_eq!((ending, notes.failed.as_slice()), (Ok(Ending::Complete), ["seqlock".to_owned()].as_slice()));
    assert_eq!((tried, notes.trials.len()), (3, 2 * 2 * 3));

    let mut notes = Notes::of(2);
    let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |job, _| {
        let playing = job.contestants.iter().position(|contestant| contestant.name != FLOOR);
        Err((ChildError::Hung(60), playing))
    });
    assert_eq!(ending, Ok(Ending::NothingLeft));
    assert_eq!(notes.failed.len(), 3);
}

#[test]
fn what_nobody_is_to_blame_for_ends_the_run() {
    for reason in [
        ChildError::Spawn("no processes left".to_owned()),
        ChildError::Failed("no such CPU".to_owned()),
    ] {
        let mut notes = Notes::of(1);
        let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |_, _| Err((reason.clone(), None)));
        assert_eq!(ending, Ok(Ending::Failed(reason.to_string())));
        assert!(notes.failed.is_empty());
    }
}

#[test]
fn only_the_injected_contestant_is_slowed_down() {
    const SLOWER: Inject = Inject { share: 0.01, beyond_ns: 500 };
    let plan = Plan { inject: Some(SLOWER), ..judged() };
    let mut notes = Notes::of(1);
    let ending = play_blocks(&plan, &mut notes, &AtomicBool::new(false), |job, _| {
        for contestant in &job.contestants {
            let share = if contestant.name == INJECTED { 0.01 } else { 0.0 };
            assert_eq!(contestant.inject, Inject { share, ..SLOWER }, "the same code for all");
        }
        assert!(plays(job, INJECTED));
        Ok(outcome(job, |_| 1.0))
    });
    assert_eq!(ending, Ok(Ending::Complete));
    assert_eq!(notes.trials.len(), 5 * 2);
}

#[test]
fn a_replay_is_counted_in_one_block_of_many_and_stated_in_all() {
    let mut plan = judged();
    plan.points[0].1 = Load::Replay { trace: Handed::at("x"), speed: Speed::Max };
    let mut notes = Notes::of(3);
    let ending = play_blocks(&plan, &mut notes, &AtomicBool::new(false), |job, _| {
        let mut answer = outcome(job, |_| 1.0);
        for part in &mut answer.parts {
            // Half of the operations lock; later blocks are twice as long.
            part.threads[0].ops = if job.count { 1_000 } else { 2_000 };
            let locks = LockCounts { acquisitions: 500, ..LockCounts::default() };
            part.locks = job.count.then_some(locks);
            part.threads[0].lock = part.locks.unwrap_or_default();
        }
        Ok(answer)
    });
    assert_eq!(ending, Ok(Ending::Complete));
    let of = |block| notes.trials.iter().find(|it| (it.block, it.pass) == (block, Pass::Throughput)).unwrap();
    assert_eq!([0, 1, 2].map(|block| of(block).lock.acquisitions), [500, 1_000, 1_000]);
}

#[test]
fn latencies_are_compared_with_the_floor_taken_off_where_both_clear_it() {
    let figures = |ns_per_op: f64, strategy: &str| {
        let point = Point { workload: "a".to_owned(), threads: 1 };
        let job = judged().job(&turns_of_block(&judged(), 0)[0], 0, &CountedLocks::default());
        let part = outcome(&job, |_| 1.0).parts.into_iter().find(|part| part.pass == Pass::Latency).unwrap();
        let mut played = describe_part(&point, 0, &hot(), Outcome { name: strategy.to_owned(), ..part }).unwrap();
        played.trial.ns_per_op = ns_per_op;
        played
    };
    let mut played = [
        figures(20.0, FLOOR),
        figures(60.0, "mutex"),
        figures(40.0, "seqlock"),
        figures(20.0, "arc-swap"),
    ];
    compare(&judged(), &mut played, &hot());
    let logs = |number: usize| (played[number].trial.log_ratio, played[number].trial.log_net_ratio);
    assert_eq!(logs(1), (Some(0.0), Some(0.0)));
    assert_eq!(logs(2), (Some((40.0_f64 / 60.0).ln()), Some(0.5_f64.ln())));
    assert_eq!(logs(3), (Some((20.0_f64 / 60.0).ln()), None));
    assert_eq!(played[2].trial.floor_ns, Some(20.0));
}

/// With these lists behind the C interface: loaded ones, and those of the program's own whose names end in `@c`.
fn behind(names: &[&str]) -> Plan {
    let declared = |name: &&str| Behind {
        declaration: crate::record::Declaration { name: (*name).to_owned(), ..Default::default() },
        library: (!name.ends_with("@c")).then(|| LibraryFile { path: "/mine.so".into(), sha256: String::new() }),
    };
    let plan = judged();
    let strategies = names.iter().filter(|name| **name != FLOOR_BEHIND).map(|name| (*name).to_owned());
    Plan {
        strategies: plan.strategies.iter().cloned().chain(strategies).collect(),
        behind: names.iter().map(declared).collect(),
        ..plan
    }
}

#[test]
fn what_stands_behind_the_door_stands_on_the_floor_there() {
    let plan = behind(&["mine", "mutex@c", FLOOR_BEHIND]);
    let floors = ["mine", "mutex@c", FLOOR_BEHIND, "mutex", FLOOR].map(|name| plan.floor_of(name));
    assert_eq!(floors, [FLOOR_BEHIND, FLOOR_BEHIND, FLOOR, FLOOR, FLOOR]);
    for plan in [plan.clone(), Plan { isolation: Isolation::Process, ..plan }] {
        let mut notes = Notes::of(1);
        let ending = play_blocks(&plan, &mut notes, &AtomicBool::new(false), |job, _| {
            let mut answer = outcome(job, |_| 1.0);
            for part in &mut answer.parts {
                part.threads[0].elapsed_ns = match part.name.as_str() {
                    FLOOR => 2_000,
                    FLOOR_BEHIND => 5_000,
                    _ => 20_000,
                };
            }
            Ok(answer)
        });
        assert_eq!(ending, Ok(Ending::Complete));
        let floor = |name: &str| {
            let own = |it: &&Trial| it.strategy == name && it.pass == Pass::Throughput;
            notes.trials.iter().find(own).expect("it plays").floor_ns
        };
        let stated = ["mine", "mutex@c", FLOOR_BEHIND, "mutex", FLOOR].map(floor);
        assert_eq!(stated, [Some(5.0), Some(5.0), Some(2.0), Some(2.0), None]);
    }
}

/// Plays a plan with a loaded list, in which `crashes` says of a job who is at work when its process crashes.
fn crashing(
    blocks: usize,
    crashes: impl Fn(&Job) -> Option<&'static str>,
) -> (Result<Ending, std::convert::Infallible>, Notes) {
    let mut notes = Notes::of(blocks);
    let ending = play_blocks(&behind(&["mine"]), &mut notes, &AtomicBool::new(false), |job, _| match crashes(job) {
        Some(name) => {
            let at_work = job.contestants.iter().position(|contestant| contestant.name == name);
            Err((ChildError::Failed("it crashed".to_owned()), at_work))
        }
        None => Ok(outcome(job, |_| 1.0)),
    });
    (ending, notes)
}

#[test]
fn a_loaded_list_that_crashes_alone_is_at_fault_whoever_was_at_work() {
    let (ending, notes) =
        crashing(2, |job| plays(job, "mine").then_some(if job.contestants.len() > 1 { "seqlock" } else { "mine" }));
    assert_eq!((ending, notes.failed.as_slice()), (Ok(Ending::Complete), ["mine".to_owned()].as_slice()));
    assert_eq!(notes.trials_of("seqlock", Pass::Throughput, 0), [false]);
    assert!(notes.together.is_empty());
}

#[test]
fn a_list_of_the_programs_own_that_crashes_alone_is_at_fault_though_a_library_stands_beside_it() {
    let (ending, notes) = crashing(1, |job| plays(job, "seqlock").then_some("seqlock"));
    assert_eq!((ending, notes.failed.as_slice()), (Ok(Ending::Complete), ["seqlock".to_owned()].as_slice()));
    assert_eq!(notes.trials_of("mine", Pass::Throughput, 0), [false]);
}

#[test]
fn what_crashes_beside_others_and_not_alone_is_played_again_and_all_stand() {
    let crashes = std::cell::Cell::new(0);
    let (ending, notes) = crashing(2, |job| {
        let together = job.contestants.len() > 1;
        crashes.set(crashes.get() + usize::from(together));
        (together && crashes.get() == 1).then_some("seqlock")
    });
    assert_eq!(ending, Ok(Ending::Complete));
    assert_eq!((notes.failed.len(), notes.together.as_slice()), (0, ["seqlock".to_owned()].as_slice()));
    for strategy in ["mine", "mutex", "seqlock", AA_CONTROL, FLOOR] {
        assert_eq!(notes.trials_of(strategy, Pass::Throughput, 0), [false], "{strategy}");
    }

    let (ending, notes) = crashing(2, |job| (job.contestants.len() > 1).then_some("seqlock"));
    let Ok(Ending::Failed(reason)) = ending else {
        panic!("{ending:?}")
    };
    assert!(reason.contains("none of these crashes alone") && reason.contains("--isolation process"), "{reason}");
    assert_eq!((notes.failed.len(), notes.together.len()), (0, 4));
}

#[test]
fn whom_to_suspect_begins_with_the_libraries_and_names_nobody_twice() {
    let plan = behind(&["mine", "mutex@c", FLOOR_BEHIND]);
    let names = [FLOOR, FLOOR_BEHIND, AA_CONTROL, "mutex", "seqlock", "mutex@c", "mine"].map(str::to_owned);
    assert_eq!(plan.suspects(&names, Some("seqlock")), ["mine", "seqlock", "mutex", "mutex@c"]);
    assert_eq!(plan.suspects(&names, Some(AA_CONTROL)), ["mine", "mutex", "seqlock", "mutex@c"]);
}

#[test]
fn each_block_draws_its_layout_and_draws_the_same_one_again() {
    assert_eq!(judged().layout(3), None);
    let layout = |name: &str| LayoutFile {
        path: name.into(),
        layout: crate::record::Layout { name: name.to_owned(), sha256: String::new() },
    };
    let plan = Plan { layouts: ["a", "b", "c"].map(layout).to_vec(), ..judged() };
    let drawn: Vec<usize> = (0..60).filter_map(|block| plan.layout(block)).collect();
    assert_eq!(drawn, (0..60).filter_map(|block| plan.layout(block)).collect::<Vec<_>>());
    assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 3);
    let other = Plan { seed: 8, ..plan.clone() };
    assert_ne!(drawn, (0..60).filter_map(|block| other.layout(block)).collect::<Vec<_>>());

    let mut played = Vec::new();
    let mut notes = Notes::of(4);
    let ending = play_blocks(&plan, &mut notes, &AtomicBool::new(false), |job, layout| {
        played.push(layout);
        Ok(outcome(job, |_| 1.0))
    });
    assert_eq!(ending, Ok(Ending::Complete));
    assert_eq!(played, (0..4).map(|block| plan.layout(block)).collect::<Vec<_>>());
}
