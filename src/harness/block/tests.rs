//! Whole blocks, played in this process.

use std::sync::{Mutex, PoisonError};

use headlock_strategies::{
    Config, Counts, LockCounts, Nanos, Rearm, Strategy, TimerHandle, TimerId, TimerList, arc_swap, mutex, rcu_epoch,
    seqlock,
};

use super::plan::Plan;
use crate::harness::job::{Contestant, Job, Load, Outcome};
use crate::harness::{FloorList, Inject, Maker, play};
use crate::harness::{Isolation, Order, Speed};
use crate::record::Pass;
use crate::workload::script::{Script, Step};
use crate::workload::trace::Trace;
use crate::workload::{Mix, Op, Overrides, Workload};

const TRIAL_NS: u64 = 2_000_000;

fn job(load: Load, names: &[&str]) -> Job {
    let contestant = |name: &&str| Contestant {
        name: (*name).to_owned(),
        strategy: (*name).to_owned(),
        inject: Inject::NONE,
    };
    Job {
        contestants: names.iter().map(contestant).collect(),
        behind: Vec::new(),
        baseline: "mutex".to_owned(),
        passes: load.passes().to_vec(),
        load,
        trial_ns: TRIAL_NS,
        seed: 7,
        cpus: Vec::new(),
        spins_per_ns: 1.0,
        isolation: Isolation::Slices,
        count: true,
    }
}

fn synthetic(workload: Workload, threads: usize) -> Load {
    Load::Synthetic { workload: Box::new(workload), threads }
}

const NAMES: [&str; 5] = ["floor", "mutex", "seqlock", "rcu-epoch", "arc-swap"];

fn makers() -> [Maker; 5] {
    [
        Maker::of::<FloorList>(),
        Maker::of::<mutex::Mutex>(),
        Maker::of::<seqlock::Seqlock>(),
        Maker::of::<rcu_epoch::RcuEpoch>(),
        Maker::of::<arc_swap::ArcSwap>(),
    ]
}

fn sum(part: &Outcome, of: fn(&crate::harness::ThreadOutcome) -> u64) -> u64 {
    part.threads.iter().map(of).sum()
}

#[test]
fn every_contestant_ends_with_the_timers_that_it_began_with() {
    for (preset, threads) in [("hot", 1), ("hot", 2), ("churn", 2), ("modify-heavy", 1), ("paced", 1)] {
        let load = synthetic(Workload::preset(preset).unwrap(), threads);
        let passes = load.passes().len();
        let outcome = play(&job(load, &NAMES), &makers(), &|_| ()).unwrap();
        assert_eq!((outcome.parts.len(), outcome.watches.len()), (passes * NAMES.len(), passes));
        for part in &outcome.parts {
            assert!(sum(part, |thread| thread.ops) > 0, "{preset} {part:?}");
            assert_eq!(part.threads.len(), threads);
            if part.name != "floor" {
                assert_eq!(part.active_end, part.active_start, "{preset} {}", part.name);
            }
            let ratios = [part.log_ratio, part.log_over_floor];
            assert!(ratios.iter().all(|ratio| ratio.is_some() == (part.pass == Pass::Throughput)), "{ratios:?}");
            assert_eq!(part.histograms.is_empty(), part.pass == Pass::Throughput);
        }
    }
}

#[test]
fn a_modify_at_the_head_always_becomes_the_head_and_no_other_ever_does() {
    let mix = Mix { modify: 1.0, ..Mix::default() };
    for share in [0.0, 1.0] {
        let given = Overrides {
            mix: Some(mix),
            head_share: Some(share),
            run_due: Some(0.0),
            timers: Some(5),
            ..Overrides::default()
        };
        let workload = Workload::preset("hot").unwrap().with(given, "test").unwrap();
        let outcome = play(&job(synthetic(workload, 2), &NAMES), &makers(), &|_| ()).unwrap();
        for part in outcome.parts.iter().filter(|part| part.name != "floor") {
            let (ops, rearms) = (sum(part, |thread| thread.ops), sum(part, |thread| thread.rearms));
            assert_eq!(rearms as f64, ops as f64 * share, "{} {:?}", part.name, part.pass);
            assert_eq!(
                part.locks.map(|locks| locks.acquisitions),
                Some(ops),
                "each under the lock once: {}",
                part.name
            );
        }
    }
}

