//! The rule on made-up readings; that probes come to an end and threads meet. Nothing here depends on how fast the machine is.

use super::meeting::{every, partner, rounds};
use super::rule::quartiles;
use super::*;
use crate::record::{BlockState, State};
use proptest::prelude::*;

/// A cycle at 2.45 GHz, ns.
const CYCLE_NS: f64 = 0.41;
/// What these probes read on a core with four adders that is its thread's own.
const FOUR_WIDE: f64 = 3.7;

/// The width that these probes read where rounds of six additions in a loop took so many ns, on a host where a core alone took 0.9.
fn width_of_round(ns: f64) -> f64 {
    FOUR_WIDE * 0.9 / ns
}

fn reading(width: f64, hops: &[(usize, f64)]) -> Reading {
    Reading {
        width: Width { width, addition_ns: CYCLE_NS },
        hops: hops.iter().map(|&(partner, ns)| Hop { partner, ns }).collect(),
        took_ns: 30_000,
    }
}

/// One thread's block, from its widths.
fn alone(widths: &[f64]) -> BlockState {
    summary(&[widths.iter().map(|&width| reading(width, &[])).collect()]).unwrap()
}

/// A block of two threads: at each moment what a line took between them, and both widths.
fn together(moments: &[(f64, f64, f64)]) -> BlockState {
    let first = moments.iter().map(|&(ns, width, _)| reading(width, &[(1, ns)])).collect();
    let second = moments.iter().map(|&(_, _, width)| reading(width, &[])).collect();
    summary(&[first, second]).unwrap()
}

fn word(block: &BlockState, widest: f64) -> State {
    Reference::of([widest, widest]).word(block)
}

#[test]
fn one_thread_has_its_core_to_itself_or_shares_it() {
    // As they were read in blocks of one guest: 3.65 to 3.76 at some times, anything from 2.0 to 3.35 at others.
    for (widths, state) in [
        ([3.65, 3.70, 3.72, 3.76], State::CoreToItself),
        ([2.01, 2.02, 2.04, 2.05], State::CoreShared),
        ([2.44, 2.75, 3.05, 3.30], State::CoreShared),
        ([3.73, 3.72, 3.74, 2.10], State::CoreToItself),
        ([2.51, 2.60, 2.90, 3.74], State::CoreShared),
        ([3.73, 3.74, 2.60, 2.90], State::Mixed),
        ([3.45, 3.43, 3.46, 3.44], State::Mixed),
    ] {
        assert_eq!(word(&alone(&widths), FOUR_WIDE), state, "{widths:?}");
    }
}

#[test]
fn two_threads_share_a_core_or_are_apart() {
    // As they were read between the two processors of one guest: 15 to 21 ns a hop where both rounds took 2.2 ns, 34 to 47 ns where
    // they took 0.8 to 2.9.
    let narrow = width_of_round(2.2);
    let [wide, middling, narrowest] = [0.9, 1.4, 2.9].map(width_of_round);
    for (moments, state) in [
        (
            [
                (15.0, narrow, narrow),
                (16.0, narrow, narrow),
                (17.0, narrow, narrow),
                (21.0, narrow, narrow),
            ],
            State::OneCore,
        ),
        (
            [
                (34.0, wide, wide),
                (36.0, middling, wide),
                (40.0, narrowest, narrowest),
                (47.0, wide, wide),
            ],
            State::Apart,
        ),
        (
            [
                (15.0, narrow, narrow),
                (16.0, narrow, narrow),
                (36.0, wide, wide),
                (40.0, wide, wide),
            ],
            State::Mixed,
        ),
        // A line that is fast between cores that are wide at once contradicts itself.
        (
            [
                (15.0, wide, wide),
                (16.0, wide, wide),
                (17.0, wide, wide),
                (15.0, wide, wide),
            ],
            State::Mixed,
        ),
        (
            [
                (28.0, narrow, narrow),
                (28.0, narrow, narrow),
                (28.0, narrow, narrow),
                (28.0, narrow, narrow),
            ],
            State::Mixed,
        ),
        (
            [
                (200.0, wide, wide),
                (210.0, wide, wide),
                (190.0, wide, wide),
                (15.0, narrow, narrow),
            ],
            State::FarApart,
        ),
        (
            [
                (55.0, wide, wide),
                (60.0, wide, narrow),
                (215.0, wide, wide),
                (230.0, wide, wide),
            ],
            State::Mixed,
        ),
    ] {
        assert_eq!(word(&together(&moments), FOUR_WIDE), state, "{moments:?}");
    }
}

