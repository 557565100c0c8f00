//! Property tests: any sequence of operations gives the oracle's answers, and one that does not is shrunk.
#![cfg(not(loom))]

use headlock_strategies::conformance::model::{Action, Script, Step, TIMERS, compare};
use headlock_strategies::{Nanos, TimerList, Visitor, visit_builtin};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Few and close, so that equal deadlines and due ones abound, and sometimes any time at all.
fn time() -> impl Strategy<Value = Nanos> {
    prop_oneof![8 => -2..12i64, 1 => any::<i64>(), 1 => Just(i64::MAX), 1 => Just(i64::MIN)].prop_map(Nanos)
}

fn action() -> impl Strategy<Value = Action> {
    let timer = || 0..TIMERS;
    prop_oneof![
        4 => (timer(), time()).prop_map(|(timer, expire)| Action::Modify(timer, expire)),
        2 => (timer(), time()).prop_map(|(timer, expire)| Action::Anticipate(timer, expire)),
        2 => timer().prop_map(Action::Cancel),
        1 => timer().prop_map(Action::Free),
        1 => time().prop_map(Action::Expired),
        1 => Just(Action::Quiescent),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let run = (time(), vec(vec(action(), 0..4), 0..4)).prop_map(|(now, callbacks)| Step::Run(now, callbacks));
    vec(prop_oneof![3 => action().prop_map(Step::Act), 1 => run], 0..50)
}

struct EveryScript;

impl Visitor for EveryScript {
    fn visit<L: TimerList>(&mut self) {
        let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
        let held = TestRunner::new(config).run(&script(), |script| compare::<L>(&script).map_err(TestCaseError::fail));
        if let Err(error) = held {
            panic!("{error}");
        }
    }
}

#[test]
fn every_strategy_answers_as_the_oracle() {
    visit_builtin(&mut EveryScript);
}
