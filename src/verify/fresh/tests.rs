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
}

#[test]
fn a_racy_list_breaks_nothing_whatever_it_answers() {
    let report = check(Subject::of::<RcuEpoch>(), &job(2));
    assert_eq!(report.broken, 0);
    assert!(report.findings.iter().all(|finding| finding.allowed), "{report:?}");
}