#[test]
fn threads_that_could_not_probe_one_another_are_in_no_state() {
    let readings = vec![reading(FOUR_WIDE, &[]); 4];
    let block = summary(&[readings.clone(), readings]).unwrap();
    assert_eq!((block.hop, word(&block, FOUR_WIDE)), (None, State::Mixed));
}

#[test]
fn the_two_closest_of_many_decide() {
    let readings = [
        vec![reading(3.6, &[(1, 40.0), (2, 41.0)]); 2],
        vec![reading(1.7, &[(2, 15.0)]); 2],
        vec![reading(1.8, &[]); 2],
    ];
    let block = summary(&readings).unwrap();
    assert_eq!((block.width, block.hop.map(|hop| hop.median_ns)), (1.8, Some(15.0)));
    assert_eq!(word(&block, FOUR_WIDE), State::OneCore);
}

#[test]
fn readings_that_cannot_be_are_left_out() {
    // The chain was interrupted in most bursts of one probe.
    let block = alone(&[3.7, 10.4, 3.6, 3.7]);
    assert_eq!((block.probes, block.width), (3, 3.7));
    assert_eq!(summary(&[vec![reading(f64::NAN, &[])]]), None);
    assert_eq!(summary(&[vec![reading(9.0, &[])]]), None);
    assert_eq!(summary(&[]), None);
    assert_eq!(summary(&[vec![reading(3.7, &[])], vec![]]), None, "a thread that never probed");
    let stranger = summary(&[vec![reading(3.7, &[(7, 15.0)])]]).unwrap();
    assert_eq!(stranger.hop, None, "there is no thread 7");
}

#[test]
fn a_run_learns_how_wide_its_cores_are_and_sorts_its_blocks_again() {
    // Six adders, shared at first: by itself each block looks like one of a narrower core that is its thread's own.
    let mut blocks = vec![alone(&[3.60; 4]), alone(&[3.65; 4])];
    sort(&mut blocks, &[]);
    assert_eq!(blocks[0].word, State::CoreToItself);
    blocks.extend([alone(&[5.4; 4]), alone(&[5.5; 4])]);
    let reference = sort(&mut blocks, &[]);
    assert_eq!(reference.widest(), 5.4);
    let words: Vec<State> = blocks.iter().map(|block| block.word).collect();
    assert_eq!(
        words,
        [
            State::CoreShared,
            State::CoreShared,
            State::CoreToItself,
            State::CoreToItself
        ]
    );
    sort(&mut blocks[..2], &[5.5, 5.4]);
    assert_eq!(blocks[0].word, State::CoreShared, "the doctor has seen it");
}

