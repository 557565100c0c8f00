use headlock_strategies::oracle::Oracle;
use headlock_strategies::{Freshness, rcu_epoch::RcuEpoch};

use super::*;
use crate::record::Check;
use crate::verify::Length;

fn job(threads: usize) -> CheckJob {
    CheckJob {
        strategy: "x".to_owned(),
        check: Check::Fresh,
        length: Length::Passes(3),
        threads,
        timers: 1,
        seed: 1,
        behind: Vec::new(),
        patience_ns: 20_000_000_000,
    }
}

#[test]
fn only_what_is_declared_can_be_broken() {
    let tally = Tally {
        early: 1,
        late_with_rearm: 2,
        late_without_rearm: 4,
        ..Tally::default()
    };
    assert_eq!(broken(Freshness::Linearizable, &tally), 7);
    assert_eq!(broken(Freshness::Notified, &tally), 4);
    assert_eq!(broken(Freshness::Racy, &tally), 0);
}

#[test]
fn the_oracle_is_linearizable() {
    let report = check(Subject::of::<Oracle>(), &job(3));
    assert_eq!((report.broken, &report.findings), (0, &vec![]));
    assert!(report.tried >= 3 * 2 * LEAST_POLLS, "{report:?}");
    let figures = report.figures;
    assert_eq!((figures.early, figures.late_with_rearm, figures.late_without_rearm), (Some(0), Some(0), Some(0)));
    assert_eq!((figures.changes, figures.unjudged.is_some()), (Some(3 * CHANGES), true));
}

#[test]
fn a_racy_list_breaks_nothing_whatever_it_answers() {
    let report = check(Subject::of::<RcuEpoch>(), &job(2));
    assert_eq!(report.broken, 0);
    assert!(report.findings.iter().all(|finding| finding.allowed), "{report:?}");
}

#[test]
fn threads_are_placed_in_three_ways_in_turn_on_two_timers_on_one_and_on_three() {
    let clock = Clock::new();
    let scene = |pass, threads, cpus: &[usize]| {
        let scene = Scene::of_pass(pass, &job(threads), cpus, &clock);
        (scene.cpus, scene.pollers, scene.yields_every > 0, scene.timers)
    };
    // A processor each, wherever the scheduler wants them, more threads than processors; on a machine of four, with six threads.
    assert_eq!(scene(0, 6, &[4, 5, 6, 7]), (vec![4, 5, 6, 7], 3, false, 2));
    assert_eq!(scene(1, 6, &[4, 5, 6, 7]), (vec![], 5, false, 2));
    assert_eq!(scene(2, 6, &[4, 5, 6, 7]), (vec![4, 5], 5, true, 2));
    assert_eq!(scene(3, 6, &[4, 5, 6, 7]), (vec![4, 5, 6, 7], 3, false, 1));
    assert_eq!(scene(5, 6, &[4, 5, 6, 7]).3, 1);
    assert_eq!(scene(6, 6, &[4, 5, 6, 7]).3, 3);
    assert_eq!(scene(9, 6, &[4, 5, 6, 7]).3, 2);
    // With fewer threads than processors there are only so many, and always one that polls.
    assert_eq!(scene(0, 3, &[4, 5, 6, 7]).1, 2);
    assert_eq!(scene(2, 3, &[4, 5, 6, 7]).1, 4);
    assert_eq!(scene(0, 2, &[0]).1, 1);
    assert_eq!(scene(2, 2, &[0]), (vec![0], 1, true, 2));
    let cpus = |pass| {
        let scene = Scene::of_pass(pass, &job(3), &[4, 5], &clock);
        (0..3).map(|thread| scene.cpu_of(thread)).collect::<Vec<_>>()
    };
    assert_eq!(cpus(2), [Some(4), Some(5), Some(5)], "pollers that pass for each other share theirs");
    assert_eq!((cpus(5), cpus(1)), (vec![Some(4), Some(5), Some(4)], vec![None; 3]));
    let rests = |pass| {
        let scene = Scene::of_pass(pass, &job(3), &[4, 5], &clock);
        (0..1_000).filter(|&number| scene.rests_after(number)).collect::<Vec<_>>()
    };
    assert_eq!((rests(0), rests(1), rests(2)), (vec![], vec![], vec![0, 499, 998]));
}

#[test]
fn in_one_pass_of_six_pollers_have_handles_whose_numbers_lie_64_apart() {
    let apart = |pass| Scene::of_pass(pass, &job(3), &[0, 1], &Clock::new()).handles_apart;
    assert_eq!([0, 1, 2, 3, 5, 8].map(apart), [1, 1, 64, 1, 1, 64]);
}

#[test]
fn expired_is_asked_at_the_deadline_and_between_the_two_that_follow_it() {
    let last = Nanos(7 * SERIALS + 3);
    assert_eq!(asked(last, 4), last);
    let between = asked(last, 5).0 - last.0;
    assert!(between > SERIALS + 99_999 && between < 2 * SERIALS - 99_999, "{between}");
    assert_eq!(asked(Nanos::MAX, 1), Nanos::MAX);
}
