//! Threads are stopped, go on where they stood, and come and go while stops fly.

#![cfg(not(miri))]

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use headlock_stops::{Driver, Plan, StopsError, delivered, register};
use rustix::thread::set_current_timer_slack;

/// One test at a time has a driver, or counts on there being none.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Many short stops, so that a test meets enough of them soon. The turn ends after the driver.
fn drive(seed: u64) -> (Driver, MutexGuard<'static, ()>) {
    let turn = turn();
    let plan = Plan {
        seed,
        length_ns: 1_000..=200_000,
        pause_ns: 10_000..=50_000,
        at_once: 4,
    };
    (Driver::start(plan).unwrap(), turn)
}

/// Does `work` until `more` stops are over, however long that takes.
fn until_stopped(more: u64, mut work: impl FnMut()) {
    let enough = delivered() + more;
    while delivered() < enough {
        work();
    }
}

#[test]
fn a_busy_loop_is_stopped_and_its_result_is_right() {
    let _driver = drive(1);
    let _registered = register().unwrap();
    let (mut sum, mut count) = (0u64, 0u64);
    until_stopped(100, || {
        for _ in 0..1_000 {
            count += 1;
            sum = sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(count);
        }
    });
    let mut expected = 0u64;
    for step in 1..=count {
        expected = expected.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step);
    }
    assert_eq!(sum, expected);
}

#[test]
fn a_sleep_that_every_pause_is_shorter_than_ends() {
    let turn = turn();
    let plan = Plan {
        length_ns: 1_000..=50_000,
        pause_ns: 10_000..=40_000,
        ..Plan::default()
    };
    let _driver = (Driver::start(plan).unwrap(), turn);
    // By default, and where the system may be later with timers than that.
    for slack in [None, NonZeroU64::new(5_000_000)] {
        let (done, is_done) = channel();
        thread::spawn(move || {
            set_current_timer_slack(slack).unwrap();
            let _registered = register().unwrap();
            until_stopped(20, || thread::sleep(Duration::from_micros(50)));
            done.send(()).unwrap();
        });
        // It takes milliseconds if it ends at all.
        assert_eq!(is_done.recv_timeout(Duration::from_secs(30)), Ok(()), "with a slack of {slack:?}");
    }
}

#[test]
fn threads_come_and_go_while_stops_fly() {
    let _driver = drive(2);
    let made = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                until_stopped(50, || {
                    // A thread of its own, so that numbers and stacks are gone while signals are sent.
                    let newborn = thread::spawn(|| {
                        let registered = register().unwrap();
                        let text = format!("{:?}", thread::current().id());
                        drop(registered);
                        text.len()
                    });
                    assert!(newborn.join().unwrap() > 0);
                    let _registered = register().unwrap();
                    made.fetch_add(1, Ordering::Relaxed);
                });
            });
        }
    });
    assert!(made.load(Ordering::Relaxed) >= 8);
}

#[test]
fn more_threads_than_processors_share_a_lock_and_all_get_on() {
    let _driver = drive(3);
    let shared = Mutex::new((0u64, 0u64));
    let rounds = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let _registered = register().unwrap();
                let mut own = 0;
                until_stopped(100, || {
                    let mut both = shared.lock().unwrap();
                    both.0 += 1;
                    both.1 += 1;
                    own += 1;
                });
                rounds.fetch_add(own, Ordering::Relaxed);
            });
        }
    });
    let total = rounds.load(Ordering::Relaxed);
    assert_eq!(*shared.lock().unwrap(), (total, total));
}

#[test]
#[expect(clippy::disallowed_types, reason = "a sleep that ends early is told by a clock")]
fn sleeping_and_waiting_go_on_after_a_stop() {
    let _driver = drive(4);
    let _registered = register().unwrap();
    let pair = Arc::new((Mutex::new(0u64), Condvar::new()));
    let ended = Arc::new(AtomicBool::new(false));
    let other = thread::spawn({
        let (pair, ended) = (Arc::clone(&pair), Arc::clone(&ended));
        move || {
            while !ended.load(Ordering::Relaxed) {
                *pair.0.lock().unwrap() += 1;
                pair.1.notify_one();
                thread::yield_now();
            }
        }
    });
    let (_sender, receiver) = channel::<()>();
    until_stopped(100, || {
        let before = std::time::Instant::now();
        thread::sleep(Duration::from_millis(1));
        assert!(before.elapsed() >= Duration::from_millis(1), "a stop ended a sleep early");
        assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
        let seen = *pair.0.lock().unwrap();
        let more = pair.1.wait_while(pair.0.lock().unwrap(), |count| *count <= seen).unwrap();
        assert!(*more > seen);
    });
    ended.store(true, Ordering::Relaxed);
    other.join().unwrap();
}

#[test]
fn a_signal_without_a_stop_or_a_registration_is_harmless() {
    let _turn = turn();
    let registered = register().unwrap();
    assert_eq!(register().unwrap_err(), StopsError::Already);
    let send = || {
        let command = format!("kill -{} {}", headlock_stops::signal(), std::process::id());
        let status = std::process::Command::new("sh").args(["-c", &command]).status().unwrap();
        assert!(status.success());
    };
    send();
    drop(registered);
    send();
    // The thread may register again.
    drop(register().unwrap());
}

#[test]
fn stops_begin_and_end_with_a_driver() {
    let driver = drive(6);
    assert_eq!(Driver::start(Plan::default()).unwrap_err(), StopsError::Driven);
    // Registered while nobody is stopped.
    drop(driver.0);
    let _registered = register().unwrap();
    let again = Driver::start(Plan::default()).unwrap();
    until_stopped(3, || ());
    drop(again);
    // The only registered thread is this one, and it is in no handler now.
    let before = delivered();
    thread::sleep(Duration::from_millis(5));
    assert_eq!(delivered(), before);
}

#[test]
fn a_thread_that_ends_with_its_registration_leaked_harms_nobody() {
    let _driver = drive(5);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| std::mem::forget(register().unwrap()));
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            let _registered = register().unwrap();
            until_stopped(50, || ());
        });
    });
}