#[test]
fn the_widest_is_a_width_that_another_one_confirms() {
    assert_eq!(Reference::of([3.70, 4.40, 3.74, 3.73]).widest(), 3.73, "no single reading decides");
    assert_eq!(Reference::of([5.5, 3.7, 5.4, 3.7]).widest(), 5.4);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_host_that_was_always_shared_is_known_by_what_any_core_can_do() {
    for widths in [[1.8, 1.9], [2.7, 3.1]] {
        let mut blocks = widths.map(|width| alone(&[width; 4]));
        sort(&mut blocks, &[]);
        assert!(blocks.iter().all(|block| block.word == State::CoreShared), "{widths:?}");
    }
}

#[test]
fn what_a_block_says_survives_the_file() {
    let block = together(&[(36.0, 3.7, 3.6); 4]);
    let text = serde_json::to_string(&block).unwrap();
    assert!(text.contains(r#""word":"threads apart""#), "{text}");
    assert_eq!(serde_json::from_str::<BlockState>(&text).unwrap(), block);
    assert_eq!((block.threads, block.probes, block.probe_ns), (2, 4, 4 * 30_000));
    for state in State::ALL {
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
    }
}

#[test]
fn everybody_meets_everybody_once() {
    for threads in 0..20 {
        let mut met = vec![vec![0; threads]; threads];
        for round in 0..rounds(threads) {
            for (thread, met) in met.iter_mut().enumerate() {
                if let Some(other) = partner(thread, round, threads) {
                    assert_eq!(partner(other, round, threads), Some(thread), "{threads} threads, round {round}");
                    met[other] += 1;
                }
            }
        }
        for (thread, row) in met.iter().enumerate() {
            for (other, &times) in row.iter().enumerate() {
                assert_eq!(times, i32::from(thread != other), "{thread} and {other} of {threads}");
            }
        }
    }
}

#[test]
fn probes_between_turns_are_rare_enough() {
    // 30 µs each, 0.5 %: one in 6 ms.
    assert_eq!(every(1, 1_000_000), 6);
    assert_eq!(every(1, 100_000_000), 1);
    assert_eq!(every(2, 1_000_000), 9);
    assert_eq!(every(40, 1_000_000), every(9, 1_000_000).max(every(10, 1_000_000)), "many threads take turns");
    assert!(every(1, 0) > 0);
}

/// The readings of so many threads that probe at the same points.
fn probed(threads: usize, cpus: &[usize], turns: u64) -> Vec<Vec<Reading>> {
    let meeting = Meeting::new(threads, cpus, 3_000_000);
    std::thread::scope(|scope| {
        let probing: Vec<_> = (0..threads)
            .map(|thread| {
                let meeting = &meeting;
                scope.spawn(move || {
                    let mut probe = Probe::new(meeting, thread);
                    probe.before();
                    for _ in 0..turns {
                        probe.between();
                    }
                    probe.after();
                    probe.into_readings()
                })
            })
            .collect();
        probing.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn threads_probe_at_the_same_points_wherever_they_run() {
    // The numbers stand for processors that nobody is bound to, so that hops may be missing, but nobody waits for ever.
    for (threads, cpus, every) in [
        (1, &[0][..], 2),
        (2, &[0, 1], 3),
        (3, &[0, 1, 2], 5),
        (2, &[0], 2),
        (2, &[], 2),
    ] {
        assert_eq!(Meeting::new(threads, cpus, 3_000_000).every(), every, "{threads} on {cpus:?}");
        let readings = probed(threads, cpus, 2 * every);
        assert!(readings.iter().all(|it| it.len() == 4), "before, twice between, after");
        let partners: Vec<usize> = readings.iter().flatten().flat_map(|it| &it.hops).map(|hop| hop.partner).collect();
        assert!(partners.iter().all(|&partner| (1..threads).contains(&partner)), "{partners:?}");
        assert!(readings.iter().flatten().all(|it| it.took_ns > 0));
        assert!(cpus.len() == threads || partners.is_empty(), "they share processors");
    }
}

proptest! {
    #[test]
    fn three_quarters_lie_on_each_side(values in prop::collection::vec(0.0_f64..9.0, 1..40)) {
        let [low, median, high] = quartiles(values.iter().copied()).unwrap();
        let count = |holds: &dyn Fn(f64) -> bool| values.iter().filter(|&&value| holds(value)).count() * 4;
        prop_assert!(low <= median && median <= high);
        prop_assert!(count(&|value| value >= low) >= values.len() * 3);
        prop_assert!(count(&|value| value <= high) >= values.len() * 3);
    }

    #[test]
    fn any_readings_have_a_word(widths in prop::collection::vec(-1.0_f64..9.0, 0..9), ns in -1.0_f64..300.0) {
        let readings: Vec<Reading> = widths.iter().map(|&width| reading(width, &[(1, ns)])).collect();
        if let Some(mut block) = summary(&[readings.clone(), readings]) {
            sort([&mut block], &widths);
            prop_assert!(State::ALL.contains(&block.word));
        }
    }
}
