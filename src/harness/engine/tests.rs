use super::*;
use crate::harness::job::Watch;
use crate::harness::{Handed, Speed};
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
}

impl Notes {
    fn of(blocks: usize) -> Self {
        Notes { blocks, trials: Vec::new(), failed: Vec::new() }
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
    let ending = play_blocks(plan, &mut notes, &AtomicBool::new(false), |job| {
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
    let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |job| {
        tried += 1;
        match job.contestants.iter().position(|contestant| contestant.name == "seqlock") {
            Some(playing) => Err((ChildError::Failed("it crashed".to_owned()), Some(playing))),
            None => Ok(outcome(job, |_| 1.0)),
        }
    });
    assert_eq!((ending, notes.failed.as_slice()), (Ok(Ending::Complete), ["seqlock".to_owned()].as_slice()));
    assert_eq!((tried, notes.trials.len()), (3, 2 * 2 * 3));

    let mut notes = Notes::of(2);
    let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |job| {
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
        let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |_| Err((reason.clone(), None)));
        assert_eq!(ending, Ok(Ending::Failed(reason.to_string())));
        assert!(notes.failed.is_empty());
    }
}

#[test]
fn only_the_injected_contestant_is_slowed_down() {
    let plan = Plan { inject: Some(0.01), ..judged() };
    let mut notes = Notes::of(1);
    let ending = play_blocks(&plan, &mut notes, &AtomicBool::new(false), |job| {
        for contestant in &job.contestants {
            assert_eq!(contestant.inject, if contestant.name == INJECTED { 0.01 } else { 0.0 });
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
    let ending = play_blocks(&plan, &mut notes, &AtomicBool::new(false), |job| {
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
    compare(&mut played, "mutex", &hot());
    let logs = |number: usize| (played[number].trial.log_ratio, played[number].trial.log_net_ratio);
    assert_eq!(logs(1), (Some(0.0), Some(0.0)));
    assert_eq!(logs(2), (Some((40.0_f64 / 60.0).ln()), Some(0.5_f64.ln())));
    assert_eq!(logs(3), (Some((20.0_f64 / 60.0).ln()), None));
    assert_eq!(played[2].trial.floor_ns, Some(20.0));
}
