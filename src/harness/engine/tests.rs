use super::*;
use crate::harness::{Order, Speed};

#[test]
fn what_takes_no_more_than_nothing_is_at_the_floor() {
    let null = (100_000, 200_000);
    assert_eq!(at_floor((50_000, 102_000), null), Some((2.04, 2.0)));
    assert_eq!(at_floor((50_000, 104_000), null), None);
    assert_eq!(at_floor((500, 1_000), null), None, "too few to tell");
}

fn plan() -> Plan {
    let load = Load::Replay { trace: "x".into(), order: Order::Strict, speed: Speed::Max };
    let points = ["a", "b"].map(|workload| {
        let point = Point { workload: workload.to_owned(), threads: 1 };
        (point, load.clone())
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
    }
}

#[test]
fn a_block_plays_every_strategy_once_at_every_point_in_every_pass() {
    let order = order_of_block(&plan(), 0);
    assert_eq!(order.len(), 2 * 2 * (3 + 1 + 1));
    for slot in &order {
        assert_eq!(order.iter().filter(|other| *other == slot).count(), 1, "{slot:?}");
    }
}

#[test]
fn a_plan_for_what_decides_alone_plays_each_point_in_its_first_pass() {
    let order = order_of_block(&Plan { deciding_only: true, ..plan() }, 0);
    assert_eq!(order.len(), 2 * (3 + 1 + 1));
    assert!(order.iter().all(|slot| slot.pass == Pass::Throughput));
}

#[test]
fn an_odd_block_plays_the_one_before_it_backwards_but_for_the_floor() {
    let contest = |block| {
        let mut order = order_of_block(&plan(), block);
        order.retain(|slot| slot.strategy != NULL);
        order
    };
    let mut backwards = contest(5);
    backwards.reverse();
    assert_eq!(contest(4), backwards);
    assert_ne!(contest(4), contest(6));
}

#[test]
fn the_floor_is_played_first_in_each_group() {
    for block in 0..4 {
        for group in order_of_block(&plan(), block).chunks(5) {
            assert_eq!(group[0].strategy, NULL);
            assert!(group.iter().all(|slot| (slot.point, slot.pass) == (group[0].point, group[0].pass)));
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

    /// Block, strategy and whether it is disturbed, in the order played, of one pass.
    fn order(&self, pass: Pass) -> Vec<(usize, &str, bool)> {
        let of_pass = self.trials.iter().filter(|trial| trial.pass == pass);
        of_pass.map(|trial| (trial.block, trial.strategy.as_str(), trial.disturbed)).collect()
    }

    /// Whether each of a strategy's trials of a pass and block is disturbed.
    fn trials_of(&self, strategy: &str, pass: Pass, block: usize) -> Vec<bool> {
        let order = self.order(pass);
        order.iter().filter(|it| (it.0, it.1) == (block, strategy)).map(|it| it.2).collect()
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

/// A trial of one thread that had its processor for this share of the time.
fn outcome(share: f64, ops: u64) -> Outcome {
    let thread = ThreadOutcome {
        ops,
        end_ns: TRIAL_NS,
        elapsed_ns: TRIAL_NS,
        cpu_ns: (TRIAL_NS as f64 * share) as u64,
        ..ThreadOutcome::default()
    };
    Outcome { threads: vec![thread], ..Outcome::default() }
}

/// Plays `plan` for so many blocks; `disturbs` says, by a trial's strategy, pass and how many of that kind came before it, whether
/// something took half of its time.
fn play(plan: &Plan, blocks: usize, disturbs: impl Fn(&str, Pass, usize) -> bool) -> Notes {
    let mut notes = Notes::of(blocks);
    let mut played: BTreeMap<(String, Pass), usize> = BTreeMap::new();
    let ending = play_blocks(plan, &mut notes, &AtomicBool::new(false), |job| {
        let before = played.entry((job.strategy.clone(), job.pass)).or_default();
        *before += 1;
        Ok(outcome(
            if disturbs(&job.strategy, job.pass, *before - 1) {
                0.5
            } else {
                1.0
            },
            1_000,
        ))
    });
    assert_eq!(ending, Ok(Ending::Complete));
    notes
}

#[test]
fn a_disturbed_trial_is_played_once_more_at_the_end_of_its_block_and_both_are_kept() {
    let disturbs = |strategy: &str, pass, before| (strategy, pass, before) == ("seqlock", Pass::Throughput, 0);
    let notes = play(&judged(), 2, disturbs);
    assert_eq!(notes.trials_of("seqlock", Pass::Throughput, 0), [true, false]);
    assert_eq!(notes.trials_of("seqlock", Pass::Throughput, 1), [false]);
    let of_block = |block| notes.trials.iter().filter(move |trial| trial.block == block);
    let last = of_block(0).next_back().expect("a trial");
    assert_eq!((last.strategy.as_str(), last.pass), ("seqlock", Pass::Throughput));
    let disturbed: Vec<&Trial> = notes.trials.iter().filter(|trial| trial.disturbed).collect();
    assert_eq!(disturbed.len(), 1);
    assert_eq!(disturbed[0].disturbance, "50.0 % of the threads' time went elsewhere");
    // Four strategies, null and null-control among them, in two passes.
    assert_eq!((of_block(0).count(), of_block(1).count()), (4 * 2 + 1, 4 * 2));
}

#[test]
fn a_trial_that_is_disturbed_again_is_let_be() {
    let notes = play(&judged(), 2, |strategy, _, _| strategy == "seqlock");
    for pass in [Pass::Throughput, Pass::Latency] {
        for block in 0..2 {
            assert_eq!(notes.trials_of("seqlock", pass, block), [true, true]);
        }
    }
}

#[test]
fn a_disturbed_floor_is_measured_again_before_anybody_stands_on_it() {
    let notes = play(&judged(), 1, |strategy, pass, before| (strategy, pass, before) == (NULL, Pass::Throughput, 0));
    let order = notes.order(Pass::Throughput);
    assert_eq!(order[..2], [(0, NULL, true), (0, NULL, false)]);
    assert_eq!(order.len(), 4 + 1);
}

#[test]
fn the_baseline_and_its_control_are_repeated_like_anybody_else() {
    // Both play the mutex; of its first two trials one is the baseline's and one the control's.
    let notes =
        play(&judged(), 1, |strategy, pass, before| (strategy, pass) == ("mutex", Pass::Throughput) && before < 2);
    for strategy in ["mutex", NULL_CONTROL] {
        assert_eq!(notes.trials_of(strategy, Pass::Throughput, 0), [true, false]);
    }
}

#[test]
fn a_strategy_that_fails_is_left_out_from_then_on() {
    let mut notes = Notes::of(2);
    let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |job| match job.strategy.as_str() {
        "seqlock" => Err(ChildError::Failed("it crashed".to_owned())),
        _ => Ok(outcome(1.0, 1_000)),
    });
    assert_eq!((ending, notes.failed.as_slice()), (Ok(Ending::Complete), ["seqlock".to_owned()].as_slice()));
    assert_eq!(notes.trials.len(), 2 * 2 * 3);

    let mut notes = Notes::of(2);
    let ending = play_blocks(&judged(), &mut notes, &AtomicBool::new(false), |job| match job.strategy.as_str() {
        NULL => Ok(outcome(1.0, 1_000)),
        _ => Err(ChildError::Hung(60)),
    });
    assert_eq!(ending, Ok(Ending::NothingLeft));
}

#[test]
fn only_the_injected_trials_are_slowed_down() {
    let plan = Plan { inject: Some(0.01), ..judged() };
    let mut notes = Notes::of(1);
    let mut slowed = Vec::new();
    let ending = play_blocks(&plan, &mut notes, &AtomicBool::new(false), |job| {
        slowed.push(job.inject);
        Ok(outcome(1.0, 1_000_000))
    });
    assert_eq!(ending, Ok(Ending::Complete));
    assert_eq!(slowed.len(), notes.trials.len());
    for (share, trial) in slowed.iter().zip(&notes.trials) {
        assert_eq!(*share, if trial.strategy == INJECTED { 0.01 } else { 0.0 });
    }
    assert!(slowed.contains(&0.01));
}