/// Shares of what slices of two threads play in so many blocks, by kind of operation, and of modifies at the head; where an operation
/// takes as long as `cost` says and a thread stops at the batch in which its time is up.
fn shares_of_slices(blocks: &[(Plan, [Script; 2])], limit: u64, cost: impl Fn(&Step) -> u64) -> Vec<f64> {
    const BATCH: usize = 16;
    let mut counts = vec![0_u64; Op::ALL.len() + 1];
    for (plan, scripts) in blocks {
        for (script, round) in scripts.iter().flat_map(|script| plan.rounds.iter().map(move |round| (script, round))) {
            let mut time = 0;
            for from in (round.from..round.to).step_by(BATCH) {
                for step in &script.steps[from % Script::LONG..][..BATCH] {
                    counts[step.op as usize] += 1;
                    counts[Op::ALL.len()] += u64::from(step.at_head);
                    time += cost(step);
                }
                if time >= limit {
                    break;
                }
            }
        }
    }
    let all: u64 = counts[..Op::ALL.len()].iter().sum();
    counts.into_iter().map(|count| count as f64 / all as f64).collect()
}

#[test]
fn slices_that_end_by_time_play_the_shares_asked_for_whatever_operations_cost() {
    for preset in ["hot", "modify-heavy", "churn"] {
        let workload = Workload::preset(preset).unwrap();
        let mix = workload.mix.unwrap();
        let whole: f64 = mix.shares().iter().sum();
        let mut asked: Vec<f64> = mix.shares().iter().map(|share| share / whole).collect();
        asked.push(asked[Op::Modify as usize] * workload.head_share);
        let blocks: Vec<_> = (0..16)
            .map(|seed| {
                let job = Job {
                    seed,
                    trial_ns: 10_000_000,
                    ..job(synthetic(workload.clone(), 2), &NAMES)
                };
                let script = |thread| Script::draw(&workload, thread, 2, seed, Script::LONG).unwrap();
                (Plan::synthetic(&job, 2), [0, 1].map(script))
            })
            .collect();
        for (name, limit, change, at_head) in [
            ("every operation alike", 5_000, 10, 10),
            ("dear changes", 5_000, 100, 150),
            ("dear changes, long slices", 20_000, 100, 150),
        ] {
            let cost = |step: &Step| match step.op {
                Op::Deadline | Op::Expired | Op::Run => 10,
                _ if step.at_head => at_head,
                _ => change,
            };
            let played = shares_of_slices(&blocks, limit, cost);
            for (of, (played, asked)) in played.iter().zip(&asked).enumerate() {
                assert!((played - asked).abs() <= asked * 0.01, "{preset}, {name}: {of} {played}, asked {asked}");
            }
        }
    }
}

#[test]
fn an_injected_slow_down_is_found_in_every_slice() {
    let mut job = job(synthetic(Workload::preset("hot").unwrap(), 1), &["mutex", "injected"]);
    job.contestants[1].inject = Inject { share: 9.0, beyond_ns: 0 };
    let outcome = play(&job, &[Maker::of::<mutex::Mutex>(); 2], &|_| ()).unwrap();
    let injected = outcome.parts.iter().find(|part| (part.name.as_str(), part.pass) == ("injected", Pass::Throughput));
    let ratio = injected.unwrap().log_ratio.unwrap().exp();
    // Ten times the time, whatever else happens to either.
    assert!(ratio > 3.0, "{ratio}");
}

#[test]
fn a_trace_is_played_alike_by_all_and_counted_whole() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("small.csv");
    let mut text = "time_ns,thread,list,op,timer,expire_ns\n".to_owned();
    for number in 0..10_000 {
        let (timer, thread) = (number % 7, number % 2);
        text += &match number % 5 {
            0 => format!("{number},{thread},0,mod,{timer},{}\n", number + 20),
            1 => format!("{number},{thread},0,run,,\n"),
            2 => format!("{number},0,1,create,{},\n{number},0,1,mod,{},{number}\n", 100 + number, 100 + number),
            3 => format!("{number},0,1,free,{},\n", 99 + number),
            _ => format!("{number},{thread},1,deadline,,\n"),
        };
    }
    std::fs::write(&file, &text).unwrap();
    let rows = text.lines().count() as u64 - 1;
    for order in [Order::Strict, Order::Threads] {
        let load = Load::replay(&Trace::load(&file).unwrap(), order, Speed::Max).unwrap();
        let outcome = play(&job(load, &NAMES), &makers(), &|_| ()).unwrap();
        for part in &outcome.parts {
            let ops = sum(part, |thread| thread.ops);
            assert_eq!(ops % rows, 0, "whole trips");
            let trips = ops / rows;
            assert_eq!(part.slices, trips * rows.div_ceil(super::plan::ROWS as u64));
            if part.name == "floor" || order == Order::Threads {
                continue;
            }
            let mutex = &outcome.parts.iter().find(|it| (it.name.as_str(), it.pass) == ("mutex", part.pass)).unwrap();
            for of in [
                |it: &crate::harness::ThreadOutcome| it.fired,
                |it: &crate::harness::ThreadOutcome| it.rearms,
            ] {
                assert_eq!(sum(part, of), sum(mutex, of), "{}", part.name);
                assert!(sum(part, of) > 0);
                assert_eq!(sum(part, of) % trips, 0, "every trip starts alike: {}", part.name);
            }
            assert_eq!(part.locks.unwrap().acquisitions % trips, 0, "{}", part.name);
        }
    }
}

/// What happened in a block, in order.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Turn(usize),
    /// A slice begins or ends: counts are read.
    Counts,
    Call(&'static str, TimerId, Nanos),
}

static EVENTS: Mutex<Vec<Event>> = Mutex::new(Vec::new());

fn note(event: Event) {
    EVENTS.lock().unwrap_or_else(PoisonError::into_inner).push(event);
}

/// A list that does nothing but tell.
struct Telling;

struct TellingHandle(u64);

impl TimerList for Telling {
    const STRATEGY: Strategy = Strategy { name: "telling", ..FloorList::STRATEGY };
    type Handle<'a> = TellingHandle;
    fn new(_config: &Config) -> Self {
        Telling
    }
    fn handle(&self) -> TellingHandle {
        TellingHandle(0)
    }
    fn counts(&self) -> Counts {
        Counts::default()
    }
}

impl TimerHandle for TellingHandle {
    fn create(&mut self) -> TimerId {
        self.0 += 1;
        TimerId::from_raw(self.0)
    }
    fn free(&mut self, _timer: TimerId) {}
    fn modify(&mut self, timer: TimerId, expire: Nanos) -> Rearm {
        note(Event::Call("modify", timer, expire));
        Rearm::No
    }
    fn anticipate(&mut self, _timer: TimerId, _expire: Nanos) -> Rearm {
        Rearm::No
    }
    fn cancel(&mut self, timer: TimerId) -> bool {
        note(Event::Call("cancel", timer, Nanos::ZERO));
        true
    }
    fn deadline(&mut self) -> Option<Nanos> {
        note(Event::Call("deadline", TimerId::from_raw(0), Nanos::ZERO));
        None
    }
    fn run(&mut self, now: Nanos, _fire: impl FnMut(&mut Self, TimerId)) -> usize {
        note(Event::Call("run", TimerId::from_raw(0), now));
        0
    }
    fn lock_counts(&self) -> LockCounts {
        note(Event::Counts);
        LockCounts::default()
    }
}

#[test]
fn in_a_round_all_play_the_same_steps_and_in_the_next_one_others() {
    let mut job = job(synthetic(Workload::preset("hot").unwrap(), 1), &["mutex", "b", "c"]);
    job.passes.truncate(1);
    play(&job, &[Maker::of::<Telling>(); 3], &|contestant| note(Event::Turn(contestant))).unwrap();
    let events = std::mem::take(&mut *EVENTS.lock().unwrap_or_else(PoisonError::into_inner));
    // Turns are announced before lists are made and dropped, too; those have no slice.
    let turns: Vec<(usize, &[Event])> = events
        .chunk_by(|_, next| !matches!(next, Event::Turn(_)))
        .filter_map(|turn| {
            let Event::Turn(contestant) = turn[0] else { return None };
            let counts: Vec<usize> = (0..turn.len()).filter(|&place| turn[place] == Event::Counts).collect();
            let [begin, end] = counts[..] else { return None };
            Some((contestant, &turn[begin + 1..end]))
        })
        .collect();
    assert_eq!(turns.len() % 3, 0);
    assert!(turns.len() / 3 >= 20, "each slice is 100 us");
    let mut beginnings = Vec::new();
    for round in turns.chunks(3) {
        let mut who: Vec<usize> = round.iter().map(|turn| turn.0).collect();
        who.sort_unstable();
        assert_eq!(who, [0, 1, 2]);
        let shortest = round.iter().map(|turn| turn.1.len()).min().unwrap();
        assert!(shortest >= 16);
        assert!(round.iter().all(|turn| turn.1[..shortest] == round[0].1[..shortest]));
        beginnings.push(round[0].1[..16].to_vec());
    }
    // Sixteen steps may be alike by chance, being mostly polls; all of them may not.
    assert!(beginnings.windows(2).any(|pair| pair[0] != pair[1]));
}
